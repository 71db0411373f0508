export interface LogScale {
  /** 0 at the lower end, 1 at the upper. Values outside are clamped. */
  at(value: number): number;
  /** Powers of ten from the lower to the upper end. */
  ticks: number[];
}

/**
 * A logarithmic scale over whole decades that holds all values (ms). Values below `least` count as `least`, because
 * a logarithm has no zero.
 */
export function logScale(values: readonly number[], least = 0.1): LogScale {
  const clamped = values.filter(Number.isFinite).map((value) => Math.max(value, least));
  const low = Math.floor(Math.log10(clamped.length ? Math.min(...clamped) : 1));
  const high = Math.max(low + 1, Math.ceil(Math.log10(clamped.length ? Math.max(...clamped) : 10)));
  return {
    at: (value) => Math.min(1, Math.max(0, (Math.log10(Math.max(value, least)) - low) / (high - low))),
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 10 ** (low + index)),
  };
}
