/** Gives memory back to the system while the host has nothing to do. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** A request that comes in this time must not wait for the collection, some 50 ms. */
const QUIET_MS = 1000;

export class Slimming {
  readonly #isIdle: () => boolean;
  #timer: NodeJS.Timeout | undefined;
  /** Nothing has been done since the last collection. */
  #slim = false;

  /** `isIdle`: no worker, no request and no operation. */
  constructor(isIdle: () => boolean) {
    this.#isIdle = isIdle;
  }

  /** To be called whenever that may have changed. */
  look(): void {
    clearTimeout(this.#timer);
    if (!this.#isIdle()) {
      this.#slim = false;
      return;
    }
    if (this.#slim) return;
    this.#timer = setTimeout(() => {
      if (!this.#isIdle()) return;
      this.#slim = true;
      collect();
    }, QUIET_MS);
    this.#timer.unref();
  }
}

/** V8 keeps what requests needed (9 MB of a host's 65) until it feels pressed; only its own collector can tell it to. */
function collect(): void {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('globalThis.gc') as ((options: object) => void) | undefined;
  setFlagsFromString('--no-expose-gc');
  // What the first one let go is given back by the second.
  for (let round = 0; round < 2; round++) gc?.({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
