import { merged, newestThatFit, readSamples } from '../../shared/history.ts';
import type { Sample } from '../../shared/latency.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';

/**
 * The requests of the window's playground, for a tab that is closed and opened again. In memory only: they hold what
 * users sent. A reload of the window is the page's to survive, which brings its own back.
 */
export class History {
  #samples: Sample[] = [];
  /** The highest number of each deployment, by its key. */
  readonly #last = new Map<string, number>();

  /** Oldest first, of all deployments. */
  get samples(): Sample[] {
    return this.#samples;
  }

  /** The number after that of the deployment's last request. */
  next(key: DeploymentKey): number {
    return (this.#last.get(keyText(key)) ?? 0) + 1;
  }

  add(sample: Sample): void {
    this.#samples = newestThatFit([...this.#samples, sample]);
    this.#count(sample);
  }

  /** Takes over what a page remembers from before a reload. */
  restore(pageState: unknown): void {
    const stored = typeof pageState === 'object' && pageState !== null && 'samples' in pageState;
    const samples = readSamples(stored ? pageState.samples : undefined);
    this.#samples = newestThatFit(merged(samples, this.#samples));
    for (const sample of this.#samples) this.#count(sample);
  }

  #count(sample: Sample): void {
    const key = keyText(sample);
    this.#last.set(key, Math.max(this.#last.get(key) ?? 0, Number(sample.number) || 0));
  }
}
