import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { fileURLToPath } from 'node:url';
import { assertClose } from './close.ts';
import { runPython, Scratch } from './support.ts';

interface Expected {
  predict: any[];
  predict_proba: number[][];
  decision_function: any[];
  transform: number[][];
  classes: unknown[];
}

const TEXTS = ['a great film', 'awful and dull', 'Größe 😀', ''];
const PEOPLE = [
  { age: 30, income: 20000.5, city: 'Oslo' },
  { age: 70, income: 50000, city: 'Rome' },
];
const NUMBERS = PEOPLE.map(({ age, income }) => ({ age, income }));
const ROWS = NUMBERS.map(({ age, income }) => [age, income]);

const SKLEARN: Record<string, unknown[]> = {
  text: TEXTS,
  'text-search': TEXTS,
  'text-svc': TEXTS,
  'text-tags': TEXTS,
  columns: PEOPLE,
  'columns-regression': [...PEOPLE, { age: null, income: 100, city: 'Lima' }],
  'named-forest': NUMBERS,
  'rows-integers': ROWS,
  'rows-tied': ROWS,
  'rows-booleans': ROWS,
  regression: ROWS,
  'regression-two': ROWS,
  clusters: ROWS,
  mixture: ROWS,
  'log-rows': [...ROWS, [1, 2]],
  'log-columns': ROWS,
  outliers: ROWS,
  scaler: ROWS,
};
const SPACY: Record<string, string[]> = {
  pipeline: ['Ada lives in Oslo. She likes 😀 Oslo!', 'Ada'],
  blank: ['Das Ende', ''],
};

