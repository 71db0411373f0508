import assert from 'node:assert/strict';
import fc from 'fast-check';
import { alternativesOf, fargateTask, instancesFor } from '../../../src/core/cost/alternatives.ts';
import { breakEven, crossing } from '../../../src/core/cost/break-even.ts';
import { bill, charge } from '../../../src/core/cost/charges.ts';
import { GB, lambdaCharges } from '../../../src/core/cost/monthly.ts';
import { BUILT_IN_PRICES } from '../../../src/core/cost/price-list.ts';
import { MONTH_SECONDS } from '../../../src/core/cost/prices.ts';
import { breakEvenText, type Usage } from '../../../src/shared/cost.ts';
import { MEMORY_MB } from '../../../src/shared/sweep.ts';
import { near, options, settings, USAGE, usages } from './usages.ts';

describe('the break-even', () => {
  it('is where both cost the same, and before it AWS Lambda costs less', () => {
    fc.assert(
      fc.property(usages, settings, (usage, setting) => {
        const charges = lambdaCharges({ ...usage, provisionedConcurrency: 0 }, setting);
        for (const alternative of alternativesOf({ ...usage, provisionedConcurrency: 0 }, setting)) {
          const at = crossing(charges, alternative.charges);
          if (at === undefined) continue;
          const [one, other] = [bill(charges, at).dollars, bill(alternative.charges, at).dollars];
          assert.ok(Math.abs(one - other) <= 1e-6 * other, `${alternative.id}: ${one} and ${other} at ${at}`);
          const before = at / 2;
          assert.ok(bill(charges, before).dollars < bill(alternative.charges, before).dollars);
        }
      }),
    );
  });

  it('is exact across tiers and free parts', () => {
    const fixed = [charge('server', 'hours', 1, { base: 730 })];
    const tiered = [charge('x', 'requests', [{ upTo: 100, price: 5 }, { price: 1 }], { perRequest: 1, free: 50 })];
    // 50 free, 100 at 5 are 500, the other 230 at 1.
    near(crossing(tiered, fixed), 50 + 100 + 230);
    assert.equal(crossing(fixed, tiered), 0);
    assert.equal(crossing([charge('x', 'requests', 0, { perRequest: 1 })], fixed), undefined);
    const capped = [charge('x', 'requests', 1, { perRequest: 1, most: 700 })];
    assert.equal(crossing(capped, fixed), undefined);
  });

  it('of provisioned concurrency is at 60 % of its time, whatever the model', () => {
    // 0.0000041667 / (0.0000166667 - 0.0000097222): with the prices of 2025, the same on both architectures.
    const [at] = alternativesOf(USAGE, options)
      .filter(({ id }) => id === 'provisioned')
      .map((one) => crossing(lambdaCharges(USAGE, options), one.charges)! / one.capacity);
    assert.ok(Math.abs(at! - 0.6) < 0.001, String(at));
  });

  it('is never where both cost the same only beyond what one holds', () => {
    // What is free is free on demand only, and beyond its capacity the one that is kept ready is on demand too.
    const free = { prices: BUILT_IN_PRICES['eu-west-1'], freeTier: true };
    const { coldMs: _, ...warmOnly } = { ...USAGE, memoryMb: 512, warmMs: 120 };
    const ready = alternativesOf(warmOnly, free).find(({ id }) => id === 'provisioned')!;
    assert.deepEqual(breakEven(lambdaCharges(warmOnly, free), ready), { kind: 'never' });
  });

  it('says where one could not hold that traffic, and how many could', () => {
    const slow = { ...USAGE, memoryMb: 3008, warmMs: 500 };
    const charges = lambdaCharges(slow, options);
    const server = alternativesOf(slow, options).find(({ id }) => id === 't3.medium')!;
    assert.equal(breakEven(charges, server).kind, 'at');
    const held = { ...server, capacity: 100_000 };
    const found = breakEven(charges, held);
    assert.equal(found.kind, 'beyond-one');
    assert.equal(found.instances, Math.ceil(found.requests! / 100_000));
    assert.match(
      breakEvenText({ ...held, idleDollars: 1, breakEven: found }, 'en'),
      /^never below the capacity of one, 100,000 a month: [\d,.]+( million)?, for which one would cost the same, need \d+ or more$/,
    );
  });

  it('is none where the model does not fit', () => {
    const large = { ...USAGE, memoryMb: 4096 };
    const kinds = alternativesOf(large, options).map((one) => [
      one.id,
      breakEven(lambdaCharges(large, options), one).kind,
    ]);
    assert.deepEqual(kinds, [
      ['t3.medium', 'too-small'],
      ['fargate', 'at'],
      ['eks', 'too-small'],
      ['provisioned', 'at'],
    ]);
  });

  it('is at the first request where the function alone costs more to keep', () => {
    const kept = { ...USAGE, memoryMb: 3008, provisionedConcurrency: 5 };
    const server = alternativesOf(kept, options)[0]!;
    assert.deepEqual(breakEven(lambdaCharges(kept, options), server), { kind: 'from-first' });
  });
});

