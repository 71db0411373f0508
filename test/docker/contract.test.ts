import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ModelSpec } from '../../src/shared/spec.ts';
import { testEndpoints } from '../contract/endpoints.ts';
import { SAMPLES } from '../host/support.ts';
import { ContainerProject } from './project.ts';

const ECHO_MODEL = fileURLToPath(new URL('../contract/models/echo', import.meta.url));

/** On both kinds of base. */
const MODELS: Record<string, { from: string; requirements: string[]; spec: Partial<ModelSpec> }> = {
  echo: { from: ECHO_MODEL, requirements: ['numpy'], spec: { framework: 'custom' } },
  sentiment: {
    from: path.join(SAMPLES, 'sentiment.joblib'),
    requirements: ['scikit-learn==1.9.1'],
    spec: { framework: 'sklearn', pythonVersion: '3.13' },
  },
  flowers: {
    from: path.join(SAMPLES, 'flowers.joblib'),
    requirements: ['scikit-learn==1.9.1', 'pandas'],
    spec: { framework: 'sklearn' },
  },
  entities: { from: path.join(SAMPLES, 'entities'), requirements: ['spacy==3.8.18'], spec: { framework: 'spacy' } },
};

describe('the contract, of the docker target', function () {
  this.timeout(300_000);
  let project: ContainerProject;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    for (const [name, { from, requirements, spec }] of Object.entries(MODELS)) {
      const file = path.join('models', path.basename(from));
      cpSync(from, path.join(project.folder, file), { recursive: true });
      const operation = await project.execute(project.imagePlan(name, { path: file, ...spec }, requirements));
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    }
  });
  after(() => project.end());

  testEndpoints('docker', Object.keys(MODELS), () => project.host.hello.url);
});
