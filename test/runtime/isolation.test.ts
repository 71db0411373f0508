import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server } from 'node:net';
import { after, before, describe, it } from 'mocha';
import { Scratch, type Worker } from './support.ts';

/** What this system lets a process do: another program than ours tells. */
const ALLOWED =
  spawnSync('unshare', ['--net', 'true']).status === 0 || spawnSync('unshare', ['-rn', 'true']).status === 0;

/** Calls the port of another process, then itself. */
const CALLER = `
import os, socket

def load(path):
    return None

def predict(model, port):
    answers = {"user": os.getuid()}
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
        answers["other"] = "reached"
    except OSError as error:
        answers["other"] = type(error).__name__
    with socket.create_server(("127.0.0.1", 0)) as server:
        socket.create_connection(server.getsockname(), 5).close()
        answers["itself"] = "reached"
    return answers
`;

describe('a worker that is to give up the network', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  let server: Server;
  let port: number;
  let calls = 0;

  before(async () => {
    server = createServer((socket) => (calls++, socket.destroy())).listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as AddressInfo).port;
  });
  after(() => (server.close(), scratch.remove()));

  const start = async (name: string, env: Record<string, string>): Promise<Worker> => {
    const worker = scratch.worker(scratch.function(name, 'custom', scratch.model(name, CALLER)), env);
    await worker.ready();
    return worker;
  };

  it('reaches nobody but itself, stays the same user, and says so', async function () {
    if (!ALLOWED) this.skip(); // this system lets no process have a network of its own
    const worker = await start('alone', { NIMBUS_NETWORK: 'none' });
    const { result } = (await worker.post('/predict', { input: port })).body;
    assert.deepEqual(result, { user: process.getuid!(), other: 'ConnectionRefusedError', itself: 'reached' });
    assert.equal(calls, 0);
    assert.match(worker.stderr, /runs without a network: loading it needed your consent/);
    const ready = await worker.frame('R');
    assert.equal(ready.meta['networkLeft'], true);
  });

  it('else has it', async () => {
    const worker = await start('together', {});
    const called = once(server, 'connection');
    const { result } = (await worker.post('/predict', { input: port })).body;
    assert.deepEqual((result as { other: string }).other, 'reached');
    await called;
    assert.equal((await worker.frame('R')).meta['networkLeft'], null);
  });
});
