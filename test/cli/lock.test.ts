/** nimbus.lock with the real uv: made from an index, used for the environment, refused where it is not what it says. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { DEPLOY, LOCK, LockSandbox, MINOR, WITHOUT_UV } from './lock-sandbox.ts';
import { ECHO, leftBehind, refused } from './models.ts';
import { python, samples } from './nimbus.ts';
import { serveIndex, writeIndex } from './package-index.ts';

describe('nimbus lock', function () {
  this.timeout(120_000);
  let lab: LockSandbox;
  before(() => {
    lab = new LockSandbox();
  });
  beforeEach(() => lab.reset());
  after(() => lab.sandbox.remove());

  const lockedVersions = (text: string): string[] => text.split('\n').filter((line) => line.includes('=='));

  it('writes one section for each platform, with a hash for every package, and keeps the others', async () => {
    const { url } = await lab.index();
    const more = { NIMBUS_INDEX_URL: url };
    const argv = [
      'lock',
      'words',
      '--trust',
      '--python',
      '3.12',
      '--platform',
      'linux-arm64',
      '--platform',
      'macos-arm64',
    ];
    const made = await lab.run(argv, more);
    assert.equal(made.code, 0, made.stderr);
    const before = readFileSync(lab.lockFile, 'utf8');
    assert.deepEqual(lockedVersions(before.split('# ===')[1]!), [
      '# requires: tiny-one==1.0',
      'tiny-one==1.0 \\',
      'tiny-two==1.0 \\',
    ]);
    assert.equal(before.match(/--hash=sha256:/g)?.length, 4);
    assert.ok(!before.includes(url), 'where packages come from is not in it');
    const added = await lab.run([...LOCK, '--python', '3.13', '--platform', 'windows-x86_64'], more);
    assert.equal(added.code, 0, added.stderr);
    const after = readFileSync(lab.lockFile, 'utf8');
    assert.deepEqual(after.match(/^# === .*$/gm), [
      '# === linux-arm64, Python 3.12',
      '# === macos-arm64, Python 3.12',
      '# === windows-x86_64, Python 3.13',
    ]);
    assert.ok(after.startsWith(before.trimEnd()));
    assert.equal((await lab.run(argv, more)).code, 0);
    assert.equal(readFileSync(lab.lockFile, 'utf8'), after, 'made again it is the same');
  });

  it('knows what is out of date, and how to renew it', async () => {
    const { url } = await lab.index();
    const more = { NIMBUS_INDEX_URL: url };
    const check = [...LOCK, '--check'];
    assert.equal((await refused(lab.sandbox, check, 1, lab.env(more))).code, 'lock-missing');
    await lab.run([...LOCK, '--platform', 'linux-x86_64', '--python', MINOR], more);
    assert.equal((await lab.run(check, more)).code, 0);
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'tiny-one==1.1\n');
    const stale = await refused(lab.sandbox, check, 1, lab.env(more));
    assert.equal(stale.code, 'lock-stale');
    assert.match(
      stale.text,
      new RegExp(`nimbus lock words --platform linux-x86_64 --python ${MINOR.replace('.', '\\.')}`),
    );
    // A deploy says it too, uses what the model asks for, and leaves the file alone.
    const before = readFileSync(lab.lockFile, 'utf8');
    const deployed = await lab.run(DEPLOY, more);
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.match(
      deployed.stdout,
      /! nimbus\.lock is out of date for .*it was made for tiny-one==1\.0.*renew it with: nimbus lock words/,
    );
    assert.equal(readFileSync(lab.lockFile, 'utf8'), before);
    assert.equal(await lab.answer(), '1.1 1.0');
  });

  it('is made with a managed environment, and used for the next one: by hash, whatever is newer', async () => {
    const first = await lab.index();
    const made = await lab.run(DEPLOY, { NIMBUS_INDEX_URL: first.url });
    assert.equal(made.code, 0, made.stderr);
    const text = readFileSync(lab.lockFile, 'utf8');
    assert.match(text, /^tiny-two==1\.0 /m);
    const version = async (): Promise<string> =>
      (await lab.sandbox.json<{ deployments: { version: string }[] }>(['status'])).deployments[0]!.version;
    const before = await version();
    assert.equal((await lab.run(DEPLOY, { NIMBUS_INDEX_URL: first.url })).code, 0);
    assert.equal(await version(), before, 'with nothing changed it is the same version');

    // Another machine, later: a newer tiny-two is out.
    writeIndex(lab.wheels, [{ name: 'tiny-two', version: '1.5' }]);
    try {
      await lab.forgetEnvironments();
      rmSync(path.join(lab.sandbox.folder, '.nimbus'), { recursive: true });
      const again = await lab.run(DEPLOY, { NIMBUS_INDEX_URL: first.url });
      assert.equal(again.code, 0, again.stderr);
      assert.equal(await lab.answer(), '1.0 1.0');
      assert.equal(await version(), before, 'the lock is the environment');
      assert.equal(readFileSync(lab.lockFile, 'utf8'), text);
    } finally {
      rmSync(path.join(lab.wheels, 'tiny-two/tiny_two-1.5-py3-none-any.whl'));
      writeIndex(lab.wheels, []);
    }
  });

  it('installs nothing that is not what it names', async () => {
    const { url } = await lab.index();
    assert.equal((await lab.run([...LOCK, '--python', MINOR], { NIMBUS_INDEX_URL: url })).code, 0);
    const text = readFileSync(lab.lockFile, 'utf8');
    const wrong = text.replace(/(tiny-two==1\.0 \\\n {4}--hash=sha256:)[0-9a-f]{64}/, `$1${'0'.repeat(64)}`);
    writeFileSync(lab.lockFile, wrong);
    for (const more of [{}, { PATH: WITHOUT_UV }]) {
      const problem = await refused(lab.sandbox, DEPLOY, 1, lab.env({ NIMBUS_INDEX_URL: url, ...more }));
      assert.equal(problem.code, 'environment-hash', problem.text);
      assert.deepEqual(leftBehind(lab.sandbox), { models: undefined, snapshots: [] });
      assert.deepEqual(readdirSync(path.join(lab.sandbox.home, 'cache/environments')), []);
      assert.equal(readFileSync(lab.lockFile, 'utf8'), wrong);
    }
  });

  it('is not used where a merge left it in two', async () => {
    writeFileSync(lab.lockFile, '<<<<<<< HEAD\n');
    const problem = await refused(lab.sandbox, LOCK, 1, lab.env());
    assert.equal(problem.code, 'lock-damaged');
    assert.match(problem.text, /nimbus\.lock:1: A merge left its marks here/);
    assert.equal(readFileSync(lab.lockFile, 'utf8'), '<<<<<<< HEAD\n');
  });

  it('is neither read nor written through a link in its place', async () => {
    const { url } = await lab.index();
    const more = { NIMBUS_INDEX_URL: url };
    assert.equal((await lab.run([...LOCK, '--python', MINOR], more)).code, 0);
    const elsewhere = path.join(lab.sandbox.home, 'elsewhere');
    const text = readFileSync(lab.lockFile, 'utf8');
    writeFileSync(elsewhere, text);
    rmSync(lab.lockFile);
    symlinkSync(elsewhere, lab.lockFile);
    for (const argv of [LOCK, [...LOCK, '--check']]) {
      const problem = await refused(lab.sandbox, [...argv, '--python', '3.13'], 1, lab.env(more));
      assert.equal(problem.code, 'lock-unreadable');
      assert.match(problem.text, /nimbus\.lock is no lock\. It is not a file of its own/);
    }
    assert.ok(lstatSync(lab.lockFile).isSymbolicLink());
    assert.equal(readFileSync(elsewhere, 'utf8'), text);
  });

  it('refuses a platform that a package has no wheel for', async () => {
    const { url } = await lab.index();
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'linux-only\n');
    const argv = [...LOCK, '--python', '3.12', '--platform'];
    assert.equal((await lab.run([...argv, 'linux-x86_64'], { NIMBUS_INDEX_URL: url })).code, 0);
    const before = readFileSync(lab.lockFile, 'utf8');
    const problem = await refused(lab.sandbox, [...argv, 'macos-arm64'], 1, lab.env({ NIMBUS_INDEX_URL: url }));
    assert.equal(problem.code, 'environment-no-package');
    assert.match(problem.text, /linux-only/);
    assert.equal(readFileSync(lab.lockFile, 'utf8'), before);
    assert.equal((await lab.run([...argv, 'amiga'])).code, 2);
    assert.equal((await lab.run([...LOCK, '--python', '2.7'])).code, 2);
  });

  it('takes PyTorch for an image from an index of its own, and from the ordinary one otherwise', async () => {
    const ordinary = await lab.index();
    const cpu = path.join(lab.sandbox.folder, '../torch index');
    mkdirSync(cpu, { recursive: true });
    writeIndex(cpu, [
      { name: 'torch', version: '2.9.0+cpu' },
      { name: 'tiny-two', version: '1.0' },
    ]);
    const own = await serveIndex(cpu);
    lab.closeLater(own);
    const more = { NIMBUS_INDEX_URL: ordinary.url, NIMBUS_TORCH_CPU_INDEX_URL: own.url };
    const requires = (text: string): void => {
      writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), text);
      rmSync(lab.lockFile, { force: true });
      for (const { asked } of [ordinary, own]) asked.length = 0;
    };
    const linux = [...LOCK, '--python', MINOR, '--platform', 'linux-x86_64'];

    // Also where another package brings it along.
    for (const requirement of ['torch\ntiny-two\n', 'needs-torch\ntiny-two\n']) {
      requires(requirement);
      const made = await lab.run(linux, more);
      assert.equal(made.code, 0, made.stderr);
      const text = readFileSync(lab.lockFile, 'utf8');
      assert.match(text, /^# torch: cpu$/m);
      assert.match(text, /^torch==2\.9\.0\+cpu /m);
      assert.doesNotMatch(text, /nvidia|triton/);
      assert.ok(own.asked.includes('/simple/torch/'));
      assert.deepEqual(
        own.asked.filter((at) => !at.startsWith('/simple/torch/')),
        [],
        'nothing else is asked for there',
      );
      assert.ok(ordinary.asked.includes('/simple/tiny-two/'));
    }

    // macOS has no builds with CUDA, a lock for this machine alone may have them, and so may no index be named.
    const others: [string[], NodeJS.ProcessEnv][] = [
      [[...LOCK, '--python', MINOR, '--platform', 'macos-arm64'], more],
      [[...linux, '--allow-cuda'], more],
      [[...linux, '--allow-cuda'], { ...more, NIMBUS_TORCH_CPU_INDEX_URL: '' }],
    ];
    for (const [argv, settings] of others) {
      requires('torch\n');
      const made = await lab.run(argv, settings);
      assert.equal(made.code, 0, made.stderr);
      const text = readFileSync(lab.lockFile, 'utf8');
      assert.match(text, /^torch==2\.9\.0 /m);
      assert.doesNotMatch(text, /^# torch: cpu$/m);
      assert.deepEqual(own.asked, []);
      assert.ok(ordinary.asked.includes('/simple/torch/'));
    }

    // And the environment is made of both indexes, by uv and by pip.
    requires('torch\n');
    writeFileSync(
      path.join(lab.sandbox.folder, 'words/handler.py'),
      `import torch\n${ECHO.replace('return input', 'return torch.VERSION')}`,
    );
    assert.equal((await lab.run([...LOCK, '--python', MINOR], more)).code, 0);
    for (const tool of [{}, { PATH: WITHOUT_UV }]) {
      await lab.forgetEnvironments();
      own.asked.length = 0;
      const deployed = await lab.run(DEPLOY, { ...more, ...tool });
      assert.equal(deployed.code, 0, deployed.stderr);
      assert.equal(await lab.answer(), '2.9.0+cpu');
      assert.ok(
        own.asked.some((at) => at.endsWith('.whl')),
        String(own.asked),
      );
    }
  }).timeout(240_000);

  it('refuses CUDA packages, which only --allow-cuda lets in, and marks what no image can be made of', async () => {
    const { url } = await lab.index();
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'needs-torch\n');
    const argv = [...LOCK, '--platform', 'linux-x86_64', '--python', MINOR];
    const problem = await refused(
      lab.sandbox,
      [...argv, '--torch-index-url', ''],
      1,
      lab.env({ NIMBUS_INDEX_URL: url }),
    );
    assert.equal(problem.code, 'lock-cuda');
    assert.match(problem.text, /nvidia-cublas, triton.*torchCpuIndexUrl/);
    assert.ok(!existsSync(lab.lockFile));
    const allowed = await lab.run([...argv, '--allow-cuda', '--json'], { NIMBUS_INDEX_URL: url });
    const { sections } = JSON.parse(allowed.stdout) as { sections: { refusedForImage?: string }[] };
    assert.match(sections[0]!.refusedForImage!, /CUDA packages/);
  });

  it('is held against the Python of the user, and is a part of the version there too', async () => {
    lab.sandbox.add(path.join(samples, 'sentiment.joblib'), 'model.joblib');
    const deploy = async (): Promise<{ version: string; problems: string[] }> => {
      const ended = await lab.run(['deploy', 'model.joblib', '--python', python, '--trust', '--yes', '--json']);
      assert.equal(ended.code, 0, ended.stdout);
      const { deployments } = await lab.sandbox.json<{ deployments: { version: string }[] }>(['status']);
      const { environment } = JSON.parse(ended.stdout) as { environment: { problems: string[] } };
      return { version: deployments[0]!.version, problems: environment.problems };
    };
    const { version: without } = await deploy();
    const made = await lab.run(['lock', 'model', '--trust'], { UV_NO_CACHE: undefined });
    assert.equal(made.code, 0, made.stderr);
    const file = path.join(lab.sandbox.folder, 'model.joblib.nimbus.lock');
    const text = readFileSync(file, 'utf8');
    const installed = execFileSync(python, ['-c', 'import numpy, scipy; print(numpy.__version__, scipy.__version__)'], {
      encoding: 'utf8',
    }).trim();
    const [numpy, scipy] = installed.split(' ');
    const as = (one: string, other: string): void =>
      writeFileSync(file, text.replace(/^numpy==\S+/m, `numpy==${one}`).replace(/^scipy==\S+/m, `scipy==${other}`));
    as(numpy!, '0.1');
    const other = await deploy();
    const said = other.problems.filter((one) => one.includes('model.joblib.nimbus.lock'));
    assert.match(String(said), new RegExp(`^This Python is not as .* has it: .*scipy is ${scipy}, not 0\\.1`));
    assert.doesNotMatch(String(said), /numpy/);
    as(numpy!, scipy!);
    const same = await deploy();
    assert.doesNotMatch(String(same.problems), /scipy/);
    assert.equal(new Set([without, other.version, same.version]).size, 3, 'each is another version');
    assert.equal((await deploy()).version, same.version, 'with nothing changed it is the same');
  });

  it('is made with the Python that the model runs on', async () => {
    lab.sandbox.add(path.join(samples, 'sentiment.joblib'), 'model.joblib');
    assert.equal((await lab.run(['deploy', 'model.joblib', '--python', python, '--trust', '--yes'])).code, 0);
    // Only that Python has uv.
    const made = await lab.run(['lock', 'model', '--trust'], { UV_NO_CACHE: undefined, PATH: WITHOUT_UV });
    assert.equal(made.code, 0, made.stderr);
    const misspelt = await lab.run(['lock', 'modle', '--trust']);
    assert.match(misspelt.stderr, /There is no model named modle\.\nDid you mean model\? Models here: model\./);
  });

  it('that a deploy writes by itself holds no CUDA package either, and the result says where that cannot be', async () => {
    const { url } = await lab.index();
    const cpu = path.join(lab.sandbox.folder, '../torch of deploys');
    mkdirSync(cpu, { recursive: true });
    writeIndex(cpu, [{ name: 'torch', version: '2.9.0+cpu' }]);
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'torch\n');
    writeFileSync(
      path.join(lab.sandbox.folder, 'words/handler.py'),
      `import torch\n${ECHO.replace('return input', 'return torch.VERSION')}`,
    );
    // Its index cannot be reached, or there is none: it runs with what the ordinary one has.
    for (const torch of ['http://127.0.0.1:9/', '']) {
      const ended = await lab.run([...DEPLOY, '--json'], { NIMBUS_INDEX_URL: url, NIMBUS_TORCH_CPU_INDEX_URL: torch });
      assert.equal(ended.code, 0, ended.stdout);
      const { environment } = JSON.parse(ended.stdout) as { environment: { detail: string } };
      // One sentence: what uv printed is in the log.
      assert.match(environment.detail, /; without nimbus\.lock: The lock [^\n]*$/);
      assert.ok(!existsSync(lab.lockFile));
      assert.equal(await lab.answer(), '2.9.0');
      await lab.forgetEnvironments();
    }
    const more = { NIMBUS_INDEX_URL: url, NIMBUS_TORCH_CPU_INDEX_URL: `file://${encodeURI(cpu)}` };
    const made = await lab.run(DEPLOY, more);
    assert.equal(made.code, 0, made.stderr);
    assert.match(readFileSync(lab.lockFile, 'utf8'), /^torch==2\.9\.0\+cpu /m);
    assert.doesNotMatch(readFileSync(lab.lockFile, 'utf8'), /nvidia|triton/);
    assert.equal(await lab.answer(), '2.9.0+cpu');
  });

  it('is not written without uv, which the deploy says', async () => {
    const { url } = await lab.index();
    const deployed = await lab.run(DEPLOY, { NIMBUS_INDEX_URL: url, PATH: WITHOUT_UV });
    assert.equal(deployed.code, 0, deployed.stderr);
    assert.match(deployed.stdout, /! No nimbus\.lock will be written: uv makes it/);
    assert.ok(!existsSync(lab.lockFile));
  });

  it("refuses PyPI's own PyTorch, and leaves NCCL out of XGBoost", async () => {
    const real = { UV_NO_CACHE: undefined };
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'torch==2.9.0\n');
    const argv = [...LOCK, '--platform', 'linux-x86_64', '--python', '3.12'];
    const problem = await refused(lab.sandbox, [...argv, '--torch-index-url', ''], 1, lab.env(real));
    assert.equal(problem.code, 'lock-cuda', problem.text);
    assert.match(problem.text, /nvidia-/);
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'xgboost==3.0.5\n');
    const made = await lab.run(argv, real);
    assert.equal(made.code, 0, made.stderr);
    const text = readFileSync(lab.lockFile, 'utf8');
    assert.match(text, /^xgboost==3\.0\.5 /m);
    assert.doesNotMatch(text, /nvidia/);
  });
});
