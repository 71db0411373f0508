/** What is no model, or a model in an odd place. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deployArguments, ECHO, hostOf, leftBehind, modelsFile, refused, runPython, writeModel } from './models.ts';
import { createSandbox, samples, type Sandbox } from './nimbus.ts';

/** Makes a folder with 100,000 files. */
function fill(folder: string): void {
  mkdirSync(folder);
  // Links to some files: no file system gives one file so many names.
  execFileSync('python3', [
    '-c',
    `import os, sys
os.chdir(sys.argv[1])
for n in range(100_000):
    if n % 10_000 == 0:
        first = "%d.txt" % n
        open(first, "w").close()
    else:
        os.link(first, "%d.txt" % n)`,
    folder,
  ]);
}

describe('nimbus deploy of what is no model', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(() => {
    sandbox = createSandbox();
  });
  afterEach(() => assert.deepEqual(leftBehind(sandbox), { models: undefined, snapshots: [] }));
  after(() => sandbox.remove());

  const write = (name: string, content: string | Buffer): string => {
    writeFileSync(path.join(sandbox.folder, name), content);
    return name;
  };

  it('says what it looked for in a file and in a folder', async () => {
    const file = await refused(sandbox, deployArguments(write('notes.csv', 'a,b\n')));
    assert.equal(file.code, 'model-not-recognised');
    assert.match(file.text, /type \.csv with 4 bytes.*handler\.py/);
    mkdirSync(path.join(sandbox.folder, 'data'));
    write('data/a.csv', '1');
    const folder = await refused(sandbox, deployArguments('data'));
    assert.match(folder.text, /The folder has 1 entry: a\.csv/);
  });

  it('says that a pickle is empty', async () => {
    assert.equal((await refused(sandbox, deployArguments(write('empty.pkl', '')))).code, 'model-empty');
  });

  it('says that a pickle and a compressed one are cut off', async () => {
    const whole = readFileSync(path.join(samples, 'sentiment.joblib'));
    write('cut.joblib', whole.subarray(0, whole.length / 2));
    assert.equal((await refused(sandbox, deployArguments('cut.joblib'))).code, 'model-damaged');
    runPython(
      sandbox,
      `import gzip; open('cut.pkl.gz', 'wb').write(gzip.compress(open('cut.joblib', 'rb').read())[:-9])`,
    );
    assert.equal((await refused(sandbox, deployArguments('cut.pkl.gz'))).code, 'model-damaged');
  });

  it('says what a foreign pickle holds', async () => {
    runPython(sandbox, `import pickle, decimal; pickle.dump(decimal.Decimal(1), open('d.pkl', 'wb'))`);
    const problem = await refused(sandbox, deployArguments('d.pkl'));
    assert.equal(problem.code, 'model-not-recognised');
    assert.match(problem.text, /decimal\.Decimal/);
    assert.equal((await refused(sandbox, deployArguments(write('page.pkl', '<html>')))).code, 'model-damaged');
  });

  it('refuses a folder with 100,000 files', async () => {
    fill(path.join(sandbox.folder, 'many'));
    const data = await refused(sandbox, deployArguments('many'));
    assert.equal(data.code, 'model-not-recognised');
    assert.match(data.text, /more than 1,000 entries/);
    write('many/handler.py', ECHO);
    const model = await refused(sandbox, deployArguments('many'));
    assert.equal(model.code, 'model-too-many-files');
    assert.match(model.text, /20,000/);
  });
});

