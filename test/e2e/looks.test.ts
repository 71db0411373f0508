import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Frame, Locator } from 'playwright-core';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { tooFaint } from '../webview/harness/contrast.ts';
import { themeVariables } from '../webview/harness/themes.ts';
import { violations } from './accessibility.ts';
import { Playground } from './playground.ts';
import { everyState, everyStateOnAws, hardAnswers, LONG_NAME } from './scenes.ts';
import { StandInHost } from './stand-in-host.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow, type Theme } from './window.ts';
import { row, runCommand, showContainer } from './workbench.ts';

const CONFLICT = '<<<<<<< ours\n{ "version": 1 }\n=======\n{}\n>>>>>>> theirs\n';
const LONG_TEXT = 'The parcel came late, and nobody answered. '.repeat(2400);
const MIXED_TEXT = 'מצוין! השירות היה נהדר 🙂 👩‍🍳👨‍👩‍👧‍👦 and the food was שווה';

describe('how it looks', () => {
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
      await inEveryTheme('tree-states', async (theme) => {
        assert.deepEqual(await violations(playground.frame), []);
        const page = await documentOf(playground);
        assert.deepEqual(await tooFaint(page), [], theme);
        assert.deepEqual(await page.evaluate(changedVariables, themeVariables(AS_TESTED[theme])), [], theme);
      });
      await row(page, /^deployment local of model-serving/).hover();
      await page.locator('.workbench-hover', { hasText: '148 MB' }).waitFor();
      // At the usual width, also where the buttons of the row under the mouse take their part.
      const docker = row(page, /^deployment docker of model-serving/);
      await docker.hover();
      await docker.getByRole('button').first().waitFor();
      assert.ok(await isInView(docker.locator('.label-description'), 'warm 4.2 ms'));
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

  it('deployments on AWS in every state, in every theme', async () => {
    const workspace = path.join(editor.folder, 'on-aws');
    mkdirSync(workspace);
    const { models, scene } = everyStateOnAws();
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models }));
    const host = await StandInHost.start(workspace, scene);
    try {
      window = await editor.open(workspace, 'dark');
      const { page } = window;
      await showContainer(page, 'Nimbus');
      const of = (name: string, said: string): Promise<void> =>
        row(page, new RegExp(`^deployment ${name} of topics, ${said}`)).waitFor();
      await of('drifted', 'serving · drifted · warm 12 ms');
      await of('ahead', 'serving · .* · ahead of its stack');
      await of('inactive', 'inactive');
      await of('rolling-back', 'rolling back');
      await of('gone', 'gone');
      await row(page, /^model topics, scikit-learn · failed/).waitFor();
      await inEveryTheme('tree-on-aws');
      await row(page, /^deployment inactive of topics/).hover();
      await page.getByText('The next request wakes it').waitFor();
      await window.picture('tree-on-aws-tooltip');
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
  async function inEveryTheme(step: string, look = async (_theme: Theme): Promise<void> => undefined): Promise<void> {
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      await window.picture(`${step}-${theme}`);
      await look(theme);
    }
  }
});

/** The tests of the page alone have these themes' colours, too. */
const AS_TESTED = {
  dark: 'dark',
  light: 'light',
  'high-contrast-dark': 'hc-dark',
  'high-contrast-light': 'hc-light',
} as const satisfies Record<Theme, string>;

/** Colours that the editor gives to the page otherwise than `expected`; runs in the page. */
function changedVariables(expected: [name: string, value: string][]): string[] {
  const context = document.createElement('canvas').getContext('2d')!;
  const normal = (colour: string): string => {
    context.fillStyle = 'transparent';
    context.fillStyle = colour;
    return String(context.fillStyle);
  };
  const given = document.documentElement.style;
  return expected
    .filter(([name]) => !name.startsWith('--vscode-font') && !name.startsWith('--vscode-editor-font'))
    .filter(([name, value]) => normal(given.getPropertyValue(name)) !== normal(value))
    .map(([name, value]) => `${name} is ${given.getPropertyValue(name)}, not ${value}`);
}

/** The frame of the playground's document, where scripts run. */
async function documentOf(playground: Playground): Promise<Frame> {
  const body = await playground.frame.locator('body').elementHandle();
  return (await body!.ownerFrame())!;
}

/** Whether this part of an element's text is not cut off. */
function isInView(element: Locator, part: string): Promise<boolean> {
  return element.evaluate((node, text) => {
    const range = document.createRange();
    const words = node.firstChild!;
    const at = words.textContent!.indexOf(text);
    range.setStart(words, at);
    range.setEnd(words, at + text.length);
    const clipped = node.closest('.monaco-icon-label-container')!;
    return at >= 0 && range.getBoundingClientRect().right <= clipped.getBoundingClientRect().right;
  }, part);
}

/** Pixels that the page can be scrolled sideways. */
function sideways(playground: Playground): Promise<number> {
  return playground.frame.locator('html').evaluate((html) => html.scrollWidth - html.clientWidth);
}
