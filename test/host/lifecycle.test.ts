import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync, writeFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { connectHost, findHost } from '../../src/core/host/client.ts';
import { addressOf, elect } from '../../src/core/host/election.ts';
import { VERSION } from '../../src/core/host/identity.ts';
import type { HostApi, HostEvents, HostHello } from '../../src/core/host/protocol.ts';
import { overSocket } from '../../src/core/host/rpc.ts';
import { fail, ok } from '../../src/shared/outcome.ts';
import { ECHO, get, isAlive, post, processesWith, TestProject, untilGone } from './support.ts';

const STUBBORN = `
import ctypes, os, subprocess

def load(path):
    return None

def predict(model, input):
    if input == "pids":
        return [os.getpid(), subprocess.Popen(["sleep", "1000"], start_new_session=True).pid]
    if input == "hang":
        ctypes.PyDLL(None).sleep(1000)
    return input
`;

/** Says with a file that it works on a request, and answers once another file is there. */
const gated = (gate: string): string => `
import os, time

def load(path):
    return None

def predict(model, input):
    open(${JSON.stringify(`${gate}.here`)}, "w").close()
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.005)
    os.remove(${JSON.stringify(`${gate}.here`)})
    return input
`;

/** The status of an invocation that nobody waits for. */
async function invokeEvent(host: string): Promise<number> {
  const event = { httpMethod: 'POST', path: '/predict', headers: {}, body: '{"input":"b"}', requestContext: {} };
  const response = await fetch(`${host}/2015-03-31/functions/nimbus-gated-local/invocations`, {
    method: 'POST',
    headers: { 'x-amz-invocation-type': 'Event' },
    body: JSON.stringify(event),
  });
  return response.status;
}