describe('nimbus deploy of a model in an odd place', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
  });
  afterEach(() => sandbox.remove());

  const answers = async (model: string): Promise<void> => {
    const answer = await sandbox.json<{ result: unknown }>(['predict', model, 'hello']);
    assert.equal(answer.result, 'hello');
  };
  const paths = (): Record<string, string> => {
    const { models } = JSON.parse(readFileSync(modelsFile(sandbox), 'utf8'));
    return Object.fromEntries(Object.entries<{ path: string }>(models).map(([name, { path: at }]) => [name, at]));
  };

  it('takes spaces, quotes, dollar signs, line ends and any letter in names', async () => {
    const odd = `a "b" 'c' $HOME \`d\` %e% 模型 é\n#& -rf`;
    writeModel(sandbox, odd);
    await sandbox.json(deployArguments(odd, '--name', 'odd'));
    await answers('odd');
    assert.deepEqual(paths(), { odd });
    assert.ok(existsSync(path.join(sandbox.folder, odd, 'handler.py')));
  });

  it('takes `..`, and a path that a link leads through', async () => {
    writeModel(sandbox, 'real/echo');
    mkdirSync(path.join(sandbox.folder, 'other'));
    symlinkSync('real', path.join(sandbox.folder, 'link'));
    await sandbox.json(deployArguments('other/../link/echo'));
    await answers('echo');
    assert.deepEqual(paths(), { echo: 'link/echo' });
    // The same project on another way.
    const way = `${sandbox.folder}-way`;
    symlinkSync(sandbox.folder, way);
    await sandbox.json(deployArguments(path.join(way, 'real/echo'), '--name', 'second'));
    await answers('second');
    assert.equal(paths()['second'], 'real/echo');
  });

  it('takes a model that is a link out of the project, and refuses links out of the model', async () => {
    const outside = `${sandbox.folder}-outside`;
    cpSync(path.join(sandbox.folder, writeModel(sandbox, 'inside')), outside, { recursive: true });
    symlinkSync(outside, path.join(sandbox.folder, 'linked'));
    await sandbox.json(deployArguments('linked'));
    await answers('linked');
    assert.deepEqual(paths(), { linked: 'linked' });
    symlinkSync('/etc/hostname', path.join(sandbox.folder, 'inside/secret'));
    const problem = await refused(sandbox, deployArguments('inside'));
    assert.equal(problem.code, 'model-link');
    assert.match(problem.text, /inside\/secret .*\/etc\/hostname/);
    assert.deepEqual(paths(), { linked: 'linked' });
  });

  it('says that a link leads nowhere or back to itself', async () => {
    symlinkSync('gone', path.join(sandbox.folder, 'dangling'));
    symlinkSync('loop', path.join(sandbox.folder, 'loop'));
    assert.equal((await refused(sandbox, deployArguments('dangling'))).code, 'path-missing');
    assert.equal((await refused(sandbox, deployArguments('loop'))).code, 'path-not-readable');
  });

  it('serves a model among 100,000 files, and sees it change', async () => {
    fill(path.join(sandbox.folder, 'many'));
    writeModel(sandbox, 'many/echo');
    await sandbox.json(deployArguments('many/echo'));
    await answers('echo');
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    const versions = new Set<string>();
    const host = await hostOf(sandbox, 'cli', {
      deployment: ({ version }) => void (versions.add(version).size > 1 && resolve()),
    });
    versions.add(host.hello.deployments[0]!.version);
    writeModel(sandbox, 'many/echo', ECHO.replace('return input', 'return "changed"'));
    await changed;
    host.close();
    assert.equal((await sandbox.json<{ result: unknown }>(['predict', 'echo', 'x'])).result, 'changed');
  });

  it('asks before it takes a name from another model, and makes a free one by itself', async () => {
    const first = writeModel(sandbox, 'one/echo');
    const second = writeModel(sandbox, 'two/echo', ECHO.replace('return input', 'return "second"'));
    await sandbox.json(deployArguments(first));
    const before = leftBehind(sandbox);
    const asked = deployArguments(second, '--name', 'echo').filter((one) => one !== '--yes');
    const problem = await refused(sandbox, asked, 2);
    assert.match(problem.text, /The name echo belongs to one\/echo\..*--name.*--yes/);
    assert.deepEqual(leftBehind(sandbox), before);
    await answers('echo');
    await sandbox.json(deployArguments(second));
    assert.deepEqual(paths(), { echo: first, 'echo-2': second });
    const bad = await refused(sandbox, deployArguments(second, '--name', 'Echo!'), 2);
    assert.equal(bad.code, 'invalid-name');
    await sandbox.json(deployArguments(second, '--name', 'echo'));
    assert.equal((await sandbox.json<{ result: unknown }>(['predict', 'echo', 'x'])).result, 'second');
  });
});