describe('what else could hold the traffic', () => {
  it('holds as many requests as its processors and its memory let it', () => {
    const capacity = (usage: Partial<Usage>): Record<string, number> =>
      Object.fromEntries(alternativesOf({ ...USAGE, ...usage }, options).map((one) => [one.id, one.capacity]));
    // One processor for 100 ms: a t3.medium has two of them, and its memory has place for two workers.
    const one = capacity({ memoryMb: 1769 });
    near(one['t3.medium'], 2 * 10 * MONTH_SECONDS);
    near(one['fargate'], 10 * MONTH_SECONDS);
    near(one['provisioned'], 10 * MONTH_SECONDS);
    // On EKS there is only place for one.
    near(one['eks'], 10 * MONTH_SECONDS);
    assert.equal(instancesFor({ capacity: 10 }, 0), 1);
    assert.equal(instancesFor({ capacity: 10 }, 10), 1);
    assert.equal(instancesFor({ capacity: 10 }, 11), 2);
  });

  it('costs without a request what it has', () => {
    const idle = alternativesOf({ ...USAGE, memoryMb: 1769 }, options).map((one) => bill(one.charges, 0).dollars);
    const balancer = 730 * (0.0225 + 2 * 0.005);
    const image = 0.1;
    const expected = [
      730 * (0.0416 + 0.005) + 8 * 0.08 + image,
      730 * (0.04048 + 2 * 0.004445 + 0.005) + balancer + image,
      730 * (0.1 + 0.0416 + 0.005) + 20 * 0.08 + balancer + image,
      MONTH_SECONDS * (1769 / 1024) * 0.0000041667 + image,
    ];
    assert.equal(idle.length, expected.length);
    for (const [at, dollars] of idle.entries()) near(dollars, expected[at]!);
  });

  it('is billed for what its load balancer does: connections, or bytes where these are more', () => {
    const units = (usage: Partial<Usage>, requests: number): number | undefined =>
      bill(alternativesOf({ ...USAGE, ...usage }, options)[1]!.charges, requests).items.find(
        ({ unit }) => unit === 'LCU-hours',
      )?.quantity;
    near(units({ answerBytes: 2000 }, 25 * 3600), 1);
    near(units({ answerBytes: GB / 1000 }, 1000), 1);
  });

  it('is billed for a t3.medium above its baseline', () => {
    const surplus = (requests: number, memoryMb = 1769): number | undefined =>
      bill(alternativesOf({ ...USAGE, memoryMb }, options)[0]!.charges, requests).items.find(({ title }) =>
        /baseline/.test(title),
      )?.dollars;
    // 0.4 vCPUs without end are 292 vCPU-hours a month: 10,512,000 requests of 100 ms.
    assert.equal(surplus(10_512_000), undefined);
    near(surplus(10_512_000 + 36_000), 0.05);
    // With twice the processors of a function half as many.
    near(surplus((10_512_000 + 36_000) / 2, 2 * 1769), 0.05);
  });

  it('has a Fargate task for every size of a function, the smallest that will do', () => {
    assert.deepEqual([128, 512, 1769, 1770, 2048, 3008, 10_240].map(fargateTask), [
      { vcpus: 0.25, gb: 0.5 },
      { vcpus: 0.5, gb: 1 },
      { vcpus: 1, gb: 2 },
      { vcpus: 2, gb: 4 },
      { vcpus: 2, gb: 4 },
      { vcpus: 2, gb: 4 },
      { vcpus: 8, gb: 16 },
    ]);
    fc.assert(
      fc.property(fc.integer({ min: MEMORY_MB.least, max: MEMORY_MB.most }), (memoryMb) => {
        const { vcpus, gb } = fargateTask(memoryMb);
        assert.ok(vcpus * 1769 >= memoryMb && gb * 1024 >= memoryMb);
      }),
    );
  });
});
