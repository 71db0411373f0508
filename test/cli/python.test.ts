/** The Python that runs a model: missing, too old, broken, or of another version. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deployArguments, leftBehind, refused, writeModel } from './models.ts';
import { createSandbox, python, samples, type Sandbox } from './nimbus.ts';

/** What runs this test has no package of its own. */
const BASE = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const NO_ENVIRONMENT = { VIRTUAL_ENV: '', CONDA_PREFIX: '', PYENV_ROOT: '/none' };

describe('nimbus deploy with a Python that', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
    writeModel(sandbox, 'echo');
    sandbox.add(path.join(samples, 'sentiment.joblib'), 'sentiment.joblib');
  });
  afterEach(async () => {
    await sandbox.remove();
  });

  /** A program in a folder of its own, named python3. */
  function program(script: string): { file: string; folder: string } {
    const folder = path.join(sandbox.folder, '..', 'bin');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'python3');
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { file, folder };
  }
  const OLD = `case "$*" in *probe.py*) echo '{"python":"/x","version":"3.8.19","implementation":"cpython","abi":"","platform":"","packages":{}}';; *) echo "SyntaxError" >&2; exit 1;; esac`;
  const answers = async (model: string): Promise<void> => {
    const { result } = await sandbox.json<{ result: unknown }>(['predict', model, 'I loved it']);
    assert.ok(result);
  };

  for (const model of ['echo', 'sentiment.joblib']) {
    const wanted = deployArguments(model).filter((one) => one !== '--python' && one !== python);
    const left = { models: undefined, snapshots: [] };

    it(`is missing: says so (${model})`, async () => {
      const env = { ...NO_ENVIRONMENT, PATH: sandbox.folder };
      const none = await refused(sandbox, wanted, 1, env);
      assert.equal(none.code, 'python-missing');
      assert.match(none.text, /Install Python/);
      const gone = await refused(sandbox, [...wanted, '--python', 'nowhere/python3']);
      assert.match(gone.text, /nowhere\/python3/);
      assert.deepEqual(leftBehind(sandbox), left);
    });

    it(`is too old: says how old, and how old it may be (${model})`, async () => {
      const old = await refused(sandbox, [...wanted, '--python', program(OLD).file]);
      assert.equal(old.code, 'python-too-old');
      assert.match(old.text, /is Python 3\.8\.19\. .*3\.9 and newer/);
      assert.deepEqual(leftBehind(sandbox), left);
    });

    it(`is broken or too old stands in nobody's way (${model})`, async () => {
      for (const script of ['echo "pyenv: python3: command not found" >&2; exit 127', OLD]) {
        const { folder } = program(script);
        const real = path.join(folder, 'real');
        mkdirSync(real, { recursive: true });
        if (!existsSync(path.join(real, 'python'))) {
          // Not a link: an environment is found beside the name it is called by.
          writeFileSync(path.join(real, 'python'), `#!/bin/sh\nexec "${python}" "$@"\n`);
          chmodSync(path.join(real, 'python'), 0o755);
        }
        const env = { ...NO_ENVIRONMENT, PATH: [folder, real, '/bin', '/usr/bin'].join(':') };
        const ended = await sandbox.nimbus([...wanted, '--json'], { env });
        assert.equal(ended.code, 0, ended.stdout);
        await answers(path.parse(model).name);
      }
    });
  }
});

