import assert from 'node:assert/strict';
import fc from 'fast-check';
import {
  compareAnswers,
  FLOATS,
  MOST_LISTED,
  toleranceOf,
  type Answered,
  type Comparison,
} from '../../../src/shared/parity.ts';

const compare = (first: unknown, second: unknown, tolerance = FLOATS): Comparison =>
  compareAnswers({ result: first }, { result: second }, tolerance);
const paths = (first: unknown, second: unknown, tolerance = FLOATS): string[] =>
  compare(first, second, tolerance).differences.map(({ path, kind }) => `${kind} ${path}`);

/** Whatever a model answers. */
const answers = fc.jsonValue({ maxDepth: 4 });
/** A score as models have them. */
const score = fc.double({ min: 0.001, max: 1, noNaN: true });

/** The value with the keys of all its objects the other way round. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([name, one]) => [name, reversed(one)] as const);
  return Object.fromEntries(entries.toReversed());
}

/** All places of single values, as JSONPath's own steps. */
function leaves(value: unknown, at: (string | number)[] = []): (string | number)[][] {
  if (typeof value !== 'object' || value === null) return [at];
  const inner: [string | number, unknown][] = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return inner.flatMap(([step, one]) => leaves(one, [...at, step]));
}

/** A copy in which the value at a place is another one. */
function replaced(value: unknown, [step, ...inner]: readonly (string | number)[], by: unknown): unknown {
  if (step === undefined) return by;
  if (Array.isArray(value)) return value.map((one, index) => (index === step ? replaced(one, inner, by) : one));
  const entries = Object.entries(value as object);
  return Object.fromEntries(entries.map(([name, one]) => [name, name === step ? replaced(one, inner, by) : one]));
}

const asPath = (steps: readonly (string | number)[]): string =>
  `$${steps.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('')}`;

