/** What Show Cost says before and after a deployment was measured. */
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { CostCard } from '../../src/shared/cost.ts';
import { deployLocally, hostOfWindow, leaveNothing, run, workspace, writeEcho } from './host-window.ts';

const KEY = { model: 'priced', deployment: 'local' };
const folder = path.join(workspace, 'priced');

const tabs = (): string[] => vscode.window.tabGroups.all.flatMap((group) => group.tabs.map(({ label }) => label));

describe('Show Cost', () => {
  before(async function () {
    this.timeout(90_000);
    writeEcho(folder);
    await deployLocally(KEY, folder, path.join(workspace, '.venv', 'bin', 'python'));
  });
  after(async () => {
    await leaveNothing();
    rmSync(folder, { recursive: true });
  });

  it('says what to do where nothing was measured, with the playground of this deployment', async () => {
    const outcome = await run('nimbus.cost', KEY);
    assert.ok(!outcome.ok && outcome.error.code === 'not-measured', JSON.stringify(outcome));
    assert.equal(outcome.error.action?.command, 'nimbus.openPlayground');
    assert.deepEqual(outcome.error.action.args, [{ project: workspace, ...KEY }]);
  });

  it('shows a page of what was measured', async () => {
    const host = await hostOfWindow();
    const { url } = host!.hello.deployments.find(({ model }) => model === KEY.model)!;
    host!.close();
    for (let sent = 0; sent < 2; sent++) {
      const answer = await fetch(`${url}/predict`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"input": 1}',
      });
      assert.equal(answer.status, 200, await answer.text());
    }
    // The window hears of a request a moment after its answer.
    let outcome = await run('nimbus.cost', KEY);
    while (!outcome.ok && outcome.error.code === 'not-measured') outcome = await run('nimbus.cost', KEY);
    assert.ok(outcome.ok, JSON.stringify(outcome));
    const { region, measured, months } = outcome.value as CostCard;
    assert.deepEqual([region, measured.from, months.length], ['us-east-1', 'local', 3]);
    // The window tells its extensions of a new tab a moment later.
    while (!tabs().includes('Cost: priced')) await setTimeout(50);
  });

  it('says what is wrong with a file of prices', async () => {
    const settings = vscode.workspace.getConfiguration('nimbus');
    await settings.update('cost.pricesFile', path.join(workspace, 'none.json'), vscode.ConfigurationTarget.Global);
    try {
      const outcome = await run('nimbus.cost', KEY);
      assert.ok(!outcome.ok && outcome.error.code === 'prices-unreadable', JSON.stringify(outcome));
    } finally {
      await settings.update('cost.pricesFile', undefined, vscode.ConfigurationTarget.Global);
    }
  });
});
