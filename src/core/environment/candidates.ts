import { access, constants, opendir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { run } from '../process.ts';
import { condaEnvironments } from './conda.ts';
import { pyenvOf } from './pyenv.ts';
import type { Candidate } from './environment.ts';

export interface SearchOptions {
  /** The user's choice for this model. */
  chosen?: string;
  /** The interpreter selected in the Python extension. */
  pythonExtension?: string;
  /** The project's folder. */
  project: string;
  /** Name of the conda environment that an environment.yml near the model names. */
  condaName?: string;
  env?: NodeJS.ProcessEnv;
  platform?: NodeJS.Platform;
}

export interface Skipped {
  python: string;
  why: string;
}

/** Environments that are looked for first; the last one is where pixi makes its own. */
const USUAL = ['.venv', 'venv', 'env', '.conda', '.pixi/envs/default'];
/** Further folders of the project that are looked into. */
const FOLDERS_LIMIT = 1000;
/** Tried on the PATH after `python3` and `python`, newest first; 3.9 is the oldest that Nimbus runs. */
const VERSIONED = Array.from({ length: 8 }, (_, index) => `python3.${16 - index}`);

/**
 * Interpreters that might run a model, in the order in which they are to be tried: the user's choice, the Python
 * extension's, virtual environments of the project, the active one, the conda environment that an environment.yml names,
 * the PATH, pyenv's, other conda environments. Each is there once.
 */
export async function candidates(options: SearchOptions): Promise<Candidate[]> {
  return (await searchCandidates(options)).candidates;
}

/** As `candidates`, with what was found and cannot be used. */
export async function searchCandidates(
  options: SearchOptions,
): Promise<{ candidates: Candidate[]; skipped: Skipped[] }> {
  const found: Candidate[] = [];
  const skipped: Skipped[] = [];
  const seen = new Set<string>();
  for await (const candidate of all(options)) {
    const why = await unusable(candidate.python);
    if (why !== undefined) {
      skipped.push({ python: candidate.python, why });
      continue;
    }
    const identity = await identityOf(candidate.python);
    if (!seen.has(identity)) found.push(candidate);
    seen.add(identity);
  }
  return { candidates: found, skipped };
}

async function* all(options: SearchOptions): AsyncGenerator<Candidate> {
  const { chosen, pythonExtension, project } = options;
  const env = options.env ?? process.env;
  const platform = options.platform ?? process.platform;
  if (chosen !== undefined) yield { python: chosen, source: 'chosen' };
  if (pythonExtension !== undefined) yield { python: pythonExtension, source: 'python-extension' };
  for await (const folder of environmentFolders(project)) {
    yield { python: await interpreterIn(folder, platform), source: 'project' };
  }
  if (env['VIRTUAL_ENV']) yield { python: await interpreterIn(env['VIRTUAL_ENV'], platform), source: 'path' };
  if (env['CONDA_PREFIX']) yield { python: await interpreterIn(env['CONDA_PREFIX'], platform), source: 'conda' };
  const condas = await condaEnvironments(env);
  const isNamed = (folder: string): boolean => path.basename(folder) === options.condaName;
  for (const folder of condas.filter(isNamed)) yield { python: await interpreterIn(folder, platform), source: 'conda' };
  const pyenv = await pyenvOf(env);
  const isShim = (python: string): boolean => path.dirname(python) === pyenv.shims && /\d$/.test(python);
  for (const python of await onPath(env, platform)) {
    // `python3.13` there works only in a folder whose pyenv chose that version; what it leads to comes by itself.
    if (!isShim(python) || path.basename(python) === 'python3') yield { python, source: 'path' };
  }
  if (platform === 'win32') for (const python of await fromLauncher(env)) yield { python, source: 'path' };
  for (const folder of pyenv.versions) yield { python: await interpreterIn(folder, platform), source: 'pyenv' };
  for (const folder of condas.filter((one) => !isNamed(one)))
    yield { python: await interpreterIn(folder, platform), source: 'conda' };
}

async function* environmentFolders(project: string): AsyncGenerator<string> {
  for (const name of USUAL) {
    if (await isEnvironment(path.join(project, name))) yield path.join(project, name);
  }
  let count = 0;
  const others: string[] = [];
  try {
    for await (const entry of await opendir(project)) {
      if (++count > FOLDERS_LIMIT) break;
      const folder = path.join(project, entry.name);
      if (!entry.isFile() && !USUAL.includes(entry.name) && (await isEnvironment(folder))) others.push(folder);
    }
  } catch {
    // A project that cannot be listed has no environments to offer.
  }
  yield* others.sort();
}

async function isEnvironment(folder: string): Promise<boolean> {
  return (await exists(path.join(folder, 'pyvenv.cfg'))) || (await exists(path.join(folder, 'conda-meta')));
}

/** Where an environment has its interpreter; conda on Windows has it at the top. */
export async function interpreterIn(folder: string, platform: NodeJS.Platform = process.platform): Promise<string> {
  if (platform !== 'win32') return path.join(folder, 'bin', 'python');
  const top = path.join(folder, 'python.exe');
  return (await exists(top)) ? top : path.join(folder, 'Scripts', 'python.exe');
}

async function onPath(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): Promise<string[]> {
  const names = platform === 'win32' ? ['python.exe', 'python3.exe'] : ['python3', 'python', ...VERSIONED];
  const folders = pathFolders(env, platform);
  const found: string[] = [];
  for (const name of names) {
    for (const folder of folders) {
      const file = path.join(folder, name);
      if (await exists(file)) found.push(file);
    }
  }
  return found;
}

/** Folders of the PATH; relative ones are left out, since they depend on where one stands. */
export function pathFolders(env: NodeJS.ProcessEnv, platform: NodeJS.Platform): string[] {
  const key = Object.keys(env).find(
    (name) => name === 'PATH' || (platform === 'win32' && name.toUpperCase() === 'PATH'),
  );
  const separator = platform === 'win32' ? ';' : ':';
  return (key === undefined ? '' : (env[key] ?? '')).split(separator).filter((folder) => path.isAbsolute(folder));
}

/** What the `py` launcher of Windows knows of, the default first. */
async function fromLauncher(env: NodeJS.ProcessEnv): Promise<string[]> {
  const listed = await run(['py', '-0p'], { env, deadlineMs: 5000 });
  return listed.kind === 'exited' ? parseLauncherList(listed.stdout) : [];
}

/** ` -V:3.12 *        C:\Python312\python.exe` -> its path; the one with the star first. */
export function parseLauncherList(output: string): string[] {
  const rows = [...output.matchAll(/^\s*-\S+\s+(\*\s+)?(\S.*\.exe)\s*$/gim)];
  const ordered = [...rows.filter((row) => row[1]), ...rows.filter((row) => !row[1])];
  return ordered.map((row) => row[2]!);
}

async function unusable(python: string): Promise<string | undefined> {
  try {
    const facts = await stat(python);
    if (!facts.isFile()) return 'It is not a file.';
    // The Store's placeholders are empty files that open the Store when they are run.
    if (facts.size === 0) return 'It is a placeholder of the Windows Store, not a Python.';
    await access(python, constants.X_OK);
    return undefined;
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return 'There is no such file.';
    return code === 'EACCES' ? 'It may not be run by this user.' : message;
  }
}

/**
 * Two names of one interpreter have the same identity. A virtual environment's is its folder: its interpreter is a
 * link to the one that it was made from, and has other packages.
 */
export async function identityOf(python: string): Promise<string> {
  const environment = path.dirname(path.dirname(python));
  if (await exists(path.join(environment, 'pyvenv.cfg'))) return realpath(environment);
  return realpath(python);
}

async function exists(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}
