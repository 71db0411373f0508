import { readdir } from 'node:fs/promises';
import path from 'node:path';

export interface Pyenv {
  /** Absolute path of the folder with a program for each name that any of its versions has. */
  shims: string;
  /** Absolute paths, the newest first; none where there is no pyenv. */
  versions: string[];
}

/** Of Nimbus; a folder named otherwise may be an environment of any version. */
const OLDEST = [3, 9] as const;

/** What pyenv has installed: https://github.com/pyenv/pyenv#locating-pyenv-provided-python-installations. */
export async function pyenvOf(env: NodeJS.ProcessEnv): Promise<Pyenv> {
  const home = env['HOME'] ?? env['USERPROFILE'] ?? '';
  const root = env['PYENV_ROOT'] || path.join(home, '.pyenv');
  if (!path.isAbsolute(root)) return { shims: '', versions: [] };
  const folder = path.join(root, 'versions');
  const names: string[] = await readdir(folder).catch(() => []);
  const versions = names
    .filter((name) => !name.startsWith('.') && !isTooOld(name))
    .toSorted((one, other) => other.localeCompare(one, 'en', { numeric: true }));
  return { shims: path.join(root, 'shims'), versions: versions.map((name) => path.join(folder, name)) };
}

function isTooOld(name: string): boolean {
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(name) ?? [];
  if (major === undefined || minor === undefined) return false;
  return Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1]);
}
