/** Profiles of the AWS configuration, to choose from, and which account each is of. No credential is read. */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { places } from '../places.ts';
import type { CloudStatus } from '../../shared/states.ts';
import { awsConfig, awsVariables, type AwsConfig } from './aws.ts';

export interface AwsProfile {
  name: string;
  region?: string;
}

/**
 * Those of the two files that AWS's own tools share, `default` first, then by name. A file that is missing has none.
 * https://docs.aws.amazon.com/sdkref/latest/guide/file-format.html
 */
export async function awsProfiles(env: NodeJS.ProcessEnv): Promise<AwsProfile[]> {
  const { config, credentials } = filesOf(env);
  return profilesIn(await textOf(config), await textOf(credentials));
}

function filesOf(env: NodeJS.ProcessEnv): { config: string; credentials: string } {
  const folder = path.join(os.homedir(), '.aws');
  return {
    config: env['AWS_CONFIG_FILE'] || path.join(folder, 'config'),
    credentials: env['AWS_SHARED_CREDENTIALS_FILE'] || path.join(folder, 'credentials'),
  };
}

function profilesIn(config: string, credentials: string): AwsProfile[] {
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

/** By profile the account that AWS named when it was last asked with it; the one that was noted last is the last. */
type Accounts = Record<string, string>;

const DEFAULT = 'default';

function accountsFile(): string {
  return path.join(places().data, 'aws-profiles.json');
}

function accountsKnown(): Accounts {
  try {
    return JSON.parse(readFileSync(accountsFile(), 'utf8')) as Accounts;
  } catch {
    // Missing or broken: AWS says it again.
    return {};
  }
}

/** Undefined where keys in the environment count. */
function profileIn({ AWS_PROFILE: profile, AWS_ACCESS_KEY_ID: key }: NodeJS.ProcessEnv): string | undefined {
  return profile || (key ? undefined : DEFAULT);
}

/** Notes which account the profile of `env` is of. `account`: twelve digits, as AWS said. */
export async function noteAccount(env: NodeJS.ProcessEnv, account: string): Promise<void> {
  const profile = profileIn(env);
  if (profile === undefined) return;
  const { [profile]: before, ...others } = accountsKnown();
  if (before === account) return;
  await writeFileAtomic(accountsFile(), `${JSON.stringify({ ...others, [profile]: account }, undefined, 2)}\n`);
}

/**
 * The variables with which AWS is asked about what is in an account: those of `env`, but where its profile is known to be of
 * another account, the one that was noted last as being of this one. So the deployments of a project may be in several.
 */
export function variablesFor(account: string, env: NodeJS.ProcessEnv): Record<string, string> {
  const variables = awsVariables(env);
  const profile = profileIn(env);
  if (profile === undefined) return variables;
  const known = accountsKnown();
  const isUnknown = known[profile] === undefined && profile !== DEFAULT;
  if (isUnknown || known[profile] === account) return variables;
  const other = Object.keys(known).findLast((name) => known[name] === account && isConfigured(name, env));
  return other === undefined ? variables : { ...variables, AWS_PROFILE: other };
}

/** Whether the AWS configuration still has it. */
function isConfigured(profile: string, env: NodeJS.ProcessEnv): boolean {
  const read = (file: string): string => {
    try {
      return readFileSync(file, 'utf8');
    } catch {
      return '';
    }
  };
  const { config, credentials } = filesOf(env);
  return profilesIn(read(config), read(credentials)).some(({ name }) => name === profile);
}

/** What AWS is asked with about a deployment. */
export function configOf(
  { account, region }: Pick<CloudStatus, 'account' | 'region'>,
  env: NodeJS.ProcessEnv,
): Promise<AwsConfig> {
  return awsConfig(region, variablesFor(account, env));
}
