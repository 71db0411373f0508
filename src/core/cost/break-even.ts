import type { BreakEven } from '../../shared/cost.ts';
import { instancesFor, type Alternative } from './alternatives.ts';
import { bends, bill, type Charge } from './charges.ts';

/**
 * Requests a month from which `other` costs no more than `one`; undefined where there are none. Both are straight between
 * their bends, so the point is exact.
 */
export function crossing(one: readonly Charge[], other: readonly Charge[]): number | undefined {
  const dearer = (requests: number): number => bill(one, requests).dollars - bill(other, requests).dollars;
  const all = [...one, ...other].flatMap(bends).toSorted((first, second) => first - second);
  let [from, before] = [0, dearer(0)];
  if (before >= 0) return 0;
  for (const to of all) {
    const after = dearer(to);
    if (after >= 0) return from + ((to - from) * -before) / (after - before);
    [from, before] = [to, after];
  }
  // Beyond the last bend both are straight for ever. Where both are equally steep only what floating point loses differs.
  const step = Math.max(from, 1e6);
  const slope = (dearer(from + step) - before) / step;
  const steepness = bill(one, from + step).dollars / step;
  return slope > steepness * 1e-9 ? from - before / slope : undefined;
}

/** `lambda`: what AWS bills the function. */
export function breakEven(lambda: readonly Charge[], alternative: Alternative): BreakEven {
  if (!alternative.fits) return { kind: 'too-small' };
  const requests = crossing(lambda, alternative.charges);
  if (requests === undefined) return { kind: 'never' };
  if (requests === 0) return { kind: 'from-first' };
  const instances = instancesFor(alternative, requests);
  return { kind: instances === 1 ? 'at' : 'beyond-one', requests, instances };
}
