import assert from 'node:assert/strict';
import { copyFileSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ECHO, get, post, SAMPLE_PYTHON, SAMPLES, TestProject } from './support.ts';

/** Loads when a file is there, and says with another that it waits. */
const slow = (gate: string): string => `
import os, time

def load(path):
    open(${JSON.stringify(`${gate}.here`)}, "w").close()
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.005)

def predict(model, input):
    return input
`;

describe('an operation', function () {
  this.timeout(60_000);
  let project: TestProject;
  beforeEach(async () => {
    project = new TestProject();
    await project.connect();
  });
  afterEach(() => project.end());

  const left = (): unknown => [
    existsSync(path.join(project.folder, 'models.json')),
    readdirSync(path.join(project.folder, '.nimbus')).includes('snapshots')
      ? readdirSync(path.join(project.folder, '.nimbus/snapshots'))
      : [],
  ];

  it('goes through its stages in order, with a log', async () => {
    project.write('echo', ECHO);
    const operation = await project.execute(project.plan('echo', { examples: [{ input: 1, expect: 1 }] }));
    assert.deepEqual(
      operation.stages.map(({ name, state }) => [name, state]),
      [
        ['environment', 'done'],
        ['snapshot', 'done'],
        ['start', 'done'],
        ['first answer', 'done'],
        ['models.json', 'done'],
      ],
    );
    assert.ok(operation.stages.every((stage) => stage.startedAt! <= stage.endedAt!));
    assert.match(readFileSync(operation.logFile, 'utf8'), /first answer: 1 answered[^]*succeeded/);
  });

  it('is one at a time per deployment, and can be cancelled while the model loads, leaving nothing', async () => {
    const gate = path.join(project.home, 'gate');
    project.write('slow', slow(gate));
    const first = await project.host.api.execute(project.plan('slow'));
    assert.ok(first.ok);
    const second = await project.host.api.execute(project.plan('slow'));
    assert.ok(!second.ok && second.error.code === 'operation-running');
    const shutdown = await project.host.api.shutdown();
    assert.ok(!shutdown.ok && shutdown.error.code === 'operation-running');
    await project.until(() => existsSync(`${gate}.here`));
    assert.ok((await project.host.api.cancel(first.value.id)).ok);
    assert.equal(project.operations.get(first.value.id)?.state, 'cancelled');
    assert.deepEqual(left(), [false, []]);
    assert.equal((await get(`${project.host.hello.url}/slow/local/health`)).status, 404);
    // And again, to the end.
    writeFileSync(gate, '');
    assert.equal((await project.execute(project.plan('slow'))).state, 'succeeded');
  });

  it('can be cancelled at once', async () => {
    project.write('echo', ECHO);
    const started = await project.host.api.execute(project.plan('echo'));
    assert.ok(started.ok);
    assert.ok((await project.host.api.cancel(started.value.id)).ok);
    assert.equal(project.operations.get(started.value.id)?.state, 'cancelled');
    assert.deepEqual(left(), [false, []]);
  });

  it('goes on when the client that started it leaves', async () => {
    const gate = path.join(project.home, 'gate');
    project.write('slow', slow(gate));
    const started = await project.host.api.execute(project.plan('slow'));
    assert.ok(started.ok);
    project.host.close();
    await project.host.closed;
    const { hello } = await project.connect();
    assert.deepEqual(
      hello.operations.map(({ id, state }) => [id, state]),
      [[started.value.id, 'running']],
    );
    writeFileSync(gate, '');
    await project.until(() => project.operations.get(started.value.id)?.state === 'succeeded');
  });

  it('redeploys while the old version serves, which goes on where the new one fails', async () => {
    const url = await project.deploy('echo', ECHO);
    const before = (await post(`${url}/predict`, { text: 'a' })).body.version;
    project.write('echo', `raise SystemExit(3)\n${ECHO}`);
    const failed = await project.execute({ ...project.plan('echo'), kind: 'redeploy' });
    assert.equal(failed.error?.code, 'init-failed', JSON.stringify(failed.error));
    assert.deepEqual((await post(`${url}/predict`, { text: 'a' })).body.version, before);
    project.write('echo', `${ECHO}\n# better`);
    assert.equal((await project.execute({ ...project.plan('echo'), kind: 'redeploy' })).state, 'succeeded');
    const after = (await post(`${url}/predict`, { text: 'a' })).body;
    assert.notEqual(after.version, before);
    // Its worker was ready before the request came.
    assert.equal(after.timings.start, 'preinitialised');
  });

  it('hands over the variables that the spec names, and none of the others', async () => {
    const handler = `import os\n${ECHO.replace('return input', 'return dict(os.environ)')}`;
    project.write('env', handler);
    process.env['NOT_NAMED'] = 'secret';
    const plan = project.plan('env', { env: ['TOKEN'] }, { env: { TOKEN: 'given' } });
    assert.equal((await project.execute(plan)).state, 'succeeded');
    const { result } = (await post(`${project.host.hello.url}/env/local/predict`, { input: 1 })).body;
    assert.equal(result.TOKEN, 'given');
    assert.equal(result.AWS_LAMBDA_FUNCTION_NAME, 'nimbus-env-local');
    assert.equal(result.NOT_NAMED, undefined);
    assert.equal(result.PYTHONDONTWRITEBYTECODE, undefined);
    const everything = readdirSync(project.folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !/^state\.json\.\d+$/.test(entry.name)) // half-written, gone any moment
      .map((entry) => readFileSync(path.join(entry.parentPath, entry.name), 'utf8'));
    assert.ok(
      everything.every((text) => !text.includes('given')),
      'the value is in no file of the project',
    );
  });

  it('says which variables a host that was started again lacks, and gets them from a client that has them', async () => {
    project.write('token', `import os\n${ECHO.replace('return input', 'return os.environ.get("TOKEN")')}`);
    const plan = project.plan('token', { env: ['TOKEN', 'OPTIONAL'] }, { env: { TOKEN: 'given' } });
    assert.equal((await project.execute(plan)).state, 'succeeded');
    const again = async (): Promise<unknown> => {
      await project.host.api.shutdown();
      await project.host.closed;
      await project.connect();
      return post(`${project.host.hello.url}/token/local/predict`, { input: 1 });
    };
    const lacking = (await again()) as Awaited<ReturnType<typeof post>>;
    assert.deepEqual(project.host.hello.deployments.find((one) => one.model === 'token')?.needs, ['TOKEN']);
    assert.equal(lacking.status, 502);
    assert.match(lacking.body.detail, /^TOKEN had a value when the model was deployed/);
    await project.host.api.provide(project.key('token'), { TOKEN: 'again', OTHER: 'x' });
    const url = `${project.host.hello.url}/token/local/predict`;
    assert.equal((await post(url, { input: 1 })).body.result, 'again');
    process.env['TOKEN'] = 'of the shell';
    try {
      const provided = (await again()) as Awaited<ReturnType<typeof post>>;
      assert.equal(provided.body.result, 'of the shell');
    } finally {
      delete process.env['TOKEN'];
    }
  });

  it('tries no new version without its variables, and does once they are there', async () => {
    const folder = project.write(
      'token',
      'import os\nload = lambda path: os.environ["TOKEN"]\npredict = lambda model, input: model\n',
    );
    const plan = project.plan('token', { env: ['TOKEN'] }, { env: { TOKEN: 'given' } });
    assert.equal((await project.execute(plan)).state, 'succeeded');
    await project.host.api.shutdown();
    await project.host.closed;
    await project.connect();
    project.statuses.length = 0;
    const handler = path.join(folder, 'handler.py');
    writeFileSync(handler, `${readFileSync(handler, 'utf8').replace('input: model', 'input: "new " + model')}`);
    // A sibling that changes later is looked at later: what it shows came after what the other would have shown.
    await project.deploy('sibling', ECHO);
    writeFileSync(path.join(project.folder, 'models/sibling/handler.py'), 'raise ValueError("broken")\n');
    await project.untilState('sibling', 'refused');
    const said = project.statuses.filter(({ model }) => model === 'token').map(({ state }) => state);
    assert.ok(!said.includes('changed') && !said.includes('refused'), String(said));
    await project.host.api.provide(project.key('token'), { TOKEN: 'again' });
    const url = `${project.host.hello.url}/token/local/predict`;
    while ((await post(url, { input: 1 })).body.result !== 'new again');
  });

  it('refuses what nobody agreed to run', async () => {
    project.write('echo', ECHO);
    const operation = await project.execute(project.plan('echo', {}, { consent: [] }));
    assert.equal(operation.error?.code, 'consent-needed');
    assert.deepEqual(left(), [false, []]);
  });
});

