/** The contract suite against the endpoints of a real host, over HTTP and over Lambda's Invoke. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { MODELS } from '../contract/cases.ts';
import { testEndpoints } from '../contract/endpoints.ts';
import { FRAMEWORKS_PYTHON, SAMPLE_PYTHON, TestProject } from './support.ts';

describe('the contract, of the local target', function () {
  this.timeout(120_000);
  let project: TestProject;

  before(async () => {
    project = new TestProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
    for (const [name, { path: from, framework, python }] of Object.entries(MODELS)) {
      const file = path.join('models', path.basename(from));
      cpSync(from, path.join(project.folder, file), { recursive: true });
      const plan = project.plan(name, { path: file, framework });
      assert.ok(plan.environment.kind === 'use');
      const operation = await project.execute({
        ...plan,
        environment: { ...plan.environment, python: python === 'samples' ? SAMPLE_PYTHON : FRAMEWORKS_PYTHON },
      });
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    }
  });
  after(() => project.end());

  testEndpoints('local', Object.keys(MODELS), () => project.host.hello.url);
});
