import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { violations } from './accessibility.ts';
import { Playground } from './playground.ts';
import { everyState, hardAnswers, LONG_NAME } from './scenes.ts';
import { StandInHost } from './stand-in-host.ts';
import { startEditor, THEMES, type EditorServer, type EditorWindow, type Theme } from './window.ts';
import { row, runCommand, showContainer } from './workbench.ts';

const CONFLICT = '<<<<<<< ours\n{ "version": 1 }\n=======\n{}\n>>>>>>> theirs\n';
const LONG_TEXT = 'The parcel came late, and nobody answered. '.repeat(2400);
const MIXED_TEXT = 'מצוין! השירות היה נהדר 🙂 👩‍🍳👨‍👩‍👧‍👦 and the food was שווה';

/** How the picker of themes names them. */
const PICKED_AS: Record<Theme, string> = {
  dark: 'Dark Modern',
  light: 'Light Modern',
  'high-contrast-dark': 'Dark High Contrast',
  'high-contrast-light': 'Light High Contrast',
};

describe('how it looks', () => {
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

  it('the Models view in every state, in every theme', async () => {
    const workspace = path.join(editor.folder, 'states');
    mkdirSync(workspace);
    const { models, scene } = everyState();
    const declare = (text: string): void => writeFileSync(path.join(workspace, 'models.json'), text);
    declare(JSON.stringify({ version: 1, models }));
    const host = await StandInHost.start(workspace, scene);
    try {
      window = await editor.open(workspace, 'dark');
      const { page } = window;
      await showContainer(page, 'Nimbus');
      await row(page, /^deployment local of model-deploying, deploying, 1 of 4/).waitFor();
      await row(page, /^deployment local of model-refused/).click();
      const playground = new Playground(page);
      await playground.opened('model-refused');
      await playground.state('new version refused');
      await inEveryTheme('tree-states', async () => assert.deepEqual(await violations(playground.frame), []));
      await row(page, /^deployment local of model-serving/).hover();
      await page.locator('.workbench-hover', { hasText: '148 MB' }).waitFor();
      await window.picture('tree-tooltip');
      declare('{ "version": 1,, }');
      await row(page, /^models\.json, line 1, column/).waitFor();
      await window.picture('tree-invalid');
      declare(CONFLICT);
      await row(page, /^models\.json, .*conflict/).waitFor();
      await inEveryTheme('tree-conflict');
    } finally {
      await host.stop();
    }
  });

  it('the Models view without a folder', async () => {
    window = await editor.open(undefined, 'dark');
    await showContainer(window.page, 'Nimbus');
    await window.page.getByText('Open the folder with your trained models').waitFor();
    await inEveryTheme('welcome-no-folder');
  });

  it('the playground with hard answers, at 200 % zoom and in a narrow group', async () => {
    const workspace = path.join(editor.folder, 'hard');
    makeWorkspace(workspace);
    const { models, scene } = hardAnswers();
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models }));
    const host = await StandInHost.start(workspace, scene);
    try {
      window = await editor.open(workspace, 'light');
      const { page } = window;
      await showContainer(page, 'Nimbus');
      const playground = new Playground(page);
      await playground.openBy(row(page, new RegExp(`^deployment local of ${LONG_NAME}, serving`)), LONG_NAME);
      const look = async (step: string): Promise<void> => {
        await window.picture(`hard-${step}`);
        assert.deepEqual(await violations(playground.frame), [], step);
        assert.equal(await sideways(playground), 0, `${step} scrolls sideways`);
      };
      assert.equal((await playground.send(MIXED_TEXT)).status, 200);
      await look('mixed-scripts');
      assert.equal((await playground.send(LONG_TEXT)).status, 200);
      await look('long-text');
      await runCommand(page, 'View: Toggle Primary Side Bar Visibility');
      await page.setViewportSize({ width: 640, height: 430 });
      await look('zoom-200');
      await page.setViewportSize({ width: 448, height: 860 });
      await look('narrow');
      await playground.frame.getByLabel('Model', { exact: true }).selectOption('failing');
      await playground.opened('failing');
      const box = playground.frame.getByRole('textbox', { name: 'Text', exact: true });
      await box.fill('Hello');
      await box.press('Control+Enter');
      await playground.answer().getByText('Segmentation fault').waitFor();
      await look('error-narrow');
      await page.setViewportSize({ width: 1280, height: 860 });
      await look('error');
    } finally {
      await host.stop();
    }
  });

  /** A picture in each theme; the last is the one that it was in. */
  async function inEveryTheme(step: string, look = async (): Promise<void> => undefined): Promise<void> {
    const { page } = window;
    for (const theme of ['light', 'high-contrast-dark', 'high-contrast-light', 'dark'] as const) {
      const input = page.locator('.quick-input-widget input');
      await page.keyboard.press('F1');
      await input.fill('>Preferences: Color Theme');
      await page.getByRole('option', { name: /^Preferences: Color Theme/ }).click();
      // The list has only the rows that are in sight.
      await page.getByPlaceholder(/^Select Color Theme/).fill(PICKED_AS[theme]);
      await page.getByRole('option', { name: new RegExp(`^${PICKED_AS[theme]}`) }).click();
      await page.locator(`.monaco-workbench.${THEMES[theme].pageClass}`).waitFor();
      await window.picture(`${step}-${theme}`);
      await look();
    }
  }
});

/** Pixels that the page can be scrolled sideways. */
function sideways(playground: Playground): Promise<number> {
  return playground.frame.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
}
