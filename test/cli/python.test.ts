/** The Python that runs a model: missing, too old, broken, or to be made first. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { deployArguments, ECHO, leftBehind, refused, writeModel } from './models.ts';
import { createSandbox, python, samples, type Sandbox } from './nimbus.ts';

/** What runs this test has no package of its own. */
const BASE = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();
const NO_ENVIRONMENT = { VIRTUAL_ENV: '', CONDA_PREFIX: '' };

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

describe('nimbus deploy of a model that needs packages', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let index: Server;
  let env: NodeJS.ProcessEnv;
  /** What the package index does with a request for a package's file. */
  let serve: 'answer' | 'damage the second' | 'never answer';
  let asked: PromiseWithResolvers<void>;

  const HANDLER = `import tiny_one, tiny_two\n${ECHO.replace('return input', 'return tiny_one.WORD + tiny_two.WORD')}`;

  before(async () => {
    sandbox = createSandbox();
    const wheels = path.join(sandbox.folder, '..', 'wheels');
    mkdirSync(wheels);
    execFileSync(BASE, ['-c', WHEELS], { cwd: wheels });
    index = createServer((request, response) => {
      const [, , name = ''] = request.url!.split('/');
      const file = `${name.replace('-', '_')}-1.0-py3-none-any.whl`;
      if (!request.url!.endsWith('.whl')) {
        response.setHeader('content-type', 'text/html');
        response.end(existsSync(path.join(wheels, file)) ? `<a href="${file}">${file}</a>` : '');
        return;
      }
      asked.resolve();
      if (serve === 'never answer') return;
      const bytes = readFileSync(path.join(wheels, file));
      response.end(serve === 'damage the second' && name === 'tiny-two' ? bytes.subarray(0, 100) : bytes);
    }).listen(0, '127.0.0.1');
    await once(index, 'listening');
    const url = `http://127.0.0.1:${(index.address() as AddressInfo).port}/simple/`;
    env = { PIP_INDEX_URL: url, PIP_NO_CACHE_DIR: '1', UV_DEFAULT_INDEX: url, UV_NO_CACHE: '1', NO_PROXY: '127.0.0.1' };
    writeModel(sandbox, 'words', HANDLER, { 'requirements.txt': 'tiny-one==1.0\ntiny-two==1.0\n' });
  });
  beforeEach(() => {
    asked = Promise.withResolvers();
  });
  after(async () => {
    index.closeAllConnections();
    index.close();
    await sandbox.remove();
  });

  const deploy = (...flags: string[]): string[] => ['deploy', 'words', '--python', BASE, '--trust', ...flags];
  const environments = (): string[] => {
    const folder = path.join(sandbox.home, 'cache/environments');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const nothingLeft = (): void => {
    assert.deepEqual(environments(), []);
    assert.deepEqual(leftBehind(sandbox), { models: undefined, snapshots: [] });
  };

  it('asks before it makes an environment', async () => {
    const problem = await refused(sandbox, deploy(), 2, env);
    assert.match(
      problem.text,
      /tiny-one is not installed; the model asks for ==1\.0\.[^]*tiny-one==1\.0, tiny-two==1\.0\?.*--yes/,
    );
    nothingLeft();
  });

  it('says which package the index does not have', async () => {
    writeModel(sandbox, 'misspelt', ECHO, { 'requirements.txt': 'tiny-one==1.0\ntiny-tow==1.0\n' });
    const problem = await refused(sandbox, ['deploy', 'misspelt', '--python', BASE, '--trust', '--yes'], 1, env);
    assert.equal(problem.code, 'environment-package-unknown');
    assert.match(problem.text, /no package tiny-tow\./);
    nothingLeft();
  });

  it('says why pip failed halfway, and uses nothing half-made', async () => {
    serve = 'damage the second';
    const problem = await refused(sandbox, deploy('--yes'), 1, env);
    assert.match(problem.code, /^environment-/);
    assert.match(problem.text, /tiny[-_]two/);
    nothingLeft();
  });

  it('is cancelled while pip waits for the package index', async () => {
    serve = 'never answer';
    const child = sandbox.start(deploy('--yes'), env);
    const ended = once(child, 'exit');
    await asked.promise;
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    nothingLeft();
  });

  it('makes the environment and answers from it, and takes it again the next time', async () => {
    serve = 'answer';
    const made = await sandbox.nimbus(deploy('--yes'), { env });
    assert.equal(made.code, 0, made.stderr);
    const { result } = await sandbox.json<{ result: unknown }>(['predict', 'words', 'x']);
    assert.equal(result, 'onetwo');
    const [environment, ...more] = environments();
    assert.ok(environment);
    assert.deepEqual(more, []);
    asked = Promise.withResolvers();
    symlinkSync('words', path.join(sandbox.folder, 'again'));
    await sandbox.json(['deploy', 'again', '--python', BASE, '--trust']);
    assert.deepEqual(environments(), [environment]);
    const { deployments } = await sandbox.json<{ deployments: { interpreter: string }[] }>(['status']);
    assert.equal(new Set(deployments.map(({ interpreter }) => interpreter)).size, 1);
    assert.ok(deployments[0]!.interpreter.includes(environment));
  });
});

/** Makes two packages of one line each. */
const WHEELS = `
import zipfile
for word in ("one", "two"):
    name, info = "tiny_" + word, "tiny_%s-1.0.dist-info/" % word
    files = {
        name + ".py": "WORD = %r\\n" % word,
        info + "METADATA": "Metadata-Version: 2.1\\nName: tiny-%s\\nVersion: 1.0\\n" % word,
        info + "WHEEL": "Wheel-Version: 1.0\\nGenerator: test\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    files[info + "RECORD"] = "".join("%s,,\\n" % file for file in [*files, info + "RECORD"])
    with zipfile.ZipFile(name + "-1.0-py3-none-any.whl", "w") as wheel:
        for file, text in files.items():
            wheel.writestr(file, text)
`;
