import assert from 'node:assert/strict';
import type { Playground } from './harness/browser.ts';
import { playgrounds } from './harness/each-test.ts';
import { inEveryTheme, tooWide } from './harness/pictures.ts';
import { TASK_ANSWERS } from './harness/tasks.ts';

/** What people read in each answer, in this order. */
const READ: Record<keyof typeof TASK_ANSWERS, string[]> = {
  'entities with scores': ['PER', '1, score >0.99', 'LOC', '2, scores 0.62 to 0.93', 'Ada Lovelace', 'London', 'Oslo'],
  'an answer in its context': ['two bridges', 'score 0.87', 'The council of Bergen', 'two bridges', 'free of charge.'],
  'several answers': [
    'two bridges',
    ', the answer',
    '0.61',
    'cracks in both',
    '0.24',
    'free of charge',
    '<0.01',
    'n = 3 answers',
  ],
  'no answer': ['No answer in this context', 'score 0.41', 'The council of Bergen'],
  'an answer in a long context': ['two bridges', 'score 0.87', '… ', 'two bridges', ' …', 'Show all'],
  'an answer from right to left': ['הגשר בברגן', '0.93', 'הגשר בברגן', 'נסגר'],
  'what fits a gap': ['paris', '0.73', 'the capital of france is paris.', '##ville', 'space', 'n = 5 tokens'],
  'what fits several gaps': ['gap 1', 'capital', '0.81', 'gap 2', 'paris', '0.77', 'the [MASK] of france is paris.'],
  topics: ['traffic', '0.94', 'cooking', '<0.01', 'probability, each on its own, n = 4 labels'],
  'text that goes on': ['Once upon a time', ' there was a bridge.', 'Nobody had ever', 'Copy text'],
  'several texts': ['The sea', ' is wide.', 'The sea', ' was here before us.', 'An empty text.'],
  'an empty text': ['An empty text.'],
  'a text from right to left': ['הגשר בברגן'],
  'a very long text': ['word word', 'First 2,000 of 100,000 characters.', 'Show all'],
  'an embedding': ['384 dimensions', 'norm 1.188', 'from -0.1188 to 0.1192', 'first 8', 'and 376 more', 'Copy as JSON'],
  'a large embedding': ['4,096 dimensions', 'norm 3.835', 'and 4,088 more'],
  'an empty vector': ['A vector without values.'],
  'embeddings of tokens': ['embeddings', 'number [3, 384]', '0.04929', 'first 12 of 384 columns'],
  similarities: [
    'Someone is having a meal.',
    '0.71',
    'A woman plays',
    '0.04',
    '-0.08',
    'The pasta',
    '0.96',
    'n = 4 sentences',
  ],
  'no sentences': ['No sentences were compared.'],
  'a small vector': ['5 dimensions', 'norm 1.521', '1 missing', '0.2514', '-1.5', 'missing', 'red', 'true'],
  tensors: [
    'logits',
    'float32 [2, 3]',
    '-0.75',
    'loss',
    'float32 []',
    '0.03125',
    'ids',
    'int64 [5]',
    '5 values',
    '404',
    'hidden',
    'float32 [2, 3, 30, 20]',
    'slice [',
    'first 12 of 30 rows, first 12 of 20 columns',
    'MatMul:0',
    'bool [1, 2]',
    'true',
    'false',
    'nothing',
    'No values: a dimension is 0.',
  ],
  'one tensor': ['output', 'float32 [768]', '768 values', 'Show all values'],
  'no tensors': ['No tensors.'],
  'a ranking score': ['-0.734512', 'the higher the better'],
  'a cluster with distances': ['Cluster 2', '0.4417', '1.94', '3.21', '12.5', 'distance to the centre, n = 4 clusters'],
  'a cluster of a mixture': ['Cluster 1', '0.88', '0.12', 'probability, n = 2 clusters'],
  noise: ['Noise', 'It belongs to no cluster'],
  'an outlier': ['Outlier', 'score -0.0821', 'below 0 is an outlier'],
  'no outlier': ['Not an outlier', 'score 0.1204'],
  'a density': ['-4.2871', 'Logarithm of the density'],
  'categories that exclude each other': ['travel', '0.81', 'home', '0.19', 'probability, n = 2'],
  'categories each by itself': ['travel', '0.81', 'home', '0.19', 'score, each on its own, n = 2'],
  'several labels': ['noise', '0.93', 'staff', '0.58', 'food', 'each on its own'],
  'no label': ['No label applies.', 'food', '0.21'],
  'several outputs': ['output 1', 'red', '0.70', 'output 2', 'true', '0.95'],
  'values of a regression': ['y0', '1,234.57', 'y1', '-0.25', 'y2', '3'],
};

