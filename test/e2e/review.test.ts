/** What a person can change before a deploy, and the Python after it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator } from 'playwright-core';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { findHost } from '../../src/core/host/client.ts';
import { Playground } from './playground.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  notification,
  openExplorerMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
} from './workbench.ts';

describe('the review of a deploy', () => {
  let editor: EditorServer;
  let workspace: string;
  let window: EditorWindow;

  before(async () => {
    editor = await startEditor();
    workspace = path.join(editor.folder, 'review');
    makeWorkspace(workspace);
    window = await editor.open(workspace, 'dark');
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  it('changes what each of its rows says, and Back leaves it as it was', async () => {
    const { page } = window;
    await chooseMenuItem(await openExplorerMenu(page, ['rules'], 'Deploy Model'));
    await go('rules');

    const name = await change('Name', 'Name of the model');
    await answer(name, 'No Name');
    await name.getByText('A name starts with a letter a-z').waitFor();
    await answer(name, 'router');
    await go('router');
    await back(await change('Name', 'Name of the model'));
    await go('router');

    await answer(await change('Deployment', 'Name of the deployment'), 'second');
    await go('router');

    await choosePython(await change('Python', 'Which Python runs the model?'), 'on the PATH');
    await review()
      .getByRole('option')
      .filter({ hasText: 'Deploy as router' })
      .filter({ hasText: 'on the PATH' })
      .waitFor();
    await back(await change('Python', 'Which Python runs the model?'));
    await go('router');

    const memory = await change('Limits', 'Memory of a worker (MB)');
    await answer(memory, '64');
    await memory.getByText('A whole number from 128').waitFor();
    await answer(memory, '256');
    const time = quickInput(page, 'Time limit of a request (s)');
    await time.waitFor();
    await back(time);
    await memory.waitFor();
    await page.keyboard.press('Enter');
    await time.waitFor();
    await answer(time, '5');
    const workers = quickInput(page, 'Workers at most');
    await workers.waitFor();
    await answer(workers, '3');
    await review().getByRole('option').filter({ hasText: '256 MB' }).waitFor();

    await answer(await change('Description', 'One line on what the model does'), 'Sends a message to a team');
    await review().getByRole('option').filter({ hasText: 'Sends a message to a team' }).waitFor();
    await window.picture('review-changed');
    await go('router');
    await page.keyboard.press('Enter');

    await new Playground(page).opened('router');
    const { models } = JSON.parse(readFileSync(path.join(workspace, 'models.json'), 'utf8')) as { models: object };
    assert.deepEqual(models, {
      router: {
        path: 'rules',
        framework: 'custom',
        description: 'Sends a message to a team',
        memoryMb: 256,
        timeoutSeconds: 5,
        concurrency: 3,
        deployments: { second: { target: 'local' } },
      },
    });
    assert.notEqual(path.dirname(path.dirname(await interpreter())), path.join(workspace, '.venv'));
  });

  it('is not asked again for another Python, with which Select Interpreter deploys the model again', async () => {
    const { page } = window;
    const before = await interpreter();
    await runCommand(page, 'Nimbus: Select Interpreter');
    const list = quickInput(page, 'Which Python runs the model?');
    await list.getByRole('option').filter({ hasText: 'in use' }).waitFor();
    await choosePython(list, '(.venv)');
    let now = before;
    while (now === before) now = await interpreter();
    assert.equal(path.dirname(path.dirname(now)), path.join(workspace, '.venv'));
  });

  it('comes after the choice of an interpreter where none has what models.json asks for', async () => {
    const { page } = window;
    const file = path.join(workspace, 'models.json');
    const spec = JSON.parse(readFileSync(file, 'utf8')) as { models: Record<string, unknown> };
    spec.models['old'] = { path: 'rules', framework: 'custom', pythonVersion: '3.5' };
    writeFileSync(file, JSON.stringify(spec));
    await showContainer(page, 'Nimbus');
    await row(page, 'model old, ').hover();
    await row(page, 'model old, ').getByRole('button', { name: 'Deploy Model' }).click();
    await notification(page, 'models.json asks for Python 3.5')
      .getByRole('button', { name: 'Select Interpreter' })
      .click();
    const list = quickInput(page, 'Which Python runs the model?');
    await choosePython(list, '(.venv)');
    await go('old');
    await page.keyboard.press('Enter');
    await row(page, /^deployment local of old, (idle|serving)/).waitFor({ timeout: 30_000 });
    // Its focus would close what the next test opens.
    await new Playground(page).opened('old');
  });

  it('says why the model is not called as its path is, until another name is chosen', async () => {
    const { page } = window;
    const models = { rules: { path: 'models/entities', framework: 'spacy' } };
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models }));
    await row(page, 'model rules, spaCy').waitFor();
    await chooseMenuItem(await openExplorerMenu(page, ['rules'], 'Deploy Model'));
    await go('rules-2');
    const why = review().getByRole('option', { name: /Name, rules-2.*rules is the name of models\/entities/ });
    await why.waitFor();
    await window.picture('review-name-taken');
    await answer(await change('Name', 'Name of the model'), 'messages');
    await go('messages');
    await why.waitFor({ state: 'detached' });
    await page.keyboard.press('Escape');
  });

  function review(): Locator {
    return quickInput(window.page, 'Deploy rules (');
  }

  /** Waits until the review is in front, with Enter deploying under this name. */
  async function go(name: string): Promise<void> {
    await review()
      .locator('.monaco-list-row.focused', { hasText: `Deploy as ${name}` })
      .waitFor({ timeout: 30_000 });
  }

  /** Chooses a row, and answers with its question. */
  async function change(label: string, question: string): Promise<Locator> {
    const { page } = window;
    await review()
      .getByRole('option')
      .filter({ has: page.locator('.label-name', { hasText: new RegExp(`^\\s*${label}\\s*$`) }) })
      .click();
    const asked = quickInput(page, question);
    await asked.waitFor();
    return asked;
  }

  /** By typing a part of its row: rows move under the mouse for as long as interpreters answer. */
  async function choosePython(list: Locator, text: string): Promise<void> {
    await list.locator('input').first().fill(text);
    await list.locator('.monaco-list-row.focused', { hasText: text }).waitFor();
    await window.page.keyboard.press('Enter');
  }

  async function answer(question: Locator, text: string): Promise<void> {
    await question.locator('input').first().fill(text);
    await window.page.keyboard.press('Enter');
  }

  async function back(question: Locator): Promise<void> {
    await question.getByRole('button', { name: 'Back' }).click();
  }

  async function interpreter(): Promise<string> {
    const host = await findHost({ project: workspace, kind: 'cli' });
    host!.close();
    return host!.hello.deployments[0]!.interpreter!;
  }
});
