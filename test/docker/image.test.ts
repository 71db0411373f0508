/** What is in an image, and what is left out of it. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { openEngine } from '../../src/core/image/engine.ts';
import { imageReport, type ImageReport } from '../../src/core/image/report.ts';
import type { Operation } from '../../src/shared/states.ts';
import { ContainerProject } from './project.ts';
import { docker } from './support.ts';

/** Needs a folder of tests that NumPy brings: an image without it would not load the model. */
const NEEDS_TESTS = `
import joblib
import numpy.lib.tests

def load(path):
    return None

def predict(model, input):
    return joblib.__version__
`;
const PASSWORD = 'a-password-of-an-index';

describe('an image', function () {
  this.timeout(180_000);
  let project: ContainerProject;
  let reference: string;
  let first: Operation;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    project.write('picky', NEEDS_TESTS, { 'a file with spaces, ü.txt': 'text' });
    first = await deploy();
  });
  after(() => project.end());

  async function deploy(): Promise<Operation> {
    const plan = project.imagePlan('picky', { examples: [{ input: 1 }], env: ['SECRET'] }, ['joblib==1.6.0', 'numpy']);
    const operation = await project.execute({ ...plan, env: { SECRET: PASSWORD } });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    reference = (await project.until(() => project.status('picky')?.image))!.reference;
    return operation;
  }

  async function report(): Promise<ImageReport> {
    const engine = await openEngine();
    assert.ok(engine.ok);
    const found = await imageReport(engine.value.docker, (await project.until(() => project.status('picky')?.image))!);
    assert.ok(found.ok, JSON.stringify(found));
    return found.value;
  }

  it('keeps what its model needs, and says why', async () => {
    const { slimming } = await report();
    const tests = slimming.find(({ step }) => step === 'tests')!;
    assert.equal(tests.kept, false);
    assert.match(tests.why!, /numpy\.lib\.tests/);
    assert.equal(tests.after, tests.before);
    const strip = slimming.find(({ step }) => step === 'strip')!;
    assert.equal(strip.kept, true, strip.why);
    assert.ok(strip.after < strip.before);
  });

  it('comes after a build that hands out what it decided, and neither packages nor weights', () => {
    const log = readFileSync(first.logFile, 'utf8');
    const [deciding] = log.split('exporting to image');
    const steps = deciding!.split('\n').filter((line) => /\] (?:COPY|RUN|WORKDIR) .*: (?:cached|[\d.]+ s)$/.test(line));
    assert.match(steps.at(-1)!, /1\/1\] COPY --from=deciding \/nimbus-slimming\.json \//);
  });

  it('is told by layer and by package, and whether a zip could hold it', async () => {
    const found = await report();
    assert.deepEqual(
      found.layers.map(({ title }) => title),
      ['base image', 'packages', 'runtime', 'model'],
    );
    assert.equal(
      found.bytes,
      found.layers.reduce((sum, { bytes }) => sum + bytes, 0),
    );
    assert.deepEqual(
      found.packages.slice(0, 1).map(({ name }) => name),
      ['numpy'],
    );
    assert.equal(found.verdict, 'container');
    assert.match(found.why, /numpy.*glibc/);
    assert.equal(found.zip.limitBytes, 262_144_000);
  });

  it('holds nothing of the build, of values and of caches', async () => {
    const files = await docker(
      'run',
      '--rm',
      '--entrypoint',
      'sh',
      reference,
      '-c',
      'find / -xdev 2>/dev/null || true',
    );
    assert.doesNotMatch(files, /\/pip\.conf|certificates\.pem|\/root\/\.cache|^\/(?:build|out)\//m);
    const everything = await docker('image', 'inspect', reference);
    assert.ok(!everything.includes(PASSWORD));
    const history = await docker('history', '--no-trunc', '--format', '{{.CreatedBy}}', reference);
    assert.ok(!history.includes(PASSWORD));
  });

  it('is slimmed again for a version that needs what the one before did without', async () => {
    const answers = (code: string): string =>
      `${code}\n\ndef load(path):\n    return None\n\ndef predict(model, input):\n    return 1\n`;
    const plan = () => project.imagePlan('growing', { examples: [{ input: 1 }] }, ['numpy', 'joblib==1.5.3']);
    project.write('growing', answers('import numpy'));
    const first = await project.execute(plan());
    assert.equal(first.state, 'succeeded', JSON.stringify(first.error, undefined, 2));
    project.write('growing', answers('import numpy.lib.tests'));
    const second = await project.execute(plan());
    assert.equal(second.state, 'succeeded', JSON.stringify(second.error, undefined, 2));
    project.write('growing', answers('import nowhere'));
    const third = await project.execute(plan());
    assert.equal(third.state, 'failed');
    assert.match(JSON.stringify(third.error), /nowhere/);
    // What was found out for the one before is not lost with it.
    project.write('growing', answers('import numpy'));
    const fourth = await project.execute(plan());
    assert.equal(fourth.state, 'succeeded', JSON.stringify(fourth.error, undefined, 2));
    const log = readFileSync(fourth.logFile, 'utf8');
    assert.match(log, /image/);
    assert.doesNotMatch(log, /--decide/);
  });

  it('is not built again where nothing has changed', async () => {
    const { image } = await project.until(() => project.status('picky'));
    const { logFile } = await deploy();
    assert.equal((await project.until(() => project.status('picky'))).image!.id, image!.id);
    const log = readFileSync(logFile, 'utf8');
    assert.match(log, /is there already: nothing of it has changed/);
    for (const layer of ['base image', 'packages', 'runtime', 'model']) {
      assert.match(log, new RegExp(`\\d (?:bytes|[kM]B)  ${layer}$`, 'm'));
    }
    assert.doesNotMatch(log, /RUN/);
  });

  it('can be read by any user', async () => {
    const closed = [
      'run',
      '--rm',
      '--user',
      '12345',
      '--entrypoint',
      'sh',
      reference,
      '-c',
      'find /nimbus-* ! -readable',
    ];
    assert.equal(await docker(...closed), '');
  });

  it('is the same bytes when it is built again from nothing', async () => {
    const layers = () => docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', reference);
    const before = await layers();
    await docker('image', 'rm', '--force', reference);
    await docker('builder', 'prune', '--all', '--force');
    await deploy();
    assert.deepEqual(JSON.parse(await layers()), JSON.parse(before));
  });
});
