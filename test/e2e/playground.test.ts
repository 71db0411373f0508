import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { violations } from './accessibility.ts';
import { deployFromExplorer } from './deploy.ts';
import { Playground } from './playground.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { clipboard, fileRow, quickInput, runCommand, showContainer } from './workbench.ts';

describe('working with deployed models', () => {
  let editor: EditorServer;
  let workspace: string;
  let window: EditorWindow;
  let playground: Playground;

  before(async () => {
    editor = await startEditor();
    workspace = path.join(editor.folder, 'workspace');
    makeWorkspace(workspace);
    // An environment whose interpreter is gone.
    mkdirSync(path.join(workspace, 'broken', 'bin'), { recursive: true });
    writeFileSync(path.join(workspace, 'broken', 'pyvenv.cfg'), '');
    writeFileSync(path.join(workspace, 'broken', 'bin', 'python'), '#!/bin/sh\necho gone >&2\nexit 1\n', {
      mode: 0o755,
    });
    window = await editor.open(workspace, 'light');
    playground = await deployFromExplorer(window.page, ['models', 'flowers.joblib'], 'flowers');
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  it('sends a row of a table from a form that has the columns of the model', async () => {
    const measures = { 'sepal length (cm)': '5.1', 'sepal width (cm)': '3.5', 'petal length (cm)': '1.4' };
    for (const [column, value] of Object.entries({ ...measures, 'petal width (cm)': '0.2' })) {
      await playground.frame.getByRole('textbox', { name: column, exact: true }).fill(value);
    }
    await playground.press('Send');
    assert.deepEqual(await playground.request(1), { start: 'cold', status: 200 });
    await playground
      .answer()
      .getByRole('rowheader', { name: /^setosa.*the answer/ })
      .waitFor();
    await window.picture('form');
    assert.deepEqual(await violations(playground.frame), []);
  });

  it('repeats a request and shows percentiles from 20 on', async () => {
    await playground.press('Repeat');
    await playground.request(21);
    await playground.frame.getByRole('row', { name: /^warm 20 .* ms .* ms .* ms/ }).waitFor();
    await window.picture('repeated');
    assert.deepEqual(await violations(playground.frame), []);
  });

  it('comes back after a reload with what was typed and answered', async () => {
    const reloaded = window.page.waitForEvent('load');
    await runCommand(window.page, 'Developer: Reload Window');
    await reloaded;
    playground = new Playground(window.page);
    await playground.opened('flowers');
    assert.deepEqual(await playground.request(21), { start: 'warm', status: 200 });
    const column = playground.frame.getByRole('textbox', { name: 'sepal length (cm)', exact: true });
    assert.equal(await column.inputValue(), '5.1');
  });

  it('has its history again after its tab was closed, and counts on', async () => {
    await runCommand(window.page, 'View: Close All Editors');
    await window.page.getByRole('tab', { name: /^Playground/ }).waitFor({ state: 'detached' });
    await runCommand(window.page, 'Nimbus: Open Playground');
    await playground.opened('flowers');
    assert.deepEqual(await playground.request(21), { start: 'warm', status: 200 });
    await playground.frame.getByRole('button', { name: /^Send request 21 again/ }).click();
    await playground.request(22);
  });

  it('lists every interpreter to choose from, with what the model lacks there', async () => {
    await runCommand(window.page, 'Nimbus: Select Interpreter');
    const list = quickInput(window.page, 'Which Python runs the model?');
    const options = list.getByRole('option');
    await options.filter({ hasText: /in use.*has what the model needs/ }).waitFor();
    await options
      .filter({ hasText: /on the PATH.*scikit-learn is not installed; the model (needs it|was made with)/ })
      .first()
      .waitFor();
    // A machine with many Pythons has more rows than are drawn: typing brings up what is looked for.
    const input = list.locator('input').first();
    for (const [typed, shown] of [
      ['broken', /broken\/bin\/python.*gone/],
      ['New environment', /New environment, Python/],
      ['Choose a file', /Choose a file/],
    ] as const) {
      await input.fill(typed);
      await options.filter({ hasText: shown }).first().waitFor();
    }
    // A row cuts a long reason off; its button says it whole.
    await input.fill('broken');
    const broken = options.filter({ hasText: /broken\/bin\/python.*gone/ }).first();
    await broken.hover();
    await broken.getByRole('button').first().click();
    const whole = window.page.getByRole('dialog').filter({ hasText: 'gone' });
    await whole.waitFor();
    await window.picture('interpreter-reason');
    await whole.getByRole('button', { name: 'OK' }).click();
    await input.fill('');
    // Enter takes what runs now, until another is chosen.
    await list.locator('.monaco-list-row.focused', { hasText: 'in use' }).waitFor();
    await list.locator('input').first().focus();
    await window.page.keyboard.press('ArrowDown');
    await list.locator('.monaco-list-row.focused', { hasText: 'on the PATH' }).waitFor();
    await window.picture('interpreters');
    await window.page.keyboard.press('Escape');
    await list.waitFor({ state: 'hidden' });
  });

  it('ticks the steps of the walkthrough that were done, whichever way', async () => {
    const step = (id: string, done = true): Promise<void> =>
      window.page.locator(`[data-done-step-id$="#start#${id}"]${done ? '.complete' : ':not(.complete)'}`).waitFor();
    await runCommand(window.page, 'Welcome: Open Walkthrough');
    await window.page.getByRole('option', { name: /From a trained model to an answer/ }).click();
    await Promise.all([step('deploy'), step('predict'), step('cold', false), step('terminal', false)]);
    // The playground's own button, which is no command.
    await window.page.getByRole('tab', { name: /^Playground/ }).click();
    await playground.opened('flowers');
    await playground.press('Force cold');
    await playground.state('idle');
    await runCommand(window.page, 'Nimbus: Copy as curl');
    // What was copied is a request that the model answers.
    const copied = await clipboard(window.page, 'curl ');
    const answer = JSON.parse(
      execFileSync('sh', ['-c', copied], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
    ) as { result: object };
    assert.ok('label' in answer.result, copied);
    await window.page.getByRole('tab', { name: /^(Welcome|Walkthrough)/ }).click();
    await Promise.all([step('cold'), step('terminal')]);
    await window.picture('walkthrough');
    await window.page.getByRole('tab', { name: /^Playground/ }).click();
    await playground.opened('flowers');
  });

  it('puts the URL of an endpoint on the clipboard', async () => {
    await runCommand(window.page, 'Copy Endpoint URL');
    await window.page.getByText('Copied').first().waitFor();
    const url = await clipboard(window.page, 'http');
    const health = (await (await fetch(`${url}/health`)).json()) as { status: string; model: string };
    assert.deepEqual([health.status, health.model], ['healthy', 'flowers']);
  });

  it('deploys a folder with a handler and predicts the selection of an editor', async () => {
    playground = await deployFromExplorer(window.page, ['rules'], 'rules');
    await showContainer(window.page, /^Explorer/);
    await fileRow(window.page, 'sentences.txt').dblclick();
    await window.page.getByRole('tab', { name: /^sentences\.txt/ }).waitFor();
    await window.page.keyboard.press('Control+End');
    await window.page.keyboard.type('My parcel never came, please refund the invoice and the parcel.');
    await window.page.keyboard.press('Shift+Home');
    // The other model takes rows of a table: there is nothing to choose.
    await runCommand(window.page, 'Predict Selection');
    await playground.answer().getByText('delivery').first().waitFor();
    await window.picture('predict-selection');
  });

  it('offers no deployment for a file that is no model, nor for a folder that only holds some', async () => {
    for (const plain of ['reviews.txt', 'models']) {
      await fileRow(window.page, plain).click({ button: 'right' });
      await window.page.getByRole('menuitem', { name: /^Copy Path/ }).waitFor();
      assert.equal(await window.page.getByRole('menuitem', { name: 'Deploy Model' }).count(), 0, plain);
      await window.page.keyboard.press('Escape');
    }
  });

  it('has the nimbus command in the integrated terminal', async () => {
    await runCommand(window.page, 'Terminal: Create New Terminal');
    await window.page.locator('.terminal-wrapper.active .xterm-screen').waitFor({ timeout: 30_000 });
    await window.page.keyboard.type('nimbus list --json > listed.json && mv listed.json done.json\n');
    const { models } = await readWhenThere<{ models: { name: string }[] }>(path.join(workspace, 'done.json'));
    assert.deepEqual(models.map(({ name }) => name).sort(), ['flowers', 'rules']);
    await window.picture('terminal');
  });
});

/** The shell tells nobody when its command is done: the file is looked for until mocha's time is over. */
async function readWhenThere<T>(file: string): Promise<T> {
  while (!existsSync(file)) await delay(100);
  return JSON.parse(readFileSync(file, 'utf8')) as T;
}
