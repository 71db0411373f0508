/** What pip in the build needs to know of the user's network. It sees these files, and no layer does. */
import { readFile } from 'node:fs/promises';
import type { LockSection } from '../environment/lock-file.ts';
import { packageVariables, torchIndexOf, type PackageSettings } from '../environment/packages.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';

export interface PipFiles {
  /** A pip.conf. */
  configuration?: string;
  /** PEM: those of the user beside the usual ones. */
  certificates?: string;
}

/** Errors: the file of certificates cannot be used. */
export async function pipFiles(
  settings: PackageSettings,
  lock: Pick<LockSection, 'torchCpu'>,
): Promise<Outcome<PipFiles>> {
  const variables = await packageVariables(settings, {});
  if (!variables.ok) return variables;
  const { PIP_INDEX_URL: index, PIP_CERT: bundle } = variables.value;
  const extra = [...(settings.extraIndexUrls ?? []), ...(lock.torchCpu ? [torchIndexOf(settings)] : [])];
  const lines = [
    ...(index === undefined ? [] : [`index-url = ${index}`]),
    ...(extra.length === 0 ? [] : ['extra-index-url =', ...extra.map((one) => `    ${one}`)]),
    ...(settings.proxy === undefined ? [] : [`proxy = ${settings.proxy}`]),
  ];
  return ok({
    ...(lines.length === 0 ? {} : { configuration: `[global]\n${lines.join('\n')}\n` }),
    ...(bundle === undefined ? {} : { certificates: await readFile(bundle, 'utf8') }),
  });
}
