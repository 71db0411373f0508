/** `nimbus build` and `nimbus sweep` as a user runs them; with a real engine. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { SAMPLE_PYTHON } from '../host/support.ts';
import { ContainerProject } from './project.ts';

const CLI = path.join(import.meta.dirname, '../../src/cli.ts');
const HUNGRY =
  'def load(path):\n    return None\n\ndef predict(model, input):\n    return len(b"x" * (input["megabytes"] << 20))\n';

describe('nimbus, of images', function () {
  this.timeout(180_000);
  let project: ContainerProject;

  before(() => {
    project = new ContainerProject();
    project.write('hungry', HUNGRY);
    const models = { hungry: { path: 'models/hungry', framework: 'custom', examples: [{ input: { megabytes: 1 } }] } };
    writeFileSync(path.join(project.folder, 'models.json'), JSON.stringify({ version: 1, models }));
    writeFileSync(path.join(project.folder, 'inputs.jsonl'), '{"megabytes": 1}\n{"megabytes": 200}\n');
  });
  after(async () => {
    await project.connect();
    await project.end();
  });

  const nimbus = async (...argv: string[]): Promise<{ code: unknown; stdout: string; stderr: string }> =>
    new Promise((resolve) => {
      const env = { ...process.env, ...project.env, NIMBUS_HOME: project.home };
      execFile(process.execPath, [CLI, ...argv], { cwd: project.folder, env }, (error, stdout, stderr) =>
        resolve({ code: error?.code ?? 0, stdout, stderr }),
      );
    });
  const trusting = ['--trust', '--python', SAMPLE_PYTHON];

  it('asks before it builds what runs code, and names the flag', async () => {
    const { code, stderr } = await nimbus('build', 'hungry', '--python', SAMPLE_PYTHON);
    assert.equal(code, 2, stderr);
    assert.match(stderr, /--trust/);
  });

  it('builds an image by its name and finds it by its path, and makes no deployment', async () => {
    const built = await nimbus('build', 'hungry', ...trusting);
    assert.equal(built.code, 0, built.stderr + built.stdout);
    assert.match(built.stdout, /✓ image.*\n\nnimbus\/\w+:hungry\.docker\.\w+ {3}built\n {2}sha256:[0-9a-f]{64}\n/);
    const found = await nimbus('build', 'models/hungry', '--json', ...trusting);
    const document = JSON.parse(found.stdout);
    assert.deepEqual([document.model, document.deployment, document.isCached], ['hungry', 'docker', true]);
    assert.ok(built.stdout.includes(document.id));
    assert.deepEqual(
      document.layers.map(({ title }: { title: string }) => title),
      ['base image', 'packages', 'runtime', 'model'],
    );
    assert.match((await nimbus('list')).stdout, /hungry/);
    assert.doesNotMatch((await nimbus('list', '--json')).stdout, /"deployment":"docker"/);
  });

  it('sweeps what is not deployed, and fails where no size keeps the p95', async () => {
    const sweep = [
      'sweep',
      'hungry',
      '--memory',
      '1024,128',
      '--requests',
      '5',
      '--inputs',
      'inputs.jsonl',
      ...trusting,
    ];
    const told = await nimbus(...sweep);
    assert.equal(told.code, 0, told.stderr + told.stdout);
    assert.match(told.stdout, /^128 MB .*out of memory/m);
    assert.match(told.stdout, /^1,024 MB .*\$\d.*← cheapest$/m);
    assert.match(told.stdout, /^The cheapest is 1,024 MB/m);
    assert.match(told.stdout, /2 inputs from a file.*us-east-1, x86_64/);
    assert.match(told.stdout, /processor of this machine/);
    const missed = await nimbus(...sweep, '--p95', '1', '--json');
    assert.equal(missed.code, 1, missed.stderr);
    const document = JSON.parse(missed.stdout);
    assert.deepEqual([document.cheapestMb, document.p95Ms, document.rows.length], [null, 1, 2]);
  });
});
