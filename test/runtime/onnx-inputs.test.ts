/** What ONNX, XGBoost and LightGBM models say to inputs that they cannot take, and to what lies beside them. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { makeCases, workerOf, type FrameworkCase } from './frameworks/cases.ts';
import { Scratch, type Worker } from './support.ts';

describe('inputs of ONNX and boosted models', function () {
  this.timeout(120_000);
  const scratch = new Scratch();
  const cases: Record<string, FrameworkCase> = {};

  before(async () => {
    for (const name of ['exports', 'boosted', 'texts']) {
      Object.assign(cases, await makeCases(`${name}.py`, scratch.path(name)));
    }
  });
  after(() => scratch.remove());

  async function withWorker(name: string, use: (worker: Worker) => Promise<void>): Promise<void> {
    const worker = workerOf(scratch, name, cases[name]!);
    await worker.ready();
    await use(worker);
    await worker.end();
    assert.doesNotMatch(worker.stderr, /Rome|soup/, 'no input reaches the log');
  }

  async function refused(worker: Worker, input: unknown, field: string, detail: RegExp): Promise<void> {
    const { status, body } = await worker.post('/predict', { input });
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(body['type'], 'urn:nimbus:problem:invalid-input');
    assert.equal(body['field'], field);
    assert.match(body['detail'], detail);
  }

  it('a tensor of another shape or type is refused by its name', () =>
    withWorker('one tensor', async (worker) => {
      await refused(worker, [[1, 2, 3]], 'input.x', /x has the shape \[1, 3\]; it takes \[batch, 2\]/);
      await refused(worker, [[1, 2], [3]], 'input.x', /x has lists of different lengths/);
      await refused(worker, [[1.5, 2]], 'input.x', /x takes whole numbers, not fractions/);
      await refused(worker, { x: [['a', 'b']] }, 'input.x', /x takes whole numbers, not strings/);
      await refused(worker, [[1, null]], 'input.x', /x takes whole numbers/);
      await refused(worker, [[1, 2 ** 70]], 'input.x', /x takes whole numbers/);
      await refused(worker, { y: [[1, 2]] }, 'input.y', /no input y/);
      await refused(worker, {}, 'input.x', /The input x is missing/);
      assert.equal((await worker.post('/predict', { input: [[1, 2]], parameters: { k: 1 } })).status, 400);
    }));

  it('tensors of different lengths in one batch keep their own answers', () =>
    withWorker('one tensor', async (worker) => {
      const { body } = await worker.post('/batch', {
        inputs: [
          [[1, 2]],
          [],
          [
            [3, 4],
            [5, 6],
          ],
          [[7, 8]],
        ],
      });
      assert.deepEqual(
        body['success'].map(({ index, result }: any) => [index, result.tensors.y.data]),
        [
          [0, [[2, 4]]],
          [
            2,
            [
              [6, 8],
              [10, 12],
            ],
          ],
          [3, [[14, 16]]],
        ],
      );
      assert.deepEqual(
        body['failed'].map(({ index, error }: any) => [index, error.type]),
        [[1, 'invalid-input']],
      );
    }));

  it('inputs of one batch dimension must agree, whatever they add up to with others', () =>
    withWorker('two tensors', async (worker) => {
      const rows = (count: number) => Array.from({ length: count }, (_, index) => [index]);
      await refused(worker, { a: rows(2), b: rows(3) }, 'input', /differ in their first dimension, rows/);
      const inputs = [
        { a: rows(2), b: rows(3) },
        { a: rows(3), b: rows(2) },
        { a: rows(2), b: rows(2) },
      ];
      const { body } = await worker.post('/batch', { inputs });
      assert.equal(body['failed'].length, 2);
      assert.deepEqual(body['success'][0].result.tensors.c.data, [[0], [2]]);
    }));

  it('strings and booleans are checked, too', () =>
    withWorker('strings and booleans', async (worker) => {
      const good = { a: ['x'], b: ['y', 'z'], on: true };
      await refused(worker, { ...good, a: [1] }, 'input.a', /a takes strings, not a number/);
      await refused(worker, { ...good, a: [null] }, 'input.a', /a takes strings, not null/);
      await refused(worker, { ...good, b: ['y'] }, 'input.b', /b has the shape \[1\]; it takes \[2\]/);
      await refused(worker, { ...good, on: 1 }, 'input.on', /on takes booleans/);
      await refused(worker, ['x'], 'input', /must be an object with a, b, on/);
    }));

  it('columns by name, each of its own type', () =>
    withWorker('columns by name', async (worker) => {
      const good = { age: 41.5, town: 'Oslo', rooms: 2 };
      await refused(worker, { ...good, town: 3 }, 'input.town', /The column town takes a string, not a number/);
      await refused(worker, { ...good, age: 'old' }, 'input.age', /The column age takes a number, not a string/);
      await refused(worker, { ...good, rooms: 2.5 }, 'input.rooms', /whole numbers/);
      await refused(worker, { ...good, rooms: null }, 'input.rooms', /whole numbers/);
      await refused(worker, { age: 1, town: 'Oslo' }, 'input.rooms', /The column rooms is missing/);
      const list = await worker.post('/predict', { input: [41.5, 'Oslo', 2] });
      const named = await worker.post('/predict', { input: good });
      assert.deepEqual(list.body['result'], named.body['result']);
      // The graph itself refuses a town that it never saw; the others have nothing to do with it.
      const { body } = await worker.post('/batch', { inputs: [good, { ...good, town: 'Rome' }, good] });
      assert.deepEqual(
        body['success'].map(({ index }: any) => index),
        [0, 2],
      );
    }));

  it('rows of boosted trees', async () => {
    for (const name of ['xgboost, several classes by name', 'lightgbm, several classes by name']) {
      await withWorker(name, async (worker) => {
        await refused(worker, [1, 2], 'input', /has 2 values; this model takes 3/);
        await refused(worker, [1, 'x', 2], 'input[1]', /The column height takes a number, not a string/);
        await refused(worker, { width: 1, height: 2 }, 'input.depth', /The column depth is missing/);
        await refused(worker, { width: 1, height: 2, depth: [] }, 'input.depth', /takes a number, not a list/);
        await refused(worker, { width: 1, height: 2, depth: 3, age: 4 }, 'input.age', /no column age/);
        await refused(worker, 'x', 'input', /must be a list of 3 values, not a string/);
      });
    }
  });

  it('categories, by name where the file has them, else by number', async () => {
    await withWorker('xgboost, categories', async (worker) => {
      await refused(worker, { town: [], age: 40, rooms: 10 }, 'input.town', /takes one value, not a list/);
      await refused(worker, { town: 'Oslo', age: 'old', rooms: 10 }, 'input.age', /takes a number, not a string/);
    });
    await withWorker('xgboost, numbers of categories', (worker) =>
      refused(worker, ['Oslo', 40], 'input[0]', /takes a category's number.*does not hold their names/),
    );
  });

  it('texts longer than the model are refused, or cut where that is asked for', () =>
    withWorker('one topic', async (worker) => {
      const text = 'soup '.repeat(100);
      await refused(worker, text, 'input', /The text has 102 tokens; this model takes 64/);
      const cut = await worker.post('/predict', { input: text, parameters: { truncation: true } });
      assert.equal(cut.status, 200, JSON.stringify(cut.body));
      const short = await worker.post('/predict', { input: 'soup '.repeat(62) });
      assert.deepEqual(cut.body['result'], short.body['result']);
      await refused(worker, { text: 'soup' }, 'input.text_pair', /text_pair is missing/);
      const { status, body } = await worker.post('/predict', { input: 'soup', parameters: { top: 1 } });
      assert.deepEqual([status, body['field']], [400, 'parameters.top']);
    }));

  it('an embedding can be asked for in length one', () =>
    withWorker('averaged', async (worker) => {
      const { body } = await worker.post('/predict', { input: 'soup', parameters: { normalize: true } });
      const length = Math.hypot(...body['result'].embedding);
      assert.ok(Math.abs(length - 1) < 1e-5, `${length}`);
    }));

  it('a tokenizer that only transformers reads', async () => {
    const folder = scratch.path('only vocabulary');
    cpSync(cases['one topic']!.path, folder, { recursive: true });
    const { model } = JSON.parse(readFileSync(path.join(folder, 'tokenizer.json'), 'utf8')) as {
      model: { vocab: Record<string, number> };
    };
    const words = Object.entries(model.vocab).toSorted(([, one], [, other]) => one - other);
    writeFileSync(path.join(folder, 'vocab.txt'), `${words.map(([word]) => word).join('\n')}\n`);
    writeFileSync(
      path.join(folder, 'tokenizer_config.json'),
      JSON.stringify({ tokenizer_class: 'BertTokenizer', model_max_length: 64 }),
    );
    rmSync(path.join(folder, 'tokenizer.json'));
    const worker = workerOf(scratch, 'vocabulary', { framework: 'onnx', path: folder });
    await worker.ready();
    const [input] = cases['one topic']!.inputs;
    const { body } = await worker.post('/predict', { input });
    assert.equal(body['result'].label, (cases['one topic']!.expected[0] as { label: string }).label);
    await worker.end();
  });

  it('a folder without config.json answers what the graph says', async () => {
    const folder = scratch.path('no configuration');
    mkdirSync(folder);
    for (const name of ['model.onnx', 'tokenizer.json']) {
      cpSync(path.join(cases['one topic']!.path, name), path.join(folder, name));
    }
    const worker = workerOf(scratch, 'bare', { framework: 'onnx', path: folder });
    const { card } = (await worker.ready()) as { card: Record<string, any> };
    assert.equal(card['task'], 'tensors');
    const { body } = await worker.post('/predict', { input: 'soup' });
    assert.deepEqual(body['result'].tensors.logits.shape, [3]);
    await worker.end();
  });
});
