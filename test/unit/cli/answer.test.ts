import assert from 'node:assert/strict';
import { formatResult, formatTimings, table } from '../../../src/cli/answer.ts';
import { resolveName } from '../../../src/cli/names.ts';

describe('answers in a terminal', () => {
  it('shows a classification as its label and bars that are as long as their scores', () => {
    const text = formatResult({
      label: 'positive',
      scores: [
        { label: 'negative', score: 0.25 },
        { label: 'positive', score: 0.75 },
      ],
      scoreKind: 'probability',
    });
    const [label, , negative, positive] = text.split('\n');
    assert.equal(label, 'positive');
    assert.equal(negative!.match(/█/g)!.length * 3, positive!.match(/█/g)!.length);
    assert.match(positive!, /0\.7500$/);
  });

  it('heads categories with the best one where they exclude each other, and only there', () => {
    const shown = (...scores: number[]): string =>
      formatResult({ categories: scores.map((score, index) => ({ label: `c${index}`, score })) });
    assert.match(shown(0.1, 0.7, 0.2), /^c1\n\nc0 /);
    assert.match(shown(0.9, 0.8), /^c0 {2}█/);
    assert.match(shown(1), /^c0 {2}█/);
  });

  it('shows decision scores without bars, since they have no bounds', () => {
    assert.doesNotMatch(
      formatResult({
        label: 'a',
        scores: [
          { label: 'a', score: 3.2 },
          { label: 'b', score: -1 },
        ],
      }),
      /[█░]/,
    );
  });

  it('shows entities as a table, says when there are none, and keeps parts it does not know as JSON', () => {
    assert.match(formatResult({ entities: [{ text: 'Oslo', label: 'GPE', start: 0, end: 4 }] }), /^GPE {2}Oslo$/m);
    assert.equal(formatResult({ entities: [] }), 'no entities found');
    assert.match(formatResult({ entities: [], mood: 'fine' }), /"mood": "fine"/);
    assert.equal(formatResult([1, 2]), '[\n  1,\n  2\n]');
    assert.equal(formatResult('text'), '"text"');
  });

  it('names only the phases that happened', () => {
    const phases = {
      connectMs: 0,
      queueMs: 0,
      startMs: 2,
      interpreterMs: 31,
      importsMs: 812,
      loadMs: 0,
      handlerMs: 4,
      restMs: 0.01,
      totalMs: 849,
    };
    assert.equal(
      formatTimings('cold', phases),
      'cold 849 ms   start 2 ms · interpreter 31 ms · imports 812 ms · handler 4 ms',
    );
  });

  it('pads columns to their widest cell', () => {
    assert.equal(
      table(
        [
          ['a', 'b'],
          ['long', 'c'],
        ],
        ['X', 'Y'],
      ),
      'X     Y\na     b\nlong  c',
    );
  });
});

describe('names on the command line', () => {
  const one = { path: 'a', framework: 'custom' as const, deployments: { local: { target: 'local' as const } } };
  const models = {
    one,
    two: { ...one, deployments: { local: { target: 'local' as const }, other: { target: 'local' as const } } },
    three: { ...one, deployments: { a: { target: 'local' as const }, b: { target: 'local' as const } } },
    none: { path: 'b', framework: 'custom' as const },
  };

  it('may leave the deployment out where there is one', () => {
    assert.deepEqual(resolveName({ folder: '/p', models, later: [] }, 'one'), {
      ok: true,
      value: { model: 'one', deployment: 'local' },
    });
    assert.deepEqual(resolveName({ folder: '/p', models, later: [] }, 'two/other'), {
      ok: true,
      value: { model: 'two', deployment: 'other' },
    });
  });

  it('means the one called local where there are several, unless the one must be named', () => {
    const names = { folder: '/p', models, later: [] };
    assert.deepEqual(resolveName(names, 'two'), { ok: true, value: { model: 'two', deployment: 'local' } });
    assert.equal(resolveName(names, 'two', { exact: true }).ok, false);
  });

  for (const [text, code, next] of [
    ['three', 'usage', /three\/a, three\/b/],
    ['none', 'not-deployed', /nimbus deploy b/],
    ['gone', 'unknown-model', /one, two, three, none/],
    ['one/x', 'unknown-deployment', /local/],
    ['one/local/x', 'unknown-model', /one/],
    ['constructor', 'unknown-model', /one/],
  ] as const) {
    it(`${text} is an error that says what there is`, () => {
      const found = resolveName({ folder: '/p', models, later: [] }, text);
      assert.ok(!found.ok);
      assert.equal(found.error.code, code);
      assert.match(found.error.next!, next);
    });
  }
});
