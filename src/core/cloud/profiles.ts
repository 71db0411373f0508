/** Profiles of the AWS configuration, to choose from. No credential is read. */
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

export interface AwsProfile {
  name: string;
  region?: string;
}

/**
 * Those of the two files that AWS's own tools share, `default` first, then by name. A file that is missing has none.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function awsProfiles(env: NodeJS.ProcessEnv): Promise<AwsProfile[]> {
  const folder = path.join(os.homedir(), '.aws');
  const [config, credentials] = await Promise.all([
    textOf(env['AWS_CONFIG_FILE'] || path.join(folder, 'config')),
    textOf(env['AWS_SHARED_CREDENTIALS_FILE'] || path.join(folder, 'credentials')),
  ]);
  const found = new Map<string, AwsProfile>();
  for (const { section, region } of sectionsOf(config)) {
    // Other sections of this file are of sign-ons and services.
    const name = section === 'default' ? section : /^profile\s+(.+)$/.exec(section)?.[1];
    if (name !== undefined) found.set(name, { name, ...(region === undefined ? {} : { region }) });
  }
  for (const { section: name } of sectionsOf(credentials)) if (!found.has(name)) found.set(name, { name });
  const rank = ({ name }: AwsProfile): string => (name === 'default' ? '' : name);
  return [...found.values()].toSorted((one, other) => rank(one).localeCompare(rank(other)));
}

async function textOf(file: string): Promise<string> {
  return readFile(file, 'utf8').catch(() => '');
}

function sectionsOf(text: string): { section: string; region?: string }[] {
  const sections: { section: string; region?: string }[] = [];
  for (const line of text.split(/\r?\n/)) {
    const section = /^\s*\[([^\]]+)\]/.exec(line)?.[1]?.trim().replaceAll(/["']/g, '');
    if (section !== undefined) sections.push({ section });
    // Indented lines are of a nested setting, such as those of S3.
    const region = /^region\s*=\s*([\w-]+)/.exec(line)?.[1];
    const last = sections.at(-1);
    if (region !== undefined && last) last.region = region;
  }
  return sections;
}
