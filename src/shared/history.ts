/** How much of its requests a playground remembers: the page over a reload, the extension while its tab is closed. */
import type { Sample } from './latency.ts';

/** Requests of all deployments together. */
export const MOST_SAMPLES = 500;
/** Page and editor write what is remembered whole, so it is kept to about this many UTF-16 units of JSON. */
export const MOST_REMEMBERED = 1_000_000;

const sizes = new WeakMap<Sample, number>();

function sizeOf(sample: Sample): number {
  let size = sizes.get(sample);
  if (size === undefined) sizes.set(sample, (size = JSON.stringify(sample).length));
  return size;
}

/** The newest requests that fit, oldest first. */
export function newestThatFit(samples: readonly Sample[]): Sample[] {
  let left = MOST_REMEMBERED;
  return samples
    .slice(-MOST_SAMPLES)
    .toReversed()
    .filter((sample) => {
      const size = sizeOf(sample);
      // One answer of megabytes must not push the small ones out.
      if (size > left) return false;
      left -= size;
      return true;
    })
    .reverse();
}

/** Both, oldest first, each request once. */
export function merged(some: readonly Sample[], others: readonly Sample[]): Sample[] {
  const byId = new Map([...some, ...others].map((sample) => [sample.id, sample]));
  return [...byId.values()].sort((a, b) => a.at - b.at || a.number - b.number).slice(-MOST_SAMPLES);
}

/** Those of a stored list that have today's shape: an older or newer page may have left it. */
export function readSamples(stored: unknown): Sample[] {
  return Array.isArray(stored) ? stored.filter(isSample) : [];
}

function isSample(value: unknown): value is Sample {
  if (typeof value !== 'object' || value === null) return false;
  const { id, at, phases } = value as Partial<Record<keyof Sample, unknown>>;
  return typeof id === 'string' && typeof at === 'number' && typeof phases === 'object' && phases !== null;
}
