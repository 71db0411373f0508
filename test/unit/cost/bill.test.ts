import assert from 'node:assert/strict';
import fc from 'fast-check';
import { alternativesOf, fargateTask, instancesFor } from '../../../src/core/cost/alternatives.ts';
import { breakEven, crossing } from '../../../src/core/cost/break-even.ts';
import { bill, charge, lineItem } from '../../../src/core/cost/charges.ts';
import { ASSUMED } from '../../../src/core/cost/card.ts';
import { GB, lambdaCharges } from '../../../src/core/cost/monthly.ts';
import { BUILT_IN_PRICES } from '../../../src/core/cost/price-list.ts';
import { MONTH_SECONDS, type Prices } from '../../../src/core/cost/prices.ts';
import { breakEvenText, formatBill, formatRequests, type Usage } from '../../../src/shared/cost.ts';
import { MEMORY_MB } from '../../../src/shared/sweep.ts';

const USAGE: Usage = {
  ...ASSUMED,
  architecture: 'x86_64',
  memoryMb: 1024,
  warmMs: 100,
  coldMs: 3000,
  coldShare: 0,
  imageBytes: GB,
};
const US: Prices = BUILT_IN_PRICES['us-east-1'];
const options = { prices: US, freeTier: false };
const dollars = (usage: Partial<Usage>, requests: number, freeTier = false): number =>
  bill(lambdaCharges({ ...USAGE, ...usage }, { prices: US, freeTier }), requests).dollars;
const item = (usage: Partial<Usage>, requests: number, title: string, freeTier = false): number | undefined =>
  bill(lambdaCharges({ ...USAGE, ...usage }, { prices: US, freeTier }), requests).items.find(
    (one) => one.title === title,
  )?.dollars;
const near = (one: number | undefined, other: number): void =>
  assert.ok(
    one !== undefined && Math.abs(one - other) <= 1e-9 * Math.max(1, Math.abs(other)),
    `${one} is not ${other}`,
  );

