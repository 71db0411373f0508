import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Probe } from './environment.ts';
import { COMPLETE, environmentsFolder } from './managed.ts';

/**
 * Identity of an environment, a part of the version of a function: the lock's hash where it was made from a lock, else
 * all that is installed in it but what installs, with the hash of the lock that it should be like, `lock`. 64
 * hexadecimal digits; the same as long as nothing changed, on whichever way the environment was found.
 */
export async function environmentIdentity(probe: Probe, lock?: string): Promise<string> {
  const { version, abi, packages, installed = packages } = probe;
  const madeFrom = await lockOfEnvironment(probe.python);
  const content = madeFrom ?? Object.entries(installed).sort(([one], [other]) => (one < other ? -1 : 1));
  const wanted = madeFrom === undefined && lock !== undefined ? [lock] : [];
  return createHash('sha256')
    .update(JSON.stringify([version, abi, content, ...wanted]))
    .digest('hex');
}

/** Hash of the lock that a managed environment was made from; undefined for any other. */
export async function lockOfEnvironment(python: string): Promise<string | undefined> {
  const folder = path.dirname(path.dirname(python));
  // Only what Nimbus made is believed.
  if (path.dirname(folder) !== environmentsFolder()) return undefined;
  try {
    const facts = JSON.parse(await readFile(path.join(folder, COMPLETE), 'utf8')) as { lock?: unknown } | null;
    return typeof facts?.lock === 'string' ? facts.lock : undefined;
  } catch {
    return undefined;
  }
}
