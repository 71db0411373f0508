/** Follows the files of the deployed models and says when they have come to rest after a change. */
import path from 'node:path';
import { watch, type FSWatcher } from 'chokidar';
import { isIgnored } from './files.ts';

export interface ModelWatchOptions {
  /** Absolute path of the model's file or folder. */
  model: string;
  /** Milliseconds without any change after which one counts. */
  stableMs: number;
  /** Also called once when watching begins. */
  onStable(): void;
  onError(error: unknown): void;
}

/** How often a model is looked at where the system cannot watch it: no watches left, a network drive. */
const POLL_MS = 10_000;

/** Watches one model until closed, also where it is removed and made again. */
export class ModelWatch {
  readonly model: string;
  readonly #watcher: FSWatcher;
  #timer: NodeJS.Timeout | undefined;
  #poll: NodeJS.Timeout | undefined;

  constructor({ model, stableMs, onStable, onError }: ModelWatchOptions) {
    this.model = model;
    const folder = path.dirname(model);
    // From the folder above, so that a model that is replaced as a whole is still seen.
    this.#watcher = watch(folder, {
      ignoreInitial: true,
      ignorePermissionErrors: true,
      ignored: (file) =>
        file !== folder && file !== model && (!file.startsWith(model + path.sep) || isIgnored(path.basename(file))),
    });
    // A change before this moment is told by nobody; among 100,000 files it takes seconds to come.
    this.#watcher.once('ready', onStable);
    this.#watcher.on('all', () => {
      clearTimeout(this.#timer);
      this.#timer = setTimeout(onStable, stableMs);
    });
    this.#watcher.on('error', (error) => {
      if (this.#poll) return;
      onError(error);
      this.#poll = setInterval(onStable, POLL_MS);
      this.#poll.unref();
    });
  }

  async close(): Promise<void> {
    clearTimeout(this.#timer);
    clearInterval(this.#poll);
    await this.#watcher.close();
  }
}
