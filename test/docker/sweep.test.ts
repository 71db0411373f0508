/** Images without a route, and an image at several memory sizes; with a real engine. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { costPerMillion } from '../../src/core/cost/prices.ts';
import { keptDockerfile } from '../../src/core/image/dockerfile-kept.ts';
import { buildPlanOf, type BuildPlan, type SweepPlan } from '../../src/core/targets/plan.ts';
import type { ModelSpec } from '../../src/shared/spec.ts';
import type { Operation } from '../../src/shared/states.ts';
import { cheapest, type SweepReport } from '../../src/shared/sweep.ts';
import { ContainerProject } from './project.ts';
import { docker } from './support.ts';

/** Needs as many megabytes as it is told, and says what it was sent. */
const HUNGRY = `
def load(path):
    return None

def predict(model, input):
    print("was sent", input)
    if input["megabytes"] < 0:
        raise ValueError("no such amount")
    return len(b"x" * (input["megabytes"] << 20))
`;
/** A text that no file may hold. */
const SECRET = 'a text of a user';
const input = (megabytes: number): { input: unknown } => ({ input: { megabytes, text: SECRET } });

describe('an image that is built without a route', function () {
  this.timeout(120_000);
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    project.write('built', HUNGRY);
  });
  after(() => project.end());

  const plan = (spec: Partial<ModelSpec> = {}): BuildPlan =>
    buildPlanOf(project.imagePlan('built', { examples: [input(1)], ...spec }));
  const imageOf = ({ state, error, result }: Operation) => {
    assert.equal(state, 'succeeded', JSON.stringify(error, undefined, 2));
    assert.ok(result && 'isCached' in result);
    return result;
  };

  it('is there, and changes neither models.json nor what is served', async () => {
    const { image, isCached } = imageOf(await project.execute(plan()));
    assert.equal(isCached, false);
    assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', image.reference), image.id);
    assert.equal(project.status('built'), undefined);
    assert.throws(() => readFileSync(path.join(project.folder, 'models.json')));
  });

  it('is the same one when nothing changed, and is what a deploy runs', async () => {
    const first = imageOf(await project.execute(plan()));
    const again = imageOf(await project.execute(plan()));
    assert.deepEqual([again.isCached, again.image], [true, first.image]);
    const deployed = await project.execute(project.imagePlan('built', { examples: [input(1)] }));
    assert.equal(deployed.state, 'succeeded', JSON.stringify(deployed.error, undefined, 2));
    assert.equal((await project.until(() => project.status('built')?.image))!.id, first.image.id);
  });

  it('is another one where models.json says something else of the same model', async () => {
    const documentOf = async ({ image }: ReturnType<typeof imageOf>): Promise<Record<string, unknown>> =>
      JSON.parse(await docker('run', '--rm', '--entrypoint', 'cat', image.id, '/nimbus-function/function.json'));
    imageOf(await project.execute(plan()));
    const spec = { examples: [input(2)], description: 'what it does', timeoutSeconds: 7 };
    const made = imageOf(await project.execute(plan(spec)));
    const { description, examples, limits } = await documentOf(made);
    assert.deepEqual(
      [made.isCached, description, examples, (limits as { timeoutSeconds: number }).timeoutSeconds],
      [false, 'what it does', [input(2)], 7],
    );
  });

  it('has a Dockerfile to be read', async () => {
    const { image } = imageOf(await project.execute(plan()));
    const text = await keptDockerfile(image.id);
    assert.ok(text.ok, JSON.stringify(text));
    assert.match(text.value, /^# The function of built/);
    assert.ok(
      (await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', image.id)).includes('COPY function/ /'),
    );
    assert.match(text.value, /^COPY function\/ \/$/m);
  });

  it('is not built where nobody agreed to what it would run', async () => {
    project.write('unagreed', 'import os\n' + HUNGRY);
    const { state, error } = await project.execute({
      ...buildPlanOf(project.imagePlan('unagreed', { examples: [input(1)] })),
      consent: [],
    });
    assert.deepEqual([state, error?.code], ['failed', 'consent-needed']);
  });

  it('leaves nothing where it is cancelled', async () => {
    project.write('cancelled', HUNGRY.replace('return None', '__import__("time").sleep(60)'));
    // What is installed decides whether the model has to prove itself in the build first.
    const slow = project.imagePlan('cancelled', { examples: [input(1)] }, ['joblib==1.6.0']);
    const tags = (): Promise<string> => docker('image', 'ls', '--format', '{{.Tag}}', project.repository);
    const started = await project.host.api.execute(buildPlanOf(slow));
    assert.ok(started.ok, JSON.stringify(started));
    const running = () => project.operations.get(started.value.id);
    await project.until(() => /--decide/.test(running()?.stages.find(({ name }) => name === 'image')?.detail ?? ''));
    assert.ok((await project.host.api.cancel(started.value.id)).ok);
    await project.until(() => running()!.state === 'cancelled');
    assert.doesNotMatch(await tags(), /^cancelled\.docker\./m);
  });
});

