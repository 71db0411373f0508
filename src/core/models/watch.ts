import { unwatchFile, watch, watchFile, type FSWatcher } from 'node:fs';
import { realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { ModelsSpec } from '../../shared/spec.ts';
import { MODELS_FILE, type ModelsDocument } from './document.ts';
import { readDocument } from './read.ts';

export interface ModelsWatcher {
  /** The state last reported. */
  readonly document: ModelsDocument;
  /** The declared models when the file was last usable; what stays on screen while it is invalid. */
  readonly lastGood: ModelsSpec | undefined;
  close(): void;
}

export interface WatchOptions {
  /** Milliseconds of quiet after which a change is read; editors write a file in several steps. */
  settleMs?: number;
}

const SETTLE_MS = 50;
/** Between looks at the file where the system does not tell of changes (network drives, no watches left). */
const POLL_MS = 2000;

/**
 * Tells of every state of a project's models.json: at once of the one it is in (before the promise resolves), then of
 * each that differs, also where the file or its folder is deleted, made again, or replaced by an editor. An empty
 * moment in the middle of another program's write is not told of where the write goes on within `settleMs`.
 */
export async function watchModels(
  project: string,
  onChange: (document: ModelsDocument, lastGood: ModelsSpec | undefined) => void,
  options: WatchOptions = {},
): Promise<ModelsWatcher> {
  const watcher = new Watcher(project, onChange, options.settleMs ?? SETTLE_MS);
  await watcher.start();
  return watcher;
}

class Watcher implements ModelsWatcher {
  document: ModelsDocument = { kind: 'absent' };
  lastGood: ModelsSpec | undefined;
  private readonly project: string;
  private readonly file: string;
  private readonly onChange: (document: ModelsDocument, lastGood: ModelsSpec | undefined) => void;
  private readonly settleMs: number;
  private readonly watched = new Map<string, { inode: number; watcher: FSWatcher }>();
  private timer: NodeJS.Timeout | undefined;
  private reading = false;
  private again = false;
  private closed = false;

  constructor(project: string, onChange: Watcher['onChange'], settleMs: number) {
    this.project = path.resolve(project);
    this.file = path.join(this.project, MODELS_FILE);
    this.onChange = onChange;
    this.settleMs = settleMs;
  }

  async start(): Promise<void> {
    // Slow but sure; it also sees what a watched folder cannot tell: that the folder itself was made again.
    watchFile(this.file, { interval: POLL_MS, persistent: false }, this.changed);
    await this.watchFolders();
    this.report(await readDocument(this.project));
  }

  close(): void {
    this.closed = true;
    clearTimeout(this.timer);
    unwatchFile(this.file, this.changed);
    for (const { watcher } of this.watched.values()) watcher.close();
    this.watched.clear();
  }

  private readonly changed = (): void => {
    clearTimeout(this.timer);
    if (!this.closed) this.timer = setTimeout(() => void this.read(), this.settleMs);
  };

  private async read(): Promise<void> {
    if (this.reading) {
      this.again = true;
      return;
    }
    this.reading = true;
    do {
      this.again = false;
      await this.watchFolders();
      const document = await readDocument(this.project);
      if (this.closed) return;
      if (!isDeepStrictEqual(document, this.document)) this.report(document);
    } while (this.again);
    this.reading = false;
  }

  private report(document: ModelsDocument): void {
    this.document = document;
    if (document.kind === 'ok' || document.kind === 'newer') this.lastGood = document.spec;
    if (document.kind === 'absent') this.lastGood = undefined;
    this.onChange(document, this.lastGood);
  }

  /** The folder rather than the file: a watch on a file ends with it when an editor replaces it. */
  private async watchFolders(): Promise<void> {
    const target = await realpath(this.file).catch(() => this.file);
    const inodes = new Map<string, number>();
    for (const folder of [this.project, path.dirname(target)]) {
      const facts = await stat(folder).catch(() => undefined);
      if (facts) inodes.set(folder, facts.ino);
    }
    for (const [folder, { inode, watcher }] of this.watched) {
      if (inodes.get(folder) === inode) continue;
      watcher.close();
      this.watched.delete(folder);
    }
    const names = new Set<string | null>([MODELS_FILE, path.basename(target), path.basename(this.project), null]);
    for (const [folder, inode] of inodes) {
      if (this.watched.has(folder) || this.closed) continue;
      try {
        const watcher = watch(folder, { persistent: false }, (_event, name) => {
          if (names.has(name)) this.changed();
        });
        watcher.on('error', () => {
          watcher.close();
          this.watched.delete(folder);
        });
        this.watched.set(folder, { inode, watcher });
      } catch {
        // Without a watch (folder missing, limit reached) the slow look at the file remains.
      }
    }
  }
}
