import assert from 'node:assert/strict';
import { partsOf } from '../../../webview/answer/parts.ts';

function kinds(result: unknown): string[] {
  return partsOf(result).map((part) => part.kind);
}

describe('how a result is shown', () => {
  const entity = { text: 'Berlin', label: 'GPE', start: 0, end: 6 };
  const scores = [{ label: 'a', score: 0.9 }];

  it('shows each field of a spaCy result it knows, in reading order', () => {
    const result = {
      tokens: [{ text: 'Berlin', start: 0, end: 6 }],
      entities: [entity],
      categories: scores,
      spans: { sc: [entity], other: [] },
      sentences: [{ start: 0, end: 6 }],
    };
    assert.deepEqual(kinds(result), ['entities', 'spans', 'spans', 'categories', 'sentences', 'tokens']);
  });

  it('shows no entities as a finding, not as an empty object', () => {
    assert.deepEqual(partsOf({ entities: [] }), [{ kind: 'entities', entities: [] }]);
  });

  it('shows a classification with and without scores', () => {
    assert.deepEqual(partsOf({ label: true, scores, scoreKind: 'decision' }), [
      { kind: 'classification', classification: { labels: [true], scores, scoreKind: 'decision' } },
    ]);
    assert.deepEqual(partsOf({ label: 'a' }), [{ kind: 'classification', classification: { labels: ['a'] } }]);
  });

  it('shows the labels of a classifier whose labels do not exclude each other', () => {
    assert.deepEqual(partsOf({ labels: [], scores, scoreKind: 'probability' }), [
      { kind: 'classification', classification: { labels: [], scores, scoreKind: 'probability' } },
    ]);
  });

  it('shows numbers with their names, whatever they are', () => {
    assert.deepEqual(partsOf({ value: 3 }), [{ kind: 'values', values: { value: 3 } }]);
    assert.deepEqual(partsOf({ values: { a: 1, b: 2 } }), [{ kind: 'values', values: { a: 1, b: 2 } }]);
    assert.deepEqual(partsOf({ outlier: true, score: -0.2 }), [
      { kind: 'values', values: { outlier: true, score: -0.2 } },
    ]);
  });

  it('shows a bare value', () => {
    for (const value of ['text', 3, false, null]) assert.deepEqual(partsOf(value), [{ kind: 'scalar', value }]);
  });

  it('shows everything else as JSON, and only that', () => {
    assert.deepEqual(partsOf([1, 2]), [{ kind: 'json', value: [1, 2] }]);
    assert.deepEqual(partsOf({}), [{ kind: 'json', value: {} }]);
    assert.deepEqual(partsOf({ entities: [entity], doc: { n: 1 } }), [
      { kind: 'entities', entities: [entity] },
      { kind: 'json', value: { doc: { n: 1 } } },
    ]);
  });

  it('shows as JSON what has a name of the contract but not its shape', () => {
    for (const result of [
      { entities: [{ label: 'GPE', start: 5, end: 2 }] },
      { tokens: ['a', 'b'] },
      { spans: [entity] },
      { categories: { a: 0.5 } },
      { sentences: [{ start: 0.5, end: 2 }] },
      { values: { a: [1] } },
    ])
      assert.deepEqual(partsOf(result), [{ kind: 'json', value: result }]);
  });
});
