/** A bill as data: each item is a straight line of the requests, cut into tiers. */
import type { LineItem, MonthlyCost } from '../../shared/cost.ts';
import type { Tier } from './prices.ts';

export interface Charge {
  /** `Lambda requests`. */
  title: string;
  unit: string;
  /** Units a month without any request. */
  base: number;
  perRequest: number;
  /** Units a month that cost nothing; the tiers count after them. */
  free: number;
  /** Units a month at most. */
  most: number;
  /** Ascending; the last without an end. */
  tiers: readonly Tier[];
}

/** `price`: of a unit, where there are no tiers. */
export function charge(
  title: string,
  unit: string,
  price: number | readonly Tier[],
  parts: Partial<Pick<Charge, 'base' | 'perRequest' | 'free' | 'most'>>,
): Charge {
  const tiers = typeof price === 'number' ? [{ price }] : price;
  return { title, unit, base: 0, perRequest: 0, free: 0, most: Number.POSITIVE_INFINITY, ...parts, tiers };
}

/** `requests`: of a month. */
export function lineItem({ title, unit, base, perRequest, free, most, tiers }: Charge, requests: number): LineItem {
  const quantity = Math.max(0, Math.min(base + perRequest * requests, most) - free);
  let [dollars, below] = [0, 0];
  for (const { upTo = Number.POSITIVE_INFINITY, price } of tiers) {
    dollars += price * Math.max(0, Math.min(quantity, upTo) - below);
    below = upTo;
  }
  return { title, quantity, unit, dollars };
}

/** Items that nothing is billed of are left out. */
export function bill(charges: readonly Charge[], requests: number): MonthlyCost {
  const items = charges.map((one) => lineItem(one, requests)).filter(({ quantity }) => quantity > 0);
  return { requests, items, dollars: items.reduce((sum, { dollars }) => sum + dollars, 0) };
}

/** Requests a month at which the price of one more changes, in no order. */
export function bends({ base, perRequest, free, most, tiers }: Charge): number[] {
  if (perRequest === 0) return [];
  const edges = [free, most, ...tiers.flatMap(({ upTo }) => (upTo === undefined ? [] : [free + upTo]))];
  return edges.map((edge) => (edge - base) / perRequest).filter((at) => at > 0 && Number.isFinite(at));
}