describe('answers equal those of the framework itself', function () {
  this.timeout(120_000);
  const scratch = new Scratch();
  let expected: Record<string, any>;

  before(async () => {
    const folder = scratch.path('models');
    const made = await runPython([fileURLToPath(new URL('make_models.py', import.meta.url)), folder]);
    assert.equal(made.code, 0, made.stderr);
    const questions = [
      ...Object.entries(SKLEARN).map(([name, inputs]) => [name, 'sklearn', pathOf(name), inputs]),
      ...Object.entries(SPACY).map(([name, inputs]) => [name, 'spacy', pathOf(name), inputs]),
    ];
    const script = fileURLToPath(new URL('expect.py', import.meta.url));
    const output = await runPython([script, JSON.stringify(questions)]);
    assert.equal(output.code, 0, output.stderr);
    expected = JSON.parse(output.stdout);
  });
  after(() => scratch.remove());

  function pathOf(name: string): string {
    return scratch.path('models', name in SKLEARN ? `${name}.joblib` : name);
  }

  /** One request per input, and all in a batch: both must answer the same. */
  async function ask(name: string) {
    const [framework, inputs] =
      name in SKLEARN ? (['sklearn', SKLEARN[name]!] as const) : (['spacy', SPACY[name]!] as const);
    const worker = scratch.worker(scratch.function(name, framework, pathOf(name)));
    const { card } = (await worker.ready()) as { card: Record<string, any> };
    const results: any[] = [];
    for (const input of inputs) {
      const { status, body } = await worker.post('/predict', { input });
      assert.equal(status, 200, JSON.stringify(body));
      results.push(body['result']);
    }
    const { body } = await worker.post('/batch', { inputs });
    assert.deepEqual(body['failed'], []);
    assertClose(
      body['success'].map((one: { result: unknown }) => one.result),
      results,
    );
    await worker.end();
    return { card, results, direct: expected[name], stderr: worker.stderr };
  }

  for (const name of ['text', 'text-search']) {
    it(`probabilities of texts: ${name}`, async () => {
      const { card, results, direct } = await ask(name);
      assert.equal(card['task'], 'text-classification');
      assert.deepEqual(card['labels'], ['bad', 'good']);
      assert.deepEqual(card['input'], { type: 'string' });
      assertClassified(results, direct, direct.predict_proba, 'probability');
    });
  }

  it('decisions where there are no probabilities, two classes', async () => {
    const { results, direct } = await ask('text-svc');
    const both = direct.decision_function.map((value: number) => [-value, value]);
    assertClassified(results, direct, both, 'decision');
  });

  it('several labels at once', async () => {
    const { results, direct } = await ask('text-tags');
    for (const [index, result] of results.entries()) {
      const names = direct.predict[index].flatMap((on: number, at: number) => (on ? [direct.classes[at]] : []));
      assert.deepEqual(result.labels, names);
    }
  });

  it('a table with numbers and categories, as a DataFrame', async () => {
    const { card, results, direct, stderr } = await ask('columns');
    assertClassified(results, direct, direct.predict_proba, 'probability');
    assert.deepEqual(card['input'].properties, {
      age: { type: 'number' },
      income: { type: 'number' },
      city: { enum: ['Lima', 'Oslo', 'Rome'] },
    });
    assert.equal(stderr, '');
  });

  it('a table to a number, with a missing value', async () => {
    const { results, direct } = await ask('columns-regression');
    assertClose(
      results.map((result) => result.value),
      direct.predict,
    );
  });

  it('columns by name without pandas', async () => {
    const { card, results, direct, stderr } = await ask('named-forest');
    assertClassified(results, direct, direct.predict_proba, 'probability');
    assert.deepEqual(card['input'].required, ['age', 'income']);
    assert.equal(stderr, '', 'no warning about feature names');
  });

  it('labels that are integers', async () => {
    const { results, direct } = await ask('rows-integers');
    assertClassified(results, direct, direct.predict_proba, 'probability');
    assert.equal(typeof results[0].label, 'number');
  });

  it('the label of the model itself where probabilities are equal', async () => {
    const { results, direct } = await ask('rows-tied');
    assert.equal(results[0].scores[0].score, results[0].scores[1].score);
    assertClassified(results, direct, direct.predict_proba, 'probability');
  });

  it('labels that are booleans', async () => {
    const { results, direct } = await ask('rows-booleans');
    assert.deepEqual(
      results.map(({ label }) => label),
      direct.predict,
    );
    assert.deepEqual(
      results[0].scores.map(({ label }: { label: unknown }) => label),
      [false, true],
    );
  });

  it('one number, and two', async () => {
    const one = await ask('regression');
    assertClose(
      one.results.map(({ value }) => value),
      one.direct.predict,
    );
    const two = await ask('regression-two');
    assertClose(
      two.results.map(({ values }) => [values.y0, values.y1]),
      two.direct.predict,
    );
  });

  it('clusters, outliers and vectors', async () => {
    const clusters = await ask('clusters');
    assert.deepEqual(
      clusters.results.map(({ cluster }) => cluster),
      clusters.direct.predict,
    );
    const mixture = await ask('mixture');
    assert.equal(mixture.card['task'], 'clustering');
    assert.deepEqual(
      mixture.results.map(({ cluster }) => cluster),
      mixture.direct.predict,
    );
    assertClose(
      mixture.results.map(({ scores }) => scores),
      mixture.direct.predict_proba.map((row: number[]) => row.map((score, label) => ({ label, score }))),
    );
    const outliers = await ask('outliers');
    assert.deepEqual(
      outliers.results.map(({ outlier }) => (outlier ? -1 : 1)),
      outliers.direct.predict,
    );
    const scaler = await ask('scaler');
    assertClose(
      scaler.results.map(({ vector }) => vector),
      scaler.direct.transform,
    );
  });

  it('functions of numpy, which take arrays of numbers only', async () => {
    for (const name of ['log-rows', 'log-columns']) {
      const { card, results, direct } = await ask(name);
      assertClose(
        results.map(({ value }) => value),
        direct.predict,
      );
      assert.deepEqual(card['input'], { type: 'array', items: { type: 'number' }, minItems: 2, maxItems: 2 }, name);
    }
  });

  it('categories that exclude each other, and those that do not', async () => {
    for (const [name, isExclusive] of [
      ['textcat', true],
      ['textcat_multilabel', false],
    ] as const) {
      const worker = scratch.worker(scratch.function(name, 'spacy', pathOf(name)));
      const { card } = (await worker.ready()) as { card: Record<string, any> };
      assert.equal(card['exclusiveCategories'], isExclusive, name);
      const { body } = await worker.post('/predict', { text: 'Ada lives in Oslo' });
      const sum = body['result'].categories.reduce((all: number, { score }: { score: number }) => all + score, 0);
      if (isExclusive) assert.ok(Math.abs(sum - 1) < 1e-5, String(sum));
    }
  });

  it('every part that a spaCy pipeline produces', async () => {
    const { card, results, direct } = await ask('pipeline');
    assert.equal(card['task'], 'entities');
    for (const [index, result] of results.entries()) {
      const plain = direct[index];
      assert.deepEqual(
        result.entities.map((e: any) => [e.text, e.label, e.start, e.end, e.id ?? '']),
        plain.ents,
      );
      assertClose(Object.fromEntries(result.categories.map((c: any) => [c.label, c.score])), plain.cats);
      assert.deepEqual(
        (result.spans.sc ?? []).map((s: any) => [s.text, s.label]),
        plain.spans.sc ?? [],
      );
      assert.deepEqual(
        (result.sentences ?? []).map((s: any) => [s.start, s.end]),
        plain.sents,
      );
      assert.deepEqual(
        result.tokens.map((t: any) => [t.text, t.start, t.tag, t.dep, t.head]),
        plain.tokens,
      );
    }
    const found = results[0].entities.find(({ id }: { id?: string }) => id === 'oslo');
    assert.equal([...SPACY['pipeline']![0]!].slice(found.start, found.end).join(''), 'Oslo');
  });

  it('only tokens where the pipeline is a tokenizer', async () => {
    const { results } = await ask('blank');
    assert.deepEqual(results[0], {
      tokens: [
        { text: 'Das', start: 0, end: 3 },
        { text: 'Ende', start: 4, end: 8 },
      ],
    });
  });
});

function assertClassified(results: any[], direct: Expected, scores: number[][], kind: string): void {
  assert.deepEqual(
    results.map(({ label }) => label),
    direct.predict,
  );
  for (const [index, result] of results.entries()) {
    assert.equal(result.scoreKind, kind);
    assert.deepEqual(
      result.scores.map(({ label }: { label: unknown }) => label),
      direct.classes,
    );
    assertClose(
      result.scores.map(({ score }: { score: number }) => score),
      scores[index],
    );
  }
}
