/** What models do wrong ends their request, never the host; and nothing they started is left. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { totalmem } from 'node:os';
import { hostSettings } from '../../src/core/host/settings.ts';
import { ECHO, post, processesWith, TestProject, untilGone } from './support.ts';

/** Does what its input says. */
const MISBEHAVE = `
import ctypes, os, subprocess, sys, time

def load(path):
    return None

def predict(model, input):
    do = input.get("do")
    if do == "raise":
        raise ValueError("no such thing")
    if do == "hang":
        while True:
            time.sleep(1)
    if do == "hang-holding-the-interpreter":
        ctypes.PyDLL(None).sleep(1000)
    if do == "exit":
        print("about to leave", flush=True)
        os._exit(7)
    if do == "sys-exit":
        sys.exit(3)
    if do == "segfault":
        ctypes.string_at(0)
    if do == "kill":
        os.kill(os.getpid(), 9)
    if do == "grandchild":
        child = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        if input.get("and") == "hang":
            print("child", child.pid, flush=True)
            time.sleep(1000)
        return child.pid
    if do == "fork":
        if os.fork() == 0:
            os.setsid()
            while True:
                time.sleep(1)
        return "forked"
    if do == "allocate":
        hoard = []
        while True:
            hoard.append(bytearray(8 * 1024 * 1024))
            for at in range(0, len(hoard[-1]), 4096):
                hoard[-1][at] = 1
    if do == "print":
        line = "x" * 99 + "\\n"
        for _ in range(10_000):
            sys.stdout.write(line * 100)
        return "printed"
    if do == "print-bytes":
        os.write(1, bytes(range(256)) + b"\\n" + b"y" * 100_000)
        os.write(2, b"\\x1b[31mred\\x1b[0m\\n")
        return "printed"
    if do == "write-to-the-pipe":
        for fd in range(3, 20):
            try:
                os.write(fd, b"garbage garbage garbage")
            except OSError:
                pass
        time.sleep(1000)
    if do == "say":
        print(input["line"], flush=True)
        sys.stdout.write(input["open"])
        sys.stdout.flush()
    if do == "say-and-hang":
        print("this request", flush=True)
        time.sleep(1000)
    if do == "nan":
        return float("nan")
    return os.getpid()
`;

describe('a model without memoryMb', function () {
  this.timeout(60_000);
  it('allocates without end: 502 out of memory, at what the machine has to give', async () => {
    // The suite's machine is to stay usable: it pretends to have no more.
    const project = new TestProject({ NIMBUS_WORKER_MEMORY_MB: '300' });
    await project.connect();
    const url = await project.deploy('bad', MISBEHAVE);
    const pid = (await post(`${url}/predict`, { input: {} })).body.result;
    if (process.platform === 'linux') assert.equal(readFileSync(`/proc/${pid}/oom_score_adj`, 'utf8').trim(), '500');
    const reply = await post(`${url}/predict`, { input: { do: 'allocate' } });
    assert.deepEqual([reply.status, reply.body.type], [502, 'urn:nimbus:problem:out-of-memory']);
    assert.match(reply.body.detail, /without memoryMb in models.json this machine allows 300 MB/);
    assert.equal((await post(`${url}/predict`, { input: {} })).status, 200);
    await project.end();
  });

  it('may take a share of what the machine has, not all of it', () => {
    const { workerMemoryBytes } = hostSettings({});
    assert.ok(workerMemoryBytes > 0 && workerMemoryBytes <= totalmem() * 0.8 + 1, String(workerMemoryBytes));
  });
});

