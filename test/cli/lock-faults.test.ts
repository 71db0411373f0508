/** What goes wrong while a lock or an environment is made leaves nothing half-made. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { BASE, DEPLOY, LOCK, LockSandbox, UV, WITHOUT_UV } from './lock-sandbox.ts';
import { ECHO, leftBehind, refused, writeModel } from './models.ts';

describe('a lock that cannot be made', function () {
  this.timeout(120_000);
  let lab: LockSandbox;
  before(() => {
    lab = new LockSandbox();
  });
  beforeEach(() => lab.reset());
  after(() => lab.sandbox.remove());

  /** A uv that does something else in the place of one of its verbs. */
  function uvThat(verb: string, script: string): string {
    const folder = path.join(lab.sandbox.folder, '../broken');
    mkdirSync(folder, { recursive: true });
    writeFileSync(
      path.join(folder, 'uv'),
      `#!/bin/sh\nif [ "$1 $2" = "${verb}" ]; then ${script}; fi\nexec "${UV}" "$@"\n`,
    );
    chmodSync(path.join(folder, 'uv'), 0o755);
    return [folder, WITHOUT_UV].join(':');
  }

  it('uv is killed: says so, and nothing half-made is there', async () => {
    const { url } = await lab.index();
    for (const [argv, verb] of [
      [LOCK, 'pip compile'],
      [DEPLOY, 'pip compile'],
      [DEPLOY, 'pip install'],
    ] as const) {
      const more = { NIMBUS_INDEX_URL: url, PATH: uvThat(verb, 'echo "tiny-one==1.0"; kill -9 $$') };
      const problem = await refused(lab.sandbox, [...argv], 1, lab.env(more));
      assert.equal(problem.code, 'environment-killed', problem.text);
      assert.match(problem.text, /SIGKILL/);
      assert.ok(!existsSync(lab.lockFile), 'no lock');
      assert.deepEqual(leftBehind(lab.sandbox), { models: undefined, snapshots: [] });
      const made = path.join(lab.sandbox.home, 'cache/environments');
      assert.deepEqual(existsSync(made) ? readdirSync(made) : [], []);
    }
  });

  it('uv prints what is no lock: nothing is written', async () => {
    const more = { PATH: uvThat('pip compile', 'echo "tiny-one==1.0"; exit 0') };
    const problem = await refused(lab.sandbox, LOCK, 1, lab.env(more));
    assert.equal(problem.code, 'lock-damaged');
    assert.ok(!existsSync(lab.lockFile));
  });

  it('uv is not there: says how to get it', async () => {
    const problem = await refused(lab.sandbox, LOCK, 1, lab.env({ PATH: WITHOUT_UV }));
    assert.equal(problem.code, 'uv-missing');
  });

  it('uv is not there for an image: says how to get it before it asks or writes anything', async () => {
    await lab.sandbox.json(['trust', '--remove', '--yes']);
    for (const verb of [
      ['deploy', 'words', '--target', 'docker'],
      ['build', 'words'],
    ]) {
      const problem = await refused(lab.sandbox, [...verb, '--python', BASE], 1, lab.env({ PATH: WITHOUT_UV }));
      assert.equal(problem.code, 'uv-missing', problem.text);
      assert.match(problem.text, /nimbus\.lock[^]*pip install uv/);
      assert.ok(!existsSync(path.join(lab.sandbox.folder, '.nimbus')), 'no host was started');
    }
    // With uv, the first thing is the question.
    const asked = await refused(lab.sandbox, ['deploy', 'words', '--target', 'docker', '--python', BASE], 2, lab.env());
    assert.equal(asked.code, 'question-unanswered');
  });

  it('the disk is full: the lock of before stays whole', async function () {
    const { url } = await lab.index();
    const disk = path.join(lab.sandbox.folder, 'other');
    mkdirSync(disk);
    // Making a disk needs the rights of the system's administrator.
    if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'none', disk]).status !== 0) this.skip();
    try {
      writeModel(lab.sandbox, 'other', ECHO, { 'requirements.txt': 'tiny-one==1.0\n' });
      const argv = ['lock', 'other', '--trust', '--python', '3.12', '--platform'];
      assert.equal((await lab.run([...argv, 'linux-arm64'], { NIMBUS_INDEX_URL: url })).code, 0);
      const before = readFileSync(path.join(disk, 'nimbus.lock'), 'utf8');
      spawnSync('dd', ['if=/dev/zero', `of=${path.join(disk, 'ballast')}`], { stdio: 'ignore' });
      const problem = await refused(lab.sandbox, [...argv, 'macos-arm64'], 1, lab.env({ NIMBUS_INDEX_URL: url }));
      assert.equal(problem.code, 'disk-full');
      assert.equal(readFileSync(path.join(disk, 'nimbus.lock'), 'utf8'), before);
      assert.deepEqual(readdirSync(disk).toSorted(), ['ballast', 'handler.py', 'nimbus.lock', 'requirements.txt']);
    } finally {
      spawnSync('umount', ['-l', disk]);
    }
  });
});