describe('nimbus deploy once more', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
    writeModel(sandbox, 'echo');
  });
  afterEach(() => sandbox.remove());

  /** An environment without packages; that in the folder `.venv` is found in the project. */
  function environment(folder: string): string {
    execFileSync(BASE, ['-m', 'venv', '--without-pip', folder]);
    return folder;
  }
  /** The folder of the environment that it runs on then. */
  async function deployWith(env: NodeJS.ProcessEnv, ...more: string[]): Promise<string> {
    const argv = ['deploy', 'echo', '--trust', '--yes', '--json', ...more];
    const { code, stdout } = await sandbox.nimbus(argv, { env: { ...NO_ENVIRONMENT, ...env } });
    assert.equal(code, 0, stdout);
    return path.dirname(path.dirname(JSON.parse(stdout).environment.python));
  }
  const onPath = (folder: string): NodeJS.ProcessEnv => ({ PATH: `${folder}/bin:/usr/bin:/bin` });

  it('keeps the Python that Nimbus took before those of another PATH, after one made in the project since', async () => {
    const [one, other] = ['one', 'other'].map((name) => environment(path.resolve(sandbox.folder, '..', name)));
    assert.equal(await deployWith(onPath(one!)), one);
    assert.equal(await deployWith(onPath(other!)), one);
    const own = environment(path.join(sandbox.folder, '.venv'));
    assert.equal(await deployWith(onPath(other!)), own);
  });

  it('keeps the Python that the user chose before all others, however often', async () => {
    const chosen = environment(path.resolve(sandbox.folder, '..', 'chosen'));
    environment(path.join(sandbox.folder, '.venv'));
    assert.equal(await deployWith({}, '--python', path.join(chosen, 'bin/python')), chosen);
    for (let count = 0; count < 2; count += 1) assert.equal(await deployWith({}), chosen);
  });
});

describe('nimbus deploy of a model that models.json binds to a Python version', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(() => {
    sandbox = createSandbox();
    writeModel(sandbox, 'echo');
  });
  after(() => sandbox.remove());

  const bind = (pythonVersion: string): void =>
    writeFileSync(
      path.join(sandbox.folder, 'models.json'),
      JSON.stringify({ version: 1, models: { echo: { path: 'echo', framework: 'custom', pythonVersion } } }),
    );
  /** A Python that says that it is of version 3.77, and its folder. */
  function program(): { file: string; folder: string } {
    const folder = path.join(sandbox.folder, '..', 'bin');
    mkdirSync(folder, { recursive: true });
    const file = path.join(folder, 'python3.12');
    const said = JSON.stringify({
      python: file,
      version: '3.77.1',
      implementation: 'cpython',
      abi: 'x',
      platform: 'x',
    });
    const script = `case "$*" in *probe.py*) echo '${said.slice(0, -1)},"packages":{}}';; *) exec "${BASE}" "$@";; esac`;
    writeFileSync(file, `#!/bin/sh\n${script}\n`);
    chmodSync(file, 0o755);
    return { file, folder };
  }

  it('says which versions there are where none is of that one', async () => {
    bind('3.78');
    const { folder } = program();
    const env = { ...NO_ENVIRONMENT, PATH: [path.dirname(BASE), folder].join(':') };
    const none = await refused(sandbox, ['deploy', 'echo', '--trust', '--yes'], 1, env);
    assert.equal(none.code, 'python-version-missing');
    assert.match(
      none.text,
      /asks for Python 3\.78 .*Found: Python 3\.\d+\.\d+ .*, Python 3\.77\.1 .*Install Python 3\.78/,
    );
  });

  it('says so too where the Python that is named lacks packages', async () => {
    bind('3.78');
    const file = path.join(sandbox.folder, 'echo/requirements.txt');
    writeFileSync(file, 'nimbus-nowhere\n');
    try {
      const none = await refused(sandbox, ['deploy', 'echo', '--python', BASE, '--trust', '--yes'], 1, NO_ENVIRONMENT);
      assert.equal(none.code, 'python-version-missing');
    } finally {
      rmSync(file);
    }
  });

  it('takes the interpreter of that version, though another one comes first on the PATH', async () => {
    bind('3.77');
    const { file, folder } = program();
    const env = { ...NO_ENVIRONMENT, PATH: [path.dirname(BASE), folder, '/bin', '/usr/bin'].join(':') };
    const ended = await sandbox.nimbus(['deploy', 'echo', '--trust', '--yes', '--json'], { env });
    assert.equal(ended.code, 0, ended.stdout);
    const { deployments } = await sandbox.json<{ deployments: { interpreter: string }[] }>(['status', 'echo']);
    assert.equal(deployments[0]!.interpreter, file);
  });
});
