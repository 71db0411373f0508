/**
 * What AWS Lambda bills, in US dollars, of region us-east-1 without the free tier and without discounts.
 * Source: https://aws.amazon.com/lambda/pricing/, read in November 2026: requests, and duration of the first tier. The
 * duration of a container image counts from the start of its initialisation, in whole milliseconds (the same page,
 * "Duration"; since August 2025 initialisation is billed of every kind of package).
 */
export type Architecture = 'x86_64' | 'arm64';

export const PRICES = {
  region: 'us-east-1',
  source: 'https://aws.amazon.com/lambda/pricing/',
  read: '2026-11',
  /** Per request. */
  request: 0.2 / 1e6,
  /** Per GB and second, GB of 2^30 bytes. */
  gbSecond: { x86_64: 0.0000166667, arm64: 0.0000133334 },
} as const;

/** Milliseconds that AWS Lambda bills for some: whole ones, rounded up. */
export function billedMs(ms: number): number {
  return Math.ceil(ms);
}

/** US dollars of a million requests that are billed `billed` milliseconds each on average. */
export function costPerMillion(billed: number, memoryMb: number, architecture: Architecture): number {
  const gbSeconds = (billed / 1000) * (memoryMb / 1024);
  return 1e6 * (PRICES.request + gbSeconds * PRICES.gbSecond[architecture]);
}
