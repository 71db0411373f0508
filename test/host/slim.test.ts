import assert from 'node:assert/strict';
import { constants, PerformanceObserver, type PerformanceEntry } from 'node:perf_hooks';
import { Slimming } from '../../src/core/host/slim.ts';

const isMajor = (entry: PerformanceEntry): boolean =>
  (entry as unknown as { detail: { kind: number } }).detail.kind === constants.NODE_PERFORMANCE_GC_MAJOR;

describe('an idle host', () => {
  let collected: () => void = () => undefined;
  let collections = 0;
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().filter(isMajor).length;
    if (collections > 0) collected();
  });
  before(() => observer.observe({ entryTypes: ['gc'] }));
  after(() => observer.disconnect());

  it('gives memory back once, when it has been idle for a while', async () => {
    const slimming = new Slimming(() => true);
    const done = new Promise<void>((resolve) => (collected = resolve));
    // The timer holds no process, and here it must be waited for.
    const held = setInterval(() => undefined, 1000);
    slimming.look();
    await done;
    clearInterval(held);
    const after = collections;
    slimming.look();
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(collections, after);
  });

  it('waits where something runs by then', async () => {
    let idle = true;
    let asked = 0;
    const whenAsked = new Promise<void>((resolve) => {
      const slimming = new Slimming(() => {
        if (++asked === 2) resolve();
        return idle;
      });
      slimming.look();
      idle = false;
    });
    const before = collections;
    const held = setInterval(() => undefined, 1000);
    await whenAsked;
    clearInterval(held);
    await new Promise((resolve) => setImmediate(resolve));
    assert.equal(collections, before);
  });
});
