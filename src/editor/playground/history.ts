import { merged, newestThatFit, readSamples } from '../../shared/history.ts';
import type { Sample } from '../../shared/latency.ts';

/**
 * The requests of the window's playground, for a tab that is closed and opened again. In memory only: they hold what
 * users sent. A reload of the window is the page's to survive, which brings its own back.
 */
export class History {
  #samples: Sample[] = [];
  #last = 0;

  /** Oldest first, of all deployments. */
  get samples(): Sample[] {
    return this.#samples;
  }

  /** The number after the last request's. */
  next(): number {
    return this.#last + 1;
  }

  add(sample: Sample): void {
    this.#samples = newestThatFit([...this.#samples, sample]);
    this.#last = Math.max(this.#last, sample.number);
  }

  /** Takes over what a page remembers from before a reload. */
  restore(pageState: unknown): void {
    const stored = typeof pageState === 'object' && pageState !== null && 'samples' in pageState;
    const samples = readSamples(stored ? pageState.samples : undefined);
    this.#samples = newestThatFit(merged(samples, this.#samples));
    this.#last = this.#samples.reduce((highest, { number }) => Math.max(highest, Number(number) || 0), this.#last);
  }
}
