import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { overSocket, RemoteError } from '../../src/core/host/rpc.ts';

interface Api {
  double(value: number): Promise<number>;
  fails(): Promise<void>;
  cannotBeSent(): Promise<unknown>;
  never(): Promise<void>;
}
interface Events {
  said(text: string): void;
}

describe('calls over a socket', () => {
  let folder: string;
  let server: Server;
  let near: Socket;
  let far: Socket;
  const heard: string[] = [];
  let wake: () => void = () => undefined;

  beforeEach(async () => {
    folder = mkdtempSync(path.join(tmpdir(), 'nr-'));
    server = createServer().listen(path.join(folder, 's'));
    await once(server, 'listening');
    near = connect(path.join(folder, 's'));
    [far] = (await once(server, 'connection')) as [Socket];
  });
  afterEach(() => {
    near.destroy();
    far.destroy();
    server.close();
    rmSync(folder, { recursive: true, force: true });
  });

  const both = () => ({
    client: overSocket<Api, Events>(
      near,
      {
        said: (text) => {
          heard.push(text);
          wake();
        },
      },
      [],
    ),
    host: overSocket<Events, Api>(
      far,
      {
        double: async (value) => value * 2,
        fails: async () => {
          throw new TypeError('it broke');
        },
        cannotBeSent: async () => 1n,
        never: () => new Promise(() => undefined),
      },
      ['said'],
    ),
  });

  it('answer, many at once and long ones', async () => {
    const { client } = both();
    assert.deepEqual(await Promise.all([1, 2, 3].map((one) => client.double(one))), [2, 4, 6]);
  });

  it('pass on what was thrown, and go on', async () => {
    const { client } = both();
    await assert.rejects(client.fails(), (error) => error instanceof RemoteError && error.message === 'it broke');
    await assert.rejects((client as any).toString2(), /not found/);
    await assert.rejects((client as any).hasOwnProperty('x'), /not found/);
    assert.equal(await client.double(2), 4);
  });

  it('tell events', async () => {
    const { host } = both();
    const told = new Promise<void>((resolve) => (wake = resolve));
    await host.said('x'.repeat(1_000_000));
    await told;
    assert.equal(heard.at(-1)?.length, 1_000_000);
  });

  it('are rejected when the other end goes', async () => {
    const { client } = both();
    const waiting = client.never();
    far.destroy();
    await assert.rejects(waiting, /closed/);
    await assert.rejects(client.double(1), /closed/);
  });

  for (const [what, bytes] of [
    ['is no JSON', 'garbage\n'],
    ['is no message', 'null\n'],
    ['has no end', 'x'.repeat(17 * 1024 * 1024)],
  ] as const) {
    it(`end the connection where a line ${what}`, async () => {
      overSocket<Events, Api>(far, {} as Api, []);
      near.on('error', () => undefined);
      near.write(bytes);
      near.resume();
      await new Promise((resolve) => near.once('close', resolve));
    });
  }
});
