import assert from 'node:assert/strict';
import type { Playground } from './harness/browser.ts';
import { playgrounds } from './harness/each-test.ts';
import { inEveryTheme, tooWide } from './harness/pictures.ts';
import { TASK_ANSWERS } from './harness/tasks.ts';

describe('inputs of every kind', () => {
  const pages = playgrounds();
  let playground: Playground;

  async function open(model: string): Promise<void> {
    playground = await pages.open({ query: `model=${model}` });
  }

  const box = (name: string | RegExp) => playground.page.getByRole('textbox', { name });
  const keys = async (...pressed: string[]): Promise<void> => {
    for (const key of pressed) await playground.page.keyboard.press(key);
  };
  const sent = async () => (await playground.calls('send')).flat();

  async function sendByKey(): Promise<void> {
    await keys('Control+Enter');
    await playground.rows().first().waitFor();
  }

  /** Looks at the page as it is now. */
  async function look(name: string): Promise<void> {
    assert.deepEqual(await inEveryTheme(playground, `input ${name}`), []);
    assert.deepEqual(await tooWide(playground, `input ${name}`), []);
  }

  it('asks a question and its context, and says which is missing', async () => {
    await open('questions');
    await box('question').fill('What was closed?');
    await playground.press('Send');
    await playground.page.locator('#field-1-problem', { hasText: 'Type a text.' }).waitFor();
    assert.equal(await playground.focused(), 'field-1');
    assert.deepEqual(await sent(), []);
    const { input } = TASK_ANSWERS['an answer in its context']!;
    await playground.page.keyboard.type((input as { context: string }).context);
    await sendByKey();
    assert.deepEqual(await sent(), [{ input }]);
    await playground.answer().locator('mark', { hasText: 'two bridges' }).waitFor();
    assert.equal(await playground.focused(), 'field-1');
    await look('question and context');
  });

  it('compares sentences, which the keyboard alone adds and takes away', async () => {
    await open('vectors');
    await playground.page.getByRole('tab', { name: 'Compare' }).click();
    await box('source').fill('A man is eating pasta.');
    await box('sentences, 1 of 1').focus();
    await playground.page.keyboard.type('one');
    await keys('Enter');
    await box('sentences, 2 of 2').waitFor();
    await playground.page.keyboard.type('two');
    await keys('Enter');
    await box('sentences, 3 of 3').waitFor();
    assert.equal(await playground.focused(), 'sentences, 3 of 3');
    await keys('Backspace');
    await box('sentences, 2 of 2').waitFor();
    assert.equal(await playground.focused(), 'sentences, 2 of 2');
    await keys('Tab', 'Tab', 'Enter');
    await box('sentences, 3 of 3').waitFor();
    await playground.page.keyboard.type('three');
    await playground.page.getByRole('button', { name: 'Remove 1 of 3 from sentences' }).press('Enter');
    await box('sentences, 2 of 2').waitFor();
    assert.equal(await playground.focused(), 'sentences, 1 of 2');
    await look('sentences');
    await sendByKey();
    assert.deepEqual(await sent(), [{ input: { source: 'A man is eating pasta.', sentences: ['two', 'three'] } }]);
  });

  it('keeps what is typed into two boxes of a list between two frames', async () => {
    await open('vectors');
    await playground.page.getByRole('tab', { name: 'Compare' }).click();
    await playground.page.getByRole('button', { name: 'Add to sentences' }).click();
    await box('sentences, 2 of 2').waitFor();
    await playground.page.evaluate(() => {
      for (const [index, area] of [
        ...document.querySelectorAll<HTMLTextAreaElement>('.text-list textarea'),
      ].entries()) {
        area.value = `typed ${index}`;
        area.dispatchEvent(new InputEvent('input', { bubbles: true }));
      }
    });
    await playground.page.getByRole('tab', { name: 'JSON' }).first().click();
    await box('source').waitFor({ state: 'hidden' });
    await playground.page.getByRole('tab', { name: 'Compare' }).click();
    assert.equal(await box('sentences, 1 of 2').inputValue(), 'typed 0');
    assert.equal(await box('sentences, 2 of 2').inputValue(), 'typed 1');
  });

  it('makes a sentence of each line that is pasted into an empty box', async () => {
    await open('vectors');
    await playground.page.getByRole('tab', { name: 'Compare' }).click();
    await box('sentences, 1 of 1').evaluate((area) => {
      const clipboardData = new DataTransfer();
      clipboardData.setData('text/plain', 'one\r\n\r\ntwo\nthree');
      area.dispatchEvent(new ClipboardEvent('paste', { clipboardData, bubbles: true, cancelable: true }));
    });
    await box('sentences, 3 of 3').waitFor();
    assert.equal(await box('sentences, 2 of 3').inputValue(), 'two');
  });

  it('shows what the endpoint refuses beside the list that it names', async () => {
    await open('vectors');
    await playground.page.getByRole('tab', { name: 'Compare' }).click();
    await box('source').fill('a');
    await box('sentences, 1 of 1').fill('b');
    await playground.fail('no such sentence');
    await sendByKey();
    await playground.page.locator('#field-1-problem', { hasText: 'sentences[1] must be a string' }).waitFor();
    assert.equal(await playground.focused(), 'sentences, 1 of 1');
  });

  it('begins named tensors with valid ones, tells their types, and says where their JSON breaks', async () => {
    await open('program');
    assert.equal(await box(/^image/).inputValue(), '[[[1,1,1],[1,1,1]]]');
    await playground.page.getByText('bool [batch, 2]').waitFor();
    await look('tensors');
    await playground.page.setViewportSize({ width: 1280, height: 900 });
    await box(/^mask/).fill('[[true, tru]]');
    await playground.press('Send');
    await playground.page.locator('#field-1-problem', { hasText: 'in line 1, column 9.' }).waitFor();
    assert.equal(await playground.focused(), 'field-1');
    await box(/^mask/).fill('[[true, true]]');
    await sendByKey();
    assert.deepEqual(await sent(), [
      {
        input: {
          image: [
            [
              [1, 1, 1],
              [1, 1, 1],
            ],
          ],
          mask: [[true, true]],
        },
      },
    ]);
  });

  it('begins one tensor with a valid one, and tells its type', async () => {
    await open('graph');
    assert.equal(await box('Input as JSON').inputValue(), '[[1,1,1,1]]');
    await playground.page.getByText('int64 [batch, 4]').waitFor();
    await look('one tensor');
    await box('Input as JSON').focus();
    await sendByKey();
    assert.deepEqual(await sent(), [{ input: [[1, 1, 1, 1]] }]);
  });

  it('takes a list of numbers value by value', async () => {
    await open('table');
    for (const [name, value] of [
      ['1', '1'],
      ['2', '2'],
      ['3', '3'],
    ] as const)
      await playground.page.getByLabel(name, { exact: true }).fill(value);
    await sendByKey();
    assert.deepEqual(await sent(), [{ input: [1, 2, 3] }]);
    await playground.answer().getByText('Ranking score').waitFor();
  });

  it('tells the mask of a model with gaps', async () => {
    await open('gaps');
    await playground.page.locator('#input-hint', { hasText: 'A text with [MASK]' }).waitFor();
    assert.equal(await box('Text').getAttribute('aria-describedby'), 'input-hint');
    await look('gaps');
  });

  it('asks for the labels that a model cannot do without, and sends them with other parameters', async () => {
    await open('topics');
    await box('labels, 1 of 4').fill('bridges');
    for (const left of [4, 3, 2])
      await playground.page.getByRole('button', { name: `Remove ${left} of ${left} from labels` }).click();
    await box('labels, 1 of 1').waitFor();
    await playground.page.getByText('More parameters').click();
    await playground.page.getByLabel('multi_label').selectOption('true');
    await playground.page.getByText('More parameters (given)').waitFor();
    await playground.type('They were closed.');
    await look('labels');
    await sendByKey();
    const whole = { input: 'They were closed.', parameters: { labels: ['bridges'], multi_label: true } };
    assert.deepEqual(await sent(), [whole]);
    await playground.fail('too many labels');
    await playground.page.getByRole('button', { name: 'Send request 1 again' }).click();
    await playground.page.locator('#parameter-0-problem', { hasText: 'labels may be 100 at most.' }).waitFor();
    assert.deepEqual(await sent(), [whole, whole]);
  });

  it('sends a text of an editor with the parameters that stand there, and marks what is missing', async () => {
    await open('topics');
    assert.equal(await playground.predictText('They were closed.'), true);
    await playground.rows().first().waitFor();
    const labels = ['traffic', 'cooking', 'politics', 'weather'];
    assert.deepEqual(await sent(), [{ input: 'They were closed.', parameters: { labels } }]);
    for (const left of [4, 3, 2])
      await playground.page.getByRole('button', { name: `Remove ${left} of ${left} from labels` }).click();
    await box('labels, 1 of 1').fill('');
    assert.equal(await playground.predictText('Nor was this.'), false);
    await playground.page.locator('#parameter-0-problem', { hasText: 'Type at least one.' }).waitFor();
    assert.equal(await box('Text').inputValue(), 'Nor was this.');
    assert.equal((await sent()).length, 1);
  });

  it('refuses parameters that are no JSON where they are typed, and unfolds them', async () => {
    await open('gaps');
    await playground.page.getByText('Parameters', { exact: true }).click();
    await box('Parameters as a JSON object').fill('{"seed": }');
    await playground.page.getByText('Parameters (given)', { exact: true }).click();
    await playground.type('Once');
    await playground.press('Send');
    await playground.page.locator('#parameters-problem', { hasText: 'in line 1, column 10.' }).waitFor();
    assert.equal(await playground.focused(), 'parameters');
    assert.deepEqual(await sent(), []);
  });

  it('remembers the parameters of each deployment, also over a reload', async () => {
    await open('writer');
    const choose = (model: string) => playground.page.getByLabel('Model', { exact: true }).selectOption(model);
    await playground.page.getByText('Parameters', { exact: true }).click();
    await box('seed').fill('1');
    await choose('gaps');
    await playground.page.locator('#input-hint').waitFor();
    assert.equal(await playground.page.locator('#parameters').inputValue(), '');
    await playground.page.reload();
    await playground.page.locator('#input-hint').waitFor();
    await choose('writer');
    await playground.page.getByText('Parameters (given)', { exact: true }).waitFor();
    assert.equal(await playground.page.locator('#more-parameter-0').inputValue(), '1');
  });

  it('asks for the parameters that the card declares, and for none where there are none', async () => {
    await open('writer');
    await playground.page.getByText('Parameters', { exact: true }).click();
    assert.equal(await playground.page.locator('#parameters').count(), 0);
    await box('temperature').fill('0');
    await playground.page.getByText('Parameters (given)', { exact: true }).click();
    await playground.type('Once');
    await playground.press('Send');
    await playground.page.locator('#more-parameter-1-problem', { hasText: 'More than 0.' }).waitFor();
    await box('temperature').fill('0.5');
    await look('parameters');
    await sendByKey();
    assert.deepEqual(await sent(), [{ input: 'Once', parameters: { temperature: 0.5 } }]);
    await open('table');
    await playground.press('Send');
    assert.equal(await playground.page.locator('.parameters').count(), 0);
  });

  for (const [model, example] of [
    ['people', 'Ada Lovelace flew from London to Oslo on Monday.'],
    ['questions', /^What was closed\? · The council/],
    ['gaps', 'The capital of France is [MASK].'],
    ['topics', /^The council of Bergen/],
    ['writer', 'Once upon a time'],
    ['vectors', /^A man is eating pasta/],
    ['program', /^\{"image"/],
    ['graph', '[[1,1,1,1]]'],
    ['table', '[1,1,1]'],
  ] as const)
    it(`offers an example where the card has none: ${model}`, async () => {
      await open(model);
      await playground.answer().getByRole('button', { name: example }).first().click();
      await playground.rows().first().waitFor();
      const [first] = (await sent()) as { input: unknown; parameters?: unknown }[];
      assert.equal((await playground.page.locator('.history td.wide').first().innerText()).length > 0, true);
      assert.deepEqual(first!.parameters !== undefined, model === 'topics');
      // What was sent stands in the boxes: sent again from there it is the same.
      await playground.press('Send');
      await playground.rows().nth(1).waitFor();
      const all = (await sent()) as { input: unknown }[];
      assert.deepEqual(all[1], all[0]);
    });
});
