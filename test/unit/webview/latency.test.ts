import assert from 'node:assert/strict';
import fc from 'fast-check';
import { kindOf } from '../../../webview/latency/kinds.ts';
import { phaseBars, PHASES } from '../../../webview/latency/phases.ts';
import { plot } from '../../../webview/latency/plot.ts';
import { logScale } from '../../../webview/latency/scale.ts';
import { statistics } from '../../../webview/latency/statistics.ts';
import { phases, sample } from './samples.ts';

describe('the waterfall of phases', () => {
  it('lays the phases that happened end to end over the whole width', () => {
    const durations = fc.array(fc.oneof(fc.constant(0), fc.double({ min: 1e-3, max: 1e5, noNaN: true })), {
      minLength: PHASES.length,
      maxLength: PHASES.length,
    });
    fc.assert(
      fc.property(durations, (some) => {
        const bars = phaseBars(phases(Object.fromEntries(PHASES.map(({ name }, index) => [name, some[index]!]))));
        assert.equal(bars.length, some.filter((ms) => ms > 0).length);
        let x = 0;
        for (const bar of bars) {
          assert.ok(Math.abs(bar.x - x) < 1e-9);
          assert.ok(bar.width >= 0.006 - 1e-9, `${bar.width}`);
          x += bar.width;
        }
        if (bars.length) assert.ok(Math.abs(x - 1) < 1e-9);
      }),
      // Widening two took from a third what it needed itself.
      { examples: [[[33.03765379311893, 5407.163577507337, 0.001, 0.001, 0, 0, 0, 0]]] },
    );
  });

  it('keeps proportions among phases that are wide enough', () => {
    const bars = phaseBars(phases({ importsMs: 800, loadMs: 200, handlerMs: 0.1 }));
    assert.deepEqual(
      bars.map((bar) => bar.word),
      ['imports', 'load', 'handler'],
    );
    assert.ok(Math.abs(bars[0]!.width / bars[1]!.width - 4) < 1e-9);
  });

  it('shows nothing where nothing was measured', () => {
    assert.deepEqual(phaseBars(phases({ totalMs: 3 })), []);
  });

  it('of AWS Lambda have one bar for what nobody tells apart', () => {
    const words = phaseBars(phases({ handlerMs: 2, restMs: 30 }), 'lambda').map(({ word }) => word);
    assert.deepEqual(words, ['handler', 'gateway and sandbox']);
    const past = phaseBars(phases({ handlerMs: 2, restMs: 30 }), 'lambda', true).map(({ word }) => word);
    assert.deepEqual(past, ['handler', 'network and sandbox']);
  });
});

describe('the statistics of requests', () => {
  it('keeps what went past the gateway by itself', () => {
    const both = [sample({ ms: 30 }), { ...sample({ ms: 20 }), through: 'invoke' as const }];
    assert.deepEqual(statistics(both), [
      { kind: 'warm', n: 1, min: 30, max: 30 },
      { kind: 'warm', isPastGateway: true, n: 1, min: 20, max: 20 },
    ]);
  });

  it('gives percentiles of the warm ones from 20 on, and of no other kind', () => {
    const warm = Array.from({ length: 21 }, (_, index) => sample({ ms: index }));
    const cold = Array.from({ length: 19 }, () => sample({ ms: 1240, start: 'cold' }));
    assert.deepEqual(statistics([...warm, ...cold]), [
      { kind: 'warm', n: 21, min: 0, max: 20, p50: 10, p95: 19 },
      { kind: 'cold', n: 19, min: 1240, max: 1240 },
    ]);
  });

  it('never mixes kinds of start, and keeps failures apart', () => {
    const rows = statistics([
      sample({ ms: 1 }),
      sample({ ms: 88, start: 'restored' }),
      sample({ ms: 40, start: 'preinitialised' }),
      sample({ ms: 5, status: 500 }),
      sample({ ms: 1200, start: 'cold' }),
    ]);
    assert.deepEqual(
      rows.map(({ kind, n, max }) => [kind, n, max]),
      [
        ['warm', 1, 1],
        ['cold', 1, 1200],
        ['restored', 1, 88],
        ['preinitialised', 1, 40],
        ['error', 1, 5],
      ],
    );
  });

  it('counts an answer with a problem, a bad status or none at all as a failure', () => {
    const problem = { type: 'urn:nimbus:problem:stopped', title: 't', status: 503, detail: 'd', requestId: 'r' };
    for (const failure of [{ problem }, { status: 0 }, { status: 404 }]) assert.equal(kindOf(sample(failure)), 'error');
    assert.equal(kindOf(sample({ start: 'cold' })), 'cold');
  });
});

describe('the chart', () => {
  it('has whole decades around the values', () => {
    assert.deepEqual(logScale([2.1, 1240]).ticks, [1, 10, 100, 1000, 10_000]);
    assert.equal(logScale([10, 1000]).at(100), 0.5);
    assert.deepEqual(logScale([]).ticks, [1, 10]);
    assert.equal(logScale([0, 5]).at(0), 0);
  });

  it('keeps every mark inside, in the order sent, faster ones lower', () => {
    const times = fc.array(fc.double({ min: 0, max: 60_000, noNaN: true }), { minLength: 1, maxLength: 500 });
    fc.assert(
      fc.property(times, fc.integer({ min: 200, max: 2000 }), (some, width) => {
        const drawn = plot(
          some.map((ms) => sample({ ms })),
          width,
        );
        for (const [index, mark] of drawn.marks.entries()) {
          assert.ok(mark.x >= drawn.left && mark.x <= drawn.width && mark.y >= 0 && mark.y <= drawn.height);
          const next = drawn.marks[index + 1];
          if (!next) continue;
          assert.ok(next.x > mark.x);
          if (some[index + 1]! > some[index]!) assert.ok(next.y <= mark.y);
        }
      }),
    );
  });

  it('finds the mark at a point, and none far from all', () => {
    const samples = [sample({ ms: 2 }), sample({ ms: 1200, start: 'cold' })];
    const drawn = plot(samples, 600);
    const [first] = drawn.marks;
    assert.equal(drawn.nearest(first!.x + 3, first!.y - 3), samples[0]!.id);
    assert.equal(drawn.nearest(599, first!.y), undefined);
  });
});
