import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { findHost } from '../../src/core/host/client.ts';
import type { Operation } from '../../src/shared/states.ts';
import { makeDangerous, makeForeign, trainWithOwnModule } from './training.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { chooseMenuItem, openExplorerMenu, quickInput, row, showContainer } from './workbench.ts';

describe('a model that runs more than its framework when it is loaded', () => {
  let editor: EditorServer;
  let workspace: string;
  let canary: string;
  let window: EditorWindow;

  before(async () => {
    editor = await startEditor();
    workspace = path.join(editor.folder, 'consent');
    canary = path.join(editor.folder, 'canary');
    makeWorkspace(workspace);
    trainWithOwnModule(workspace);
    makeDangerous(workspace, canary);
    makeForeign(workspace, `${canary}-foreign`);
    window = await editor.open(workspace, 'dark', { 'nimbus.playground.openAfterDeploy': false });
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
  });

  it('is refused by one click, asks for its name when that names a command, and cancelling runs nothing', async () => {
    const { page } = window;
    await review('evil.pkl', 'evil');
    const warning = dialog('evil.pkl can take over this computer');
    await warning.getByText('posix.system').waitFor();
    await window.picture('consent-dangerous');
    assert.deepEqual(await warning.getByRole('button', { name: /^(Load|Run|Yes|OK)/ }).count(), 0);
    await warning.getByRole('button', { name: 'Cancel' }).click();
    await warning.waitFor({ state: 'detached' });

    await review('evil.pkl', 'evil');
    await warning.getByRole('button', { name: 'I Know This File' }).click();
    const box = quickInput(page, 'Load evil.pkl although it names posix.system');
    await box.getByRole('textbox').fill('evi');
    await page.keyboard.press('Enter');
    await box.getByText('Type exactly evil').waitFor();
    await window.picture('consent-typed-name');
    await page.keyboard.press('Escape');
    await box.waitFor({ state: 'hidden' });

    assert.equal(existsSync(canary), false);
    assert.equal(existsSync(path.join(workspace, 'models.json')), false);
    assert.equal(existsSync(path.join(workspace, '.nimbus')), false);
    assert.equal(await findHost({ project: workspace, kind: 'cli' }), undefined);
  });

  it('is loaded once its name was typed, and again only when it is typed again', async () => {
    const { page } = window;
    await review('evil.pkl', 'evil');
    await dialog('evil.pkl can take over').getByRole('button', { name: 'I Know This File' }).click();
    await quickInput(page, 'Load evil.pkl although').getByRole('textbox').fill('evil');
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of evil, (serving|idle)/).waitFor({ timeout: 30_000 });
    assert.equal(existsSync(canary), true);
  });

  it('as code that came with it, is refused by one click in a trusted workspace too', async () => {
    const { page } = window;
    await review('foreign', 'foreign');
    const warning = dialog('Loading foreign runs code that came with it');
    await warning.getByText('own.py').waitFor();
    await window.picture('consent-foreign-code');
    assert.deepEqual(await warning.getByRole('button', { name: /^(Load|Run|Yes|OK)/ }).count(), 0);
    await warning.getByRole('button', { name: 'I Know This Code' }).click();
    const box = quickInput(page, 'Load foreign with the code that came with it');
    await box.getByRole('textbox').fill('foreig');
    await page.keyboard.press('Enter');
    await box.getByText('Type exactly foreign').waitFor();
    await page.keyboard.press('Escape');
    await box.waitFor({ state: 'hidden' });
    assert.equal(existsSync(`${canary}-foreign`), false);
  });

  it('with code of the project asks once, and not again when it was trained again', async () => {
    const { page } = window;
    await review('own.joblib', 'own');
    const warning = dialog('Loading own.joblib runs code that is not part of its framework');
    await warning.getByText('shop.clean').waitFor();
    await window.picture('consent-own-module');
    await warning.getByRole('button', { name: 'Load the Model' }).click();
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of own, (serving|idle)/).waitFor({ timeout: 30_000 });

    trainWithOwnModule(workspace, 'splendid');
    let onEnd: (operation: Operation) => void = () => undefined;
    const redeployed = new Promise<Operation>((resolve) => (onEnd = resolve));
    const host = await findHost({
      project: workspace,
      kind: 'cli',
      events: {
        operation: (operation) => {
          if (operation.state !== 'running') onEnd(operation);
        },
      },
    });
    await review('own.joblib', 'own');
    const { state, kind } = await redeployed;
    host!.close();
    assert.deepEqual([kind, state], ['redeploy', 'succeeded']);
    assert.equal(await page.locator('.monaco-dialog-box').count(), 0);
  });

  /** Deploy Model from the Explorer as far as its overview, which Enter agrees to. */
  async function review(file: string, model: string): Promise<void> {
    const { page } = window;
    await chooseMenuItem(await openExplorerMenu(page, [file], 'Deploy Model'));
    await quickInput(page, `Deploy ${file} (`)
      .getByRole('option', { name: `Deploy as ${model}` })
      .waitFor({ timeout: 30_000 });
    await page.keyboard.press('Enter');
  }

  function dialog(text: string): Locator {
    return window.page.getByRole('dialog').filter({ hasText: text });
  }
});
