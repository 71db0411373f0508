/** A full disk fails what needs it, with a clear error, and takes nothing that was there. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { ECHO, post, TestProject } from './support.ts';

const PAGE = 4096;

describe('on a full disk', function () {
  this.timeout(60_000);
  let project: TestProject;

  beforeEach(async function () {
    project = new TestProject();
    // A disk of its own, of 4 MB; making one needs the rights of the system's administrator.
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=4m', 'none', project.folder]);
    if (mounted.status !== 0) this.skip();
    await project.connect();
  });
  afterEach(async () => {
    const { folder, home } = project;
    const { connection } = project;
    await connection?.api.shutdown().catch(() => undefined);
    await connection?.closed;
    spawnSync('umount', ['-l', folder]);
    project.connection = undefined;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
  });

  const ballast = (): string => path.join(project.folder, 'ballast');
  /** Fills the disk but for some pages. */
  function fill(pagesLeft = 0): void {
    const file = openSync(ballast(), 'a');
    try {
      for (;;) writeSync(file, Buffer.alloc(PAGE));
    } catch (error) {
      assert.equal((error as NodeJS.ErrnoException).code, 'ENOSPC');
    } finally {
      closeSync(file);
    }
    if (pagesLeft > 0) truncateSync(ballast(), readFileSync(ballast()).length - pagesLeft * PAGE);
  }
  const inside = (folder: string): string[] => {
    const place = path.join(project.folder, folder);
    return existsSync(place) ? readdirSync(place) : [];
  };
  const answer = async (model: string): Promise<unknown> =>
    (await post(`${project.host.hello.url}/${model}/local/predict`, { input: 'hello' })).body.result;

  it('a model that does not fit twice is not copied halfway', async () => {
    const folder = project.write('large', ECHO);
    writeFileSync(path.join(folder, 'weights'), Buffer.alloc(3 * 1024 * 1024, 1));
    const operation = await project.execute(project.plan('large'));
    assert.equal(operation.error?.code, 'disk-full', JSON.stringify(operation.error));
    assert.match(operation.error?.next ?? '', /Free some space/);
    assert.deepEqual(inside('.nimbus/snapshots'), []);
    assert.ok(!existsSync(path.join(project.folder, 'models.json')));
    writeFileSync(path.join(folder, 'weights'), Buffer.alloc(1024 * 1024, 1));
    assert.equal((await project.execute(project.plan('large'))).state, 'succeeded');
    assert.equal(await answer('large'), 'hello');
  });

  it('models.json stays as it was where an edit does not fit', async () => {
    const file = path.join(project.folder, 'models.json');
    const text = `{\n  // ours\n  "version": 1,\n  "models": {}\n}\n${'\n'.repeat(2 * PAGE)}`;
    writeFileSync(file, text);
    // Its own start takes the last of the disk, when everything before the edit is done.
    const greedy = `
import os
def load(path):
    with open(${JSON.stringify(ballast())}, "ab", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass
`;
    project.write('greedy', ECHO.replace(/\ndef load[^]*?"model"\n/, greedy));
    const operation = await project.execute(project.plan('greedy'));
    assert.equal(operation.error?.code, 'models-file-not-writable', JSON.stringify(operation.error));
    assert.match(`${operation.error?.why} ${operation.error?.next}`, /ENOSPC.*Free space/);
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.deepEqual(
      readdirSync(project.folder).filter((name) => name.includes('tmp')),
      [],
    );
    assert.deepEqual(inside('.nimbus/snapshots'), []);
    rmSync(ballast());
    project.write('greedy', ECHO);
    assert.equal((await project.execute(project.plan('greedy'))).state, 'succeeded');
    assert.match(readFileSync(file, 'utf8'), /\/\/ ours\n[^]*"greedy"/);
  });

  it('a model whose start does not fit is not started, and leaves nothing', async () => {
    await project.deploy('first', ECHO);
    project.write('second', ECHO.replace('return input', 'return "second"'));
    const snapshots = inside('.nimbus/snapshots');
    // Room for its copy, and for nothing else.
    fill(1);
    const operation = await project.execute(project.plan('second'));
    assert.equal(operation.error?.code, 'disk-full', JSON.stringify(operation.error));
    assert.equal(operation.stages.find(({ state }) => state === 'failed')?.name, 'start');
    assert.deepEqual(inside('.nimbus/snapshots'), snapshots);
    rmSync(ballast());
    assert.equal((await project.execute(project.plan('second'))).state, 'succeeded');
    assert.equal(await answer('second'), 'second');
  });

  it('or on one that became read-only: what serves goes on, cold starts too; a deploy is refused', async () => {
    await project.deploy('echo', ECHO);
    // What is written later is written by now: a busy disk cannot be made read-only.
    await project.host.api.stop(project.key('echo'));
    await project.host.api.start(project.key('echo'));
    execFileSync('mount', ['-o', 'remount,ro', project.folder]);
    assert.equal(await answer('echo'), 'hello');
    assert.ok((await project.host.api.cold(project.key('echo'))).ok);
    assert.equal(await answer('echo'), 'hello');
    const refused = await project.execute({ ...project.plan('echo', { description: 'new' }), kind: 'redeploy' });
    assert.equal(refused.state, 'failed');
    assert.notEqual(refused.error?.code, 'internal-error', JSON.stringify(refused.error));
    assert.match(refused.error?.why ?? '', /EROFS/);
    assert.equal(await answer('echo'), 'hello');
    execFileSync('mount', ['-o', 'remount,rw', project.folder]);
    const plan = project.plan('echo', { description: 'new' });
    assert.equal((await project.execute({ ...plan, kind: 'redeploy' })).state, 'succeeded');
  });

  it('what serves goes on, cold starts too; what changes models.json is refused', async () => {
    await project.deploy('echo', ECHO);
    const file = path.join(project.folder, 'models.json');
    appendFileSync(file, '\n'.repeat(2 * PAGE));
    const text = readFileSync(file, 'utf8');
    fill();
    assert.equal(await answer('echo'), 'hello');
    assert.ok((await project.host.api.cold(project.key('echo'))).ok);
    assert.equal(await answer('echo'), 'hello');
    assert.ok((await project.host.api.stop(project.key('echo'))).ok);
    assert.ok((await project.host.api.start(project.key('echo'))).ok);
    assert.equal(await answer('echo'), 'hello');
    const remove = { kind: 'remove', project: project.folder, ...project.key('echo'), dropModel: true } as const;
    const removed = await project.execute(remove);
    assert.equal(removed.error?.code, 'models-file-not-writable', JSON.stringify(removed.error));
    assert.equal(readFileSync(file, 'utf8'), text);
    assert.equal(await answer('echo'), 'hello');
    // A new host finds what was deployed before.
    process.kill(project.host.hello.pid, 'SIGKILL');
    await project.host.closed;
    await project.connect();
    assert.equal(await answer('echo'), 'hello');
    rmSync(ballast());
    execFileSync('sync');
    assert.equal((await project.execute(remove)).state, 'succeeded');
  });
});
