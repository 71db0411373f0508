import { BATCH_INPUTS } from '../../shared/contract.ts';

/** Few, so that the first answer tells soon how long one takes. */
const FIRST_INPUTS = 100;
/** One answer says little of the next: inputs differ, and the first one may include a start. */
const GROWTH = 4;
/** Long enough that what a request costs does not count, short enough that progress shows and little is lost. */
const TARGET_MS = 2000;
/** Of the endpoint's time-out, for inputs that take longer than those before them. */
const TIMEOUT_SHARE = 1 / 8;

/** How many inputs a request gets: as many as the model answers in about two seconds, within the contract's limit. */
export class Pace {
  #targetMs: number;
  #inputs = FIRST_INPUTS;

  /** `timeoutMs` is the endpoint's for one request. */
  constructor(timeoutMs: number) {
    this.#targetMs = Math.min(TARGET_MS, timeoutMs * TIMEOUT_SHARE);
  }

  get inputs(): number {
    return this.#inputs;
  }

  answered(inputs: number, handlerMs: number): void {
    const wanted = Math.floor((this.#targetMs * inputs) / Math.max(handlerMs, 0.001));
    // A part of a chunk that was split says what one input takes, but not that more of them would go well.
    const most = Math.max(this.#inputs, inputs * GROWTH);
    this.#inputs = Math.max(1, Math.min(wanted, most, BATCH_INPUTS));
  }

  timedOut(inputs: number): void {
    this.#inputs = Math.max(1, Math.min(this.#inputs, Math.floor(inputs / GROWTH)));
  }
}
