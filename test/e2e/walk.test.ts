import assert from 'node:assert/strict';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { violations } from './accessibility.ts';
import { Playground } from './playground.ts';
import { startEditor, THEMES, type EditorServer, type EditorWindow, type Theme } from './window.ts';
import {
  chooseMenuItem,
  openContextMenu,
  openExplorerMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
} from './workbench.ts';

interface Sample {
  model: string;
  /** Its row in the Explorer, below `models`. */
  file: string;
  framework: string;
  text: string;
  /** What the answer to the text says. */
  answer: RegExp[];
}

const SAMPLES: Sample[] = [
  {
    model: 'sentiment',
    file: 'sentiment.joblib',
    framework: 'scikit-learn',
    text: 'I loved the food, and the staff was friendly.',
    answer: [/positive\s*0\.9\d\s*negative\s*0\.0\d/],
  },
  {
    model: 'entities',
    file: 'entities',
    framework: 'spaCy',
    text: 'Ada Lovelace works at Globex in Paris.',
    answer: [/Ada Lovelace\s*PERSON/, /Globex\s*ORG/, /Paris\s*GPE/],
  },
];

describe('from a file in the Explorer to an answer and back', () => {
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

  for (const theme of Object.keys(THEMES) as Theme[]) {
    for (const sample of SAMPLES) {
      it(`${sample.model} in ${theme}`, async () => {
        const workspace = path.join(editor.folder, `${sample.model}-${theme}`);
        makeWorkspace(workspace);
        window = await editor.open(workspace, theme);
        await walk(window, sample);
        assert.deepEqual(window.problems, []);
      });
    }
  }
});

async function walk(window: EditorWindow, { model, file, framework, text, answer }: Sample): Promise<void> {
  const { page } = window;
  let step = 0;
  const picture = (name: string): Promise<void> =>
    window.picture(`${model}-${String((step += 1)).padStart(2, '0')}-${name}`);
  const noViolations = async (): Promise<void> => assert.deepEqual(await violations(playground.frame), []);
  const playground = new Playground(page);

  const deploy = await openExplorerMenu(page, ['models', file], 'Deploy Model');
  await picture('context-menu');
  await chooseMenuItem(deploy);

  const review = quickInput(page, `Deploy ${file} (${framework})`);
  await review.getByRole('option', { name: `Deploy as ${model}` }).waitFor({ timeout: 30_000 });
  await picture('review');
  await page.keyboard.press('Enter');

  await playground.opened(model);
  await showContainer(page, 'Nimbus');
  await row(page, new RegExp(`^deployment local of ${model}, `)).waitFor();
  await picture('playground');
  await noViolations();

  assert.deepEqual(await playground.send(text), { start: 'cold', status: 200 });
  for (const part of answer) await playground.answer().filter({ hasText: part }).waitFor();
  await row(page, new RegExp(`^deployment local of ${model}, serving .*cold`)).waitFor();
  await picture('cold-answer');
  await noViolations();

  assert.deepEqual(await playground.send(text), { start: 'warm', status: 200 });
  await picture('warm-answer');
  await noViolations();

  await playground.press('Force cold');
  await playground.state('idle');
  assert.deepEqual(await playground.send(text), { start: 'cold', status: 200 });
  await picture('forced-cold');

  await playground.press('Stop');
  await playground.state('stopped');
  const refused = await playground.send(text);
  assert.equal(refused.status, 503);
  await playground.answer().getByText('stopped').first().waitFor();
  await row(page, new RegExp(`^deployment local of ${model}, stopped`)).waitFor();
  await picture('stopped');
  await noViolations();

  await playground.press('Start');
  await playground.state('idle');
  assert.deepEqual(await playground.send(text), { start: 'cold', status: 200 });
  await picture('started-again');

  const remove = await openContextMenu(page, row(page, new RegExp(`^deployment local of ${model}, `)), 'Remove');
  await chooseMenuItem(remove);
  const dialog = page.getByRole('dialog').filter({ hasText: model });
  await dialog.getByRole('button', { name: 'Remove' }).waitFor();
  await picture('remove');
  await dialog.getByRole('button', { name: 'Remove' }).click();
  await row(page, new RegExp(`^deployment local of ${model}, `)).waitFor({ state: 'detached' });
  await picture('removed');
  await runCommand(page, 'View: Close All Editors');
}
