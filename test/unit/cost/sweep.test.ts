import assert from 'node:assert/strict';
import fc from 'fast-check';
import { billedMs, costPerMillion } from '../../../src/core/cost/prices.ts';
import {
  cheapest,
  formatDollars,
  MEMORY_MB,
  parseSizes,
  SWEEP_SIZES,
  verdictOf,
  type SweepRow,
} from '../../../src/shared/sweep.ts';

const answered = fc.record({
  memoryMb: fc.integer({ min: MEMORY_MB.least, max: MEMORY_MB.most }),
  cpus: fc.constant(1),
  outcome: fc.constant('answered' as const),
  warm: fc.constant(50),
  failed: fc.integer({ min: 0, max: 2 }),
  p50Ms: fc.constant(1),
  p95Ms: fc.integer({ min: 1, max: 20 }),
  // Few values, so that some cost the same.
  costPerMillion: fc.integer({ min: 1, max: 5 }),
});
const fallen = fc.record({
  memoryMb: fc.integer({ min: MEMORY_MB.least, max: MEMORY_MB.most }),
  cpus: fc.constant(1),
  outcome: fc.constantFrom('out-of-memory' as const, 'timed-out' as const, 'failed' as const),
  warm: fc.constant(0),
  failed: fc.constant(0),
});
const rows: fc.Arbitrary<SweepRow[]> = fc.array(fc.oneof(answered, fallen), { maxLength: 8 });
const limit = fc.option(fc.integer({ min: 1, max: 20 }), { nil: undefined });

describe('the cheapest size of a sweep', () => {
  it('keeps every condition, and none that does costs less', () => {
    fc.assert(
      fc.property(rows, limit, (all, p95Ms) => {
        const best = cheapest(all, p95Ms);
        const fewest = Math.min(...all.flatMap((row) => (row.outcome === 'answered' ? [row.failed] : [])));
        const fits = (row: SweepRow): boolean =>
          row.outcome === 'answered' && row.failed === fewest && (p95Ms === undefined || row.p95Ms! <= p95Ms);
        if (!best) return assert.deepEqual(all.filter(fits), []);
        assert.ok(all.includes(best) && fits(best));
        for (const row of all.filter(fits)) {
          assert.ok(best.costPerMillion! <= row.costPerMillion!);
          if (row.costPerMillion === best.costPerMillion) assert.ok(best.p95Ms! <= row.p95Ms!);
        }
      }),
    );
  });

  it('costs no less when more is asked of it', () => {
    fc.assert(
      fc.property(rows, fc.integer({ min: 1, max: 20 }), (all, p95Ms) => {
        const [wanted, any] = [cheapest(all, p95Ms), cheapest(all)];
        if (wanted) assert.ok(any!.costPerMillion! <= wanted.costPerMillion!);
      }),
    );
  });

  it('is told in a sentence, and so is that there is none', () => {
    const row: SweepRow = {
      memoryMb: 1769,
      cpus: 1,
      outcome: 'answered',
      warm: 9,
      failed: 0,
      p95Ms: 12,
      costPerMillion: 0.62,
    };
    const rows = [row];
    assert.equal(verdictOf({ rows }, 'en'), 'The cheapest is 1,769 MB: $0.620 per million requests.');
    assert.match(verdictOf({ rows, p95Ms: 12 }, 'en'), /^The cheapest with a p95 within 12 ms is 1,769 MB/);
    assert.equal(verdictOf({ rows, p95Ms: 11 }, 'en'), 'None of these sizes answers with a p95 within 11 ms.');
    assert.equal(verdictOf({ rows: [{ ...row, outcome: 'out-of-memory' }] }, 'en'), 'None of these sizes answers.');
  });
});

describe('sizes of a sweep', () => {
  it('are read in any order and told once each, ascending', () => {
    assert.deepEqual(parseSizes('3008, 512;1769 512'), [512, 1769, 3008]);
  });

  it('are those that AWS Lambda has', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -10, max: 20_000 }), { maxLength: SWEEP_SIZES + 3 }), (sizes) => {
        const distinct = [...new Set(sizes)];
        const fits =
          distinct.length > 0 &&
          distinct.length <= SWEEP_SIZES &&
          distinct.every((mb) => mb >= MEMORY_MB.least && mb <= MEMORY_MB.most);
        assert.equal(parseSizes(sizes.join(',')) !== undefined, fits);
      }),
    );
    for (const text of ['', 'all', '512.5', '1e3x', '512,much']) assert.equal(parseSizes(text), undefined, text);
  });
});

describe('what AWS Lambda bills', () => {
  it('is whole milliseconds, times the memory, and the request', () => {
    assert.equal(billedMs(1.01), 2);
    assert.equal(billedMs(2), 2);
    // AWS's own example of 1,536 MB and 120 ms: 3 million requests are 540,000 GB-s, $9.00, and $0.60 for the requests.
    assert.ok(Math.abs(costPerMillion(120, 1536, 'x86_64') - 9.6 / 3) < 0.001);
    assert.ok(costPerMillion(120, 1536, 'arm64') < costPerMillion(120, 1536, 'x86_64'));
    assert.equal(costPerMillion(0, 1536, 'x86_64'), 0.2);
  });

  it('is written so that it can be compared', () => {
    assert.deepEqual(
      [0.238, 12.3, 1240.4].map((dollars) => formatDollars(dollars, 'en')),
      ['$0.238', '$12.30', '$1,240'],
    );
  });
});
