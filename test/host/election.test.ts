import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { connectTo, elect, type Election } from '../../src/core/host/election.ts';

describe('the election of a host', () => {
  let folder: string;
  let address: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'ne-'));
    address = path.join(folder, 'project.sock');
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const winners = async (candidates: number): Promise<Election[]> => {
    const all = await Promise.all(Array.from({ length: candidates }, () => elect(address)));
    return all.filter((one) => one !== undefined);
  };
  const reaches = async (election: Election): Promise<boolean> => {
    const met = new Promise<void>((resolve) => election.server.once('connection', () => resolve()));
    const socket = await connectTo(address);
    if (!socket) return false;
    await met;
    socket.destroy();
    return true;
  };

  it('has one winner of many candidates, who is reached', async () => {
    const [winner, ...others] = await winners(20);
    assert.ok(winner);
    assert.equal(others.length, 0);
    assert.ok(winner.owns());
    assert.ok(await reaches(winner));
    winner.release();
  });

  for (const [what, leave] of [
    ['a link to nothing', (at: string) => symlinkSync('project.gone', at)],
    ['a file', (at: string) => writeFileSync(at, '')],
    [
      'a link to a socket that nobody listens at',
      (at: string) => {
        writeFileSync(`${at.slice(0, -5)}.dead`, '');
        symlinkSync('project.dead', at);
      },
    ],
  ] as const) {
    it(`takes ${what} over, once, from many candidates`, async () => {
      leave(address);
      const all = await winners(20);
      assert.equal(all.length, 1);
      assert.ok(all[0]!.owns());
      assert.ok(await reaches(all[0]!));
      all[0]!.release();
    });
  }

  it('leaves nothing when it is released, and the next one wins', async () => {
    const [first] = await winners(1);
    first!.release();
    assert.deepEqual(readdirSync(folder), []);
    const [second] = await winners(1);
    assert.ok(await reaches(second!));
    second!.release();
  });

  it('removes sockets of hosts that were killed, and not the lock of models.json that one of them held', async () => {
    const dead = createServer();
    await new Promise<void>((resolve) => dead.listen(path.join(folder, 'other'), resolve));
    renameSync(path.join(folder, 'other'), path.join(folder, 'project.dead'));
    mkdirSync(path.join(folder, 'project.models.lock'));
    const [winner] = await winners(1);
    assert.ok(winner);
    assert.ok(!existsSync(path.join(folder, 'project.dead')));
    assert.ok(existsSync(path.join(folder, 'project.models.lock')));
    winner.release();
    dead.close();
  });

  it('is lost where another link has taken the address, which stays when the loser releases', async () => {
    const [first] = await winners(1);
    const usurper = createServer();
    await new Promise<void>((resolve) => usurper.listen(path.join(folder, 'other'), resolve));
    rmSync(address);
    symlinkSync('other', address);
    assert.equal(first!.owns(), false);
    first!.release();
    const socket = await connectTo(address);
    assert.ok(socket);
    socket.destroy();
    usurper.close();
  });

  it('takes its address back where it has gone', async () => {
    const [first] = await winners(1);
    rmSync(address);
    assert.equal(first!.owns(), true);
    assert.ok(existsSync(address));
    assert.ok(await reaches(first!));
    first!.release();
  });
});
