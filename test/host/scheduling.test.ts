import assert from 'node:assert/strict';
import { existsSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import path from 'node:path';
import { get, post, TestProject } from './support.ts';

/** Says which process answered; one that is to wait says so with a file, and waits for another. */
const GATED = `
import os, time

def load(path):
    return None

def predict(model, input):
    if isinstance(input, dict) and "wait" in input:
        open(input["wait"] + ".here", "w").close()
        while not os.path.exists(input["wait"]):
            time.sleep(0.005)
    return os.getpid()
`;

describe('the scheduler', function () {
  this.timeout(30_000);
  let project: TestProject;
  let url: string;
  let gates = 0;

  before(async () => {
    project = new TestProject({ NIMBUS_QUEUE_LIMIT: '3' });
    await project.connect();
    url = await project.deploy('gated', GATED, { concurrency: 2 });
  });
  after(() => project.end());

  const gate = (): string => path.join(project.home, `gate-${(gates += 1)}`);
  const send = (wait?: string): ReturnType<typeof post> => post(`${url}/predict`, { input: wait ? { wait } : {} });
  const reached = async (file: string): Promise<void> => {
    while (!existsSync(`${file}.here`)) await new Promise((resolve) => setTimeout(resolve, 5));
  };
  const openGate = (file: string): void => writeFileSync(file, '');

  it('starts a second worker only when the first is busy, and none above concurrency', async () => {
    const pid = (await send()).body.result;
    assert.equal((await send()).body.result, pid);
    const [one, two] = [gate(), gate()];
    const first = send(one);
    await reached(one);
    const second = send(two);
    await reached(two);
    // Both workers are busy: this one must wait.
    const third = send();
    openGate(one);
    assert.equal((await first).body.result, pid);
    assert.equal((await third).body.result, pid);
    openGate(two);
    const other = await second;
    assert.notEqual(other.body.result, pid);
    assert.equal(other.body.timings.start, 'cold');
    const status = await project.until(() => {
      const found = project.status('gated');
      return found?.workers === 2 ? found : undefined;
    });
    assert.equal(status.state, 'serving');
  });

  it('answers 429 when the queue is full, and the others all the same', async () => {
    const [one, two] = [gate(), gate()];
    const running = [send(one), send(two)];
    await Promise.all([reached(one), reached(two)]);
    const waiting = [send(), send(), send()];
    // A request that is refused at once shows that the three before it have been queued.
    let refused;
    do refused = await send();
    while (refused.status !== 429 && waiting.push(Promise.resolve(refused)) < 0);
    assert.equal(refused.status, 429);
    assert.equal(refused.body.type, 'urn:nimbus:problem:too-many-requests');
    assert.equal(refused.headers.get('retry-after'), '1');
    openGate(one);
    openGate(two);
    for (const reply of await Promise.all([...running, ...waiting])) assert.equal(reply.status, 200);
  });

  it('gives the place of a client that left to another', async () => {
    const [one, two] = [gate(), gate()];
    const running = [send(one), send(two)];
    await Promise.all([reached(one), reached(two)]);
    const { hostname, port, pathname } = new URL(`${url}/predict`);
    const body = '{"input":{}}';
    const leavers = [1, 2, 3].map(() => {
      const leaver = request({
        hostname,
        port,
        path: pathname,
        method: 'POST',
        headers: { 'content-type': 'application/json', 'content-length': body.length },
      });
      leaver.on('error', () => undefined);
      leaver.end(body);
      return leaver;
    });
    while (
      (await post(`${url}/predict`, {}, { signal: AbortSignal.timeout(50) }).catch(() => ({ status: 0 }))).status !==
      429
    );
    for (const leaver of leavers) leaver.destroy();
    // As soon as the host has seen them leave there is room: this waits in the queue instead of being refused.
    let reply: Promise<Awaited<ReturnType<typeof post>>>;
    for (;;) {
      reply = send();
      const refused = await Promise.race([
        reply.then((one) => one.status === 429),
        new Promise<false>((resolve) => setTimeout(() => resolve(false), 100)),
      ]);
      if (!refused) break;
    }
    openGate(one);
    openGate(two);
    assert.equal((await reply).status, 200);
    await Promise.all(running);
  });

  it('does not count the start of a worker against the time of a request that waits for it', async () => {
    const slow = 'import time\ndef load(path):\n    time.sleep(1.5)\ndef predict(model, input):\n    return "loaded"\n';
    const at = await project.deploy('slow', slow, { timeoutSeconds: 1 });
    await project.host.api.cold(project.key('slow'));
    const { status, body } = await post(`${at}/predict`, { input: 1 });
    assert.deepEqual([status, body.result, body.timings?.start], [200, 'loaded', 'cold'], JSON.stringify(body));
  });

  it('finishes running requests before Force Cold and Stop end their workers', async () => {
    const one = gate();
    const running = send(one);
    await reached(one);
    const cold = project.host.api.cold(project.key('gated'));
    // A new request does not wait for the old worker.
    const next = await send();
    openGate(one);
    const [old, colded] = await Promise.all([running, cold]);
    assert.equal(old.status, 200);
    assert.ok(colded.ok);
    assert.notEqual(next.body.result, old.body.result);

    const two = gate();
    const last = send(two);
    await reached(two);
    const stop = project.host.api.stop(project.key('gated'));
    while ((await get(`${url}/health`)).status !== 503);
    openGate(two);
    assert.equal((await last).status, 200);
    const stopped = await stop;
    assert.ok(stopped.ok && stopped.value.workers === 0);
    await project.host.api.start(project.key('gated'));
  });
});

describe('a queue that lets nobody wait', function () {
  this.timeout(30_000);
  it('still starts the workers there may be, and answers 429 once all are busy', async () => {
    const project = new TestProject({ NIMBUS_QUEUE_LIMIT: '0' });
    await project.connect();
    const url = await project.deploy('gated', GATED, { concurrency: 2 });
    const gates = ['one', 'two'].map((name) => path.join(project.home, name));
    const running = gates.map((wait) => post(`${url}/predict`, { input: { wait } }));
    await project.until(() => gates.every((file) => existsSync(`${file}.here`)));
    const refused = await post(`${url}/predict`, { input: {} });
    assert.equal(refused.status, 429);
    assert.match(refused.body.detail, /none may wait/);
    for (const file of gates) writeFileSync(file, '');
    for (const reply of await Promise.all(running)) assert.equal(reply.status, 200);
    await project.end();
  });
});

describe('a worker without requests', function () {
  this.timeout(30_000);
  it('ends after the idle time, and the next request is cold', async () => {
    const project = new TestProject({ NIMBUS_IDLE_MS: '100' });
    await project.connect();
    const url = await project.deploy('gated', GATED);
    assert.equal((await post(`${url}/predict`, { input: {} })).status, 200);
    await project.untilState('gated', 'serving');
    project.statuses.length = 0;
    await project.untilState('gated', 'idle');
    assert.equal((await post(`${url}/predict`, { input: {} })).body.timings.start, 'cold');
    await project.end();
  });
});
