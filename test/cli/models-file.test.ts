/** models.json that cannot be used, or that others change while a deploy is under way. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { deployArguments, gated, leftBehind, modelsFile, refused, writeModel } from './models.ts';
import { createSandbox, type Sandbox } from './nimbus.ts';

/** As people write it. */
const OURS = `{
  // ours
  "version": 1,
  "models": {
    "other": { "path": "other.pkl", "framework": "sklearn" } // mind this one
  }
}
`;

describe('nimbus deploy with a models.json that', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
  });
  afterEach(() => sandbox.remove());

  const file = (): string => modelsFile(sandbox);
  const read = (): any => JSON.parse(readFileSync(file(), 'utf8').replaceAll(/ *\/\/.*/g, ''));
  const result = async (model: string): Promise<unknown> =>
    (await sandbox.json<{ result: unknown }>(['predict', model, 'hello'])).result;

  const unusable: [string, string, RegExp][] = [
    ['is invalid', '{\n  "version": 1,\n  "models": {,}\n}', /models\.json:3:14/],
    ['is empty', '', /models\.json:1:1/],
    ['has conflict markers', '{\n<<<<<<< a\n=======\n>>>>>>> b\n}', /models\.json:2:1/],
    ['has a wrong value', '{"version": 1, "models": {"a": {"path": 1, "framework": "sklearn"}}}', /models\.json:1:41/],
    ['is of an early Nimbus', '[]', /early Nimbus|migrate/i],
  ];
  for (const [title, text, where] of unusable) {
    it(`${title} says where, and leaves it as it is`, async () => {
      writeModel(sandbox, 'echo');
      writeFileSync(file(), text);
      const problem = await refused(sandbox, deployArguments('echo'));
      assert.match(problem.text, where);
      assert.equal(readFileSync(file(), 'utf8'), text);
      for (const argv of [['list'], ['status'], ['predict', 'echo', 'x'], ['destroy', 'echo', '--yes']]) {
        assert.match((await refused(sandbox, argv)).text, where);
      }
      assert.deepEqual(leftBehind(sandbox), { models: text, snapshots: [] });
    });
  }

  it('has entries of a newer Nimbus shows them, leaves them, and works with the rest', async () => {
    writeModel(sandbox, 'echo');
    const text = `{
  "version": 1,
  "models": {
    "echo": {
      "path": "echo",
      "framework": "custom",
      "deployments": { "prod": { "target": "kubernetes", "cluster": "eu-west-1" } }
    },
    "vision": { "path": "vision.onnx", "framework": "caff" } // later
  }
}
`;
    writeFileSync(file(), text);
    await sandbox.json(deployArguments('echo'));
    assert.equal(await result('echo'), 'hello');
    const { models } = await sandbox.json<{ models: any[] }>(['list']);
    assert.deepEqual(
      models.map(({ name, framework, deployments }) => [
        name,
        framework,
        deployments.map((one: any) => `${one.name} ${one.target} ${one.state}`),
      ]),
      [
        ['echo', 'custom', ['local local serving', 'prod kubernetes needs-newer-nimbus']],
        ['vision', 'caff', []],
      ],
    );
    const shown = await sandbox.nimbus(['list']);
    assert.match(shown.stdout, /vision +caff +- +needs a newer Nimbus/);
    assert.match(shown.stdout, /prod +needs a newer Nimbus +target kubernetes/);
    assert.equal((await sandbox.nimbus(['status'])).code, 0);
    for (const argv of [
      ['predict', 'vision', 'x'],
      ['status', 'vision'],
      ['predict', 'echo/prod', 'x'],
      ['destroy', 'echo', '--yes'],
      deployArguments('echo', '--name', 'vision'),
      deployArguments('echo', '--as', 'prod'),
    ]) {
      const problem = await refused(sandbox, argv);
      assert.equal(problem.code, 'needs-newer-nimbus', argv.join(' '));
      assert.match(problem.text, /models\.json, line \d+: "(framework|target)" of .* is "(caff|kubernetes)"/);
    }
    await sandbox.json(['remove', 'echo', '--yes']);
    assert.equal(await result('echo').catch(() => 'removed'), 'removed');
    const after = readFileSync(file(), 'utf8');
    assert.deepEqual(Object.keys(read().models.echo.deployments), ['prod']);
    for (const line of text.split('\n').filter((one) => /prod|vision/.test(one))) {
      assert.ok(after.includes(line.trim().replaceAll(/[{}] *$/g, '')), line);
    }
  });

  it('has a misspelt field warns of it at its line, and works on', async () => {
    writeModel(sandbox, 'echo');
    writeFileSync(
      file(),
      '{"version": 1, "models": {\n"echo": {"path": "echo", "framework": "custom", "descripton": "d"}}}',
    );
    for (const argv of [['list'], deployArguments('echo')]) {
      const { code, stderr } = await sandbox.nimbus(argv);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /models\.json:2:\d+ "descripton" of "echo" .*Did you mean "description"\?/);
    }
  });

  it("has a deployment with the same name to AWS's clients refuses the new one before it starts anything", async () => {
    writeModel(sandbox, 'echo');
    const other = { path: 'echo', framework: 'custom', deployments: { 'b-local': { target: 'local' } } };
    const text = JSON.stringify({ version: 1, models: { a: other } });
    writeFileSync(file(), text);
    const problem = await refused(sandbox, deployArguments('echo', '--name', 'a-b'));
    assert.equal(problem.code, 'function-name-taken');
    assert.match(problem.text, /a-b\/local and a\/b-local .*nimbus-a-b-local/s);
    assert.deepEqual(leftBehind(sandbox), { models: text, snapshots: [] });
  });

  it('is of a newer format says so at once, and does not say that there is nothing', async () => {
    writeModel(sandbox, 'echo');
    const text = '{"version": 2, "models": {"a": {"kind": "new"}}}';
    writeFileSync(file(), text);
    const listed = await sandbox.nimbus(['list']);
    assert.equal(listed.code, 0);
    assert.match(listed.stderr, /newer version of Nimbus \(format 2\)/);
    assert.doesNotMatch(listed.stdout, /No models yet/);
    const { stdout, stderr, code } = await sandbox.nimbus(deployArguments('echo'));
    assert.equal(code, 1);
    assert.match(stderr, /newer version of Nimbus/);
    assert.equal(stdout, '', 'nothing was begun');
    assert.deepEqual(leftBehind(sandbox), { models: text, snapshots: [] });
  });

  it('is cut off while something is deployed is as it was last, with a warning', async () => {
    await sandbox.json(deployArguments(writeModel(sandbox, 'echo')));
    const whole = readFileSync(file(), 'utf8');
    writeFileSync(file(), whole.slice(0, -10));
    for (const argv of [
      ['predict', 'echo', 'hello'],
      ['status', 'echo'],
      ['list'],
      ['cold', 'echo'],
      ['logs', 'echo'],
    ]) {
      const { code, stderr, stdout } = await sandbox.nimbus([...argv, '--json']);
      assert.equal(code, 0, stdout);
      assert.match(stderr, /models\.json:\d+:\d+ is not valid.*last good state/);
      for (const line of stdout.trim().split('\n')) if (line !== '') JSON.parse(line);
    }
    await refused(sandbox, ['remove', 'echo', '--yes']);
    await refused(sandbox, deployArguments('echo'));
    assert.equal(readFileSync(file(), 'utf8'), whole.slice(0, -10));
  });

  it('is of an early Nimbus is migrated by nimbus migrate, which asks', async () => {
    const text =
      '[{"modelName": "echo", "modelType": "custom", "modelPathOrName": "echo"}, {"modelName": "b", "modelType": "bert", "modelPathOrName": "b"}]';
    writeModel(sandbox, 'echo');
    writeFileSync(file(), text);
    assert.match((await refused(sandbox, ['list'])).text, /nimbus migrate.*Nimbus: Migrate models\.json/);
    const asked = await sandbox.nimbus(['migrate', '--json']);
    assert.equal(asked.code, 2);
    assert.match(asked.stdout, /--yes/);
    assert.equal(readFileSync(file(), 'utf8'), text);
    const done = await sandbox.json<{ models: string[]; left: unknown[] }>(['migrate', '--yes']);
    assert.deepEqual([done.models, done.left.length], [['echo'], 1]);
    assert.deepEqual(Object.keys(read().models), ['echo']);
    await sandbox.json(deployArguments('echo'));
    assert.equal(await result('echo'), 'hello');
    const again = await sandbox.nimbus(['migrate']);
    assert.deepEqual([again.code, /nothing to migrate/.test(again.stdout)], [0, true]);
  });

  it('is read-only leaves it and everything else as it is', async () => {
    writeModel(sandbox, 'echo');
    writeFileSync(file(), OURS);
    chmodSync(file(), 0o444);
    const problem = await refused(sandbox, deployArguments('echo'));
    assert.equal(problem.code, 'models-file-not-writable');
    assert.match(problem.text, /Make the file and its folder writable/);
    assert.deepEqual(leftBehind(sandbox), { models: OURS, snapshots: [] });
    chmodSync(file(), 0o644);
    await sandbox.json(deployArguments('echo'));
    assert.equal(await result('echo'), 'hello');
    assert.ok(readFileSync(file(), 'utf8').includes('// mind this one'));
    // What cannot be undeclared is not taken away.
    chmodSync(file(), 0o444);
    await refused(sandbox, ['remove', 'echo', '--yes']);
    assert.equal(await result('echo'), 'hello');
  });

  it('was deleted is made anew, and what was deployed is deployed again', async () => {
    const echo = writeModel(sandbox, 'echo');
    await sandbox.json(deployArguments(echo));
    rmSync(file());
    const gone = await refused(sandbox, ['predict', 'echo', 'x']);
    assert.match(gone.text, /no models\.json at or above/);
    await sandbox.json(deployArguments(echo));
    assert.equal(await result('echo'), 'hello');
    assert.deepEqual(Object.keys(read().models), ['echo']);
  });

  describe('another program', () => {
    /** Deploys a model, and has `change` happen while it loads. */
    async function deployWhile(change: () => void): Promise<{ code: number | null; stdout: string }> {
      const gate = path.join(sandbox.folder, '..', 'gate');
      rmSync(gate, { force: true });
      rmSync(`${gate}.here`, { force: true });
      writeModel(sandbox, 'echo', gated(gate));
      const loads = new Promise<void>((resolve) => {
        const watcher = watch(path.dirname(gate), () => {
          if (!existsSync(`${gate}.here`)) return;
          watcher.close();
          resolve();
        });
      });
      const child = sandbox.start([...deployArguments('echo'), '--json']);
      let stdout = '';
      child.stdout!.setEncoding('utf8').on('data', (text: string) => (stdout += text));
      const ended = once(child, 'close');
      await loads;
      change();
      writeFileSync(gate, '');
      return { code: (await ended)[0] as number | null, stdout };
    }

    it('adds a model to meanwhile has both', async () => {
      writeFileSync(file(), '{"version": 1, "models": {}}');
      const { code } = await deployWhile(() => writeFileSync(file(), OURS));
      assert.equal(code, 0);
      assert.deepEqual(Object.keys(read().models).sort(), ['echo', 'other']);
      assert.match(readFileSync(file(), 'utf8'), /\/\/ ours\n[^]*\/\/ mind this one/);
      assert.equal(await result('echo'), 'hello');
    });

    it('breaks meanwhile is left so, and nothing is deployed', async () => {
      const { code, stdout } = await deployWhile(() => writeFileSync(file(), `${OURS}<<<<<<< HEAD\n`));
      assert.equal(code, 1);
      assert.match(stdout, /models-file-/);
      assert.deepEqual(leftBehind(sandbox), { models: `${OURS}<<<<<<< HEAD\n`, snapshots: [] });
      writeFileSync(file(), OURS);
      const { models } = await sandbox.json<{ models: { name: string }[] }>(['list']);
      assert.deepEqual(
        models.map(({ name }) => name),
        ['other'],
      );
    });

    it('edits the same model in meanwhile keeps that edit', async () => {
      writeFileSync(
        file(),
        JSON.stringify({ version: 1, models: { echo: { path: 'echo', framework: 'custom', timeoutSeconds: 5 } } }),
      );
      const { code } = await deployWhile(() => {
        const models = read();
        Object.assign(models.models.echo, { timeoutSeconds: 7, description: 'By hand' });
        writeFileSync(file(), JSON.stringify(models));
      });
      assert.equal(code, 0);
      const { timeoutSeconds, description, path: at } = read().models.echo;
      assert.deepEqual([timeoutSeconds, description, at], [7, 'By hand', 'echo']);
      assert.equal(await result('echo'), 'hello');
    });

    it('deletes meanwhile is made anew', async () => {
      await deployWhile(() => undefined);
      const { code } = await deployWhile(() => rmSync(file()));
      assert.equal(code, 0);
      assert.deepEqual(read().models.echo, {
        path: 'echo',
        framework: 'custom',
        deployments: { local: { target: 'local' } },
      });
      assert.equal(await result('echo'), 'hello');
    });

    it('gives the name to another model in meanwhile keeps that one', async () => {
      const theirs = '{"version": 1, "models": {"echo": {"path": "theirs.pkl", "framework": "sklearn"}}}';
      const { code, stdout } = await deployWhile(() => writeFileSync(file(), theirs));
      assert.equal(code, 1);
      assert.match(stdout, /problem:name-taken/);
      assert.deepEqual(leftBehind(sandbox), { models: theirs, snapshots: [] });
    });
  });
});
