/** Each kind of model in an image on each kind of base, with and without a network, cold and warm, as on this machine. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelSpec } from '../../src/shared/spec.ts';
import { post, SAMPLES } from '../host/support.ts';
import { ContainerProject } from './project.ts';

const ECHO_MODEL = fileURLToPath(new URL('../contract/models/echo', import.meta.url));

interface Model {
  /** A sample, or an absolute path. */
  from: string;
  requirements: string[];
  framework: ModelSpec['framework'];
  input: unknown;
  /** In its answer. */
  expected: RegExp;
}

const MODELS: Record<string, Model> = {
  entities: {
    from: 'entities',
    requirements: ['spacy==3.8.18'],
    framework: 'spacy',
    input: 'Ada Lovelace moved to Paris.',
    expected: /"Ada Lovelace","label":"PERSON"/,
  },
  sentiment: {
    from: 'sentiment.joblib',
    requirements: ['scikit-learn==1.9.1'],
    framework: 'sklearn',
    input: 'I loved the food.',
    expected: /"label":"positive"/,
  },
  topics: {
    from: 'onnx-topics',
    requirements: ['onnxruntime==1.32.0', 'tokenizers==0.23.3'],
    framework: 'onnx',
    input: 'the striker scored a late goal',
    expected: /"label":"sports?"/,
  },
  echo: { from: ECHO_MODEL, requirements: ['numpy'], framework: 'custom', input: 'abc', expected: /"abc"/ },
};
/** Python versions, of a base that AWS makes and of one that it does not. */
const BASES = ['3.13', '3.11'];

describe('every kind of model on every kind of base', function () {
  this.timeout(300_000);
  let project: ContainerProject;

  const ask = (name: string, { input }: Model) => post(`${project.host.hello.url}/${name}/docker/predict`, { input });

  before(async () => {
    project = new ContainerProject({ NIMBUS_CONTAINER_NETWORK: '0' });
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    for (const { from } of Object.values(MODELS)) {
      cpSync(path.resolve(SAMPLES, from), path.join(project.folder, 'models', path.basename(from)), {
        recursive: true,
      });
    }
  });
  after(() => project.end());

  const every = BASES.flatMap((python) => Object.entries(MODELS).map(([name, model]) => ({ python, name, model })));
  const nameOf = ({ python, name }: { python: string; name: string }): string => `${name}-${python.replace('.', '')}`;

  for (const one of every) {
    it(`${one.name} on Python ${one.python} answers without a network, cold and warm`, async () => {
      const { python, model } = one;
      const spec = {
        path: path.join('models', path.basename(model.from)),
        framework: model.framework,
        pythonVersion: python,
      };
      const operation = await project.execute(project.imagePlan(nameOf(one), spec, model.requirements));
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
      for (const start of ['cold', 'warm']) {
        const { status, body } = await ask(nameOf(one), model);
        assert.equal(status, 200, JSON.stringify(body));
        assert.match(JSON.stringify(body.result), model.expected);
        assert.equal(body.timings.start, start);
      }
    });
  }

  it('all answer with a network too', async () => {
    const { pid } = project.host.hello;
    await project.host.api.shutdown();
    await project.host.closed;
    project.env['NIMBUS_CONTAINER_NETWORK'] = '1';
    await project.connect();
    assert.notEqual(project.host.hello.pid, pid);
    for (const one of every) {
      const { status, body } = await ask(nameOf(one), one.model);
      assert.equal(status, 200, JSON.stringify(body));
      assert.match(JSON.stringify(body.result), one.model.expected);
    }
  });
});