describe('a model that misbehaves', function () {
  this.timeout(60_000);
  let project: TestProject;
  let url: string;
  let send: (input: unknown) => ReturnType<typeof post>;

  before(async () => {
    project = new TestProject();
    await project.connect();
    url = await project.deploy('bad', MISBEHAVE, { timeoutSeconds: 2, memoryMb: 300, concurrency: 1 });
    send = (input) => post(`${url}/predict`, { input });
  });
  after(() => project.end());
  afterEach(async () => {
    // Whatever happened: the next request is answered.
    assert.equal((await send({})).status, 200);
  });

  const code = (reply: Awaited<ReturnType<typeof post>>): unknown => [reply.status, reply.body.type.split(':').at(-1)];

  it('raises: 500 with type and message, and the worker stays', async () => {
    const pid = (await send({})).body.result;
    const reply = await send({ do: 'raise' });
    assert.deepEqual(code(reply), [500, 'handler-failed']);
    assert.equal(reply.body.detail, 'ValueError: no such thing');
    assert.equal((await send({})).body.result, pid);
  });

  it('answers NaN: 500', async () => {
    assert.deepEqual(code(await send({ do: 'nan' })), [500, 'result-not-json']);
  });

  it('hangs in Python: 504 and the worker is gone', async () => {
    const pid = (await send({})).body.result;
    assert.deepEqual(code(await send({ do: 'hang' })), [504, 'timed-out']);
    await untilGone(pid);
  });

  it('hangs in C code that holds the interpreter: 504 and the worker is gone', async () => {
    const pid = (await send({})).body.result;
    assert.deepEqual(code(await send({ do: 'hang-holding-the-interpreter' })), [504, 'timed-out']);
    await untilGone(pid);
  });

  it('exits: 502 with the exit code and the last lines', async () => {
    const reply = await send({ do: 'exit' });
    assert.deepEqual(code(reply), [502, 'worker-died']);
    assert.match(reply.body.detail, /exit code 7/);
    assert.deepEqual(reply.body.lastLines.at(-1), 'about to leave');
  });

  for (const [how, input, said] of [
    ['times out', { do: 'say-and-hang' }, ['this request']],
    ['times out without a word', { do: 'hang' }, undefined],
    ['exits', { do: 'exit' }, ['about to leave']],
  ] as const) {
    it(`${how} after another request: none of its lines are that one's`, async () => {
      await send({ do: 'say', line: 'a secret of somebody else', open: 'and the rest of it' });
      const reply = await send(input);
      assert.deepEqual(reply.body.lastLines, said);
    });
  }

  it('calls sys.exit: 500, as any exception', async () => {
    assert.deepEqual(code(await send({ do: 'sys-exit' })), [500, 'handler-failed']);
  });

  it('crashes: 502 with the signal', async () => {
    const reply = await send({ do: 'segfault' });
    assert.deepEqual(code(reply), [502, 'worker-died']);
    assert.match(reply.body.detail, /SIGSEGV/);
  });

  it('is killed in the middle of a request: 502', async () => {
    const reply = await send({ do: 'kill' });
    assert.deepEqual(code(reply), [502, 'worker-died']);
    assert.match(reply.body.detail, /SIGKILL/);
  });

  it('allocates without end: 502 out of memory', async () => {
    const reply = await send({ do: 'allocate' });
    assert.deepEqual(code(reply), [502, 'out-of-memory']);
    assert.match(reply.body.detail, /memoryMb allows 300 MB/);
  });

  it('leaves a grandchild in a session of its own: it goes with the worker', async () => {
    const pid = (await send({ do: 'grandchild' })).body.result;
    process.kill(pid, 0);
    await project.host.api.cold(project.key('bad'));
    await untilGone(pid);
  });

  it('forks a child that leaves: it goes with the worker', async () => {
    await send({ do: 'fork' });
    assert.equal(processesWith(`NIMBUS_FUNCTION=${project.folder}`).length, 2);
    await project.host.api.cold(project.key('bad'));
    assert.deepEqual(processesWith(`NIMBUS_FUNCTION=${project.folder}`), []);
  });

  it('times out while a grandchild holds its pipes: both are gone', async () => {
    const reply = await send({ do: 'grandchild', and: 'hang' });
    assert.deepEqual(code(reply), [504, 'timed-out']);
    const child = Number(/child (\d+)/.exec(reply.body.lastLines.join('\n'))![1]);
    await untilGone(child);
  });

  it('prints 100 MB: answered, the log bounded and says so', async () => {
    assert.equal((await send({ do: 'print' })).body.result, 'printed');
    await send({});
    const lines = await project.host.api.logs(project.key('bad'));
    assert.ok(lines.length <= 6250, `${lines.length} lines`);
    await project.host.api.cold(project.key('bad'));
    const after = await project.host.api.logs(project.key('bad'));
    assert.ok(
      after.some((line) => /bytes were dropped/.test(line.text)),
      'says that it dropped some',
    );
  });

  it('prints bytes that are no text, a line without end and colours: all are lines of text', async () => {
    const reply = await send({ do: 'print-bytes' });
    const requestId = reply.body.requestId as string;
    await project.host.api.cold(project.key('bad'));
    const lines = await project.host.api.logs({ ...project.key('bad'), requestId });
    const texts = lines.map((line) => line.text);
    assert.ok(texts.includes('red'), JSON.stringify(texts).slice(0, 500));
    assert.ok(texts.some((text) => text.startsWith('yyy') && text.endsWith('95,904 more bytes')));
    // oxlint-disable-next-line no-control-regex -- what must not be there
    assert.ok(texts.every((text) => !/[\u0000-\u0008\u000b-\u001f]/.test(text)));
  });

  it('writes garbage to every descriptor it finds: the worker is ended, the host is not', async () => {
    const reply = await send({ do: 'write-to-the-pipe' });
    assert.ok([502, 504].includes(reply.status), String(reply.status));
  });
});

describe('a model that cannot start', function () {
  this.timeout(30_000);
  let project: TestProject;
  before(async () => {
    project = new TestProject();
    await project.connect();
  });
  after(() => project.end());

  it('is not deployed, the error has its last lines, and nothing is left', async () => {
    project.write(
      'broken',
      ECHO.replace('return "model"', 'print("looked in /weights")\n    raise RuntimeError("weights are missing")'),
    );
    const operation = await project.execute(project.plan('broken'));
    assert.equal(operation.state, 'failed');
    assert.equal(operation.error?.code, 'init-failed');
    assert.match(
      operation.error?.why ?? '',
      /weights are missing[^]*handler\.py[^]*\nIt printed:\nlooked in \/weights$/,
    );
    assert.deepEqual(
      operation.stages.map((stage) => stage.state),
      ['done', 'done', 'failed', 'skipped', 'skipped'],
    );
    // What a model prints may be what users sent: its place is the client, not a file.
    const log = readFileSync(operation.logFile, 'utf8');
    assert.match(log, /could not be loaded[^]*failed/);
    assert.doesNotMatch(log, /weights/);
    assert.deepEqual(readdirSync(`${project.folder}/.nimbus/snapshots`), []);
    assert.equal((await post(`${project.host.hello.url}/broken/local/predict`, { text: 'a' })).status, 404);
  });

  it('is not deployed where the interpreter is missing', async () => {
    project.write('fine', ECHO);
    const plan = project.plan('fine');
    assert.ok(plan.environment.kind === 'use');
    const environment = { ...plan.environment, python: '/no/such/python' };
    const operation = await project.execute({ ...plan, environment });
    assert.equal(operation.error?.code, 'interpreter-missing');
  });
});
