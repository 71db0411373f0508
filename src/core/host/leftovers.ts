/**
 * What operations have outside of the project for a moment: names on the engine, folders that are to get another name.
 * Each is noted in the project's state before it is made, so that what a killed host left is found, and nothing else.
 */
import { lstat, rm } from 'node:fs/promises';
import path from 'node:path';
import { EJECTING } from '../image/eject-folder.ts';
import type { Engine } from '../image/engine.ts';
import type { LentName } from '../image/lent-name.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { StateFile } from './state.ts';

/** What the state file has of them. */
export interface Noted {
  /** Each with the id of the engine that it is on. */
  names: (LentName & { engine: string })[];
  /** Absolute paths. */
  folders: string[];
}

export interface LeftoversPorts {
  state: StateFile;
  engine(): Promise<Outcome<Engine>>;
  log(text: string): void;
}

export class Leftovers {
  readonly #names: Kind<Noted['names'][number]>;
  readonly #folders: Kind<string>;
  #tidied: Promise<void> = Promise.resolve();

  constructor({ state, engine, log }: LeftoversPorts) {
    const noted = (state.state.lent ??= { names: [], folders: [] });
    const ports = { state, log };
    this.#names = new Kind(noted.names, ports, {
      isInReach: async (name) => {
        const opened = await engine();
        return opened.ok && opened.value.id === name.engine;
      },
      end: async (name) => {
        const opened = await engine();
        if (!opened.ok) throw new Error(opened.error.what);
        const { giveBack } = await import('../image/lent-name.ts');
        await giveBack(opened.value.docker, name);
      },
    });
    this.#folders = new Kind(noted.folders, ports, {
      // The disk that it is on may not be mounted.
      isInReach: async (folder) => (await lstat(path.dirname(folder)).catch(() => undefined)) !== undefined,
      end: async (folder) => {
        if (EJECTING.test(path.basename(folder))) await rm(folder, { recursive: true, force: true });
      },
    });
  }

  /** Gives the name back once the work has ended, however it has. */
  async withName<T>({ id }: Engine, name: LentName, work: () => Promise<T>): Promise<T> {
    return this.#names.during({ ...name, engine: id }, work);
  }

  /** Removes the folder, where it is still there, once the work has ended, however it has. */
  async withFolder<T>(folder: string, work: () => Promise<T>): Promise<T> {
    return this.#folders.during(folder, work);
  }

  /** Takes back what no operation of this host has; one look at a time. What is out of reach now stays noted. */
  async tidy(): Promise<void> {
    const before = this.#tidied;
    const look = async (): Promise<void> => {
      await before;
      await this.#names.tidy();
      await this.#folders.tidy();
    };
    this.#tidied = look();
    return this.#tidied;
  }
}

interface Ways<T> {
  /** Whether it can be looked at now. */
  isInReach(thing: T): Promise<boolean>;
  /** Takes it back, where it is still there. */
  end(thing: T): Promise<void>;
}

class Kind<T> {
  readonly #noted: T[];
  readonly #ports: Pick<LeftoversPorts, 'state' | 'log'>;
  readonly #ways: Ways<T>;
  /** Those that operations of this host have now. */
  readonly #inUse = new Set<T>();

  constructor(noted: T[], ports: Pick<LeftoversPorts, 'state' | 'log'>, ways: Ways<T>) {
    this.#noted = noted;
    this.#ports = ports;
    this.#ways = ways;
  }

  async during<R>(thing: T, work: () => Promise<R>): Promise<R> {
    this.#noted.push(thing);
    this.#inUse.add(thing);
    await this.#ports.state.flush();
    try {
      return await work();
    } finally {
      await this.#end(thing);
      this.#inUse.delete(thing);
    }
  }

  async tidy(): Promise<void> {
    for (const thing of this.#noted.filter((one) => !this.#inUse.has(one))) {
      if (await this.#isInReach(thing)) await this.#end(thing);
    }
  }

  async #isInReach(thing: T): Promise<boolean> {
    try {
      return await this.#ways.isInReach(thing);
    } catch (error) {
      this.#ports.log(`${JSON.stringify(thing)} cannot be looked for: ${String(error)}`);
      return false;
    }
  }

  async #end(thing: T): Promise<void> {
    const { state, log } = this.#ports;
    try {
      await this.#ways.end(thing);
    } catch (error) {
      log(`an operation left ${JSON.stringify(thing)}: ${String(error)}`);
      return;
    }
    this.#noted.splice(this.#noted.indexOf(thing), 1);
    state.changed();
  }
}
