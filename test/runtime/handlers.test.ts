import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { after, describe, it } from 'mocha';
import { ECHO, Scratch, type Worker } from './support.ts';

const LINUX = process.platform === 'linux';

describe('custom models, well and badly behaved', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  let models = 0;

  after(() => scratch.remove());

  async function start(handler: string, more: Record<string, unknown> = {}): Promise<Worker> {
    const name = `model-${++models}`;
    const worker = scratch.worker(scratch.function(name, 'custom', scratch.model(name, handler), more));
    await worker.ready();
    return worker;
  }

  async function echo(env: Record<string, string> = {}): Promise<Worker> {
    const worker = scratch.worker(scratch.function('echo', 'custom', ECHO), env);
    await worker.ready();
    return worker;
  }

  it('os._exit is a dead worker without an answer', async () => {
    const worker = await echo();
    await assert.rejects(worker.post('/predict', { input: { do: 'die' } }), /the worker ended/);
    assert.deepEqual(await worker.ended, { code: 3, signal: null });
  });

  it('sys.exit and endless recursion fail only their own request', async () => {
    const worker = await echo();
    assert.equal((await worker.post('/predict', { input: { do: 'exit' } })).status, 500);
    assert.equal((await worker.post('/predict', { input: { do: 'overflow' } })).status, 500);
    assert.equal((await worker.post('/predict', { input: 1 })).status, 200);
  });

  it('an inflated body is taken as the text that API Gateway hands on, too', async () => {
    const worker = await echo();
    const event = { headers: { 'content-encoding': 'gzip' }, httpMethod: 'POST', path: '/predict' };
    assert.equal((await worker.invoke('1', JSON.stringify({ ...event, body: '{"text":"x"}' }))).status, 200);
    assert.equal((await worker.invoke('2', JSON.stringify({ ...event, body: 'text=x' }))).status, 400);
  });

  it('the log knows a request by the id of the gateway too, and nothing else that a client chose', async () => {
    const worker = await echo();
    const event = (requestId: string) =>
      JSON.stringify({ httpMethod: 'POST', path: '/predict', body: '{"text":"x"}', requestContext: { requestId } });
    const id = '3f1c2b3a-0000-4000-8000-0123456789ab';
    await worker.invoke('1', event(`${id}\n`));
    await worker.invoke('2', event('my words'));
    await worker.invoke('3', event(id));
    await worker.until(() => worker.stderr.includes('gateway'));
    assert.equal(worker.stderr, `nimbus: request 3 is ${id} of the gateway\n`);
  });

  it('only pages of the allowed origins may read answers, and problems', async () => {
    const worker = await echo({ NIMBUS_CORS_ORIGINS: 'https://a.example,https://b.example' });
    const ask = async (origin: string | undefined, body = '{"text":"x"}', more: Record<string, string> = {}) => {
      const headers = { ...more, ...(origin === undefined ? {} : { Origin: origin }) };
      const answer = await worker.call('POST', '/predict', headers, Buffer.from(body));
      return [answer.headers['access-control-allow-origin'], answer.headers['vary']];
    };
    assert.deepEqual(await ask('https://b.example'), ['https://b.example', 'origin']);
    assert.deepEqual(await ask('https://b.example', '{'), ['https://b.example', 'origin']);
    for (const foreign of ['https://c.example', 'https://b.example.evil', 'http://a.example', 'null', undefined]) {
      assert.deepEqual(await ask(foreign), [undefined, 'origin']);
    }
    const long = JSON.stringify({ text: 'x'.repeat(2000) });
    assert.deepEqual(await ask('https://a.example', long), ['https://a.example', 'accept-encoding, origin']);
  });

  it('a page of any origin may read answers where all are allowed, and of none where none is', async () => {
    const any = await echo({ NIMBUS_CORS_ORIGINS: '*' });
    const none = await echo();
    const headers = async (worker: Worker) =>
      (await worker.call('POST', '/predict', { Origin: 'https://a.example' }, Buffer.from('{"text":"x"}'))).headers;
    const allowed = await headers(any);
    assert.deepEqual([allowed['access-control-allow-origin'], allowed['vary']], ['*', undefined]);
    assert.equal(allowed['access-control-expose-headers'], 'server-timing, x-request-id');
    assert.equal((await headers(none))['access-control-allow-origin'], undefined);
  });

  it("a request's lines are out before its answer, in UTF-8 whatever the locale", async () => {
    const worker = await echo({ LC_ALL: 'C', LANG: 'C', PYTHONUTF8: '0', PYTHONCOERCECLOCALE: '0' });
    await worker.post('/predict', { input: { do: 'say', line: 'größer 😀' } });
    await worker.until(() => worker.stderr.includes('to stderr') && worker.stdout.includes('😀'));
    assert.match(worker.stdout, /^echo loads from echo\ngrößer 😀\n$/);
    assert.equal(worker.stderr, 'größer 😀 to stderr\n');
  });

  it('the log of a failure has type and frames, never the message or the input', async () => {
    const worker = await start(`
def load(path):
    return None

def inner(text):
    raise ValueError("cannot read " + text)

def predict(model, text):
    try:
        inner(text)
    except ValueError as error:
        raise RuntimeError("failed on " + text) from error
`);
    const { status, body } = await worker.post('/predict', { text: 'SECRET' });
    assert.equal(status, 500);
    assert.equal(body['detail'], 'RuntimeError: failed on SECRET');
    await worker.end();
    assert.match(worker.stderr, /^nimbus: request request-1 failed\n/);
    assert.match(worker.stderr, /\nRuntimeError at\n(?:.*\n)*.*handler\.py", line 12, in predict\n/);
    assert.match(worker.stderr, /because of\nValueError at\n(?:.*\n)*.*line 6, in inner\n/);
    assert.doesNotMatch(worker.stderr, /SECRET|nimbus_runtime/);
  });

  it('an exception that cannot be printed', async () => {
    const worker = await start(`
class Odd(Exception):
    def __str__(self):
        raise TypeError("no")

def load(path): pass
def predict(model, input): raise Odd()
`);
    assert.equal((await worker.post('/predict', { input: 1 })).body['detail'], 'Odd');
  });

  it('a forked child neither answers nor holds the pipe', async function () {
    if (!LINUX) this.skip();
    const worker = await start(`
import os, time
def load(path): pass
def predict(model, how):
    child = os.fork()
    if child == 0:
        if how == "return":
            return "from the child"
        os.close(1); os.close(2)
        time.sleep(600)
    if how == "return":
        os.waitpid(child, 0)
    return child
`);
    const first = await worker.post('/predict', { input: 'return' });
    assert.equal(typeof first.body['result'], 'number');
    assert.equal(worker.stderr, '');
    const second = await worker.post('/predict', { input: 'sleep' });
    assert.equal(worker.frames.filter(({ kind }) => kind === 'O').length, 2);
    // 'close' comes only once every copy of the pipe's other end is closed.
    try {
      assert.deepEqual(await worker.end(), { code: 0, signal: null });
    } finally {
      process.kill(second.body['result'], 'SIGKILL');
    }
  });

  it('a program that a handler starts gets no end of the pipe', async function () {
    if (!LINUX) this.skip();
    const worker = await start(`
import os, subprocess
def load(path): pass
def predict(model, input):
    listing = subprocess.run(["ls", "-l", "/proc/self/fd"], capture_output=True, text=True, close_fds=False).stdout
    return {"program": listing, "stdin": os.readlink("/proc/self/fd/0")}
`);
    const { body } = await worker.post('/predict', { input: 1 });
    assert.equal(body['result'].stdin, '/dev/null');
    // Node's pipes are sockets; of those, only stdout and stderr may be left, which the program replaced.
    assert.doesNotMatch(body['result'].program, /socket:/);
  });

  it('writing to fds 3 and 4 harms no frame', async () => {
    const worker = await start(`
import os
def load(path): pass
def predict(model, input):
    for fd in (3, 4):
        try:
            os.write(fd, b"garbage")
        except OSError:
            pass
    return "ok"
`);
    assert.equal((await worker.post('/predict', { input: 1 })).body['result'], 'ok');
    assert.equal((await worker.post('/predict', { input: 1 })).body['result'], 'ok');
  });

  it('the end of its input ends a worker that computes in Python', async () => {
    const worker = await start(`
def load(path): pass
def predict(model, input):
    print("busy")
    while True:
        pass
`);
    const answer = worker.post('/predict', { input: 1 });
    await worker.until(() => worker.stdout.includes('busy'));
    worker.input.end();
    await assert.rejects(answer, /the worker ended/);
    assert.deepEqual(await worker.ended, { code: 0, signal: null });
  });

  it('processes of multiprocessing work and leave no second hello', async function () {
    const worker = await start(
      `
import multiprocessing
from square import square
def load(path): pass
def predict(model, input):
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.map(square, input)
`,
      { modulePaths: [moduleFolder(scratch, 'square', 'def square(x): return x * x\n')] },
    );
    assert.deepEqual((await worker.post('/predict', { input: [2, 3] })).body['result'], [4, 9]);
    assert.equal(worker.frames.filter(({ kind }) => kind === 'H').length, 1);
  });

  it("finds the project's own modules, also those named like the runtime's files", async () => {
    const folder = moduleFolder(scratch, 'probe', 'NAME = "the project\'s"\n');
    writeFileSync(`${folder}/worker.py`, 'NAME = "too"\n');
    const worker = await start(
      'import probe, worker\ndef load(path): pass\ndef predict(model, input): return [probe.NAME, worker.NAME]\n',
      { modulePaths: [folder] },
    );
    assert.deepEqual((await worker.post('/predict', { input: 1 })).body['result'], ["the project's", 'too']);
  });

  it('load gets the folder, warmup runs once before the first request, schema reaches the card', async () => {
    const worker = await start(`
import os
calls = []
schema = {"task": "toy", "labels": ["a"], "input": {"type": "string"}, "other": 1}
def load(path): return os.listdir(path)
def warmup(model): calls.append("warm")
def predict(model, input): return {"files": model, "calls": calls}
`);
    const { result } = (await worker.post('/predict', { input: 'x' })).body as any;
    assert.ok(result.files.includes('handler.py'));
    assert.deepEqual(result.calls, ['warm']);
    const card = (await worker.ready())['card'] as Record<string, unknown>;
    assert.deepEqual([card['task'], card['labels'], card['other']], ['toy', ['a'], undefined]);
  });

  it('an InputError of a handler is 400 with its field', async () => {
    const worker = await start(`
from nimbus_runtime.frameworks import InputError
def load(path): pass
def predict(model, input):
    raise InputError("input.size", "The size must be positive.")
`);
    const one = await worker.post('/predict', { input: {} });
    assert.deepEqual(
      [one.status, one.body['field'], one.body['detail']],
      [400, 'input.size', 'The size must be positive.'],
    );
    const many = await worker.post('/batch', { inputs: [1] });
    assert.deepEqual(many.body['failed'], [
      { index: 0, error: { type: 'invalid-input', detail: 'The size must be positive.' } },
    ]);
  });

  it('parameters to a model that takes none are 400', async () => {
    const worker = await start('def load(path): pass\ndef predict(model, input): return 1\n');
    for (const at of ['/predict', '/batch'] as const) {
      const { status, body } = await worker.post(at, { input: 1, inputs: [1], parameters: { k: 1 } });
      assert.deepEqual([status, body['field']], [400, 'parameters.k']);
    }
  });

  it('a handler that closes or replaces its streams still answers', async () => {
    const worker = await start(`
import sys
def load(path): pass
def predict(model, input):
    sys.stdout.close()
    sys.stderr = None
    return 10 / input
`);
    assert.equal((await worker.post('/predict', { input: 5 })).body['result'], 2);
    assert.equal((await worker.post('/predict', { input: 0 })).status, 500);
    await worker.end();
    assert.match(worker.stderr, /ZeroDivisionError at/);
  });

  it('a crash in C leaves the Python stack in the log', async function () {
    if (!LINUX) this.skip();
    const worker = await start(`
import ctypes
def load(path): pass
def predict(model, input): ctypes.string_at(0)
`);
    await assert.rejects(worker.post('/predict', { input: 1 }), /the worker ended/);
    await worker.ended;
    assert.match(worker.stderr, /Segmentation fault[^]*handler\.py", line 4 in predict/);
  });

  it('dies with its host and adopts orphans: what it asked of the kernel', async function () {
    if (!LINUX) this.skip();
    const worker = await start(`
import ctypes
def load(path): pass
def predict(model, input):
    death, adopts = ctypes.c_int(), ctypes.c_int()
    libc = ctypes.CDLL(None)
    libc.prctl(2, ctypes.byref(death))
    libc.prctl(37, ctypes.byref(adopts))
    return [death.value, adopts.value]
`);
    assert.deepEqual((await worker.post('/predict', { input: 1 })).body['result'], [9, 1]);
  });

  it('a worker is no heavier than what it imports', async () => {
    const worker = await start(
      'import sys\ndef load(path): pass\ndef predict(model, input): return sorted(sys.modules)\n',
    );
    const modules = (await worker.post('/predict', { input: 1 })).body['result'] as string[];
    for (const name of ['typing', 'dataclasses', 'email', 'http', 'traceback', 'threading', 'asyncio', 'inspect']) {
      assert.ok(!modules.includes(name), `${name} is imported`);
    }
  });
});

function moduleFolder(scratch: Scratch, name: string, text: string): string {
  const folder = scratch.path(`modules-${name}`);
  mkdirSync(folder, { recursive: true });
  writeFileSync(`${folder}/${name}.py`, text);
  return folder;
}
