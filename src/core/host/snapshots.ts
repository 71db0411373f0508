/** Copies of models that nobody writes to: what workers load from. */
import { createHash, randomUUID } from 'node:crypto';
import { constants, createReadStream, existsSync, renameSync } from 'node:fs';
import { copyFile, mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Framework } from '../../shared/spec.ts';
import { isOwnFolder, keepOnly, listCopy, listFiles, stampOf, type ModelFile } from './files.ts';
import { FolderUsers } from './users.ts';

export interface Snapshot {
  /** Of names and contents, 64 hexadecimal digits. */
  hash: string;
  /** Absolute path of the model, or of what else was taken, in the snapshot. */
  path: string;
  /** Of the files as they were; the same again means that nothing changed. */
  stamp: string;
  bytes: number;
}

/** What the files of each snapshot look like on the disk since their contents were last read, by its hash. */
export type Seals = Record<string, string>;

const COPIES_AT_ONCE = 4;
const TEMPORARY = 'tmp-';

export class Snapshots {
  readonly #folder: string;
  readonly #seals: Seals;
  readonly #onSeal: () => void;
  /** File hashes by identity, so that a change of one file does not read the others again. */
  #hashes = new Map<string, string>();
  /** Snapshots by the stamp they were taken of. */
  #known = new Map<string, Snapshot>();
  /** Snapshots that are being used, beside those that `sweep` is told. */
  #held = new Map<string, number>();
  /** Copies that this process is making, or has moved away from under a worker. */
  #making = new Set<string>();
  readonly #users = new FolderUsers();
  /** The files of snapshots, as they were when each was last intact. */
  readonly #names = new Map<string, ReadonlySet<string>>();
  /** What a sweep would have removed, had nobody used it. */
  readonly #spared = new Set<string>();
  readonly #onSpared: () => void;
  /** What comes into the folder or leaves it under a hash, one after another. */
  #moving: Promise<void> = Promise.resolve();

  /**
   * `seals` must come from where nobody else writes; `onSeal` is called when they have changed, `onSpared` when nobody
   * uses any more what the last sweep would have removed: it is time for another.
   */
  constructor(
    folder: string,
    seals: Seals = {},
    onSeal: () => void = () => undefined,
    onSpared: () => void = () => undefined,
  ) {
    this.#folder = folder;
    this.#seals = seals;
    this.#onSeal = onSeal;
    this.#onSpared = onSpared;
  }

  /** Keeps a snapshot from being swept until the returned function is called. */
  hold(hash: string): () => void {
    this.#held.set(hash, (this.#held.get(hash) ?? 0) + 1);
    return () => {
      const left = this.#held.get(hash)! - 1;
      if (left === 0) this.#held.delete(hash);
      else this.#held.set(hash, left);
    };
  }

  /**
   * A worker runs in a snapshot, its working directory, until the returned function is called: the folder stays under
   * it, with what it writes there, even where another takes its place. What it left is removed after the last one.
   */
  use(hash: string): () => void {
    const release = this.hold(hash);
    const leave = this.#users.add(hash, (moved, isFree) => void this.#left(hash, moved, isFree));
    return () => {
      release();
      leave();
    };
  }

