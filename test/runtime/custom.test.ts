/** What a handler.py may look like, and what is said of one that cannot work. */
import assert from 'node:assert/strict';
import { after, describe, it } from 'mocha';
import { Scratch, type Worker } from './support.ts';

describe("the functions of a custom model's handler.py", function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  let models = 0;

  after(() => scratch.remove());

  function run(handler: string): Worker {
    const name = `model-${++models}`;
    return scratch.worker(scratch.function(name, 'custom', scratch.model(name, handler)));
  }

  async function start(handler: string): Promise<Worker> {
    const worker = run(handler);
    await worker.ready();
    return worker;
  }

  it('a batch goes through predict_batch, and halves until only the bad input is left', async () => {
    const worker = await start(`
sizes = []
def load(path): pass
def predict(model, input): return predict_batch(model, [input])[0]
def predict_batch(model, inputs):
    sizes.append(len(inputs))
    if "bad" in inputs: raise ValueError("bad")
    return [[value, list(sizes)] for value in inputs]
`);
    const good = await worker.post('/batch', { inputs: [1, 2, 3, 4] });
    assert.deepEqual(
      good.body['success'].map((one: any) => one.result[1]),
      [[4], [4], [4], [4]],
    );
    const { body } = await worker.post('/batch', { inputs: [1, 2, 'bad', 4, 5, 6, 7, 8] });
    assert.deepEqual(body['failed'], [{ index: 2, error: { type: 'handler-failed', detail: 'ValueError: bad' } }]);
    assert.deepEqual(
      body['success'].map((one: any) => [one.index, one.result[0]]),
      [
        [0, 1],
        [1, 2],
        [3, 4],
        [4, 5],
        [5, 6],
        [6, 7],
        [7, 8],
      ],
    );
    assert.deepEqual(body['success'].at(-1).result[1], [4, 8, 4, 2, 1, 1, 2, 2]);
  });

  it('a bad input of a thousand costs some calls, five hundred no more runs of the others than a few', async () => {
    const worker = await start(`
calls = runs = 0
def load(path): pass
def predict(model, input):
    global calls, runs
    if input == "count":
        counted, calls, runs = [calls, runs], 0, 0
        return counted
    return predict_batch(model, [input])[0]
def predict_batch(model, inputs):
    global calls, runs
    calls += 1
    runs += len(inputs)
    if "bad" in inputs: raise ValueError("bad")
    return inputs
`);
    const cost = async (isBad: (index: number) => boolean): Promise<number[]> => {
      const inputs = Array.from({ length: 1000 }, (_, index) => (isBad(index) ? 'bad' : index));
      const { body } = await worker.post('/batch', { inputs });
      assert.deepEqual(
        body['failed'].map((one: any) => one.index),
        inputs.flatMap((input, index) => (input === 'bad' ? [index] : [])),
      );
      assert.deepEqual(
        body['success'].map((one: any) => one.result),
        inputs.filter((input) => input !== 'bad'),
      );
      return (await worker.post('/predict', { input: 'count' })).body['result'];
    };
    for (const only of [0, 617, 999]) {
      const [calls, runs] = await cost((index) => index === only);
      assert.ok(calls! <= 22 && runs! <= 4000, `${calls} calls, ${runs} runs`);
    }
    for (const isBad of [(index: number) => index % 2 === 1, (index: number) => index >= 500]) {
      const [calls, runs] = await cost(isBad);
      assert.ok(calls! <= 1600 && runs! <= 4500, `${calls} calls, ${runs} runs`);
    }
  });

  it('each input of a batch runs once where there is no predict_batch, failing or not; one stack is logged', async () => {
    const worker = await start(`
seen = []
def load(path): pass
def predict(model, input):
    if input == "seen": return seen
    seen.append(input)
    raise ValueError("no")
`);
    const { body } = await worker.post('/batch', { inputs: [1, 2, 3] });
    assert.equal(body['failed'].length, 3);
    assert.deepEqual((await worker.post('/predict', { input: 'seen' })).body['result'], [1, 2, 3]);
    await worker.end();
    assert.equal(worker.stderr.match(/nimbus: request/g)?.length, 1);
  });

  it('predict_batch with too few results', async () => {
    const worker = await start(
      'def load(path): pass\ndef predict(model, input): return 1\ndef predict_batch(model, inputs): return [1]\n',
    );
    for (const _ of [1, 2]) {
      const { body } = await worker.post('/batch', { inputs: [1, 2, 3] });
      // Halved to single inputs, one result each is right.
      assert.equal(body['success'].length, 3);
    }
    await worker.end();
    assert.match(worker.stderr, /^nimbus: predict_batch returned 1 results for 3 inputs, .* one result for each.*\n$/);
  });

  it('may be async, all in one event loop; a batch is answered one input after the other', async () => {
    const worker = await start(`
import asyncio
async def load(path):
    await asyncio.sleep(0)
    return {"loop": asyncio.get_running_loop(), "running": 0, "warm": False}
async def warmup(model): model["warm"] = True
async def schema(model): return {"task": "asynchronous"}
async def predict(model, input):
    if input == "bad": raise ValueError("bad")
    model["running"] += 1
    await asyncio.sleep(0.001)
    seen = [input, model["loop"] is asyncio.get_running_loop(), model["running"], model["warm"]]
    model["running"] -= 1
    return seen
`);
    assert.equal(((await worker.ready())['card'] as Record<string, unknown>)['task'], 'asynchronous');
    assert.deepEqual((await worker.post('/predict', { input: 'a' })).body['result'], ['a', true, 1, true]);
    const { body } = await worker.post('/batch', { inputs: ['a', 'bad', 'b'] });
    assert.deepEqual(
      body['success'].map((one: any) => one.result),
      [
        ['a', true, 1, true],
        ['b', true, 1, true],
      ],
    );
    assert.deepEqual(body['failed'], [{ index: 1, error: { type: 'handler-failed', detail: 'ValueError: bad' } }]);
  });

  it('an async predict_batch may ask for all inputs at once, and name the ones that failed', async () => {
    const worker = await start(`
import asyncio
from nimbus_runtime.frameworks import Failed, InputError
def load(path): return None
async def predict(model, input): return "one"
async def predict_batch(model, inputs):
    together = asyncio.Barrier(len(inputs)) if hasattr(asyncio, "Barrier") else None
    async def one(input):
        if together: await together.wait()
        return Failed(InputError("input", "No.")) if input == "bad" else input
    return await asyncio.gather(*[one(input) for input in inputs])
`);
    const { body } = await worker.post('/batch', { inputs: ['a', 'bad', 'b'] });
    assert.deepEqual(
      body['success'].map((one: any) => one.result),
      ['a', 'b'],
    );
    assert.deepEqual(body['failed'], [{ index: 1, error: { type: 'invalid-input', detail: 'No.' } }]);
  });

  it('a generator is no result, and one that predict_batch yields from is', async () => {
    const worker = await start(`
def load(path): return None
def predict(model, input):
    yield input
def predict_batch(model, inputs):
    for input in inputs: yield input
`);
    const one = await worker.post('/predict', { input: 1 });
    assert.deepEqual([one.status, one.body['detail']], [500, 'result is of type generator, which JSON cannot hold.']);
    assert.match(one.body['next'], /a list instead of what predict yields/);
    const { body } = await worker.post('/batch', { inputs: [1, 2] });
    assert.deepEqual(
      body['success'].map((two: any) => two.result),
      [1, 2],
    );
    const other = await start('def load(path): pass\nasync def predict(model, input):\n    yield input\n');
    const reply = await other.post('/predict', { input: 1 });
    assert.deepEqual([reply.status, reply.body['type']], [500, 'urn:nimbus:problem:result-not-json']);
    assert.match(reply.body['next'], /a list instead of what predict yields/);
  });

  const REST = 'def load(path): return 1\ndef predict(model, input): return 1\n';
  for (const [what, handler, message] of [
    [
      'only a class with predict',
      'class Sorter:\n    def load(self, path): pass\n    def predict(self, input): pass\n',
      'AttributeError: handler.py does not define load(path), only the class Sorter does: add functions beside it, def load(path): return Sorter(...) and def predict(model, input): return model.predict(input)',
    ],
    ['no predict', 'def load(path): pass\n', 'AttributeError: handler.py does not define predict(model, input)'],
    [
      'a value in the place of load',
      `${REST}load = "model.bin"\n`,
      'TypeError: load in handler.py must be a function, load(path), not a value of type str',
    ],
    [
      'predict without the model',
      'def load(path): pass\ndef predict(input): pass\n',
      'TypeError: predict in handler.py takes 1 argument; it is called as predict(model, input)',
    ],
    [
      'load that takes more than the folder',
      'def load(path, device): pass\ndef predict(model, input): pass\n',
      'TypeError: load in handler.py takes 2 arguments; it is called as load(path)',
    ],
    [
      'a schema that is a list',
      `${REST}schema = ["a"]\n`,
      'TypeError: schema in handler.py must be a dict, or a function that returns one, not a value of type list',
    ],
    [
      'a schema whose input is a name',
      `${REST}schema = lambda model: {"input": "text"}\n`,
      "TypeError: schema['input'] in handler.py must be a dict, not a value of type str",
    ],
    [
      'labels that are a set',
      `${REST}schema = {"labels": {"a"}}\n`,
      "TypeError: schema['labels'] in handler.py must be a list, not a value of type set",
    ],
    [
      'a schema that JSON cannot hold',
      `${REST}schema = {"input": {"enum": [float("nan")]}}\n`,
      'TypeError: schema in handler.py: schema.input.enum[0] is NaN, which JSON cannot hold.',
    ],
  ] as const) {
    it(`${what} is a clear failure of the start`, async () => {
      const worker = run(handler);
      const failed = JSON.parse((await worker.frame('F')).payload.toString());
      assert.equal(`${failed.errorType}: ${failed.errorMessage}`, message);
    });
  }

  it('functions with defaults, any arguments, or made otherwise are as good as others', async () => {
    const worker = await start(`
import functools
class Model:
    def __init__(self, path): pass
    def ask(self, model, input): return "asked"
load = Model
predict = Model("").ask
predict_batch = functools.partial(lambda more, model, inputs: inputs, 1)
def warmup(*everything, quick=True): pass
`);
    assert.equal((await worker.post('/predict', { input: 1 })).body['result'], 'asked');
    assert.equal((await worker.post('/batch', { inputs: [1, 2] })).body['success'].length, 2);
  });
});
