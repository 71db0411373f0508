/** The files of a model: which they are, and whether they are still the same. */
import { lstatSync } from 'node:fs';
import { lstat, opendir, readdir, realpath, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { createHash } from 'node:crypto';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { LOCK_FILE } from '../environment/lock-file.ts';
import { PROJECT_FOLDER } from '../places.ts';

/** A folder with more is not taken for a model: Hugging Face's largest have some hundred. */
export const MAX_FILES = 20_000;

/** Never part of a model: caches, version control, environments. */
const IGNORED = new Set([
  PROJECT_FOLDER,
  // A part of the version by itself: making it is no change of the model.
  LOCK_FILE,
  '__pycache__',
  '.git',
  '.hg',
  '.svn',
  '.venv',
  'node_modules',
  '.ipynb_checkpoints',
  '.mypy_cache',
  '.pytest_cache',
  '.ruff_cache',
  '.DS_Store',
  'Thumbs.db',
]);

export interface ModelFile {
  /** With `/`, beginning with the model's own name. */
  relative: string;
  /** Absolute; a link's target. */
  source: string;
  size: number;
  /** What changes when the file is written or replaced. */
  identity: string;
}

export function isIgnored(name: string): boolean {
  return IGNORED.has(name);
}

/**
 * Lists a model's files in a fixed order, links followed where they stay within the model, its project or the blobs of
 * a Hugging Face cache. Errors: it is gone, or a part of it cannot be read; too many files; a link that leads
 * elsewhere, nowhere or in a circle.
 */
export async function listFiles(
  model: string,
  project: string,
  options: { signal?: AbortSignal; maxFiles?: number } = {},
): Promise<Outcome<ModelFile[]>> {
  try {
    return await walk(model, project, options);
  } catch (error) {
    const { code, path: file = model, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return notReadable(model, file, code, message);
  }
}

async function walk(
  model: string,
  project: string,
  { signal, maxFiles = MAX_FILES }: { signal?: AbortSignal; maxFiles?: number },
): Promise<Outcome<ModelFile[]>> {
  const files: ModelFile[] = [];
  const root = await realpath(model);
  const allowed = [root, await realpath(project).catch(() => project), path.resolve(root, '../../blobs')];
  const rootStat = await stat(root);
  const waiting = [{ absolute: root, relative: path.basename(model), above: new Set<string>() }];
  if (rootStat.isFile()) {
    return ok([describe(path.basename(model), root, rootStat)]);
  }
  for (let folder = waiting.pop(); folder; folder = waiting.pop()) {
    if (signal?.aborted) return cancelled();
    const above = new Set(folder.above).add(folder.absolute);
    for await (const entry of await opendir(folder.absolute)) {
      if (isIgnored(entry.name)) continue;
      // Deploying writes it, which is no change of the model.
      if (entry.name === 'models.json' && folder.absolute === allowed[1]) continue;
      const relative = `${folder.relative}/${entry.name}`;
      const absolute = path.join(folder.absolute, entry.name);
      const target = entry.isSymbolicLink() ? await realpath(absolute).catch(() => undefined) : absolute;
      if (target === undefined) return badLink(relative, 'its target does not exist');
      if (entry.isSymbolicLink() && !allowed.some((one) => isWithin(one, target))) {
        return badLink(relative, `it leads out of the model and the project, to ${target}`);
      }
      const found = await stat(target);
      if (found.isDirectory()) {
        if (above.has(target)) return badLink(relative, 'it leads in a circle');
        if (await isEnvironment(target)) continue;
        waiting.push({ absolute: target, relative, above });
      } else if (found.isFile()) {
        files.push(describe(relative, target, found));
        if (files.length > maxFiles) return tooMany(model, maxFiles);
      }
    }
    if (waiting.length > maxFiles) return tooMany(model, maxFiles);
  }
  if (files.length === 0)
    return fail('model-empty', `${model} has no files.`, { next: 'Choose the folder that holds the model.' });
  return ok(files.sort((one, other) => (one.relative < other.relative ? -1 : 1)));
}

/**
 * Every file of a copy that the host made, in the order of `listFiles`. Of what lies there under the name of Python's
 * cache, which would run in a handler's place, nothing is left. Throws where there is anything but files and folders.
 */
export async function listCopy(folder: string): Promise<ModelFile[]> {
  const files: ModelFile[] = [];
  const waiting = [''];
  for (let above = waiting.pop(); above !== undefined; above = waiting.pop()) {
    for (const entry of await readdir(path.join(folder, above), { withFileTypes: true })) {
      const relative = above === '' ? entry.name : `${above}/${entry.name}`;
      const source = path.join(folder, relative);
      if (entry.name === '__pycache__') await removeCache(source);
      else if (entry.isDirectory()) waiting.push(relative);
      else if (entry.isFile()) files.push(await describeCopy(relative, source));
      else throw Object.assign(new Error(`${source} is no file`), { code: 'EINVAL' });
    }
  }
  return files.sort((one, other) => (one.relative < other.relative ? -1 : 1));
}

/** Removes everything in a copy that the host made but these files, by their paths in it, and the folders above them. */
export async function keepOnly(folder: string, files: ReadonlySet<string>): Promise<void> {
  const folders = new Set([...files].flatMap((file) => parentsOf(file)));
  const waiting = [''];
  for (let above = waiting.pop(); above !== undefined; above = waiting.pop()) {
    for (const entry of await readdir(path.join(folder, above), { withFileTypes: true })) {
      const relative = above === '' ? entry.name : `${above}/${entry.name}`;
      if (entry.isDirectory() && folders.has(relative)) waiting.push(relative);
      else if (!entry.isFile() || !files.has(relative)) {
        await rm(path.join(folder, relative), { recursive: true, force: true });
      }
    }
  }
}

function parentsOf(file: string): string[] {
  const parts = file.split('/').slice(0, -1);
  return parts.map((_, at) => parts.slice(0, at + 1).join('/'));
}

/** The same for the same files, without reading them. */
export function stampOf(files: readonly ModelFile[]): string {
  const hash = createHash('sha256');
  for (const file of files) hash.update(`${file.relative}\0${file.identity}\0`);
  return hash.digest('hex');
}

function describe(
  relative: string,
  source: string,
  found: { size: number; mtimeMs: number; ctimeMs: number; ino: number },
): ModelFile {
  const identity = `${source}\0${found.size} ${found.mtimeMs} ${found.ctimeMs} ${found.ino}`;
  return { relative, source, size: found.size, identity };
}

/** Workers neither read nor write one beside a handler.py; a process that a handler starts may. */
async function removeCache(folder: string): Promise<void> {
  try {
    await rm(folder, { recursive: true, force: true });
  } catch (error) {
    // On a disk that became read-only nobody puts anything there either.
    if ((error as NodeJS.ErrnoException).code !== 'EROFS') throw error;
  }
}

/** Of a file that only its contents' hash names; to the nanosecond, where the system keeps it. */
async function describeCopy(relative: string, source: string): Promise<ModelFile> {
  const { size, mtimeNs, ctimeNs, ino } = await lstat(source, { bigint: true });
  return { relative, source, size: Number(size), identity: `${size} ${mtimeNs} ${ctimeNs} ${ino}` };
}

export function isWithin(folder: string, target: string): boolean {
  const relative = path.relative(folder, target);
  return relative !== '..' && !relative.startsWith(`..${path.sep}`) && !path.isAbsolute(relative);
}

/** Whether neither a folder in `.nimbus` nor `.nimbus` is a link: through one, sweeping would delete what is not ours. */
export function isOwnFolder(folder: string): boolean {
  return [folder, path.dirname(folder)].every(
    (one) => lstatSync(one, { throwIfNoEntry: false })?.isDirectory() === true,
  );
}

/** A virtual environment under any name. */
async function isEnvironment(folder: string): Promise<boolean> {
  return stat(path.join(folder, 'pyvenv.cfg')).then(
    () => true,
    () => false,
  );
}

/** What the system says of a file on the way; `file` is where it stopped. */
function notReadable(model: string, file: string, code: string, why: string): Outcome<never> {
  if (file === model && (code === 'ENOENT' || code === 'ENOTDIR')) {
    return fail('model-missing', `${model} does not exist.`, {
      next: 'Put the model back, or deploy it from its new place.',
    });
  }
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return fail('model-changing', `${file} was removed while the model was looked at.`, {
      next: 'Wait until the model is saved completely, then try again.',
    });
  }
  const denied = code === 'EACCES' || code === 'EPERM';
  return fail('model-not-readable', `${file} cannot be read.`, {
    why,
    next: denied
      ? 'Allow your user to read it, then redeploy the model.'
      : 'Make it readable, then redeploy the model.',
  });
}

function badLink(relative: string, why: string): Outcome<never> {
  return fail('model-link', `The link ${relative} cannot be part of the model.`, {
    why: `${why[0]!.toUpperCase()}${why.slice(1)}.`,
    next: 'Replace the link by the file itself.',
  });
}

function tooMany(model: string, most: number): Outcome<never> {
  return fail('model-too-many-files', `${model} has more than ${most.toLocaleString('en')} files.`, {
    why: 'A trained model has far fewer; this looks like a data set or a whole home folder.',
    next: 'Choose the folder that holds only the model.',
  });
}