/** What the history says of some of them, and what is read out. */
const IN_ONE_LINE: Partial<Record<string, string>> = {
  'entities with scores': '3 entities: Ada Lovelace PER, London LOC, Oslo LOC',
  'an answer in its context': 'two bridges 0.87',
  'no answer': 'no answer 0.41',
  'what fits several gaps': 'capital · paris',
  'several texts': '3 texts: The sea is wide.',
  'an empty text': 'an empty text',
  'an embedding': 'embedding of 384 dimensions: 0 · 0.04929 · 0.08979 · 0.1143 …',
  similarities: 'nearest: 0.96 The pasta is eaten by a man.',
  'one tensor': 'output float32 [768]',
  'a cluster with distances': 'cluster 2',
  'an outlier': 'outlier -0.0821',
  'several outputs': 'red, true',
};

describe('answers of every kind', () => {
  const pages = playgrounds();
  let playground: Playground;

  async function show(name: string): Promise<Playground> {
    const { model, input, result } = TASK_ANSWERS[name]!;
    playground = await pages.open({ query: `model=${model}` });
    await playground.add({ model, input, result });
    await playground.rows().first().waitFor();
    return playground;
  }

  for (const name of Object.keys(TASK_ANSWERS)) {
    it(`are read as people say it, in every theme and width: ${name}`, async () => {
      await show(name);
      const text = await playground.answer().innerText();
      let at = 0;
      for (const piece of READ[name]!) {
        const found = text.replaceAll(/\s+/gu, ' ').indexOf(piece.replaceAll(/\s+/gu, ' ').trim(), at);
        assert.ok(found >= 0, `${piece} after ${at} of: ${text}`);
        at = found + 1;
      }
      const line = IN_ONE_LINE[name];
      if (line) {
        assert.equal(await playground.rows().first().locator('td.wide').nth(1).innerText(), line);
        const said = (await playground.announced()).filter((text) => text.startsWith(`Answer 1: ${line}. cold, `));
        assert.equal(said.length, 1);
      }
      assert.deepEqual(await inEveryTheme(playground, name), []);
      assert.deepEqual(await tooWide(playground, name), []);
    });
  }

  it('have no kind that is not looked at', () => {
    assert.deepEqual(Object.keys(READ), Object.keys(TASK_ANSWERS));
  });

  it('tell the score of an entity to the keyboard', async () => {
    await show('entities with scores');
    const scored = playground.answer().locator('mark.scored');
    await scored.first().focus();
    await playground.page.keyboard.press('ArrowRight');
    await playground.page.keyboard.press('End');
    assert.equal(
      await playground.page.evaluate(() => document.activeElement?.textContent),
      'OsloLOC, score 0.62score 0.62',
    );
    assert.ok(await scored.last().locator('.bubble').isVisible());
    assert.equal(await scored.first().locator('.bubble').isVisible(), false);
    assert.equal(await playground.answer().locator('mark[tabindex="0"]').count(), 1);
  });

  it('highlight the answer in its context, and show all of a long one when asked', async () => {
    await show('an answer in a long context');
    assert.equal(await playground.answer().locator('mark').innerText(), 'two bridges');
    const context = playground.answer().locator('.context');
    assert.ok((await context.innerText()).length < 1500);
    await playground.press('Show all');
    await context.getByText('It rained all day in the west. It rained').waitFor();
    const { input } = TASK_ANSWERS['an answer in a long context']!;
    assert.equal(await context.innerText(), (input as { context: string }).context);
  });

  it('draw bars that begin and end at one place, however long their numbers are', async () => {
    for (const name of ['similarities', 'several answers', 'what fits a gap']) {
      await show(name);
      for (const width of [1280, 360]) {
        await playground.page.setViewportSize({ width, height: 900 });
        const bars = await playground.answer().locator('.score-bar').all();
        const places = await Promise.all(bars.map(async (bar) => (await bar.boundingBox())!));
        assert.ok(places.length > 2);
        assert.deepEqual(new Set(places.map(({ x, width: long }) => `${x.toFixed()} ${long.toFixed()}`)).size, 1, name);
        assert.ok(places[0]!.width > 80, `${name}: ${places[0]!.width} px`);
      }
      if (name !== 'what fits a gap') await playground.close();
    }
  });

  it('order the similarities when asked, and keep it so', async () => {
    await show('similarities');
    const first = playground.answer().locator('.long-bars .label').first();
    assert.equal(await first.innerText(), 'Someone is having a meal.');
    await playground.press('Nearest first');
    await playground.answer().getByText('from the nearest').waitFor();
    assert.equal(await first.innerText(), 'The pasta is eaten by a man.');
    await playground.add({ ...TASK_ANSWERS['similarities']! });
    await playground.answer().getByText('#2', { exact: true }).waitFor();
    assert.equal(await first.innerText(), 'The pasta is eaten by a man.');
    await playground.press('Order of the input');
    await playground.answer().getByText('in the order of the input').waitFor();
  });

  it('show any slice of a tensor by the keyboard', async () => {
    await show('tensors');
    const index = playground.answer().getByRole('spinbutton', { name: 'hidden, dimension 2: index, 0 to 2' });
    const corner = playground.answer().getByRole('region', { name: 'Values of hidden' }).locator('td[title]').first();
    assert.equal(await corner.innerText(), '0');
    await index.focus();
    await playground.page.keyboard.press('ArrowUp');
    await playground.page.keyboard.press('Tab');
    await playground.answer().locator('td[title="0.6"]').first().waitFor();
    assert.equal(await corner.innerText(), '0.6');
    await index.fill('99');
    await playground.page.keyboard.press('Tab');
    await playground.answer().locator('td[title="1.2"]').first().waitFor();
    assert.equal(await index.inputValue(), '2');
    await index.fill('-4');
    await playground.page.keyboard.press('Tab');
    await playground.answer().locator('td[title="0.02"]').waitFor();
    assert.equal(await index.inputValue(), '0');
  });

  it('copy a vector whole, and show all of it as JSON', async () => {
    await show('an embedding');
    await playground.press('Copy as JSON');
    await playground.answer().getByRole('button', { name: 'Copied' }).waitFor();
    const { embedding } = TASK_ANSWERS['an embedding']!.result as { embedding: number[] };
    assert.deepEqual(JSON.parse(String((await playground.calls('copyText'))[0]![0])), embedding);
    await playground.press('Show all values');
    const json = playground.answer().getByRole('region', { name: 'JSON' });
    assert.deepEqual(JSON.parse(await json.innerText()), { embedding });
  });

  it('never move when an answer of the same kind takes their place', async () => {
    await show('an embedding');
    const place = () => playground.answer().boundingBox();
    const before = await place();
    await playground.add({ ...TASK_ANSWERS['a large embedding']! });
    await playground.answer().getByText('4,096').waitFor();
    assert.deepEqual(await place(), before);
  });
});