  /** Absolute path of a model in its snapshot. `name` is the model's own file or folder name. */
  pathOf(hash: string, name: string): string {
    return path.join(this.#folder, hash, name);
  }

  /** Copies a model; as of `takeFiles`. */
  async take(model: string, project: string, signal: AbortSignal): Promise<Outcome<Snapshot>> {
    return this.takeFiles({ what: model, list: () => listFiles(model, project, { signal }) }, signal);
  }

  /**
   * Copies what `list` lists (a reflink where the file system can) under the hash of the copy's contents; a copy that is there
   * already is used. It is held for as long as the caller needs to hold it itself, without waiting for anything else.
   * Errors: as of `list`; what it lists is being written to; the disk is full; cancelled.
   */
  async takeFiles(
    { what, list }: { what: string; list: () => Promise<Outcome<ModelFile[]>> },
    signal: AbortSignal,
  ): Promise<Outcome<Snapshot>> {
    const before = await list();
    if (!before.ok) return before;
    const stamp = stampOf(before.value);
    const known = await this.#intact(stamp);
    if (known) return ok(known);
    const name = `${TEMPORARY}${randomUUID()}`;
    const temporary = path.join(this.#folder, name);
    this.#making.add(name);
    let release = (): void => undefined;
    try {
      await copyAll(before.value, temporary, signal);
      const seal = stampOf(await listCopy(temporary));
      const after = await list();
      if (!after.ok) return after;
      if (stampOf(after.value) !== stamp) return changing(what);
      const hash = await this.#hash(before.value, temporary, signal);
      const bytes = before.value.reduce((sum, file) => sum + file.size, 0);
      const snapshot = { hash, path: this.pathOf(hash, topOf(before.value)), stamp, bytes };
      release = this.hold(hash);
      // Two deployments of the same model end in the same place.
      await this.#inTurn(() => this.#move(temporary, snapshot, seal));
      this.#names.set(hash, new Set(before.value.map((file) => file.relative)));
      return ok(snapshot);
    } catch (error) {
      if (signal.aborted) return cancelled();
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') return changing(what);
      if (code === 'ENOSPC') {
        return fail('disk-full', 'The disk is full.', { why: message, next: 'Free some space and try again.' });
      }
      if (code === undefined) throw error;
      return fail('snapshot-failed', `${what} cannot be copied.`, {
        why: message,
        next: 'Make its files readable and the project folder writable, then redeploy the model.',
      });
    } finally {
      await rm(temporary, { recursive: true, force: true });
      this.#making.delete(name);
      setImmediate(release);
    }
  }

  /**
   * Whether a snapshot holds what its hash says and nothing else: anybody who can write into the project's folder, a
   * repository too, could have changed it. Its contents are read only where its files look different than before.
   */
  async check(hash: string): Promise<boolean> {
    if (!isOwnFolder(this.#folder)) return false;
    const folder = path.join(this.#folder, hash);
    try {
      const files = await listCopy(folder);
      const seal = stampOf(files);
      if (this.#seals[hash] !== seal) {
        // A restored backup, another mount of the same disk: the same contents look different.
        if ((await hashAll(files)) !== hash || stampOf(await listCopy(folder)) !== seal) return false;
        this.#seal(hash, seal);
      }
      this.#names.set(hash, new Set(files.map((file) => file.relative)));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    }
  }

  /**
   * Whether a snapshot that is not as it was made is so again without what came into it since: a worker writes into its
   * working directory, which needs no source to be put right. Where workers run in it they keep that folder.
   */
  async mend(hash: string): Promise<boolean> {
    const names = this.#names.get(hash);
    if (names === undefined || !isOwnFolder(this.#folder)) return false;
    const release = this.hold(hash);
    try {
      // Two starts at once find the same: the second one finds it mended.
      return await this.#inTurn(async () => {
        if (await this.check(hash)) return true;
        if (this.#users.has(hash)) await this.#copyOwn(hash, names);
        else await keepOnly(path.join(this.#folder, hash), names);
        return this.check(hash);
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === undefined) throw error;
      return false;
    } finally {
      release();
    }
  }

  /** Puts a copy of a snapshot's own files into its place. In its turn. */
  async #copyOwn(hash: string, names: ReadonlySet<string>): Promise<void> {
    const name = `${TEMPORARY}${randomUUID()}`;
    const temporary = path.join(this.#folder, name);
    this.#making.add(name);
    try {
      const own = [...names].map((relative) => ({ relative, source: path.join(this.#folder, hash, relative) }));
      await copyAll(own, temporary, new AbortController().signal);
      const copied = await listCopy(temporary);
      if ((await hashAll(copied)) !== hash) return;
      await this.#put(temporary, hash);
      this.#seal(hash, stampOf(copied));
    } finally {
      await rm(temporary, { recursive: true, force: true });
      this.#making.delete(name);
    }
  }

  /** Puts a folder into a snapshot's place. One that workers run in is moved, and removed after them. */
  async #put(temporary: string, hash: string): Promise<void> {
    const place = path.join(this.#folder, hash);
    if (!this.#users.has(hash)) {
      await rm(place, { recursive: true, force: true });
      await rename(temporary, place);
      return;
    }
    const name = `${TEMPORARY}${randomUUID()}`;
    this.#making.add(name);
    // Nothing in between: a worker may be reading a file by the path that it was given.
    if (existsSync(place)) renameSync(place, path.join(this.#folder, name));
    renameSync(temporary, place);
    this.#users.move(hash, name);
  }

  /** The last worker in a snapshot, or in a folder that was one, has ended. Never rejects. */
  async #left(hash: string, moved: readonly string[], isFree: boolean): Promise<void> {
    try {
      for (const name of moved) {
        await rm(path.join(this.#folder, name), { recursive: true, force: true });
        this.#making.delete(name);
      }
      if (!isFree) return;
      if (this.#spared.has(hash)) this.#onSpared();
      else if (!(await this.check(hash))) await this.mend(hash);
    } catch {
      // The next start looks again, and so does the next sweep.
    }
  }

  /** The snapshot of files that look like this, where there is one and it is as it was made. */
  async #intact(stamp: string): Promise<Snapshot | undefined> {
    const known = this.#known.get(stamp);
    if (!known) return undefined;
    const release = this.hold(known.hash);
    const intact = await this.check(known.hash);
    setImmediate(release);
    if (!intact) this.#forget(known.hash);
    return intact ? known : undefined;
  }

  #seal(hash: string, seal: string | undefined): void {
    if (this.#seals[hash] === seal) return;
    if (seal === undefined) delete this.#seals[hash];
    else this.#seals[hash] = seal;
    this.#onSeal();
  }

  /**
   * Removes all snapshots but those that `keep` names and those that are held, and what a killed host left half-made.
   * `keep` is asked again for each: removing takes long, and others come into use meanwhile.
   */
  async sweep(keep: () => ReadonlySet<string>): Promise<void> {
    this.#spared.clear();
    for (const name of await this.#entries()) {
      const unused = name.startsWith(TEMPORARY) ? !this.#making.has(name) : !keep().has(name);
      if (unused && this.#users.has(name)) this.#spared.add(name);
      else if (unused) await this.#remove(name, keep);
    }
    for (const hash of Object.keys(this.#seals)) {
      if (keep().has(hash) || this.#held.has(hash)) continue;
      this.#seal(hash, undefined);
      this.#names.delete(hash);
    }
  }

  async #remove(name: string, keep: () => ReadonlySet<string>): Promise<void> {
    const leaving = `${TEMPORARY}${randomUUID()}`;
    this.#making.add(leaving);
    try {
      // Removing takes long: under its own name it would take what the next `take` puts there.
      const left = await this.#inTurn(async () => {
        if (this.#held.has(name) || keep().has(name)) return false;
        this.#forget(name);
        await rename(path.join(this.#folder, name), path.join(this.#folder, leaving));
        return true;
      });
      if (left) await rm(path.join(this.#folder, leaving), { recursive: true, force: true });
    } catch (error) {
      // Another sweep was quicker.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    } finally {
      this.#making.delete(leaving);
    }
  }

  #forget(hash: string): void {
    for (const [stamp, snapshot] of this.#known) if (snapshot.hash === hash) this.#known.delete(stamp);
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = this.#moving.then(work);
    this.#moving = done.then(
      () => undefined,
      () => undefined,
    );
    return done;
  }

  /** What may be removed. */
  async #entries(): Promise<string[]> {
    return isOwnFolder(this.#folder) ? readdir(this.#folder) : [];
  }

  async #move(temporary: string, snapshot: Snapshot, seal: string): Promise<void> {
    const { hash } = snapshot;
    if (!(await this.check(hash))) {
      // What was just copied and hashed replaces it.
      await this.#put(temporary, hash);
      this.#seal(hash, seal);
    }
    this.#known.set(snapshot.stamp, snapshot);
  }

  async #hash(files: readonly ModelFile[], copy: string, signal: AbortSignal): Promise<string> {
    const whole = createHash('sha256');
    for (const file of files) {
      const hash = this.#hashes.get(file.identity) ?? (await hashFile(path.join(copy, file.relative), signal));
      this.#hashes.set(file.identity, hash);
      whole.update(`${file.relative}\0${file.size}\0${hash}\0`);
    }
    return whole.digest('hex');
  }
}

/** As a snapshot's files are hashed when it is taken. */
async function hashAll(files: readonly ModelFile[]): Promise<string> {
  const whole = createHash('sha256');
  for (const { source, relative, size } of files) {
    whole.update(`${relative}\0${size}\0${await hashFile(source)}\0`);
  }
  return whole.digest('hex');
}

async function copyAll(
  files: readonly Pick<ModelFile, 'source' | 'relative'>[],
  into: string,
  signal: AbortSignal,
): Promise<void> {
  const folders = new Set(files.map((file) => path.dirname(path.join(into, file.relative))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
  const waiting = [...files].reverse();
  const copy = async (): Promise<void> => {
    for (let file = waiting.pop(); file; file = waiting.pop()) {
      signal.throwIfAborted();
      await copyFile(file.source, path.join(into, file.relative), constants.COPYFILE_FICLONE);
    }
  };
  // All must have ended before the folder may be removed after a failure.
  const ended = await Promise.allSettled(Array.from({ length: COPIES_AT_ONCE }, copy));
  for (const one of ended) if (one.status === 'rejected') throw one.reason;
}

async function hashFile(file: string, signal?: AbortSignal): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1024 * 1024 }), hash, signal ? { signal } : {});
  return hash.digest('hex');
}

/** The name that everything listed lies below. */
function topOf([first]: readonly ModelFile[]): string {
  return first!.relative.split('/')[0]!;
}

function changing(model: string): Outcome<never> {
  return fail('model-changing', `${model} was written to while it was copied.`, {
    next: 'Wait until it is saved completely, then try again.',
  });
}

/** What makes a function another one, docs/architecture.md. */
export interface VersionParts {
  /** The snapshot's hash. */
  files: string;
  /** The hash of the snapshot of the project's modules; '' where it imports none. */
  modules: string;
  /** Identity of the environment: its exact package versions, or the key of a managed one. */
  lock: string;
  /** Hash of the runtime's own files. */
  runtime: string;
  framework: Framework;
}

export function functionVersion(parts: VersionParts): string {
  const { files, modules, lock, runtime, framework } = parts;
  return createHash('sha256')
    .update(JSON.stringify([files, modules, lock, runtime, framework]))
    .digest('hex');
}

/** Of the Python files below a folder. */
export async function runtimeHash(folder: string): Promise<string> {
  const names = (await readdir(folder, { recursive: true })).filter((name) => name.endsWith('.py')).sort();
  const hash = createHash('sha256');
  for (const name of names) {
    hash.update(`${name.replaceAll(path.sep, '/')}\0`).update(await readFile(path.join(folder, name)));
  }
  return hash.digest('hex');
}