describe('comparing two answers', () => {
  it('finds none between an answer and itself, in whatever order its fields are', () => {
    fc.assert(
      fc.property(answers, (value) => {
        assert.deepEqual(compare(value, structuredClone(value)), { differences: [], count: 0, largest: 0 });
        assert.equal(compare(value, reversed(value)).count, 0);
      }),
    );
  });

  it('finds the same differences from either side', () => {
    fc.assert(
      fc.property(answers, answers, (one, other) => {
        const there = compare(one, other);
        const back = compare(other, one);
        assert.equal(there.count, back.count);
        assert.equal(there.largest, back.largest);
      }),
    );
  });

  it('finds the one value that was changed, at its place', () => {
    const names = fc.dictionary(
      fc.stringMatching(/^[a-d]$/),
      fc.oneof(fc.array(fc.oneof(fc.string(), score), { minLength: 1 }), fc.boolean(), fc.string()),
      { minKeys: 1 },
    );
    fc.assert(
      fc.property(names, fc.nat(), (value, choice) => {
        const places = leaves(value);
        const place = places[choice % places.length]!;
        assert.deepEqual(paths(value, replaced(value, place, { other: 1 })), [`type ${asPath(place)}`]);
      }),
    );
  });

  it('takes floating-point numbers as equal up to the tolerance, and no further', () => {
    const number = fc.double({ min: -1e6, max: 1e6, noNaN: true }).filter((one) => Math.abs(one) > 1e-2);
    fc.assert(
      fc.property(number, fc.constantFrom(1e-4, 1e-2, 1e-6), (value, relative) => {
        const near = value * (1 + relative * 0.9) + Number.EPSILON;
        const far = value * (1 + relative * 4) + Math.sign(value) * relative * 0.1;
        const tolerance = toleranceOf(relative, 'test');
        assert.deepEqual(paths({ score: value }, { score: near }, tolerance), []);
        assert.deepEqual(paths({ score: value }, { score: far }, tolerance), ['value $.score']);
      }),
    );
  });

  it('says how far apart those are that count as equal', () => {
    const { count, largest } = compare([0.5, 1.00001], [0.5, 1]);
    assert.equal(count, 0);
    assert.ok(Math.abs(largest - 1e-5) < 1e-9, String(largest));
    // Of two that are next to nothing one may be thrice the other.
    const tiny = compare([1e-9], [3e-9]);
    assert.equal(tiny.count, 0);
    assert.ok(tiny.largest > 0 && tiny.largest < 1e-6, String(tiny.largest));
  });

  it('takes tiny scores as equal: below the precision of 32-bit floats nothing is known', () => {
    assert.deepEqual(paths({ score: 1e-9 }, { score: 3e-8 }), []);
    assert.deepEqual(paths({ score: 1e-5 }, { score: 3e-5 }), ['value $.score']);
  });

  it('tells labels, offsets and counts exactly, and measures by the tolerance even where they are whole', () => {
    assert.deepEqual(paths({ label: 10_000, start: 20_000 }, { label: 10_001, start: 20_001 }), [
      'value $.label',
      'value $.start',
    ]);
    assert.deepEqual(paths({ value: 16_777_216 }, { value: 16_777_218 }), []);
    assert.deepEqual(paths({ values: { price: 100_000 } }, { values: { price: 100_001 } }), []);
    assert.deepEqual(paths({ label: 'positive' }, { label: 'Positive' }), ['value $.label']);
    const tensor = (dtype: string, data: number[]): unknown => ({ tensors: { out: { dtype, shape: [1], data } } });
    assert.deepEqual(paths(tensor('float32', [50_000]), tensor('float32', [50_001])), []);
    assert.deepEqual(paths(tensor('int64', [50_000]), tensor('int64', [50_001])), ['value $.tensors.out.data[0]']);
  });

  it('takes a whole number and one that is nearly it as equal, and 1 as 1.0', () => {
    assert.deepEqual(paths({ score: 1 }, { score: 0.999999 }), []);
    assert.deepEqual(paths(JSON.parse('[1]'), JSON.parse('[1.0]')), []);
    assert.deepEqual(paths([0], [-0]), []);
  });

  it('takes NaN as NaN, an infinity as itself, and neither as a number', () => {
    const { NaN: none, POSITIVE_INFINITY: most, NEGATIVE_INFINITY: least } = Number;
    assert.deepEqual(paths([none, most, least], [none, most, least]), []);
    assert.deepEqual(paths([none, most, least, most], [1, 1, most, none]), [
      'value $[0]',
      'value $[1]',
      'value $[2]',
      'value $[3]',
    ]);
  });

  it('tells a missing field from null, and names it', () => {
    assert.deepEqual(compare({ a: null }, {}).differences, [{ path: '$.a', kind: 'missing', first: null }]);
    assert.deepEqual(compare({}, { "it's": 1 }).differences, [
      { path: String.raw`$['it\'s']`, kind: 'missing', second: 1 },
    ]);
    assert.deepEqual(paths({ a: null }, { a: 0 }), ['type $.a']);
    assert.deepEqual(paths({ a: 1 }, { constructor: 1 }), ['missing $.a', 'missing $.constructor']);
  });

  it('compares what two lists of other lengths have in common', () => {
    assert.deepEqual(paths([[1, 2], [3]], [[1, 5], [3], [4]]), ['length $', 'value $[0][1]']);
  });

  it('takes scores in another order as equal only where they are nearly equal', () => {
    const scores = fc.uniqueArray(fc.stringMatching(/^[a-z]{1,4}$/), { minLength: 2, maxLength: 8 });
    fc.assert(
      fc.property(scores, score, (labels, base) => {
        const first = labels.map((label, at) => ({ label, score: base * (1 + at * 1e-7) }));
        const second = labels.map((label, at) => ({ label, score: base * (1 - at * 1e-7) })).toReversed();
        assert.deepEqual(paths({ scores: first }, { scores: second }), []);
        const apart = labels.map((label, at) => ({ label, score: base + at }));
        assert.deepEqual(paths({ scores: apart }, { scores: apart.toReversed() }), ['order $.scores']);
      }),
    );
  });

  it('matches scores by their labels, so that one other score is one difference', () => {
    const first = [
      { label: 'a', score: 0.4 },
      { label: 'b', score: 0.399999 },
      { label: 'c', score: 0.2 },
    ];
    const second = [
      { label: 'b', score: 0.4 },
      { label: 'a', score: 0.399999 },
      { label: 'c', score: 0.3 },
    ];
    assert.deepEqual(paths(first, second), ['value $[2].score']);
    assert.deepEqual(paths(first, [...second.slice(0, 2), { label: 'd', score: 0.2 }]), [
      'value $[0].label',
      'value $[1].label',
      'value $[2].label',
    ]);
  });

  it('compares entities of one label by their places', () => {
    const entity = (start: number, value: number): unknown => ({ label: 'ORG', start, end: start + 3, score: value });
    assert.deepEqual(paths([entity(0, 0.9), entity(9, 0.8)], [entity(0, 0.9), entity(10, 0.8)]), [
      'value $[1].start',
      'value $[1].end',
    ]);
  });

  it('lists the first differences of many, and counts all', () => {
    const { differences, count } = compare({ embedding: Array(768).fill(0.1) }, { embedding: Array(768).fill(0.2) });
    assert.deepEqual([differences.length, count], [MOST_LISTED, 768]);
  });

  it('takes failures of one type as equal, and a failure of one side as a difference', () => {
    const failed = (type: string): Answered => ({ error: { type, detail: Math.random().toString() } });
    assert.equal(compareAnswers(failed('ValueError'), failed('ValueError'), FLOATS).count, 0);
    const others: [Answered, Answered][] = [
      [failed('ValueError'), failed('KeyError')],
      [failed('ValueError'), { result: null }],
      [{ result: { error: { type: 'ValueError' } } }, failed('ValueError')],
    ];
    for (const [first, second] of others) {
      const { differences } = compareAnswers(first, second, FLOATS);
      assert.deepEqual(
        differences.map(({ path, kind }) => `${kind} ${path}`),
        ['error $'],
      );
    }
  });
});
