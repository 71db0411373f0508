/** A model in the image that goes to AWS Lambda, from the Explorer to its answer; with a real engine. */
import assert from 'node:assert/strict';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { violations } from './accessibility.ts';
import { buildAsBefore, buildOnTestBases, removeImages, repositoryIn } from './building.ts';
import { Playground } from './playground.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  openContextMenu,
  openExplorerMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
} from './workbench.ts';

const BUILD_MS = 100_000;

describe('a model in Docker', () => {
  let editor: EditorServer;
  let window: EditorWindow;
  /** The repository of its own images. */
  let images: string;
  let playground: Playground;

  before(async () => {
    buildOnTestBases();
    editor = await startEditor();
    const workspace = path.join(editor.folder, 'docker');
    makeWorkspace(workspace);
    images = repositoryIn(workspace);
    window = await editor.open(workspace, 'dark');
  });
  after(async () => {
    await editor.stop();
    buildAsBefore();
    removeImages(images);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  it('is deployed from the Explorer, with its image built, and answers cold and warm', async () => {
    const { page } = window;
    await chooseMenuItem(await openExplorerMenu(page, ['rules'], 'Deploy Model'));
    const review = quickInput(page, 'Deploy rules (');
    await review.getByRole('option').filter({ hasText: 'Where' }).click();
    const where = quickInput(page, 'Where does it run?');
    await where.getByRole('option').filter({ hasText: 'Docker' }).click();
    await review.getByRole('option').filter({ hasText: 'in Docker' }).waitFor();
    await window.picture('docker-review');
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment docker of rules, deploying.* image/).waitFor({ timeout: BUILD_MS });
    await window.picture('docker-building');
    playground = new Playground(page);
    await row(page, /^deployment docker of rules, .*Docker, \d+ MB/).waitFor({ timeout: BUILD_MS });
    await playground.opened('rules');
    assert.deepEqual(await playground.ask({ text: 'where is my parcel' }), { start: 'cold', status: 200 });
    assert.deepEqual(await playground.send('where is my parcel'), { start: 'warm', status: 200 });
  });

  it('is shown well in every theme', async () => {
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      await window.picture(`docker-answer-${theme}`);
      assert.deepEqual(await violations(playground.frame), [], theme);
    }
  });

  it('is compared with the deployment on this machine, side by side', async () => {
    const { page } = window;
    await chooseMenuItem(await openExplorerMenu(page, ['rules'], 'Deploy Model'));
    const go = quickInput(page, 'Deploy rules (').getByRole('option', { name: 'Deploy as rules' });
    await go.waitFor({ timeout: 30_000 });
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of rules, idle/).waitFor({ timeout: 60_000 });
    // It opens by itself, and would take the place of a comparison that is already there.
    await playground.opened('rules', 'local');
    await chooseMenuItem(await openContextMenu(page, row(page, /^model rules/), 'Compare Deployments'));
    await comparison().waitFor();
    assert.deepEqual(await violations(playground.frame), []);
    await window.picture('compare-begun');
    const box = playground.frame.getByRole('textbox', { name: 'Text', exact: true });
    await box.fill('where is my parcel');
    await box.press('Control+Enter');
    await says('The answers agree.');
    for (const name of ['local', 'docker']) await side(name).getByText('delivery').first().waitFor();
  });

  it('is compared well in every theme, and after a reload', async () => {
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      await window.picture(`compare-${theme}`);
      assert.deepEqual(await violations(playground.frame), [], theme);
    }
    const reloaded = window.page.waitForEvent('load');
    await runCommand(window.page, 'Developer: Reload Window');
    await reloaded;
    await says('The answers agree.');
    await side('docker').locator('.state').waitFor();
    await window.picture('compare-after-reload');
  });

  const comparison = () => playground.frame.getByRole('region', { name: 'Comparison' });
  const side = (name: string) => comparison().getByRole('region', { name, exact: true });
  const says = (text: string) => comparison().getByText(text).waitFor({ timeout: 60_000 });
});
