import assert from 'node:assert/strict';
import fc from 'fast-check';
import { jsonPieces } from '../../../webview/answer/json.ts';
import { nextStep, problemCode } from '../../../webview/answer/problem.ts';
import { scoreBars } from '../../../webview/answer/bars.ts';
import { scoreRanges } from '../../../webview/answer/segments.ts';
import { summary } from '../../../webview/answer/summary.ts';
import { tokenColumns } from '../../../webview/answer/tokens.ts';
import { columnsOf } from '../../../webview/answer/vectors.ts';
import { labelClasses } from '../../../webview/answer/colours.ts';
import { formatOf, shorten, shortInput } from '../../../webview/format.ts';
import { sample } from './samples.ts';

const english = formatOf('en');

describe('bars of scores', () => {
  it('run from the highest down; a probability of 1 fills the width', () => {
    const bars = scoreBars([
      { label: 'a', score: 0.25 },
      { label: 'b', score: 0.75 },
    ]);
    assert.deepEqual(bars, [
      { label: 'b', score: 0.75, x: 0, width: 0.75 },
      { label: 'a', score: 0.25, x: 0, width: 0.25 },
    ]);
  });

  it('start at zero where scores are below it', () => {
    const bars = scoreBars([
      { label: 'no', score: -1 },
      { label: 'yes', score: 3 },
    ]);
    assert.deepEqual(
      bars.map(({ x, width }) => [x, width]),
      [
        [0.25, 0.75],
        [0, 0.25],
      ],
    );
  });

  it('stay inside whatever the scores are', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { maxLength: 20 }), (scores) => {
        for (const { x, width } of scoreBars(scores.map((score) => ({ label: 'a', score }))))
          assert.ok(x >= 0 && width >= 0 && x + width <= 1 + 1e-9);
      }),
    );
  });
});

describe('the picture of a vector', () => {
  it('has a column for each value, up or down from zero', () => {
    assert.deepEqual(columnsOf([1, -2, null], 2), [
      { from: 0, to: 0.5 },
      { from: -1, to: 0 },
      { from: 0, to: 0 },
    ]);
  });

  it('is no wider for more values, and loses no peak', () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1, max: 1, noNaN: true }), { minLength: 385, maxLength: 3000 }),
        (vector) => {
          const columns = columnsOf(vector, 1);
          assert.ok(columns.length <= 384);
          assert.equal(Math.max(...columns.map(({ to }) => to)), Math.max(0, ...vector));
          assert.equal(Math.min(...columns.map(({ from }) => from)), Math.min(0, ...vector));
        },
      ),
    );
  });
});

describe('scores of entities', () => {
  it('are told by label from the lowest to the highest', () => {
    const spans = [{ label: 'LOC', score: 0.9 }, { label: 'LOC', score: 0.4 }, { label: 'PER' }];
    assert.deepEqual([...scoreRanges(spans)], [['LOC', [0.4, 0.9]]]);
  });
});

describe('numbers as they are written', () => {
  it('never rounds a score to certainty', () => {
    assert.deepEqual([0, 0.0004, 0.912, 0.9996, 1, -2.345].map(english.score), [
      '0.00',
      '<0.01',
      '0.91',
      '>0.99',
      '1.00',
      '-2.35',
    ]);
  });

  it('writes very large and very small numbers with a power of ten, and all digits of an id', () => {
    assert.deepEqual([0, 1234.5678, 1e-20, 2.5e12, Number.NaN].map(english.number), [
      '0',
      '1,234.57',
      '1E-20',
      '2.5E12',
      'NaN',
    ]);
    assert.deepEqual([0.123456, 1234567, 3e12].map(english.brief), ['0.1235', '1,234,567', '3E12']);
  });

  it('follows the locale, with a unit', () => {
    assert.deepEqual([0.42, 12.4, 1240].map(formatOf('de').ms), ['0,4 ms', '12 ms', '1,24 s']);
    assert.equal(formatOf('not a locale').ms(2), '2 ms');
  });
});