describe('the samples', function () {
  this.timeout(60_000);
  let project: TestProject;
  before(async () => {
    project = new TestProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
  });
  after(() => project.end());

  const plan = (model: string, framework: 'spacy' | 'sklearn', file: string): ReturnType<TestProject['plan']> => {
    const made = project.plan(model, { path: `models/${file}`, framework }, { consent: [] });
    assert.ok(made.environment.kind === 'use');
    return { ...made, environment: { ...made.environment, python: SAMPLE_PYTHON } };
  };

  it('a spaCy pipeline finds entities', async () => {
    cpSync(path.join(SAMPLES, 'entities'), path.join(project.folder, 'models/entities'), { recursive: true });
    const operation = await project.execute(plan('entities', 'spacy', 'entities'));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    const url = `${project.host.hello.url}/entities/local`;
    const reply = await post(`${url}/predict`, { text: 'Ada Lovelace works in London.' });
    assert.equal(reply.status, 200, JSON.stringify(reply.body));
    assert.ok(Array.isArray(reply.body.result.entities));
    assert.equal(reply.body.timings.start, 'cold');
  });

  it('a model that runs no code of the project is not led to any', async () => {
    const ran = path.join(project.home, 'project-code-ran');
    const module = path.join(project.folder, 'joblib.py');
    writeFileSync(module, `open(${JSON.stringify(ran)}, "w").close()\nraise ImportError("the project's")\n`);
    copyFileSync(path.join(SAMPLES, 'flowers.joblib'), path.join(project.folder, 'models/flowers.joblib'));
    const operation = await project.execute(plan('flowers', 'sklearn', 'flowers.joblib'));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    assert.ok(!existsSync(ran));
    const trusted = { ...plan('flowers', 'sklearn', 'flowers.joblib'), consent: [{ kind: 'code' as const }] };
    assert.equal((await project.execute(trusted)).state, 'succeeded', 'it imports nothing of the project');
    assert.ok(!existsSync(ran));
    rmSync(module);
  });

  it('a scikit-learn pipeline labels; a pickle that would run a command in its place is refused unread', async () => {
    const file = path.join(project.folder, 'models/sentiment.joblib');
    copyFileSync(path.join(SAMPLES, 'sentiment.joblib'), file);
    const operation = await project.execute(plan('sentiment', 'sklearn', 'sentiment.joblib'));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    const url = `${project.host.hello.url}/sentiment/local`;
    const reply = await post(`${url}/predict`, { text: 'I loved it' });
    assert.ok(reply.body.result.label, JSON.stringify(reply.body));
    const ran = path.join(project.home, 'ran');
    writeFileSync(file, `cposix\nsystem\n(S"touch ${ran}"\ntR.`);
    const refused = await project.untilState('sentiment', 'refused');
    assert.match(refused.error?.why ?? '', /posix\.system/);
    assert.equal((await post(`${url}/predict`, { text: 'I loved it' })).body.version, reply.body.version);
    assert.equal(existsSync(ran), false);
  });
});
