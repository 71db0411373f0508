import assert from 'node:assert/strict';
import fc from 'fast-check';
import { backoffMs, RETRY_LIMITS, withRetries, type Again } from '../../../src/core/cloud/retries.ts';

const QUICK = { tries: 5, totalMs: 10_000, firstMs: 1, longestMs: 2 };
const always = (): Again => ({ reason: 'unreachable' });

describe('the wait before the next try', () => {
  it('is between what the endpoint asks for and twice as much more each time, up to the longest', () => {
    const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
    const limits = fc.record({
      firstMs: fc.integer({ min: 1, max: 5000 }),
      longestMs: fc.integer({ min: 1, max: 60_000 }),
    });
    fc.assert(
      fc.property(fc.nat(60), fc.nat(60_000), limits, random, random, (retry, retryAfterMs, bounds, one, other) => {
        const wait = (at: number, draw: number): number => backoffMs(at, retryAfterMs, bounds, () => draw);
        const most = Math.min(bounds.longestMs, bounds.firstMs * 2 ** retry);
        assert.ok(wait(retry, one) >= retryAfterMs && wait(retry, one) <= retryAfterMs + most);
        // Full jitter: from nothing on, and in the same measure as what is drawn.
        assert.equal(wait(retry, 0), retryAfterMs);
        assert.ok(wait(retry, Math.min(one, other)) <= wait(retry, Math.max(one, other)));
        assert.ok(wait(retry, one) <= wait(retry + 1, one));
      }),
    );
  });

  it('fits, with its limits, into the time that a retry has', () => {
    const { tries, totalMs, firstMs, longestMs } = RETRY_LIMITS;
    const most = Array.from({ length: tries - 1 }, (_, at) => backoffMs(at, 0, { firstMs, longestMs }, () => 1));
    assert.ok(most.reduce((sum, one) => sum + one, 0) < totalMs);
  });
});

describe('trying again', () => {
  /** Answers with the numbers of its tries. */
  function counted(): { attempt: () => Promise<number>; tries: () => number } {
    let tries = 0;
    return { attempt: async () => (tries += 1), tries: () => tries };
  }

  it('ends with the first answer that is none to try again', async () => {
    const { attempt } = counted();
    const again = (answer: number): Again | undefined => (answer < 3 ? { reason: `try ${answer}` } : undefined);
    const { last, retries } = await withRetries(attempt, again, { limits: QUICK });
    assert.equal(last, 3);
    assert.deepEqual(
      retries.map(({ reason }) => reason),
      ['try 1', 'try 2'],
    );
    for (const { failedMs, waitedMs } of retries)
      assert.ok(failedMs >= 0 && waitedMs >= 0 && waitedMs <= QUICK.longestMs);
  });

  it('ends with the last try that it has, of the limits or of the reason', async () => {
    const { attempt, tries } = counted();
    const { last, retries } = await withRetries(attempt, always, { limits: QUICK });
    assert.deepEqual([last, retries.length, tries()], [5, 4, 5]);
    const second = counted();
    await withRetries(second.attempt, () => ({ reason: 'worker-died', tries: 2 }), { limits: QUICK });
    assert.equal(second.tries(), 2);
  });

  it('does not begin a wait that ends after its time', async () => {
    const { attempt, tries } = counted();
    const { retries } = await withRetries(attempt, () => ({ reason: 'x', retryAfterMs: 60_000 }), { limits: QUICK });
    assert.deepEqual([retries, tries()], [[], 1]);
  });

  it('ends when it is cancelled, also in the middle of a wait', async () => {
    const stop = new AbortController();
    const { attempt, tries } = counted();
    const waiting = withRetries(
      async () => {
        setImmediate(() => stop.abort());
        return attempt();
      },
      () => ({ reason: 'x', retryAfterMs: 60_000 }),
      { limits: { ...QUICK, totalMs: 120_000 }, signal: stop.signal },
    );
    assert.deepEqual((await waiting).retries, []);
    assert.equal(tries(), 1);
  });
});
