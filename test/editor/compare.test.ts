import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { prepareDeploy } from '../../src/core/deploy.ts';
import { connectHost } from '../../src/core/host/client.ts';
import type { Operation } from '../../src/shared/states.ts';
import { leaveNothing, run, runAgreeing, runCancelling, workspace, writeEcho } from './host-window.ts';

const folder = path.join(workspace, 'twin');

describe('Compare Deployments', () => {
  before(async function () {
    this.timeout(90_000);
    writeEcho(folder);
    const deployed = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.equal(deployed.ok, true, JSON.stringify(deployed));
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });
  after(async () => {
    await leaveNothing();
    rmSync(folder, { recursive: true });
  });

  it('says what to do where a model has one deployment', async () => {
    for (const given of [undefined, { model: 'twin' }, { model: 'twin', deployment: 'local' }]) {
      const outcome = await run('nimbus.compareDeployments', given);
      assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'one-deployment');
      assert.equal(!outcome.ok && outcome.error.action?.command, 'nimbus.deploy');
    }
  });

  it('opens the playground on the only two, from the palette and from either row', async function () {
    this.timeout(60_000);
    await deployAs('second');
    for (const given of [undefined, { model: 'twin' }, { model: 'twin', deployment: 'second' }]) {
      assert.equal((await run('nimbus.compareDeployments', given)).ok, true, JSON.stringify(given));
      await opened('Playground: twin');
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    }
  });

  it('asks with which one where there are several', async function () {
    this.timeout(60_000);
    await deployAs('third');
    const cancelled = await runCancelling('nimbus.compareDeployments', { model: 'twin', deployment: 'second' });
    assert.equal(cancelled.ok ? 'ok' : cancelled.error.code, 'cancelled');
    assert.equal((await runAgreeing('nimbus.compareDeployments', { model: 'twin', deployment: 'second' })).ok, true);
  });
});

/** Resolves once a tab of this name is in front. */
async function opened(label: string): Promise<void> {
  const isThere = (): boolean => vscode.window.tabGroups.activeTabGroup.activeTab?.label === label;
  if (isThere()) return;
  await new Promise<void>((resolve) => {
    const listener = vscode.window.tabGroups.onDidChangeTabs(() => {
      if (!isThere()) return;
      listener.dispose();
      resolve();
    });
  });
}

/** Deploys the model under another name on this machine, and waits until the window knows. */
async function deployAs(deployment: string): Promise<void> {
  const prepared = await prepareDeploy({ project: workspace, path: folder, trustedProject: true });
  assert.ok(prepared.ok, JSON.stringify(prepared));
  const { promise, resolve } = Promise.withResolvers<Operation>();
  const host = await connectHost({
    project: workspace,
    kind: 'editor',
    events: { operation: (operation) => void (operation.state !== 'running' && resolve(operation)) },
  });
  if (!host.ok) throw new Error(host.error.what);
  await host.value.api.execute(prepared.value.plan({ deployment }));
  const { state, error } = await promise;
  host.value.close();
  assert.equal(state, 'succeeded', error?.why);
  // Nothing tells a test when the window has heard of it.
  while (!(await run('nimbus.copyEndpointUrl', { model: 'twin', deployment })).ok)
    await new Promise((done) => setTimeout(done, 50));
}