describe('the life of a host', function () {
  this.timeout(60_000);
  let project: TestProject;
  beforeEach(() => {
    project = new TestProject();
  });
  afterEach(() => project.end());

  it('is one, however many clients start it at once', async () => {
    const all = await Promise.all(
      Array.from({ length: 6 }, () => connectHost({ project: project.folder, kind: 'cli', env: project.env })),
    );
    const connections = all.map((one) => (one.ok ? one.value : assert.fail(JSON.stringify(one.error))));
    assert.equal(new Set(connections.map(({ hello }) => hello.pid)).size, 1);
    for (const connection of connections.slice(1)) connection.close();
    project.connection = connections[0];
  });

  it('keeps closed what was stopped, whatever is deployed meanwhile, until it is started', async () => {
    await project.connect();
    const url = await project.deploy('echo', ECHO);
    await project.host.api.stop(project.key('echo'));
    project.write('echo', ECHO.replace('return input', 'return "new"'));
    assert.equal((await project.execute(project.plan('echo'))).state, 'succeeded');
    assert.equal((await project.untilState('echo', 'stopped')).workers, 0);
    assert.equal((await post(`${url}/predict`, { input: 'x' })).status, 503);
    assert.ok((await project.host.api.start(project.key('echo'))).ok);
    assert.equal((await post(`${url}/predict`, { input: 'x' })).body.result, 'new');
  });

  it("refuses a function's name that a hand edit gave to two deployments", async () => {
    const { hello } = await project.connect();
    await project.deploy('a', ECHO);
    const file = path.join(project.folder, 'models.json');
    const document = JSON.parse(readFileSync(file, 'utf8'));
    const { deployments: _, ...model } = document.models.a;
    const local = { target: 'local' };
    document.models.a.deployments['b-local'] = local;
    document.models['a-b'] = { ...model, deployments: { local } };
    writeFileSync(file, JSON.stringify(document));
    await project.until(() => project.status('a-b') && project.statuses.some((one) => one.deployment === 'b-local'));
    const response = await fetch(`${hello.url}/2015-03-31/functions/nimbus-a-b-local/invocations`, {
      method: 'POST',
      body: '{}',
    });
    assert.equal(response.status, 409);
    assert.match(await response.text(), /both a(-b)?\/(b-)?local and a/);
  });

  it('is found, but never started, by findHost', async () => {
    assert.equal(await findHost({ project: project.folder, kind: 'cli' }), undefined);
    const { hello } = await project.connect();
    const found = await findHost({ project: project.folder, kind: 'cli' });
    assert.equal(found?.hello.pid, hello.pid);
    found.close();
    await found.closed;
  });

  it('is killed: its workers and what they started go, and the next one serves what was deployed', async () => {
    const { hello } = await project.connect();
    const url = await project.deploy('stubborn', STUBBORN);
    const [worker, grandchild] = (await post(`${url}/predict`, { input: 'pids' })).body.result;
    const hanging = post(`${url}/predict`, { input: 'hang' }).catch(() => 'broken');
    await project.untilState('stubborn', 'serving');
    process.kill(hello.pid, 'SIGKILL');
    assert.equal(await hanging, 'broken');
    await project.host.closed;
    await untilGone(worker);
    const next = await project.connect();
    assert.notEqual(next.hello.pid, hello.pid);
    await untilGone(grandchild);
    assert.equal(next.hello.deployments[0]?.state, 'idle');
    assert.equal((await post(`${url}/predict`, { input: 'again' })).body.result, 'again');
  });

  it('is killed while a model loads in C code: its worker goes', async function () {
    if (process.platform !== 'linux') this.skip();
    const { hello } = await project.connect();
    const loads = path.join(project.home, 'loads');
    // Holds the interpreter, so that no other thread of the worker runs.
    const hang = `import ctypes, os\nos.mkdir(${JSON.stringify(loads)})\nctypes.PyDLL(None).sleep(1000)\n`;
    project.write('loading', `${hang}${ECHO}`);
    await project.host.api.execute(project.plan('loading'));
    await project.until(() => existsSync(loads));
    const [worker] = processesWith(`NIMBUS_FUNCTION=${project.folder}`);
    assert.ok(worker);
    process.kill(hello.pid, 'SIGKILL');
    await project.host.closed;
    await untilGone(worker);
    project.connection = undefined;
  });

  it('ends by SIGTERM with all its workers and what they started, and leaves no socket', async () => {
    const { hello } = await project.connect();
    const url = await project.deploy('stubborn', STUBBORN);
    const [worker, grandchild] = (await post(`${url}/predict`, { input: 'pids' })).body.result;
    process.kill(hello.pid, 'SIGTERM');
    await project.host.closed;
    await Promise.all([hello.pid, worker, grandchild].map(untilGone));
    assert.deepEqual(readdirSync(path.join(project.home, 'run')), []);
    project.connection = undefined;
  });

  it('gives way to a successor with the same port, and none of its workers are lost', async () => {
    const { hello } = await project.connect();
    const url = await project.deploy('stubborn', STUBBORN);
    await post(`${url}/predict`, { input: 'pids' });
    // The successor is wanted while the old one still ends its workers.
    assert.ok((await project.host.api.shutdown()).ok);
    const next = await project.connect();
    assert.notEqual(next.hello.pid, hello.pid);
    assert.equal(next.hello.url, hello.url);
    assert.equal(next.hello.portTaken, undefined);
    const [worker] = (await post(`${url}/predict`, { input: 'pids' })).body.result;
    await untilGone(hello.pid);
    assert.ok(isAlive(worker));
  });

  it('ends by itself after its last client, not before', async () => {
    await project.end();
    project = new TestProject({ NIMBUS_LINGER_EDITOR_MS: '100' });
    const { hello } = await project.connect('editor');
    const second = await connectHost({ project: project.folder, kind: 'editor' });
    assert.ok(second.ok && second.value.hello.pid === hello.pid);
    project.host.close();
    await project.host.closed;
    assert.ok(isAlive(hello.pid));
    second.value.close();
    await untilGone(hello.pid);
    project.connection = undefined;
  });

  it('ends where another one has taken its address', async () => {
    const { hello } = await project.connect();
    const address = addressOf(project.folder);
    assert.ok(address.ok);
    assert.ok(readlinkSync(address.value.path));
    rmSync(address.value.path);
    const usurper = await elect(address.value.path);
    assert.ok(usurper);
    await untilGone(hello.pid);
    usurper.release();
    project.connection = undefined;
  });

  it('says why it cannot start, with the end of its log', async () => {
    const broken = await connectHost({
      project: project.folder,
      kind: 'cli',
      env: { ...project.env, NODE_OPTIONS: '--require /no/such/module.js' },
    });
    assert.ok(!broken.ok);
    assert.equal(broken.error.code, 'host-not-started');
    assert.match(broken.error.why ?? '', /no\/such\/module/);
  });

  describe('of another version', () => {
    /** Plays a host. */
    async function play(version: string, shutdown: HostApi['shutdown']): Promise<{ calls: string[]; release(): void }> {
      const address = addressOf(project.folder);
      assert.ok(address.ok);
      const election = await elect(address.value.path);
      assert.ok(election);
      const calls: string[] = [];
      const sockets = new Set<Socket>();
      const release = (): void => {
        election.release();
        for (const socket of sockets) socket.end();
      };
      const hello: HostHello = {
        protocol: 1,
        version,
        pid: 1,
        url: 'http://127.0.0.1:1',
        deployments: [],
        operations: [],
      };
      const api: Pick<HostApi, 'hello' | 'shutdown'> = {
        hello: async () => hello,
        shutdown: async () => {
          calls.push('shutdown');
          const answer = await shutdown();
          if (answer.ok) setImmediate(release);
          return answer;
        },
      };
      election.server.on('connection', (socket) => {
        sockets.add(socket);
        overSocket<HostEvents, typeof api>(socket, api, []);
      });
      return { calls, release };
    }

    it('makes room for a newer one', async () => {
      await play('0.0.1', async () => ok(undefined));
      const { hello } = await project.connect();
      assert.equal(hello.version, VERSION);
      assert.notEqual(hello.pid, 1);
    });

    it('stays while a request runs, which is answered, and makes room after it', async () => {
      await project.connect();
      const gate = path.join(project.home, 'gate');
      const url = await project.deploy('gated', gated(gate));
      for (const [what, request] of [
        ['/predict', () => post(`${url}/predict`, { input: 'a' })],
        // Lambda's `Event`: its caller has its answer already, and nobody waits for the request.
        ['an event', () => invokeEvent(project.host.hello.url)],
      ] as const) {
        rmSync(gate, { force: true });
        const answer = request();
        await project.until(() => existsSync(`${gate}.here`));
        const refused = await project.host.api.shutdown();
        assert.equal(refused.ok ? 'ok' : refused.error.code, 'requests-running', what);
        // Others are answered meanwhile.
        assert.equal((await get(`${url}/health`)).status, 200);
        writeFileSync(gate, '');
        const status = await answer;
        assert.ok(status === 202 || (typeof status === 'object' && status.status === 200), JSON.stringify(status));
        await project.until(() => !existsSync(`${gate}.here`));
      }
      let ended = await project.host.api.shutdown();
      // The answer of the event's handler is on its way to the host.
      while (!ended.ok) ended = await project.host.api.shutdown();
      await project.host.closed;
      project.connection = undefined;
    });

    it('stays while it is at work', async () => {
      const old = await play('0.0.1', async () => fail('operation-running', 'At work.'));
      assert.equal((await project.connect()).hello.version, '0.0.1');
      assert.deepEqual(old.calls, ['shutdown']);
      project.host.close();
      old.release();
      project.connection = undefined;
    });

    it('stays where it is the newer one', async () => {
      const newer = await play('99.0.0', async () => ok(undefined));
      assert.equal((await project.connect()).hello.version, '99.0.0');
      assert.deepEqual(newer.calls, []);
      project.host.close();
      newer.release();
      project.connection = undefined;
    });
  });

  it('is held by the requests that come', async () => {
    await project.end();
    project = new TestProject({ NIMBUS_LINGER_CLI_MS: '1500', NIMBUS_LINGER_EDITOR_MS: '0' });
    const { hello } = await project.connect('cli');
    const url = await project.deploy('echo', ECHO);
    project.host.close();
    await project.host.closed;
    // For longer than it would stay without them.
    const until = Date.now() + 2500;
    while (Date.now() < until) assert.equal((await post(`${url}/predict`, { text: 'a' })).status, 200);
    await untilGone(hello.pid);
    project.connection = undefined;
  });

  it('does not believe a state file that came with a repository', async () => {
    await project.connect();
    await project.deploy('echo', ECHO);
    await project.host.api.shutdown();
    await project.host.closed;
    const file = path.join(project.folder, '.nimbus/state.json');
    const text = readFileSync(file, 'utf8');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const keys = path.join(project.home, 'data/projects');
    const [keyFile] = readdirSync(keys);
    const key = readFileSync(path.join(keys, keyFile!), 'utf8');
    assert.ok(!text.includes(key));
    const state = JSON.parse(text);
    assert.ok(state.deployments['echo/local']);
    const edited = structuredClone(state);
    edited.deployments['echo/local'].interpreter = '/evil/python';
    const { mac: _, ...unsigned } = state;
    for (const foreign of [
      edited,
      unsigned,
      { ...unsigned, version: 1, key },
      { ...state, mac: '0'.repeat(64) },
      null,
    ]) {
      writeFileSync(file, JSON.stringify(foreign));
      const { hello } = await project.connect();
      assert.equal(hello.deployments[0]?.state, 'not-deployed');
      assert.equal(hello.deployments[0]?.error?.code, 'not-deployed-here');
      const reply = await post(`${hello.url}/echo/local/predict`, { text: 'a' });
      assert.equal(reply.status, 503);
      assert.match(reply.body.detail, /not deployed on this machine/);
      await project.host.api.shutdown();
      await project.host.closed;
    }
    // Its own one is.
    writeFileSync(file, text);
    const { hello } = await project.connect();
    assert.equal(hello.deployments[0]?.state, 'idle');
  });
});
