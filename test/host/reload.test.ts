import assert from 'node:assert/strict';
import { copyFileSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { get, isAlive, post, SAMPLE_PYTHON, SAMPLES, TestProject } from './support.ts';

/** Answers with what is in a file beside it. */
const VERSIONED = `
import os

def load(path):
    with open(os.path.join(path, "weights.txt")) as file:
        weights = file.read()
    if weights == "cut":
        raise ValueError("the weights are cut")
    return weights

def predict(model, input):
    if model == "cannot answer":
        raise ValueError("no")
    return model
`;

describe('a model that changes while it serves', function () {
  this.timeout(60_000);
  let project: TestProject;
  let folder: string;
  let url: string;

  before(async () => {
    project = new TestProject();
    await project.connect();
    folder = project.write('model', VERSIONED, { 'weights.txt': 'one' });
    const spec = { concurrency: 1, examples: [{ input: 'example' }] };
    const operation = await project.execute(project.plan('model', spec));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    url = `${project.host.hello.url}/model/local`;
  });
  after(() => project.end());

  const weights = (text: string): void => writeFileSync(path.join(folder, 'weights.txt'), text);
  const answer = async (): Promise<any> => {
    const reply = await post(`${url}/predict`, { text: 'a' });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    return reply.body;
  };
  const served = (version: (one: string) => boolean): Promise<unknown> =>
    project.until(() => {
      const status = project.status('model');
      return status && version(status.version) ? status : undefined;
    });

  it('serves the new version after a while, and no request fails meanwhile', async () => {
    const first = await answer();
    assert.equal(first.result, 'one');
    weights('two');
    const results = new Set<string>();
    do results.add((await answer()).result);
    while (!project.statuses.some((status) => status.version !== '' && status.version !== first.version));
    assert.ok(results.has('one'), 'it was asked while the old version served');
    const second = await answer();
    assert.deepEqual([second.result, second.timings.start], ['two', 'warm']);
    assert.equal((await get(url)).body.version, second.version);
  });

  for (const [what, text, why] of [
    ['cannot be loaded', 'cut', /the weights are cut/],
    ['cannot answer an example', 'cannot answer', /ValueError: no/],
  ] as const) {
    it(`refuses a new version that ${what}, and the old one serves on`, async () => {
      const before = await answer();
      project.statuses.length = 0;
      weights(text);
      const refused = await project.untilState('model', 'refused');
      assert.match(refused.error?.why ?? '', why);
      assert.equal(refused.version, before.version);
      assert.deepEqual((await answer()).result, before.result);
      // The old files again: nothing to refuse any more.
      weights('two');
      await project.untilState('model', 'serving');
      assert.equal((await answer()).version, before.version);
    });
  }

  it('refuses a version that answers otherwise than expected', async () => {
    const file = path.join(project.folder, 'models.json');
    const models = JSON.parse(readFileSync(file, 'utf8'));
    models.models.model.examples = [{ input: 'example', expect: 'two' }];
    project.statuses.length = 0;
    writeFileSync(file, JSON.stringify(models));
    await project.until(() => project.status('model'));
    weights('three');
    const refused = await project.untilState('model', 'refused');
    assert.equal(refused.error?.code, 'example-unexpected');
    weights('two');
    await project.untilState('model', 'idle');
  });

  it('sees a model that is replaced as a whole, and misses one that is gone', async () => {
    await answer();
    const aside = `${folder}-aside`;
    renameSync(folder, aside);
    const missing = await project.untilState('model', 'changed');
    assert.equal(missing.error?.code, 'model-missing');
    assert.equal((await answer()).result, 'two');
    rmSync(aside, { recursive: true });
    project.write('model', `${VERSIONED}\n# trained again`, { 'weights.txt': 'two' });
    const before = missing.version;
    await served((version) => version !== before);
    assert.equal((await answer()).result, 'two');
  });

  it('keeps the snapshots of this version and the one before, no more', async () => {
    const snapshots = (): string[] => readdirSync(path.join(project.folder, '.nimbus/snapshots'));
    const { version } = await answer();
    const file = path.join(project.folder, 'models.json');
    const models = JSON.parse(readFileSync(file, 'utf8'));
    delete models.models.model.examples;
    writeFileSync(file, JSON.stringify(models));
    weights('four');
    await served((one) => one !== version);
    assert.equal((await answer()).result, 'four');
    await project.until(() => snapshots().length === 2);
  });
});

describe('models.json', function () {
  this.timeout(60_000);
  let project: TestProject;
  let url: string;
  let file: string;
  const edit = (change: (models: any) => void): void => {
    const models = JSON.parse(readFileSync(file, 'utf8'));
    change(models.models);
    writeFileSync(file, JSON.stringify(models, undefined, 2));
  };

  before(async () => {
    project = new TestProject();
    await project.connect();
    project.write('model', VERSIONED, { 'weights.txt': 'one' });
    const operation = await project.execute(project.plan('model'));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    url = `${project.host.hello.url}/model/local`;
    file = path.join(project.folder, 'models.json');
  });
  after(() => project.end());

  it('is written by the deploy', () => {
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).models.model, {
      path: 'models/model',
      framework: 'custom',
      deployments: { local: { target: 'local' } },
    });
  });

  it('applies limits and texts that are edited by hand', async () => {
    edit((models) => Object.assign(models.model, { timeoutSeconds: 7, description: 'By hand', concurrency: 1 }));
    for (;;) {
      const card = (await get(url)).body;
      if (card.description === 'By hand' && card.limits.timeoutSeconds === 7) break;
    }
    assert.equal((await post(`${url}/predict`, { text: 'a' })).body.result, 'one');
  });

  it('says that another path needs a redeploy, and serves on', async () => {
    edit((models) => (models.model.path = 'models/other'));
    const status = await project.untilState('model', 'changed');
    assert.equal(status.error?.code, 'declaration-changed');
    assert.equal((await post(`${url}/predict`, { text: 'a' })).status, 200);
    edit((models) => (models.model.path = 'models/model'));
    await project.untilState('model', 'serving');
  });

  it('changes nothing while it is invalid', async () => {
    const text = readFileSync(file, 'utf8');
    writeFileSync(file, `${text}<<<<<<< HEAD`);
    const deployed = await project.execute({ ...project.plan('model'), kind: 'redeploy' });
    assert.equal(deployed.state, 'failed');
    assert.match(deployed.error?.code ?? '', /^models-file/);
    assert.equal((await post(`${url}/predict`, { text: 'a' })).status, 200);
    writeFileSync(file, text);
  });

  it('drops a deployment that is not declared any more, and serves it again when it is', async () => {
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    await project.until(() => project.removed.includes('model/local'));
    assert.equal((await get(`${url}/health`)).status, 404);
    project.statuses.length = 0;
    writeFileSync(file, text);
    await project.untilState('model', 'idle');
    assert.equal((await post(`${url}/predict`, { text: 'a' })).body.result, 'one');
  });

  it('is not said to be removed where it is declared again before its last requests have ended', async () => {
    const gate = path.join(project.home, 'gate');
    const waits = `import os, time\n${VERSIONED.replace('def predict(model, input):', `def predict(model, input):\n    while not os.path.exists(${JSON.stringify(gate)}): time.sleep(0.01)`)}`;
    const slow = await project.deploy('slow', waits.replace('"weights.txt"', '"handler.py"'));
    const running = post(`${slow}/predict`, { input: 1 });
    await project.untilState('slow', 'serving');
    const text = readFileSync(file, 'utf8');
    rmSync(file);
    while ((await get(`${slow}/health`)).status === 200);
    writeFileSync(file, text);
    while ((await get(`${slow}/health`)).status !== 200);
    writeFileSync(gate, '');
    assert.equal((await running).status, 200);
    await project.execute({ kind: 'remove', project: project.folder, ...project.key('slow'), dropModel: true });
    assert.deepEqual(
      project.removed.filter((name) => name === 'slow/local'),
      ['slow/local'],
    );
  });

  it('loses its entry by Remove, and everything that belonged to it goes', async () => {
    project.removed.length = 0;
    const removed = await project.execute({
      kind: 'remove',
      project: project.folder,
      ...project.key('model'),
      dropModel: true,
    });
    assert.equal(removed.state, 'succeeded', JSON.stringify(removed.error));
    assert.deepEqual(project.removed, ['model/local']);
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')).models, {});
    assert.equal((await get(`${url}/health`)).status, 404);
    await project.until(() => readdirSync(path.join(project.folder, '.nimbus/snapshots')).length === 0);
  });
});

