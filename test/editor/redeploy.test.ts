import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import {
  deployLocally,
  hostOfWindow,
  leaveNothing,
  modelsFile,
  run,
  runAgreeing,
  runCancelling,
  writeEcho,
  workspace,
} from './host-window.ts';

const KEY = { model: 'moved', deployment: 'local' };
const folder = path.join(workspace, 'moved');
/** An environment in the workspace that a user makes and removes. */
const environment = path.join(workspace, 'old');
const interpreter = path.join(environment, 'bin', 'python');

describe('Redeploy', () => {
  before(async function () {
    this.timeout(90_000);
    writeEcho(folder);
    mkdirSync(path.dirname(interpreter), { recursive: true });
    symlinkSync(path.join(workspace, '.venv', 'bin', 'python'), interpreter);
    writeFileSync(path.join(environment, 'pyvenv.cfg'), readFileSync(path.join(workspace, '.venv', 'pyvenv.cfg')));
    await deployLocally(KEY, folder, interpreter);
    assert.equal((await status())?.interpreter, interpreter);
  });
  after(async () => {
    await leaveNothing();
    rmSync(folder, { recursive: true });
  });

  it('keeps the interpreter that the deployment has', async () => {
    assert.equal((await run('nimbus.redeploy', KEY)).ok, true);
    assert.equal((await status())?.interpreter, interpreter);
  });

  it('asks before it makes an environment, and installs nothing where the answer is no', async () => {
    const before = await operations();
    // No release of it has this number.
    writeFileSync(path.join(folder, 'requirements.txt'), 'six==0.0.77\n');
    const outcome = await runCancelling('nimbus.redeploy', KEY);
    assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'cancelled');
    assert.deepEqual(await operations(), before);
    rmSync(path.join(folder, 'requirements.txt'));
  });

  it('takes the next interpreter that fits where that one is gone', async () => {
    rmSync(environment, { recursive: true });
    const outcome = await run('nimbus.redeploy', KEY);
    assert.deepEqual(outcome.ok ? 'ok' : outcome.error, 'ok');
    const { interpreter: now, state } = (await status())!;
    assert.notEqual(now, interpreter);
    assert.match(state, /^(serving|idle)$/);
  });
});

describe('two models with one base name that are deployed together', () => {
  const folders = ['first', 'second'].map((name) => path.join(workspace, name, 'model'));
  after(async () => {
    await leaveNothing();
    for (const one of folders) rmSync(path.dirname(one), { recursive: true });
  });

  it('get two names, and both answer', async function () {
    this.timeout(90_000);
    for (const one of folders) writeEcho(one);
    const uris = folders.map((one) => vscode.Uri.file(one));
    const outcome = await runAgreeing('nimbus.deploy', uris[0], uris);
    assert.deepEqual(outcome, { ok: true, value: { model: 'model', deployment: 'local' } });
    const { models } = JSON.parse(readFileSync(modelsFile, 'utf8')) as { models: Record<string, { path: string }> };
    assert.deepEqual(Object.fromEntries(Object.entries(models).map(([name, spec]) => [name, spec.path])), {
      model: 'first/model',
      'model-2': 'second/model',
    });
    assert.deepEqual((await statuses()).map(({ model }) => model).sort(), ['model', 'model-2']);
  });
});

/** As a deploy does for which the user chose this interpreter. */
async function statuses(): Promise<DeploymentStatus[]> {
  const host = await hostOfWindow();
  host!.close();
  return host!.hello.deployments;
}

async function status(): Promise<DeploymentStatus | undefined> {
  return (await statuses()).find(({ model }) => model === KEY.model);
}

async function operations(): Promise<string[]> {
  const host = await hostOfWindow();
  host!.close();
  return host!.hello.operations.map(({ id }) => id);
}
