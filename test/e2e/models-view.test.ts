import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { quickInput, row, showContainer } from './workbench.ts';

describe('the Models view', () => {
  let editor: EditorServer;
  let window: EditorWindow;

  before(async () => {
    editor = await startEditor();
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.picture(`failed-${this.currentTest.title}`);
    await window.close();
  });

  it('deploys a file that is dragged onto it from the Explorer', async () => {
    const workspace = path.join(editor.folder, 'drop');
    makeWorkspace(workspace);
    const declared = { entities: { path: 'models/entities', framework: 'spacy' } };
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models: declared }));
    window = await editor.open(workspace, 'light');
    const { page } = window;
    await row(page, 'rules').waitFor();
    await showContainer(page, 'Nimbus');
    const view = row(page, 'model entities');
    await view.waitFor();
    await showContainer(page, /^Explorer/);
    await row(page, 'rules').hover();
    await page.mouse.down();
    // The view opens while a file is held over its icon.
    const icon = page.getByRole('tab', { name: 'Nimbus' }).first();
    do await icon.hover({ force: true });
    while (!(await view.isVisible()));
    // The first move enters the view, the second is over it.
    await view.hover({ force: true });
    await view.hover({ force: true });
    await page.mouse.up();
    await quickInput(page, 'Deploy rules (').getByRole('option', { name: 'Deploy as rules' }).waitFor();
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