describe('pieces of coloured JSON', () => {
  it('are the text again', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const text = JSON.stringify(value, undefined, 2);
        assert.equal(
          jsonPieces(text)
            .map((piece) => piece.text)
            .join(''),
          text,
        );
      }),
    );
  });

  it('tell names from strings, even with quotes and colons inside', () => {
    const pieces = jsonPieces('{"a\\"b": ["c: 1", -2.5e3, null]}').filter((piece) => piece.kind !== 'plain');
    assert.deepEqual(
      pieces.map(({ kind, text }) => [kind, text]),
      [
        ['name', '"a\\"b"'],
        ['string', '"c: 1"'],
        ['number', '-2.5e3'],
        ['word', 'null'],
      ],
    );
  });
});

describe('an answer in one line', () => {
  const lineOf = (result: unknown): string => summary(sample({ result }), english);

  it('says what was found', () => {
    const span = { text: 'Berlin', label: 'GPE', start: 0, end: 6 };
    assert.equal(lineOf({ entities: [span, span] }), '2 entities: Berlin GPE, Berlin GPE');
    assert.equal(lineOf({ entities: [] }), 'no entities');
    assert.equal(lineOf({ label: 'a', scores: [{ label: 'a', score: 0.91 }] }), 'a 0.91');
    assert.equal(lineOf({ value: 42.125 }), '42.125');
    assert.equal(lineOf({ vector: [1, null] }), 'vector of 2 dimensions: 1 · missing');
    assert.equal(lineOf({ answer: '', score: 0.4, start: 0, end: 0 }), 'no answer 0.40');
    assert.equal(lineOf({ fills: [] }), 'nothing');
    assert.equal(lineOf({ text: ' \n' }), 'an empty text');
    assert.equal(lineOf({ similarities: [] }), 'no sentences');
    assert.equal(lineOf({ tensors: {} }), 'no tensors');
    assert.equal(lineOf({ outlier: false }), 'not an outlier');
    assert.equal(lineOf({ rows: [1] }), '{"rows":[1]}');
  });

  it('says what failed', () => {
    const problem = { type: 'x', title: 'Stopped', status: 503, detail: 'Stopped by you.', requestId: 'r' };
    assert.equal(summary(sample({ status: 503, problem }), english), 'Stopped by you.');
    assert.equal(summary(sample({ status: 0 }), english), 'status none');
  });

  it('is short however long the answer is', () => {
    assert.equal(Array.from(lineOf('🚀'.repeat(100_000))).length, 80);
    assert.equal(shorten('a\n  b', 80), 'a b');
    assert.equal(shorten('🚀🚀', 2), '🚀🚀');
    assert.equal(shortInput({ question: 'Who?', context: ['A', 'B'] }), 'Who? · A · B');
    assert.equal(shortInput({ age: 4, city: 'Oslo' }), '{"age":4,"city":"Oslo"}');
  });
});

describe('tokens', () => {
  it('have only the columns that the pipeline filled, and the head by its text', () => {
    const tokens = [
      { text: 'flew', start: 0, end: 4, pos: 'VERB', head: 0 },
      { text: 'home', start: 5, end: 9, pos: 'ADV', head: 0 },
    ];
    const columns = tokenColumns(tokens);
    assert.deepEqual(
      columns.map(({ title }) => title),
      ['token', 'part of speech', 'head'],
    );
    assert.deepEqual(
      columns.map(({ value }) => value(tokens[1]!)),
      ['home', 'adverb', 'flew'],
    );
  });
});

describe('colours of labels', () => {
  it('stay with the label, and differ for at least 24 of them', () => {
    const labels = Array.from({ length: 24 }, (_, index) => `L${index}`);
    assert.equal(new Set(labels.map(labelClasses([], labels))).size, 24);
    assert.equal(labelClasses(['L5'], labels)('L5'), labelClasses(labels, labels)('L5'));
  });
});

describe('what to do about a problem', () => {
  const problem = { type: 'urn:nimbus:problem:stopped', title: 't', status: 503, detail: 'd', requestId: 'r' };
  it('is known by its code, unless the endpoint itself says', () => {
    assert.equal(problemCode(problem), 'stopped');
    assert.deepEqual(nextStep(problem), { next: 'Start the deployment.', remedy: 'start' });
    assert.equal(nextStep({ ...problem, next: 'Ask Eve.' }).next, 'Ask Eve.');
    assert.deepEqual(nextStep({ ...problem, type: 'about:blank' }), { remedy: 'logs' });
  });
});