describe('a model without examples that is replaced by one for other inputs', function () {
  this.timeout(90_000);
  let project: TestProject;

  before(async () => {
    project = new TestProject();
    await project.connect();
  });
  after(() => project.end());

  it('is refused, and the old one serves on: what it answered, the new one does not', async () => {
    const file = path.join(project.folder, 'model.joblib');
    copyFileSync(path.join(SAMPLES, 'sentiment.joblib'), file);
    const plan = project.plan('model', { path: 'model.joblib', framework: 'sklearn' });
    const environment = { ...plan.environment, python: SAMPLE_PYTHON } as typeof plan.environment;
    const operation = await project.execute({ ...plan, environment, consent: [] });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    assert.equal(operation.stages.find((one) => one.name === 'first answer')?.state, 'done');
    copyFileSync(path.join(SAMPLES, 'flowers.joblib'), file);
    const refused = await project.untilState('model', 'refused');
    assert.match(refused.error?.what ?? '', /does not answer what the version before answered/);
    const reply = await post(`${project.host.hello.url}/model/local/predict`, { text: 'I loved it' });
    assert.equal(reply.body.result?.label, 'positive', JSON.stringify(reply.body));
  });
});

describe('a changed model that is deployed while its reload runs', function () {
  this.timeout(60_000);
  let project: TestProject;

  before(async () => {
    project = new TestProject();
    await project.connect();
  });
  after(() => project.end());

  it('is made once: the reload has ended before the deploy begins', async () => {
    const [loads, gate] = ['loads', 'gate'].map((name) => path.join(project.home, name)) as [string, string];
    const handler = `
import os, time

def load(path):
    with open(os.path.join(path, "weights.txt")) as file:
        weights = file.read()
    with open(${JSON.stringify(loads)}, "a") as file:
        file.write(f"{weights} {os.getpid()}\\n")
    while weights == "two" and not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.01)
    return weights

def predict(model, input):
    return model
`;
    const loadsOf = (weights: string): number[] =>
      readFileSync(loads, 'utf8')
        .split('\n')
        .filter((line) => line.startsWith(`${weights} `))
        .map((line) => Number(line.split(' ')[1]));
    const folder = project.write('model', handler, { 'weights.txt': 'one' });
    await project.execute(project.plan('model'));
    writeFileSync(path.join(folder, 'weights.txt'), 'two');
    const [reloading] = await project.until(() => loadsOf('two').length > 0 && loadsOf('two'));
    const deploying = project.execute(project.plan('model'));
    await project.until(() => loadsOf('two').length > 1);
    assert.ok(!isAlive(reloading!), 'the worker that the reload had started');
    writeFileSync(gate, '');
    const operation = await deploying;
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    const answer = await post(`${project.host.hello.url}/model/local/predict`, { input: 1 });
    assert.equal(answer.body.result, 'two');
  });
});
