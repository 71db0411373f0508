import assert from 'node:assert/strict';
import { ProgressLine } from '../../../src/cli/batch-progress.ts';

describe('the progress of a batch', () => {
  let now = 0;
  let shown: string[] = [];
  beforeEach(() => {
    now = 0;
    shown = [];
  });
  const line = (bytes?: number, kept?: number): ProgressLine =>
    new ProgressLine(
      (text) => shown.push(text),
      bytes,
      kept,
      () => now,
    );
  const state = (succeeded: number, failed: number, bytes: number, total?: number) => ({
    succeeded,
    failed,
    bytes,
    versions: new Set<string>(),
    ...(total === undefined ? {} : { total }),
  });

  it('tells done, an estimate of all by bytes, rate, time left and failures', () => {
    const progress = line(1_000_000);
    now = 10_000;
    progress.update(state(41_000, 12, 400_000), ['column text']);
    assert.deepEqual(shown, [
      '41,012 of about 100,000 (40 %) · 4,101 per second · 15 s left · 12 failed · column text',
    ]);
  });

  it('knows the total once the file is read', () => {
    const progress = line(1_000_000);
    now = 1000;
    progress.update(state(99_000, 0, 990_000, 100_017), []);
    assert.match(shown[0]!, /^99,000 of 100,017 \(99 %\)/);
  });

  it('has no total where there is no size', () => {
    const progress = line();
    now = 2000;
    progress.update(state(500, 0, 4000), []);
    assert.deepEqual(shown, ['500 inputs · 250 per second']);
  });

  it('counts what an earlier run answered, and not into the rate', () => {
    const progress = line(1_000_000, 50_000);
    now = 10_000;
    progress.update(state(60_000, 0, 600_000), []);
    assert.match(shown[0]!, /^60,000 of about 100,000 \(60 %\) · 1,000 per second · 40 s left$/);
  });

  it('is shown ten times a second at most', () => {
    const progress = line();
    for (now = 1; now <= 1000; now++) progress.update(state(now, 0, now), []);
    assert.equal(shown.length, 10);
  });
});
