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
    assert.deepEqual(partsOf({ margin: -0.2, sure: true }), [{ kind: 'values', values: { margin: -0.2, sure: true } }]);
  });

  it('shows what each task answers, with nothing left over', () => {
    const answer = { answer: 'a', score: 0.9, start: 0, end: 1 };
    const fill = { token: 'a', text: 'a b', score: 0.9 };
    const tensor = { dtype: 'float32', shape: [1, 2], data: [[1, 2]] };
    for (const [result, kind] of [
      [answer, 'answers'],
      [{ ...answer, answers: [answer, answer] }, 'answers'],
      [{ fills: [fill] }, 'fills'],
      [{ masks: [[fill], [fill]] }, 'fills'],
      [{ text: 'a' }, 'texts'],
      [{ text: 'a', texts: ['a', 'b'] }, 'texts'],
      [{ embedding: [0.1, 0.2] }, 'vector'],
      [{ vector: [1, null, 'a', true] }, 'vector'],
      [{ embeddings: [[1], [2]] }, 'tensors'],
      [{ similarities: [{ text: 'a', score: 0.1 }] }, 'similarities'],
      [{ tensors: { out: tensor, scalar: { dtype: 'int64', shape: [], data: 3 } } }, 'tensors'],
      [{ labels: ['a', 1], outputs: [{ label: 'a' }, { label: 1, scores }] }, 'outputs'],
      [{ score: 0.4 }, 'ranking'],
      [{ cluster: 1, distances: [1, 2] }, 'cluster'],
      [{ cluster: 1, scores: [{ label: 1, score: 1 }], scoreKind: 'probability' }, 'cluster'],
      [{ outlier: true, score: -0.2 }, 'outlier'],
      [{ density: -3 }, 'density'],
    ] as const)
      assert.deepEqual(kinds(result), [kind], JSON.stringify(result));
  });

  it('takes a score beside other fields for no ranking', () => {
    assert.deepEqual(kinds({ score: 0.4, reason: 'a' }), ['values']);
    assert.deepEqual(kinds({ text: '321', score: 0.4 }), ['texts', 'values']);
    assert.deepEqual(kinds({ label: 'a', score: 0.4 }), ['classification', 'values']);
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
      { fills: [{ token: 'a' }] },
      { embedding: [1, 'a'] },
      { embeddings: [[1], [2, 3]] },
      { similarities: [{ text: 'a' }] },
      { tensors: { out: { dtype: 'float32', shape: [2], data: [1] } } },
      { tensors: { out: { dtype: 'float32', shape: [2, 2], data: [1, 2] } } },
    ])
      assert.deepEqual(partsOf(result), [{ kind: 'json', value: result }]);
  });
});
