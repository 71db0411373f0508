import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { places } from '../places.ts';
import { environmentPython } from './commands.ts';
import type { Probe } from './environment.ts';

/** Written last into an environment that is complete. */
export const COMPLETE = 'nimbus-environment.json';

/** Folder of all managed environments. */
export function environmentsFolder(): string {
  return path.join(places().cache, 'environments');
}

/** One environment per platform, Python and set of requirements: 20 hexadecimal digits of their hash. */
export function environmentKey(
  base: Pick<Probe, 'platform' | 'abi' | 'version'>,
  requirements: readonly string[],
): string {
  const minor = base.version.split('.').slice(0, 2).join('.');
  const identity = [
    base.platform,
    base.abi,
    minor,
    ...requirements.map((one) => one.replaceAll(/\s+/g, '')).toSorted(),
  ];
  return createHash('sha256').update(JSON.stringify(identity)).digest('hex').slice(0, 20);
}

/** As `environmentKey`, of an environment with these requirements that is made from a lock. */
export function lockedKey(key: string, lock: string): string {
  return createHash('sha256').update(`${key} ${lock}`).digest('hex').slice(0, 20);
}

/** The interpreter of a complete environment; undefined where it is missing, half-made, or lost its base. */
export async function managedPython(key: string): Promise<string | undefined> {
  const folder = path.join(environmentsFolder(), key);
  const python = environmentPython(folder, process.platform);
  try {
    await readFile(path.join(folder, COMPLETE));
    // Follows the link to the interpreter that it was made from.
    await stat(python);
    return python;
  } catch {
    return undefined;
  }
}
