import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Problem } from '../../src/shared/contract.ts';
import { createSandbox, python, type Sandbox } from './nimbus.ts';

describe('nimbus, used wrongly', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(() => {
    sandbox = createSandbox();
  });
  after(() => sandbox.remove());

  const failing: [string, string[], number, RegExp][] = [
    ['an unknown verb', ['deplyo', 'x'], 2, /unknown command[^]*Did you mean deploy\?/],
    ['an unknown option', ['deploy', 'x', '--nmae', 'y'], 2, /unknown option[^]*Did you mean --name\?/],
    ['a target that is misspelt', ['deploy', 'x', '--target', 'dokcer'], 2, /Did you mean docker\? Targets: /],
    ['a kind that is misspelt', ['prune', '--only', 'logz'], 2, /no kind logz\. Did you mean logs\?/],
    ['a platform that is misspelt', ['lock', 'x', '--platform', 'linux-x86-64'], 2, /Did you mean linux-x86_64\?/],
    ['a path that is misspelt', ['deploy', './ruels', '--python', python], 1, /no .*ruels[^]*Did you mean rules\?/],
    ['a missing argument', ['deploy'], 2, /missing required argument/],
    ['a number that is none', ['deploy', 'x', '--memory', 'much'], 2, /whole number/],
    ['a target that is none', ['deploy', 'x', '--target', 'moon'], 2, /no target named moon/],
    [
      'memory sizes that AWS Lambda does not have',
      ['sweep', 'x', '--memory', '64,512'],
      2,
      /numbers from 128 to 10240/,
    ],
    ['a cost of nothing', ['cost', 'nothing'], 1, /no models\.json at or above/],
    ['a share of cold starts that is none', ['cost', 'x', '--cold', '2'], 2, /number from 0 to 1/],
    ['a duration that is none', ['cost', 'x', '--duration', '0'], 2, /number of milliseconds/],
    ['a sweep of nothing', ['sweep', 'nothing'], 1, /no models\.json at or above/],
    ['an image of nothing', ['build', 'nowhere.pkl', '--python', python], 1, /nowhere\.pkl/],
    ['a folder of no project', ['predict', 'nothing', 'x'], 1, /no models\.json at or above .*proj ect ü/],
    ['a name that is none', ['deploy', 'x', '--name', 'Bad Name'], 2, /"Bad Name" is not a valid name/],
    ['an empty name', ['deploy', 'x', '--name', ''], 2, /"" is not a valid name/],
    ['a name of a deployment that is none', ['deploy', 'x', '--as', 'a/b'], 2, /not a valid name/],
    ['a path that is none', ['deploy', 'nowhere.pkl', '--python', python], 1, /nowhere\.pkl/],
    ['an input that is no JSON', ['predict', 'x', '--input', '{'], 2, /--input is not valid JSON/],
    ['a text and an input', ['predict', 'x', 'text', '--input', '1'], 2, /not both/],
  ];
  for (const [title, argv, expected, message] of failing) {
    it(`${title} ends with ${expected} and says why, as text and as problem JSON`, async () => {
      const text = await sandbox.nimbus(argv);
      assert.equal(text.code, expected, text.stderr);
      assert.match(text.stderr, message);
      assert.equal(text.stdout, '');
      const json = await sandbox.nimbus([...argv, '--json']);
      assert.equal(json.code, expected);
      const problem = JSON.parse(json.stdout) as Problem;
      assert.match(problem.type, /^urn:nimbus:problem:/);
      assert.match(`${problem.title} ${problem.detail} ${problem.next}`, message);
    });
  }

  it('a text after -- is a text, also where it looks like an option', async () => {
    const { code, stdout, stderr } = await sandbox.nimbus(['predict', 'nothing', '--', '--json']);
    assert.equal(code, 1);
    assert.equal(stdout, '');
    assert.match(stderr, /^ *nothing is looked up/m);
  });

  it('says in a folder of no project that there is none, and in a project which models there are', async () => {
    const file = path.join(sandbox.folder, 'models.json');
    assert.match((await sandbox.nimbus(['list'])).stdout, /^There is no models\.json at or above .*proj ect ü\./);
    writeFileSync(file, '{"version": 1, "models": {"one": {"path": "rules", "framework": "custom"}}}');
    const { code, stderr } = await sandbox.nimbus(['status', 'nothing']);
    assert.equal(code, 1);
    assert.match(stderr, /no model named nothing[^]*\nModels here: one\./);
    for (const argv of [
      ['status', 'on'],
      ['predict', 'onne/local', 'x'],
      ['remove', 'oen'],
      ['build', 'onee'],
      ['lock', 'onee'],
      ['cost', 'onee'],
    ]) {
      const misspelt = await sandbox.nimbus(argv);
      assert.match(misspelt.stderr, /no model named .*\n.*Models here: one\./, argv.join(' '));
    }
    assert.match((await sandbox.nimbus(['predict', 'onee', 'x'])).stderr, /^Did you mean one\? Models here: one\./m);
    const named = await sandbox.nimbus(['deploy', 'one', '--python', python]);
    const fromWithin = await sandbox.nimbus(['deploy', 'one', '--python', python], { cwd: 'rules' });
    mkdirSync(path.join(sandbox.folder, 'my rules'));
    writeFileSync(file, '{"version": 1, "models": {"two": {"path": "my rules", "framework": "custom"}}}');
    const quoted = await sandbox.nimbus(['deploy', 'two', '--python', python]);
    rmSync(file);
    assert.match(named.stderr, /one is the name of a model[^]*nimbus deploy rules$/m);
    assert.match(fromWithin.stderr, /one is the name of a model[^]*nimbus deploy \.$/m);
    assert.match(quoted.stderr, /two is the name of a model[^]*nimbus deploy 'my rules'$/m);
  });

  it('a question without a terminal names the flag that answers it', async () => {
    const folder = path.join(sandbox.folder, 'code');
    mkdirSync(folder);
    writeFileSync(
      path.join(folder, 'handler.py'),
      'def load(path):\n    return None\n\n\ndef predict(model, input):\n    return input\n',
    );
    const { code, stderr } = await sandbox.nimbus(['deploy', 'code', '--python', python]);
    assert.equal(code, 2);
    assert.match(stderr, /--trust/);
  });

  it('does not make the home folder a project without a word', async () => {
    const HOME = sandbox.folder;
    const argv = ['deploy', 'code', '--python', python, '--trust'];
    const { code, stderr } = await sandbox.nimbus(argv, { env: { HOME } });
    assert.equal(code, 2);
    assert.match(stderr, /home folder[^]*--yes/);
    assert.ok(!existsSync(path.join(HOME, 'models.json')));
    // Where it is one, it is none of those below it.
    writeFileSync(path.join(HOME, 'models.json'), '{"version": 1, "models": {}}');
    const listed = await sandbox.nimbus(['deploy', 'handler.py', '--python', python, '--trust'], {
      env: { HOME },
      cwd: 'code',
    });
    assert.match(listed.stdout, new RegExp(`project ${HOME}/code$`, 'm'));
    assert.match(listed.stdout, new RegExp(`models\\.json is new: ${HOME}/code/models\\.json$`, 'm'));
    await sandbox.endHost(path.join(HOME, 'code'));
  });

  it('deploys in the project of the model where the current folder has none', async () => {
    const project = path.join(sandbox.folder, 'other');
    mkdirSync(path.join(project, 'echo'), { recursive: true });
    mkdirSync(path.join(sandbox.folder, 'nowhere'));
    rmSync(path.join(sandbox.folder, 'models.json'), { force: true });
    writeFileSync(path.join(project, 'models.json'), '{"version": 1, "models": {}}');
    writeFileSync(
      path.join(project, 'echo/handler.py'),
      'load = lambda path: None\npredict = lambda model, input: input\n',
    );
    const argv = ['deploy', path.join(project, 'echo'), '--python', python, '--trust', '--yes'];
    const { code, stdout, stderr } = await sandbox.nimbus(argv, { cwd: 'nowhere' });
    await sandbox.endHost(project);
    assert.equal(code, 0, stderr);
    assert.ok(stdout.includes(`  project ${project}\n  model echo `), stdout);
    // The call that is printed works there.
    assert.ok(stdout.endsWith(`  cd '${project}'\n  nimbus predict echo "some text"\n`), stdout);
    assert.match(readFileSync(path.join(project, 'models.json'), 'utf8'), /"path":"echo"/);
    assert.deepEqual(readdirSync(path.join(sandbox.folder, 'nowhere')), []);
  });

  it('prints its help and version', async () => {
    const help = await sandbox.nimbus(['--help']);
    assert.equal(help.code, 0);
    for (const verb of [
      'deploy',
      'list',
      'status',
      'predict',
      'batch',
      'logs',
      'start',
      'stop',
      'cold',
      'remove',
      'destroy',
      'serve',
      'trust',
      'cost',
      'migrate',
    ]) {
      assert.match(help.stdout, new RegExp(`^  ${verb} `, 'm'));
    }
    // By what they are for, where to begin, and within the width of a terminal.
    for (const part of ['Models and their endpoints:', 'Images:', 'Begin with: nimbus deploy PATH']) {
      assert.ok(help.stdout.includes(`\n${part}`), part);
    }
    for (const verb of ['--help', 'batch', 'parity', 'deploy', 'cost']) {
      const { stdout } = await sandbox.nimbus(verb === '--help' ? [verb] : [verb, '--help']);
      assert.deepEqual(
        stdout.split('\n').filter((line) => line.length > 80),
        [],
      );
    }
    assert.match((await sandbox.nimbus(['sweep', '--help'])).stdout, /default:\s+512,1024,1769,3008\)/);
    assert.match((await sandbox.nimbus(['--version'])).stdout, /^\d+\.\d+\.\d+\n$/);
  });
});
