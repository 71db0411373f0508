import assert from 'node:assert/strict';
import fc from 'fast-check';
import { after, afterEach, beforeEach, describe, it } from 'mocha';
import { encodeFrame, FRAME_BYTES } from '../../src/core/host/frames.ts';
import { ECHO, runPython, Scratch, type Worker } from './support.ts';

describe('the frames of a worker', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  let worker: Worker;

  beforeEach(() => {
    worker = scratch.worker(scratch.function('echo', 'custom', ECHO));
  });
  afterEach(() => worker.process.kill('SIGKILL'));
  after(() => scratch.remove());

  it('hello comes first and names the process, then ready with the phases and the card', async () => {
    const ready = await worker.ready();
    assert.deepEqual(
      worker.frames.map(({ kind }) => kind),
      ['H', 'R'],
    );
    assert.deepEqual(worker.frames[0]!.meta, { pid: worker.process.pid });
    assert.equal(typeof ready['importsMs'], 'number');
    assert.equal(typeof ready['loadMs'], 'number');
    assert.equal((ready['card'] as { model: string }).model, 'echo');
  });

  it('a request sent before ready waits and is cold; the next is warm', async () => {
    const { body } = await worker.post('/predict', { input: 1 });
    assert.equal(body['timings'].start, 'cold');
    assert.ok(body['timings'].initMs > 0);
    const next = await worker.post('/predict', { input: 1 });
    assert.deepEqual([next.body['timings'].start, next.body['timings'].initMs], ['warm', 0]);
  });

  it('the first request of a worker that was ready before is preinitialised', async () => {
    await worker.ready();
    const { body } = await worker.post('/predict', { input: 1 });
    assert.equal(body['timings'].start, 'preinitialised');
    assert.ok(body['timings'].initMs > 0);
  });

  it('requests cut into any chunks are answered in order', async () => {
    await worker.ready();
    const text = fc.string({ unit: 'grapheme', maxLength: 3000 });
    const requests = fc.array(fc.oneof(text, fc.jsonValue()), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(requests, fc.array(fc.integer({ min: 1, max: 4000 })), async (inputs, sizes) => {
        const from = worker.frames.length;
        const bytes = Buffer.concat(inputs.map((input, index) => invoke(String(index), { input })));
        let at = 0;
        for (const size of sizes) {
          worker.input.write(bytes.subarray(at, at + size));
          at += size;
        }
        worker.input.write(bytes.subarray(at));
        await worker.until(() => worker.frames.length === from + inputs.length);
        for (const [index, input] of inputs.entries()) {
          const { kind, meta, payload } = worker.frames[from + index]!;
          assert.deepEqual([kind, meta], ['O', { id: String(index) }]);
          const answer = JSON.parse(JSON.parse(payload.toString()).body);
          assert.deepEqual(answer.result.input, JSON.parse(JSON.stringify(input)));
        }
      }),
      { numRuns: 60 },
    );
  });

  it('a request and an answer of 6 MB', async () => {
    const text = 'é'.repeat(3_000_000);
    const { status, body } = await worker.post('/predict', { text });
    assert.equal(status, 200);
    assert.equal(body['result'].input, text);
  });

  for (const [what, bytes] of [
    ['longer than any', Buffer.from([0xff, 0xff, 0xff, 0xff, 0x49, 0, 0, 0, 2])],
    ['just too long', head(FRAME_BYTES + 1, 2)],
    ['shorter than its meta', head(9, 100)],
    ['shorter than its head', head(3, 0)],
  ] as const) {
    it(`a frame ${what} ends the worker with the reason`, async () => {
      await worker.ready();
      worker.input.write(bytes);
      const { code } = await worker.ended;
      assert.equal(code, 70);
      assert.match(worker.stderr, /nimbus: a frame of \d+ bytes/);
    });
  }

  it('a frame of an unknown kind ends the worker with the reason', async () => {
    await worker.ready();
    const bytes = invoke('1', {});
    bytes[4] = 'Z'.charCodeAt(0);
    worker.input.write(bytes);
    assert.equal((await worker.ended).code, 70);
    assert.match(worker.stderr, /kind/);
  });

  it('the end of its input ends an idle worker', async () => {
    await worker.ready();
    assert.deepEqual(await worker.end(), { code: 0, signal: null });
  });

  it('the end of its input in the middle of a frame ends it too', async () => {
    await worker.ready();
    worker.input.write(invoke('1', { input: 'x'.repeat(100) }).subarray(0, 50));
    assert.deepEqual(await worker.end(), { code: 0, signal: null });
  });

  it('an event that is no JSON is an error of that request only', async () => {
    await worker.ready();
    worker.input.write(encodeFrame('I', { id: 'bad', arrivedMs: 0, deadlineMs: 0 }, Buffer.from('{')));
    const error = await worker.frame('E');
    assert.equal(error.meta['id'], 'bad');
    assert.equal(error.meta['type'], 'JSONDecodeError');
    assert.equal(JSON.parse(error.payload.toString()).errorType, 'JSONDecodeError');
    assert.equal((await worker.post('/predict', { input: 1 })).status, 200);
  });

  it('a model that cannot be loaded: the failure with its stack, then the end', async () => {
    const model = scratch.model(
      'broken',
      'def load(path):\n    raise ValueError("no weights")\n\ndef predict(m, i): pass\n',
    );
    const broken = scratch.worker(scratch.function('broken', 'custom', model));
    const failed = await broken.frame('F');
    assert.deepEqual(failed.meta, { type: 'ValueError' });
    const { errorType, errorMessage, stackTrace } = JSON.parse(failed.payload.toString());
    assert.deepEqual([errorType, errorMessage], ['ValueError', 'no weights']);
    assert.match(stackTrace.at(-1), /handler\.py", line 2, in load/);
    assert.equal(stackTrace.length, 1, 'nothing of Nimbus, nor of the import system');
    assert.equal((await broken.ended).code, 1);
  });

  it('a model that lacks a package, or was not fitted: what to do about it', async () => {
    const lacking = scratch.model('lacking', 'import no_such_package\ndef load(path): pass\ndef predict(m, i): pass\n');
    const custom = await scratch.worker(scratch.function('lacking', 'custom', lacking)).frame('F');
    assert.match(
      String(custom.meta['next']),
      /requirements\.txt beside handler\.py.*python\S* -m pip install no_such_package/,
    );

    const made = await runPython([
      '-c',
      `import joblib, sys
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
joblib.dump(make_pipeline(StandardScaler(), LogisticRegression()), sys.argv[1])`,
      scratch.path('unfitted.joblib'),
    ]);
    assert.equal(made.code, 0, made.stderr);
    const unfitted = await scratch
      .worker(scratch.function('unfitted', 'sklearn', scratch.path('unfitted.joblib')))
      .frame('F');
    assert.equal(unfitted.meta['type'], 'NotFittedError');
    assert.match(String(unfitted.meta['next']), /Call fit, .*joblib\.dump/);
    assert.doesNotMatch(unfitted.payload.toString(), /nimbus_runtime/);
  });

  for (const event of [[1], 'text', 3, null, { body: { text: 'x' } }, { headers: 'a' }, { path: 1 }]) {
    it(`an event that is none, ${JSON.stringify(event)}: a problem that says so`, async () => {
      await worker.ready();
      worker.input.write(
        encodeFrame('I', { id: 'e', arrivedMs: 0, deadlineMs: 0 }, Buffer.from(JSON.stringify(event))),
      );
      const { statusCode, body } = JSON.parse((await worker.frame('O')).payload.toString());
      const problem = JSON.parse(body);
      assert.deepEqual([statusCode, problem.type, problem.requestId], [400, 'urn:nimbus:problem:invalid-event', 'e']);
      assert.match(problem.detail, /of the event must be|must be an API Gateway REST-proxy event/);
    });
  }

  for (const [what, handler, type] of [
    ['does not define predict', 'def load(path): pass\n', 'AttributeError'],
    ['calls sys.exit while it is imported', 'import sys\nsys.exit(4)\n', 'SystemExit'],
    ['is not Python', 'def load(:\n', 'SyntaxError'],
  ] as const) {
    it(`a handler.py that ${what} fails the start`, async () => {
      const name = type.toLowerCase();
      const broken = scratch.worker(scratch.function(name, 'custom', scratch.model(name, handler)));
      assert.deepEqual((await broken.frame('F')).meta, { type });
    });
  }
});

function invoke(id: string, body: unknown): Buffer {
  const event = {
    path: '/predict',
    httpMethod: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  };
  return encodeFrame('I', { id, arrivedMs: Date.now(), deadlineMs: 0 }, Buffer.from(JSON.stringify(event)));
}

function head(length: number, metaLength: number): Buffer {
  const bytes = Buffer.alloc(9);
  bytes.writeUInt32BE(length, 0);
  bytes[4] = 'I'.charCodeAt(0);
  bytes.writeUInt32BE(metaLength, 5);
  return bytes;
}
