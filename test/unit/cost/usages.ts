/** What tests of bills have in common. */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { ASSUMED } from '../../../src/core/cost/card.ts';
import { GB } from '../../../src/core/cost/monthly.ts';
import { BUILT_IN_PRICES } from '../../../src/core/cost/price-list.ts';
import type { Prices } from '../../../src/core/cost/prices.ts';
import type { Usage } from '../../../src/shared/cost.ts';
import { MEMORY_MB } from '../../../src/shared/sweep.ts';

export const USAGE: Usage = {
  ...ASSUMED,
  architecture: 'x86_64',
  memoryMb: 1024,
  warmMs: 100,
  coldMs: 3000,
  coldShare: 0,
  imageBytes: GB,
};
export const US: Prices = BUILT_IN_PRICES['us-east-1'];
export const options = { prices: US, freeTier: false };
export const near = (one: number | undefined, other: number): void =>
  assert.ok(
    one !== undefined && Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)),
    `${one} is not ${other}`,
  );

export const usages: fc.Arbitrary<Usage> = fc.record({
  architecture: fc.constantFrom('x86_64', 'arm64'),
  memoryMb: fc.integer({ min: MEMORY_MB.least, max: MEMORY_MB.most }),
  warmMs: fc.double({ min: 1, max: 900_000, noNaN: true }),
  coldMs: fc.double({ min: 1, max: 900_000, noNaN: true }),
  coldShare: fc.double({ min: 0, max: 1, noNaN: true }),
  storageMb: fc.integer({ min: 512, max: 10_240 }),
  imageBytes: fc.integer({ min: 0, max: 10 * GB }),
  logBytes: fc.integer({ min: 0, max: 100_000 }),
  logRetentionDays: fc.integer({ min: 1, max: 3650 }),
  answerBytes: fc.integer({ min: 1, max: 6_000_000 }),
  provisionedConcurrency: fc.integer({ min: 0, max: 20 }),
});
export const settings = fc.record({
  prices: fc.constantFrom<Prices>(...Object.values(BUILT_IN_PRICES)),
  freeTier: fc.boolean(),
});
export const counts = fc.integer({ min: 0, max: 1e11 });
