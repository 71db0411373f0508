/** One model on this machine and in its image: the same inputs, answer by answer, as a user compares them. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { InputDifferences } from '../../src/core/compare/parity.ts';
import type { EnvironmentDifferences } from '../../src/shared/parity.ts';
import { SAMPLE_PYTHON, SAMPLES } from '../host/support.ts';
import { ContainerProject } from './project.ts';

const CLI = path.resolve(import.meta.dirname, '../../src/cli.ts');

/** Answers with what the image has and this machine has not, for one input. */
const PLACE = `
import os

IN_IMAGE = os.path.exists("/nimbus-packages")

def load(path):
    return None

def predict(model, input):
    if input == "limit" and IN_IMAGE:
        raise MemoryError("too much")
    return {"label": "image" if IN_IMAGE and input == "place" else "same", "score": 0.25}
`;

interface Document {
  inputs: number;
  different: number;
  largest: number;
  differences: InputDifferences[];
  environments: EnvironmentDifferences | null;
}

describe('a model on this machine and in its image', function () {
  this.timeout(300_000);
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
  });
  after(() => project.end());

  async function parity(...argv: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [CLI, 'parity', ...argv], {
      cwd: project.folder,
      env: { ...process.env, ...project.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (text) => (stdout += String(text)));
    child.stderr.on('data', (text) => (stderr += String(text)));
    const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
    return { code, stdout, stderr };
  }

  async function deploy(...plans: Parameters<ContainerProject['execute']>[0][]): Promise<void> {
    for (const plan of plans) {
      const operation = await project.execute(plan);
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    }
  }

  it('answers the same, by the versions of two Pythons', async () => {
    mkdirSync(path.join(project.folder, 'models'), { recursive: true });
    cpSync(path.join(SAMPLES, 'sentiment.joblib'), path.join(project.folder, 'models/sentiment.joblib'));
    const spec = { path: 'models/sentiment.joblib', framework: 'sklearn', pythonVersion: '3.13' } as const;
    const local = project.plan('sentiment', spec);
    assert.ok(local.environment.kind === 'use');
    await deploy(
      { ...local, environment: { ...local.environment, python: SAMPLE_PYTHON } },
      project.imagePlan('sentiment', spec, ['scikit-learn==1.9.1']),
    );
    const texts = Array.from({ length: 300 }, (_, index) => `I loved the food ${index}, and the staff was rude.`);
    writeFileSync(path.join(project.folder, 'texts.txt'), texts.join('\n'));
    const ended = await parity('sentiment', '--inputs', 'texts.txt', '--json');
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    const found = JSON.parse(ended.stdout) as Document;
    assert.deepEqual([found.inputs, found.different], [300, 0]);
    const named = Object.fromEntries(found.environments!.packages.map((one) => [one.name, one]));
    assert.match(named['python']!.first!, /^3\.\d+\.\d+$/);
    assert.equal(named['python']!.second, '3.13');
    assert.ok(named['spacy'] && named['spacy'].second === undefined, 'the image has what the model needs only');
    assert.equal(named['scikit-learn'], undefined, 'it is the same version');
    assert.ok(found.environments!.same > 0);
  });

  it('differs where the place does, and fails in the image only', async () => {
    project.write('place', PLACE);
    await deploy(project.plan('place'), project.imagePlan('place', {}));
    writeFileSync(path.join(project.folder, 'some.jsonl'), '"place"\n"limit"\n"else"\n');
    const ended = await parity('place', '--inputs', 'some.jsonl', '--json');
    assert.equal(ended.code, 1, ended.stdout + ended.stderr);
    const { inputs, different, differences } = JSON.parse(ended.stdout) as Document;
    assert.deepEqual([inputs, different], [3, 2]);
    assert.deepEqual(differences[0]!.differences, [{ path: '$.label', kind: 'value', first: 'same', second: 'image' }]);
    assert.equal((differences[1]!.differences[0]!.second as { type: string }).type, 'MemoryError');
    assert.deepEqual(
      Object.keys(JSON.parse(readFileSync(path.join(project.folder, 'models.json'), 'utf8')).models.place.deployments),
      ['local', 'docker'],
    );
  });

  it('says that an image is gone whose packages are asked for', async () => {
    const image = (await project.until(() => project.status('place')?.image))!;
    const { packagesInImage } = await import('../../src/core/image/report.ts');
    const { openEngine } = await import('../../src/core/image/engine.ts');
    const engine = await openEngine();
    assert.ok(engine.ok);
    const gone = await packagesInImage(engine.value.docker, { ...image, id: `sha256:${'0'.repeat(64)}` });
    assert.equal(gone.ok ? 'found' : gone.error.code, 'image-gone');
    const found = await packagesInImage(engine.value.docker, image);
    assert.ok(found.ok && found.value.length > 0);
  });
});
