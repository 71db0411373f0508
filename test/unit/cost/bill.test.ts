import assert from 'node:assert/strict';
import fc from 'fast-check';
import { bill, charge, lineItem } from '../../../src/core/cost/charges.ts';
import { GB, lambdaCharges } from '../../../src/core/cost/monthly.ts';
import { MONTH_SECONDS } from '../../../src/core/cost/prices.ts';
import { formatBill, formatRequests, type Usage } from '../../../src/shared/cost.ts';
import { counts, near, options, settings, US, USAGE, usages } from './usages.ts';

const dollars = (usage: Partial<Usage>, requests: number, freeTier = false): number =>
  bill(lambdaCharges({ ...USAGE, ...usage }, { prices: US, freeTier }), requests).dollars;
const item = (usage: Partial<Usage>, requests: number, title: string, freeTier = false): number | undefined =>
  bill(lambdaCharges({ ...USAGE, ...usage }, { prices: US, freeTier }), requests).items.find(
    (one) => one.title === title,
  )?.dollars;
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

  it('has the log in it as it comes, and a part of it for as long as it is kept', () => {
    // A GB of a million requests, kept for 2.4 months of 730 hours at 15 % of its size.
    const logged = { logBytes: GB / 1e6, logRetentionDays: 73 };
    near(item(logged, 1e6, 'Log, ingested'), 0.5);
    near(item(logged, 6e6, 'Log, ingested', true), 0.5);
    near(item(logged, 1e6, 'Log, kept'), 0.15 * 2.4 * 0.03);
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