const usages: fc.Arbitrary<Usage> = fc.record({
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
const settings = fc.record({
  prices: fc.constantFrom<Prices>(...Object.values(BUILT_IN_PRICES)),
  freeTier: fc.boolean(),
});
const counts = fc.integer({ min: 0, max: 1e11 });

describe('what AWS bills a deployment', () => {
  it('is by the item what the price pages’ own examples say', () => {
    // https://aws.amazon.com/lambda/pricing/, "Mobile application backend": 3 million requests, 1,536 MB, 120 ms.
    const example = { memoryMb: 1536, warmMs: 120 };
    near(item(example, 3e6, 'Lambda requests', true), 0.4);
    near(item(example, 3e6, 'Lambda duration', true), (540_000 - 400_000) * 0.0000166667);
    // https://aws.amazon.com/api-gateway/pricing/: 333 million at 3.50, then 2.80.
    near(item({}, 335e6, 'API Gateway requests'), 333 * 3.5 + 2 * 2.8);
  });

  it('has an initialisation in it for each cold start', () => {
    near(item({ coldShare: 0.5 }, 1000, 'Lambda duration'), 1000 * 1.55 * 0.0000166667);
    near(dollars({ coldShare: 0.5 }, 1e6) - dollars({}, 1e6), 1e6 * 0.5 * 2.9 * 0.0000166667);
    const { coldMs: _, ...warmOnly } = USAGE;
    assert.deepEqual(
      lambdaCharges({ ...warmOnly, coldShare: 1 }, options),
      lambdaCharges({ ...warmOnly, coldShare: 0 }, options),
    );
  });

  it('is the image’s storage where nobody sends anything', () => {
    assert.deepEqual(
      bill(lambdaCharges(USAGE, options), 0).items.map(({ title }) => title),
      ['Image in ECR'],
    );
    near(dollars({}, 0), 0.1);
    assert.equal(dollars({ imageBytes: 0 }, 0), 0);
  });

  it('has /tmp in it only above what is free', () => {
    assert.equal(item({ storageMb: 512 }, 1e6, '/tmp above 512 MB'), undefined);
    near(item({ storageMb: 1536 }, 1e6, '/tmp above 512 MB'), 1e6 * 0.1 * 1 * 0.0000000309);
  });

  it('is for environments that are kept ready by the month, and less for what they answer', () => {
    const ready = { provisionedConcurrency: 2 };
    near(dollars({ ...ready, imageBytes: 0 }, 0), 2 * MONTH_SECONDS * 0.0000041667);
    near(item(ready, 1e6, 'Provisioned duration'), 1e5 * 0.0000097222);
    assert.equal(item(ready, 1e6, 'Lambda duration'), undefined);
    // Two hold 20 times 2,628,000 requests of 100 ms; what comes above is on demand, and may be cold.
    const capacity = 20 * MONTH_SECONDS;
    near(item({ ...ready, coldShare: 1 }, capacity + 1000, 'Lambda duration'), 1000 * 3 * 0.0000166667);
    near(item(ready, 2 * capacity, 'Provisioned duration'), 2 * MONTH_SECONDS * 0.0000097222);
    // No free tier for them.
    near(item(ready, 1e6, 'Lambda requests', true), 0.2);
  });

  it('never falls with more requests, memory or time, nor rises with the free tier', () => {
    fc.assert(
      fc.property(usages, settings, counts, counts, (usage, setting, one, other) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const of = (changed: Usage, requests = more): number => bill(lambdaCharges(changed, setting), requests).dollars;
        const slack = 1 + 1e-9;
        assert.ok(of(usage, less) <= of(usage) * slack);
        assert.ok(of(usage) <= of({ ...usage, memoryMb: usage.memoryMb * 1.5 }) * slack);
        if (usage.provisionedConcurrency === 0)
          assert.ok(of(usage) <= of({ ...usage, warmMs: usage.warmMs + 1 }) * slack);
        const charges = lambdaCharges(usage, { ...setting, freeTier: false });
        assert.ok(of(usage) <= bill(charges, more).dollars * slack);
      }),
    );
  });

  it('is the sum of its items, of which none is negative', () => {
    fc.assert(
      fc.property(usages, settings, counts, (usage, setting, requests) => {
        const { items, dollars: sum } = bill(lambdaCharges(usage, setting), requests);
        assert.ok(items.every((one) => one.dollars >= 0 && one.quantity > 0));
        near(
          sum,
          items.reduce((all, one) => all + one.dollars, 0),
        );
      }),
    );
  });
});

describe('a charge', () => {
  it('goes through its tiers after what is free, up to its most', () => {
    const one = charge('x', 'units', [{ upTo: 10, price: 3 }, { upTo: 20, price: 2 }, { price: 1 }], {
      base: 5,
      perRequest: 1,
      free: 5,
      most: 40,
    });
    const of = (requests: number): number => lineItem(one, requests).dollars;
    assert.deepEqual([0, 4, 10, 15, 25, 1000].map(of), [0, 12, 30, 40, 55, 65]);
    assert.equal(lineItem(one, 1000).quantity, 35);
  });
});

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

  it('is billed for a t3.medium above its baseline', () => {
    const [server] = alternativesOf({ ...USAGE, memoryMb: 1769 }, options);
    const surplus = (requests: number): number | undefined =>
      bill(server!.charges, requests).items.find(({ title }) => /baseline/.test(title))?.dollars;
    // 0.4 vCPUs without end are 292 vCPU-hours a month: 10,512,000 requests of 100 ms.
    assert.equal(surplus(10_512_000), undefined);
    near(surplus(10_512_000 + 36_000), 0.05);
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

describe('a bill', () => {
  it('is written in cents', () => {
    assert.deepEqual(
      [0, 0.004, 3.724, 1240.4].map((one) => formatBill(one, 'en')),
      ['–', '< $0.01', '$3.72', '$1,240'],
    );
    assert.deepEqual(
      [1234, 999_900, 8_312_345, 533_400_000].map((one) => formatRequests(one, 'en')),
      ['1,230', '1 million', '8.3 million', '533 million'],
    );
  });
});
