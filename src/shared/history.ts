/** How much of its requests a playground remembers: the page over a reload, the extension while its tab is closed. */
import type { Sample } from './latency.ts';
import { keyText } from './spec.ts';

/** Requests that Repeat sends at most. */
export const MOST_REPEATS = 1000;
/** Requests of one deployment: a whole repeat, and what was sent before it (its cold start among that). */
export const MOST_SAMPLES = MOST_REPEATS + 500;
/** Requests of all deployments together. */
const MOST_TOGETHER = 5000;
/** Page and editor write what is remembered whole, so it is kept to about this many UTF-16 units of JSON. */
export const MOST_REMEMBERED = 1_000_000;

const sizes = new WeakMap<Sample, number>();

function sizeOf(sample: Sample): number {
  let size = sizes.get(sample);
  if (size === undefined) sizes.set(sample, (size = JSON.stringify(sample).length));
  return size;
}

/** With one more; without the deployment's oldest where it has too many. */
export function withSample(samples: readonly Sample[], sample: Sample): Sample[] {
  const all = [...samples.slice(1 - MOST_TOGETHER), sample];
  const ofDeployment = ({ model, deployment }: Sample): boolean =>
    model === sample.model && deployment === sample.deployment;
  let count = 0;
  for (const one of all) if (ofDeployment(one)) count += 1;
  if (count > MOST_SAMPLES) all.splice(all.findIndex(ofDeployment), 1);
  return all;
}

/** How many requests of one deployment, numbered from 1, are no longer among these. */
export function droppedOf(samples: readonly Sample[]): number {
  const last = samples.reduce((highest, { number }) => Math.max(highest, number), 0);
  return Math.max(0, last - samples.length);
}

/** The newest requests of each deployment, oldest first. */
function newest(samples: readonly Sample[]): Sample[] {
  const counts = new Map<string, number>();
  return samples
    .slice(-MOST_TOGETHER)
    .toReversed()
    .filter((sample) => {
      const key = keyText(sample);
      const count = (counts.get(key) ?? 0) + 1;
      counts.set(key, count);
      return count <= MOST_SAMPLES;
    })
    .reverse();
}

/** The newest requests that fit, oldest first. */
export function newestThatFit(samples: readonly Sample[]): Sample[] {
  let left = MOST_REMEMBERED;
  return newest(samples)
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
  return newest([...byId.values()].sort((a, b) => a.at - b.at || a.number - b.number));
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
