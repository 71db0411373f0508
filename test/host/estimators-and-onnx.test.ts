/** The example models of ONNX, boosted trees and skops, deployed as a user does and served by a real host. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { cpSync, existsSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { after, before, describe, it } from 'mocha';
import { prepareDeploy, type PreparedDeploy } from '../../src/core/deploy.ts';
import { FRAMEWORKS_PYTHON, get, post, SAMPLES, TestProject } from './support.ts';

/** What a file named by its example answers to one input, in part. */
const MODELS: [file: string, input: unknown, expected: Record<string, unknown>][] = [
  ['onnx-topics', 'the chef made bread', { label: 'food' }],
  [
    'exported/questions',
    { question: 'where does Bo live ?', context: 'Ada lives in Oslo . Bo lives in Rome .' },
    { answer: 'Rome' },
  ],
  ['exported/gaps', 'the [MASK] baked the cake', {}],
  ['exported/vectors', 'the chef baked the cake', {}],
  ['onnx-tensors/model.onnx', [[0.5, 0.5]], {}],
  ['reviews.onnx', 'great and clean', { label: 'positive' }],
  ['flowers.onnx', [5.1, 3.5, 1.4, 0.2], { label: 'setosa' }],
  ['flowers-boosted.onnx', [5.1, 3.5, 1.4, 0.2], { label: 0 }],
  ['flowers.ubj', { sepal_length: 5.1, sepal_width: 3.5, petal_length: 1.4, petal_width: null }, { label: 0 }],
  ['progress-xgb.json', [0, 0, 0, 0, 0, 0, 0, 0, 0, 0], {}],
  ['flowers-lgb.txt', [6.3, 3.3, 6, 2.5], { label: 2 }],
  ['flowers-lgb.joblib', [6.3, 3.3, 6, 2.5], { label: 2 }],
  ['flowers-xgb.joblib', [6.3, 3.3, 6, 2.5], { label: 2 }],
  ['flowers.skops', [6.3, 3.3, 6, 2.5], { label: 'virginica' }],
  ['unusual.joblib', [60, 3, 6, 2.5], { outlier: true }],
  ['groups.joblib', [6.3, 3.3, 6, 2.5], {}],
  ['plane.joblib', [6.3, 3.3, 6, 2.5], {}],
];

describe('models of the large frameworks, served by a host', function () {
  this.timeout(180_000);
  let project: TestProject;
  let models: string;

  before(async () => {
    project = new TestProject();
    await project.connect();
    models = path.join(project.folder, 'models');
    mkdirSync(models);
    for (const [file] of MODELS) {
      const [model = ''] = file.split('/');
      if (model === 'exported') continue;
      cpSync(path.join(SAMPLES, model), path.join(models, model), { recursive: true });
    }
  });
  after(() => project.end());

  before(() => {
    const script = fileURLToPath(new URL('../runtime/frameworks/optimum.py', import.meta.url));
    return python(script, path.join(SAMPLES, 'hugging-face'), path.join(models, 'exported'), '[]');
  });

  async function python(...args: string[]): Promise<void> {
    await promisify(execFile)(FRAMEWORKS_PYTHON, args, { cwd: project.folder });
  }

  async function prepare(file: string): Promise<PreparedDeploy> {
    const request = { project: project.folder, path: path.join(models, file), interpreter: FRAMEWORKS_PYTHON };
    const prepared = await prepareDeploy({ ...request, trustedProject: false });
    assert.ok(prepared.ok, JSON.stringify(prepared));
    return prepared.value;
  }

  for (const [file, input, expected] of MODELS) {
    it(`${file} is deployed without a question and answers`, async () => {
      const prepared = await prepare(file);
      assert.equal(prepared.consentNeeded, undefined);
      assert.deepEqual(prepared.environments[0]?.problems, [], 'the versions that it names are there');
      const operation = await project.execute(prepared.plan({}));
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
      const url = `${project.host.hello.url}/${prepared.name}/local`;
      const { status, body } = await post(`${url}/predict`, { input });
      assert.equal(status, 200, JSON.stringify(body));
      for (const [name, value] of Object.entries(expected)) assert.deepEqual(body.result[name], value);
      const card = (await get(url)).body;
      assert.equal(card.framework, prepared.detection.framework);
      assert.match(card.frameworkVersion, /^\d+\.\d+/);
      if (file.startsWith('exported/')) {
        const shown = card.madeWith.map(
          (one: { package: string; versions: string }) => `${one.package} ${one.versions}`,
        );
        assert.ok(shown.includes('ONNX opset 17'), shown.join());
        assert.ok(shown.some((one: string) => /^pytorch 2\.\d+/.test(one)));
        assert.ok(card.parameters.properties);
      }
      const { body: batch } = await post(`${url}/batch`, { inputs: [input, { wrong: [] }] });
      assert.deepEqual(batch.success[0].result, body.result);
      assert.equal(batch.failed[0].error.type, 'invalid-input');
    });
  }

  it('a skops file that runs a command when it is loaded is blocked, and runs nothing', async () => {
    const ran = path.join(project.folder, 'ran');
    const make = `
import json, sys, zipfile, skops.io
from sklearn.preprocessing import FunctionTransformer
skops.io.dump((FunctionTransformer(), ("touch ran",)), "base.skops")
schema = json.loads(zipfile.ZipFile("base.skops").read("schema.json"))
estimator, arguments = schema["content"]
reduced = {"args": arguments}
keys = {"__class__": "list", "__module__": "builtins", "__loader__": "ListNode", "content": [], "__id__": 1}
nothing = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}, "key_types": keys}
node = {"__class__": "system", "__module__": "os", "__loader__": "LossNode", "__reduce__": reduced, "content": nothing}
estimator["content"]["content"]["func"] = node
estimator.update(protocol=schema["protocol"], _skops_version=schema["_skops_version"])
with zipfile.ZipFile("models/evil.skops", "w") as file:
    file.writestr("schema.json", json.dumps(estimator))`;
    await python('-c', make);
    const prepared = await prepare('evil.skops');
    assert.equal(prepared.consentNeeded?.kind, 'dangerous-globals');
    const operation = await project.execute(prepared.plan({}));
    assert.equal(operation.state, 'failed');
    assert.equal(operation.error?.code, 'consent-needed');
    assert.match(operation.error?.why ?? '', /os\.system \(runs a command of the operating system\)/);
    assert.equal(existsSync(ran), false);
    // It would have: whoever trusts what it names runs the command.
    const load = 'import skops.io as s; f = "models/evil.skops"; s.load(f, trusted=s.get_untrusted_types(file=f))';
    await python('-c', load).catch(() => undefined);
    assert.equal(existsSync(ran), true);
  });
});