describe('a memory sweep', function () {
  this.timeout(180_000);
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    await project.deployImage('hungry', HUNGRY, { examples: [input(1)], timeoutSeconds: 20 });
    // The one that proved the version ends after the deploy.
    while ((await containers()).length > 0) await project.host.api.cold(project.key('hungry'));
  });
  after(() => project.end());

  const plan = (more: Partial<SweepPlan> = {}): SweepPlan => ({
    kind: 'sweep',
    project: project.folder,
    ...project.key('hungry'),
    sizesMb: [128, 512, 1769],
    requests: 8,
    env: {},
    ...more,
  });
  /** Of this project's hosts: other runs have models of the same name. */
  const containers = async (): Promise<string[]> => {
    const all = await docker('ps', '--all', '--quiet', '--filter', `label=nimbus.project=${project.mark}`);
    return all.split('\n').filter(Boolean);
  };
  const reportOf = ({ state, error, result }: Operation): SweepReport => {
    assert.equal(state, 'succeeded', JSON.stringify(error, undefined, 2));
    assert.ok(result && 'rows' in result);
    return result;
  };

  it('says of each size how it starts and answers, and of one that is too small that it is', async () => {
    const operation = await project.execute(plan({ inputs: [input(1), input(200)] }));
    const report = reportOf(operation);
    const [small, middle, large] = report.rows;
    assert.deepEqual([small!.memoryMb, small!.outcome], [128, 'out-of-memory']);
    assert.match(small!.detail!, /more than 128 MB while it answered/);
    for (const row of [middle!, large!]) {
      assert.deepEqual([row.outcome, row.warm, row.failed], ['answered', 8, 0], JSON.stringify(row));
      assert.ok(row.start!.initMs >= row.start!.importsMs + row.start!.loadMs);
      assert.ok(row.p50Ms! <= row.p95Ms!);
      assert.ok(row.peakBytes! > 200 * 2 ** 20 && row.peakBytes! <= row.memoryMb * 2 ** 20, String(row.peakBytes));
      assert.ok(row.billedMs! >= 1 && row.coldBilledMs! >= row.start!.initMs);
      assert.equal(row.costPerMillion, costPerMillion(row.billedMs!, row.memoryMb, 'x86_64'));
    }
    assert.deepEqual(report.inputs, { from: 'file', count: 2 });
    assert.ok(cheapest(report.rows));
    assert.deepEqual(await containers(), []);
    assert.deepEqual(await project.host.api.sweep('hungry'), report);
    // What the user sent is in no file.
    const log = readFileSync(operation.logFile, 'utf8');
    assert.match(log, /1,769 MB: p95/);
    assert.ok(!log.includes(SECRET));
    assert.ok(
      !readFileSync(path.join(project.folder, '.nimbus/state.json'), 'utf8').includes(JSON.stringify(input(200).input)),
    );
  });

  it('keeps in no file what the model raised', async () => {
    project.write('raising', HUNGRY.replace('return None', `raise ValueError(${JSON.stringify(SECRET)})`));
    const key = project.key('raising');
    const build = buildPlanOf(project.imagePlan('raising', { examples: [input(1)] }));
    const operation = await project.execute(plan({ ...key, sizesMb: [1024], build }));
    const [row] = reportOf(operation).rows;
    assert.equal(row!.outcome, 'failed');
    assert.match(row!.detail!, /^ValueError was raised before it loaded the model\./);
    assert.ok(!readFileSync(operation.logFile, 'utf8').includes(SECRET));
    assert.ok(!JSON.stringify(await project.host.api.sweep('raising')).includes(SECRET));
  });

  it('takes the examples of models.json, and counts inputs that the model refuses', async () => {
    const report = reportOf(await project.execute(plan({ sizesMb: [1024] })));
    assert.deepEqual(report.inputs, { from: 'models.json', count: 1 });
    assert.equal(report.rows[0]!.outcome, 'answered');
    const refused = reportOf(await project.execute(plan({ sizesMb: [1024], inputs: [input(1), input(-1)] })));
    assert.deepEqual([refused.rows[0]!.outcome, refused.rows[0]!.failed], ['answered', 1]);
    assert.match(refused.rows[0]!.detail!, /1 of 2 inputs.*handler-failed/);
    const none = reportOf(await project.execute(plan({ sizesMb: [1024], inputs: [input(-1)] })));
    assert.equal(none.rows[0]!.outcome, 'failed');
    assert.equal(cheapest(none.rows), undefined);
  });

  it('leaves no container where it is cancelled', async () => {
    const started = await project.host.api.execute(plan({ sizesMb: [512, 1769], requests: 100_000 }));
    assert.ok(started.ok, JSON.stringify(started));
    const { id } = started.value;
    await project.until(() => /answers/.test(project.operations.get(id)?.stages.at(-2)?.detail ?? ''));
    assert.equal((await containers()).length, 1);
    assert.ok((await project.host.api.cancel(id)).ok);
    assert.deepEqual(await containers(), []);
    assert.equal(
      (await project.until(() => project.operations.get(id)?.state === 'cancelled' && project.operations.get(id)))!
        .state,
      'cancelled',
    );
  });

  it('builds the image again where it is gone', async () => {
    const { reference, id } = project.status('hungry')!.image!;
    await docker('rmi', '--force', id);
    const report = reportOf(await project.execute(plan({ sizesMb: [1024] })));
    assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', reference), report.image);
  });

  it('builds the image of a model that is not deployed, and says where nobody knows what to send', async () => {
    project.write('undeployed', HUNGRY);
    const build = (spec: Partial<ModelSpec>): BuildPlan => buildPlanOf(project.imagePlan('undeployed', spec));
    const key = project.key('undeployed');
    const unknown = await project.execute(plan({ ...key, build: build({}) }));
    assert.deepEqual([unknown.state, unknown.error?.code], ['failed', 'no-inputs']);
    const report = reportOf(
      await project.execute(plan({ ...key, sizesMb: [1024], build: build({ examples: [input(1)] }) })),
    );
    assert.equal(report.rows[0]!.outcome, 'answered');
    assert.equal(project.status('undeployed'), undefined);
    const without = await project.execute(plan({ ...project.key('nobody') }));
    assert.equal(without.error?.code, 'no-image');
  });

  it('tells of a size at which it takes too long', async () => {
    await project.deployImage(
      'waiting',
      'import time\ndef load(path):\n    return None\ndef predict(model, input):\n    time.sleep(input)\n    return 1\n',
      {
        examples: [{ input: 0 }],
        timeoutSeconds: 1,
      },
    );
    const report = reportOf(
      await project.execute(plan({ ...project.key('waiting'), sizesMb: [512], inputs: [{ input: 0 }, { input: 30 }] })),
    );
    assert.equal(report.rows[0]!.outcome, 'timed-out');
    assert.match(report.rows[0]!.detail!, /within 1 s/);
  });
});
