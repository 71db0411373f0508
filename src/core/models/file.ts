import { constants } from 'node:fs';
import { access, lstat, open, readlink, rename, rm, stat, type FileHandle } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { places, projectId } from '../places.ts';
import { MODELS_FILE, type ModelsDocument } from './document.ts';
import { parseModels } from './parse.ts';
import { readText, refusal } from './read.ts';

/** Made from the file as it is; answers with the new text, or the same one to leave it alone. */
export type Change = (document: ModelsDocument, text: string | undefined) => Outcome<string>;

/** How often another program may change the file under an edit before Nimbus gives up. */
const ATTEMPTS = 10;
/** A lock whose owner was killed is taken over after this many milliseconds. */
const LOCK_STALE_MS = 3000;
/** Beside models.json, on the same file system, so that a rename replaces the file in one step. */
const TEMPORARY = '.models.json.nimbus-tmp';

const queues = new Map<string, Promise<unknown>>();

/**
 * Changes the project's models.json: one edit at a time over all processes, and in one step, so that a reader or a
 * crash finds the old or the new file. Links are followed, mode and owner stay. A change that another program makes
 * meanwhile is not lost: `change` is asked again, with the new text. Answers whether the file was written.
 *
 * Errors: invalid, conflict-marked, newer, or not readable (with line and column); read-only; locked for 10 s; what
 * `change` itself refuses.
 */
export async function updateModelsFile(project: string, change: Change): Promise<Outcome<{ changed: boolean }>> {
  let file: string;
  try {
    await stat(project);
    file = await targetOf(path.join(project, MODELS_FILE));
  } catch (error) {
    return notWritable(path.join(project, MODELS_FILE), error);
  }
  const before = queues.get(file) ?? Promise.resolve();
  const edit = before.then(() => locked(file, () => replaceText(file, change)));
  const settled = edit.catch(() => {});
  queues.set(file, settled);
  try {
    return await edit;
  } finally {
    if (queues.get(file) === settled) queues.delete(file);
  }
}

/** Where a link ends, also where nothing is there yet: the file itself is replaced, never the link. */
async function targetOf(file: string): Promise<string> {
  // As many links as Linux follows.
  for (let link = file, hops = 0; hops < 40; hops++) {
    const facts = await lstat(link).catch(() => undefined);
    if (!facts?.isSymbolicLink()) return link;
    link = path.resolve(path.dirname(link), await readlink(link));
  }
  throw Object.assign(new Error('models.json is a link that leads to itself'), { code: 'ELOOP' });
}

async function locked<T>(file: string, work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  let release: () => Promise<void>;
  try {
    const id = projectId(path.dirname(file));
    release = await lockfile.lock(file, {
      realpath: false,
      lockfilePath: path.join(places().run, `${id}.models.lock`),
      stale: LOCK_STALE_MS,
      // About 10 s: three times as long as an abandoned lock lives.
      retries: { retries: 300, minTimeout: 10, maxTimeout: 50, randomize: true },
      // Losing it loses nothing: the file is compared again before it is replaced.
      onCompromised: () => {},
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') return notWritable(file, error);
    return fail('models-file-locked', `${file} is being edited by another Nimbus.`, {
      why: 'It has held the lock for more than 10 seconds.',
      next: 'Try again; if it stays, close other windows and Nimbus commands.',
    });
  }
  try {
    return await work();
  } finally {
    await release().catch(() => {});
  }
}

async function replaceText(file: string, change: Change): Promise<Outcome<{ changed: boolean }>> {
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    const read = await readText(file);
    if (!read.ok) return read;
    const document = parseModels(read.value);
    if (document.kind === 'invalid' || document.kind === 'conflict' || document.kind === 'newer') {
      return refusal(document, file);
    }
    const changed = change(document, read.value);
    if (!changed.ok) return changed;
    if (changed.value === read.value) return ok({ changed: false });
    try {
      if (await writeIfUnchanged(file, read.value, changed.value)) return ok({ changed: true });
    } catch (error) {
      return notWritable(file, error);
    }
  }
  return fail('models-file-busy', `${file} keeps changing.`, {
    why: `Another program wrote it ${ATTEMPTS} times while Nimbus tried to edit it.`,
    next: 'Find out what writes it, and try again.',
  });
}

/** False, and nothing done, where the file no longer holds `expected`. */
async function writeIfUnchanged(file: string, expected: string | undefined, text: string): Promise<boolean> {
  const facts = expected === undefined ? undefined : await stat(file);
  if (facts) {
    await access(file, constants.W_OK);
    // For root every file is writable; the owner still said that this one is not to be written.
    if ((facts.mode & 0o222) === 0) throw Object.assign(new Error('The file is read-only.'), { code: 'EACCES' });
  }
  const temporary = path.join(path.dirname(file), TEMPORARY);
  const handle = await create(temporary, facts ? facts.mode & 0o7777 : 0o666);
  try {
    if (facts) {
      await handle.chmod(facts.mode & 0o7777);
      await handle.chown(facts.uid, facts.gid).catch(() => {});
    }
    await handle.writeFile(text);
    await handle.sync();
    const now = await readText(file);
    // Where another process took the lock over, the temporary file is no longer ours either.
    const ours = (await stat(temporary)).ino === (await handle.stat()).ino;
    if (!now.ok || now.value !== expected || !ours) return false;
    await replace(temporary, file);
    return true;
  } finally {
    await handle.close();
    await rm(temporary, { force: true });
  }
}

/** What is there already was left by a process that was killed: the lock is ours. */
async function create(temporary: string, mode: number): Promise<FileHandle> {
  await rm(temporary, { force: true });
  return open(temporary, 'wx', mode);
}

async function replace(temporary: string, file: string): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    try {
      await rename(temporary, file);
      return;
    } catch (error) {
      // On Windows a file that a virus scanner or an indexer has open for a moment cannot be replaced.
      const code = (error as NodeJS.ErrnoException).code;
      const transient = process.platform === 'win32' && (code === 'EPERM' || code === 'EACCES' || code === 'EBUSY');
      if (!transient || attempt === 20) throw error;
      await delay(50);
    }
  }
}

function notWritable(file: string, error: unknown): Outcome<never> {
  const { code, message } = error as NodeJS.ErrnoException;
  const next: Record<string, string> = {
    EACCES: 'Make the file and its folder writable.',
    EPERM: 'Make the file and its folder writable.',
    EROFS: 'Move the project to a file system that can be written.',
    ENOSPC: 'Free space on the disk.',
    ENOENT: 'Check that the folder still exists.',
    ELOOP: 'Correct the link.',
  };
  if (code === undefined) throw error;
  return fail('models-file-not-writable', `${file} cannot be written.`, {
    why: message,
    next: next[code] ?? 'Check the file and its folder, and try again.',
  });
}
