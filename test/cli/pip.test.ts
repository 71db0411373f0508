/** A managed environment where uv is nowhere: venv and the real pip, from an index of its own. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { BASE, DEPLOY, LOCK, LockSandbox, MINOR, WITHOUT_UV } from './lock-sandbox.ts';
import { ECHO, leftBehind, refused, writeModel } from './models.ts';
import { writeIndex, type IndexOptions } from './package-index.ts';

describe('nimbus deploy of a model that needs packages, with pip', function () {
  this.timeout(120_000);
  let lab: LockSandbox;
  before(() => {
    lab = new LockSandbox();
  });
  beforeEach(() => lab.reset());
  after(() => lab.sandbox.remove());

  const index = async (options: IndexOptions = {}): Promise<NodeJS.ProcessEnv> => {
    const { url } = await lab.index(options);
    return { NIMBUS_INDEX_URL: url, PATH: WITHOUT_UV };
  };
  const environments = (): string[] => {
    const folder = path.join(lab.sandbox.home, 'cache/environments');
    return existsSync(folder) ? readdirSync(folder) : [];
  };
  const nothingLeft = (): void => {
    assert.deepEqual(environments(), []);
    assert.deepEqual(leftBehind(lab.sandbox), { models: undefined, snapshots: [] });
    assert.ok(!existsSync(lab.lockFile));
  };

  it('asks before it makes an environment', async () => {
    const problem = await refused(lab.sandbox, DEPLOY.slice(0, -1), 2, lab.env(await index()));
    assert.match(problem.text, /tiny-one is not installed; the model asks for ==1\.0\.[^]*tiny-one==1\.0\?.*--yes/);
    nothingLeft();
  });

  it('says which package the index does not have', async () => {
    writeModel(lab.sandbox, 'words', ECHO, { 'requirements.txt': 'tiny-one==1.0\ntiny-tow==1.0\n' });
    const problem = await refused(lab.sandbox, DEPLOY, 1, lab.env(await index()));
    assert.equal(problem.code, 'environment-package-unknown');
    assert.match(problem.text, /no package tiny-tow\./);
    nothingLeft();
  });

  it('says why pip failed halfway, and uses nothing half-made', async () => {
    const damaged = (file: string): Buffer | undefined =>
      file.startsWith('tiny_two') ? Buffer.from('PK no wheel') : undefined;
    const problem = await refused(lab.sandbox, DEPLOY, 1, lab.env(await index({ instead: damaged })));
    assert.match(problem.code, /^environment-/);
    assert.match(problem.text, /tiny[-_]two/);
    nothingLeft();
  });

  it('is cancelled while pip waits for the package index, and ends pip', async () => {
    const asked = Promise.withResolvers<void>();
    const hanging = (file: string): 'hang' | undefined => {
      if (!file.startsWith('tiny_two')) return undefined;
      asked.resolve();
      return 'hang';
    };
    const child = lab.sandbox.start(DEPLOY, lab.env(await index({ instead: hanging })));
    const ended = once(child, 'exit');
    await asked.promise;
    const folder = environments().find((name) => name.includes('.tmp-'));
    assert.ok(folder, 'it is being made');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
    nothingLeft();
    if (process.platform === 'linux') assert.deepEqual(processesWith(folder), []);
  });

  it('makes the environment and answers from it, and takes it again the next time', async () => {
    const env = await index();
    const made = await lab.run(DEPLOY, env);
    assert.equal(made.code, 0, made.stderr);
    assert.equal(await lab.answer(), '1.0 1.0');
    const [environment, ...more] = environments();
    assert.deepEqual(more, []);
    const folder = path.join(lab.sandbox.home, 'cache/environments', environment!);
    const facts = JSON.parse(readFileSync(path.join(folder, 'nimbus-environment.json'), 'utf8')) as { tool: string };
    assert.equal(facts.tool, 'pip');
    assert.doesNotMatch(readFileSync(path.join(folder, 'pyvenv.cfg'), 'utf8'), /^uv = /m);
    const packages = path.join(folder, 'lib', `python${MINOR}`, 'site-packages');
    assert.equal(readFileSync(path.join(packages, 'tiny_one-1.0.dist-info/INSTALLER'), 'utf8').trim(), 'pip');
    assert.ok(
      readdirSync(path.join(packages, '__pycache__')).some((name) => name.startsWith('tiny_one.')),
      'compiled',
    );
    assert.ok(!existsSync(lab.lockFile), 'only uv makes a lock');

    symlinkSync('words', path.join(lab.sandbox.folder, 'again'));
    try {
      const again = ['deploy', 'again', '--python', BASE, '--trust'];
      assert.equal((await lab.run(again, { PATH: WITHOUT_UV })).code, 0);
      assert.deepEqual(environments(), [environment]);
    } finally {
      unlinkSync(path.join(lab.sandbox.folder, 'again'));
    }
  });

  it('is told by its Python, model and packages once nothing uses it, and goes', async () => {
    assert.equal((await lab.run(DEPLOY, await index())).code, 0);
    await lab.answer();
    const [environment] = environments();
    const folder = path.join(lab.sandbox.home, 'cache/environments', environment!);
    await lab.sandbox.json(['destroy', 'words', '--yes']);
    const longAgo = new Date('2020-01-01T00:00:00Z');
    utimesSync(folder, longAgo, longAgo);
    const day = new Date().toISOString().slice(0, 10);
    const { stdout } = await lab.run(['prune', '--dry-run', '--only', 'environments']);
    assert.match(
      stdout,
      new RegExp(`  Python ${MINOR}\\.\\d+ for words in proj ect ü \\(tiny-one==1\\.0, last used ${day}\\)$`, 'm'),
    );
    assert.equal((await lab.run(['prune', '--yes', '--only', 'environments'])).code, 0);
    assert.deepEqual(environments(), []);
  });

  it('takes the versions of a lock that another machine made with uv, whatever is newer', async () => {
    const env = await index();
    writeFileSync(path.join(lab.sandbox.folder, 'words/requirements.txt'), 'tiny-one\n');
    const locked = await lab.run([...LOCK, '--python', MINOR], { NIMBUS_INDEX_URL: env['NIMBUS_INDEX_URL'] });
    assert.equal(locked.code, 0, locked.stderr);
    writeIndex(lab.wheels, [{ name: 'tiny-two', version: '1.5' }]);
    try {
      const made = await lab.run(DEPLOY, env);
      assert.equal(made.code, 0, made.stderr);
      assert.equal(await lab.answer(), '1.1 1.0');
    } finally {
      rmSync(path.join(lab.wheels, 'tiny-two/tiny_two-1.5-py3-none-any.whl'));
      writeIndex(lab.wheels, []);
    }
  });
});

/** Ids of processes whose command line has this text. */
function processesWith(text: string): string[] {
  return readdirSync('/proc').filter((id) => {
    try {
      return /^\d+$/.test(id) && readFileSync(`/proc/${id}/cmdline`, 'utf8').includes(text);
    } catch {
      return false;
    }
  });
}
