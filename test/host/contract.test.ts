/** The contract suite against the endpoints of a real host, over HTTP and over Lambda's Invoke. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Framework } from '../../src/shared/spec.ts';
import { testEndpoints } from '../contract/endpoints.ts';
import { SAMPLE_PYTHON, SAMPLES, TestProject } from './support.ts';

const ECHO_MODEL = fileURLToPath(new URL('../contract/models/echo', import.meta.url));

const MODELS: Record<string, { from: string; framework: Framework }> = {
  echo: { from: ECHO_MODEL, framework: 'custom' },
  sentiment: { from: path.join(SAMPLES, 'sentiment.joblib'), framework: 'sklearn' },
  flowers: { from: path.join(SAMPLES, 'flowers.joblib'), framework: 'sklearn' },
  entities: { from: path.join(SAMPLES, 'entities'), framework: 'spacy' },
};

describe('the contract, of the local target', function () {
  this.timeout(120_000);
  let project: TestProject;

  before(async () => {
    project = new TestProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    for (const [name, { from, framework }] of Object.entries(MODELS)) {
      const file = path.join('models', path.basename(from));
      cpSync(from, path.join(project.folder, file), { recursive: true });
      const plan = project.plan(name, { path: file, framework });
      assert.ok(plan.environment.kind === 'use');
      const operation = await project.execute({
        ...plan,
        environment: { ...plan.environment, python: SAMPLE_PYTHON },
      });
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    }
  });
  after(() => project.end());

  testEndpoints('local', () => project.host.hello.url);
});
