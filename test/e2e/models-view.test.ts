import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from 'playwright-core';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { deployFromExplorer } from './deploy.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { chooseMenuItem, fileRow, openContextMenu, quickInput, row, showContainer } from './workbench.ts';

describe('the Models view', () => {
  let editor: EditorServer;
  let window: EditorWindow;

  before(async () => {
    editor = await startEditor();
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    await window.close();
  });

  it('deploys a file that is dragged onto it from the Explorer', async () => {
    const workspace = path.join(editor.folder, 'drop');
    makeWorkspace(workspace);
    const declared = { entities: { path: 'models/entities', framework: 'spacy' } };
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models: declared }));
    window = await editor.open(workspace, 'light');
    const { page } = window;
    await fileRow(page, 'rules').waitFor();
    await showContainer(page, 'Nimbus');
    const view = row(page, 'model entities');
    await view.waitFor();
    await showContainer(page, /^Explorer/);
    await drag(page, view);
    await quickInput(page, 'Deploy rules (').getByRole('option', { name: 'Deploy as rules' }).waitFor();
  });

  it('removes a model that is only declared, by its row, and leaves its files', async () => {
    const workspace = path.join(editor.folder, 'declared');
    makeWorkspace(workspace);
    const declared = { entities: { path: 'models/entities', framework: 'spacy' } };
    const file = path.join(workspace, 'models.json');
    writeFileSync(file, JSON.stringify({ version: 1, models: declared }));
    window = await editor.open(workspace, 'light');
    const { page } = window;
    await showContainer(page, 'Nimbus');
    const model = row(page, 'model entities');
    await model.waitFor();
    await chooseMenuItem(await openContextMenu(page, model, 'Remove'));
    const question = page.getByRole('dialog').filter({ hasText: 'Remove entities from models.json?' });
    await question.getByRole('button', { name: 'Remove' }).click();
    await model.waitFor({ state: 'detached' });
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { version: 1, models: {} });
    assert.ok(existsSync(path.join(workspace, 'models/entities')));
  });

  it('removes a model with all its deployments by its own row, after it has named them', async () => {
    const workspace = path.join(editor.folder, 'several-deployments');
    makeWorkspace(workspace);
    const deployments = { local: { target: 'local' }, second: { target: 'local' } };
    const declared = { entities: { path: 'models/entities', framework: 'spacy', deployments } };
    const file = path.join(workspace, 'models.json');
    writeFileSync(file, JSON.stringify({ version: 1, models: declared }));
    window = await editor.open(workspace, 'dark');
    const { page } = window;
    await showContainer(page, 'Nimbus');
    const model = row(page, /^model entities/);
    await model.waitFor();
    await chooseMenuItem(await openContextMenu(page, model, 'Remove'));
    const question = page.getByRole('dialog').filter({ hasText: 'its deployments (local, second)' });
    await question.getByRole('button', { name: 'Remove All' }).click();
    await model.waitFor({ state: 'detached' });
    assert.deepEqual(JSON.parse(readFileSync(file, 'utf8')), { version: 1, models: {} });
  });

  it('shows the projects of a workspace of several folders, and deploys into the one that holds the model', async () => {
    const folders = ['shop', 'support'].map((name) => path.join(editor.folder, 'several', name));
    for (const folder of folders) {
      makeWorkspace(folder);
      const declared = { [`of-${path.basename(folder)}`]: { path: 'models/entities', framework: 'spacy' } };
      writeFileSync(path.join(folder, 'models.json'), JSON.stringify({ version: 1, models: declared }));
    }
    const file = path.join(editor.folder, 'several', 'both.code-workspace');
    writeFileSync(file, JSON.stringify({ folders: folders.map((folder) => ({ path: path.basename(folder) })) }));
    window = await editor.open(file, 'light');
    const { page } = window;
    await showContainer(page, 'Nimbus');
    for (const name of ['shop', 'support']) {
      await row(page, `project ${name}`).waitFor();
      await row(page, `model of-${name}, spaCy`).waitFor();
    }
    await showContainer(page, /^Explorer/);
    const other = fileRow(page, 'shop');
    await other.waitFor();
    if ((await other.getAttribute('aria-expanded')) === 'true') await other.click();
    await deployFromExplorer(page, ['support', 'rules'], 'rules');
    const modelsOf = (folder: string): string[] =>
      Object.keys((JSON.parse(readFileSync(path.join(folder, 'models.json'), 'utf8')) as { models: object }).models);
    assert.deepEqual(folders.map(modelsOf), [['of-shop'], ['of-support', 'rules']]);
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of rules, (idle|serving)/).waitFor();
    await window.picture('several-folders');
  });

  it('opens 10,000 models with a deployment each, scrolls, and shows an edit of one without losing its place', async () => {
    const workspace = path.join(editor.folder, 'many');
    makeWorkspace(workspace);
    const models: Record<string, unknown> = {};
    const deployments = { local: { target: 'local' } };
    for (let index = 0; index < 10_000; index += 1)
      models[`model-${index}`] = { path: 'rules', framework: 'custom', deployments };
    const declare = (): void =>
      writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models }, null, 2));
    declare();
    window = await editor.open(workspace, 'light');
    const { page } = window;
    await showContainer(page, 'Nimbus');
    await row(page, 'model model-0, ').click();
    // It opens: what came after End would push the last row out of sight.
    await row(page, 'deployment local of model-0, ').waitFor();
    await page.keyboard.press('End');
    await row(page, 'model model-9999, Custom').waitFor();
    models['model-9998'] = { path: 'models/entities', framework: 'spacy', deployments };
    declare();
    await row(page, 'model model-9998, spaCy').waitFor();
    assert.equal(await row(page, 'model model-9999, Custom').isVisible(), true);
    await window.picture('many-models');
  });
});

/** Drags `rules` from the Explorer onto something in the Models view. */
async function drag(page: Page, target: Locator): Promise<void> {
  await fileRow(page, 'rules').hover();
  await page.mouse.down();
  // The view opens while a file is held over its icon.
  const icon = page.getByRole('tab', { name: 'Nimbus' }).first();
  do await icon.hover({ force: true });
  while (!(await target.isVisible()));
  // The first move enters the view, the second is over it.
  await target.hover({ force: true });
  await target.hover({ force: true });
  await page.mouse.up();
}
