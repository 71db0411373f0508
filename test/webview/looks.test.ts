import assert from 'node:assert/strict';
import { ANSWERS } from './harness/answers.ts';
import { Bench, type Playground } from './harness/browser.ts';
import { tooFaint } from './harness/contrast.ts';
import { THEMES } from './harness/themes.ts';

const ENTITIES = 'model=entities';

/** Each way the page can look, and how to get there. */
const SCENES: Record<string, { query?: string; reach?: (playground: Playground) => Promise<void> }> = {
  'nothing deployed': { query: 'none' },
  'nothing sent': {},
  'scores and history': {
    reach: async (playground) => {
      await playground.send('I loved the food.');
      await playground.press('Repeat');
      await playground.page.getByText('11 older').waitFor();
      await playground.add({ start: 'restored', input: 'The room was cold, and the lift stood still. '.repeat(4) });
      await playground.add({ start: 'preinitialised' });
    },
  },
  'phases explained': {
    reach: async (playground) => {
      await playground.send('I loved the food.');
      await playground.page.getByText('What the phases are').click();
      await playground.page.getByText('Importing the framework').waitFor();
    },
  },
  entities: { query: ENTITIES, reach: (playground) => playground.send(String(ANSWERS[0]!.input)) },
  tokens: { query: ENTITIES, reach: (playground) => playground.send(String(ANSWERS[1]!.input)) },
  'a text from right to left': { query: ENTITIES, reach: (playground) => playground.send(String(ANSWERS[2]!.input)) },
  'no entities': { query: ENTITIES, reach: (playground) => playground.send('Nothing to see here.') },
  'overlapping spans': { query: ENTITIES, reach: (playground) => playground.send(String(ANSWERS[4]!.input)) },
  'values and JSON': { reach: (playground) => playground.send('price') },
  'a form with mistakes': { query: 'model=iris', reach: (playground) => playground.press('Send') },
  'a problem': {
    reach: async (playground) => {
      await playground.fail('died');
      await playground.send('hello');
    },
  },
  'on AWS, woken and tried again': {
    query: 'aws',
    reach: async (playground) => {
      await playground.send('hello');
      await playground.add({
        through: 'invoke',
        start: 'cold',
        beforehand: {
          wokenMs: 41_300,
          retries: [{ reason: 'too-many-requests', failedMs: 21, waitedMs: 480 }],
        },
      });
      await playground.hold();
      await playground.press('Send');
      await playground.wait({ kind: 'woken' });
      await playground.page.getByText('AWS Lambda made it inactive and gets it ready again').last().waitFor();
    },
  },
  waiting: {
    reach: async (playground) => {
      await playground.send('hello');
      await playground.hold();
      await playground.press('Send');
      await playground.page.getByRole('button', { name: 'Cancel' }).waitFor();
    },
  },
};

describe('how the playground looks', () => {
  let bench: Bench;
  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench.stop());

  async function show(name: string): Promise<Playground> {
    const { query = '', reach } = SCENES[name]!;
    const playground = await bench.open({ query });
    await reach?.(playground);
    return playground;
  }

  for (const name of Object.keys(SCENES)) {
    it(`keeps no one out in any theme and fits into a narrow window: ${name}`, async () => {
      const playground = await show(name);
      for (const theme of THEMES) {
        await playground.setTheme(theme);
        assert.deepEqual(await playground.violations(), [], theme);
      }
      for (const width of [640, 560, 448, 340, 320]) {
        await playground.page.setViewportSize({ width, height: 900 });
        assert.ok((await playground.overflow()) <= 0, `${width} px`);
      }
      assert.deepEqual(playground.complaints, []);
      await playground.close();
    });
  }

  it('stands side by side where there is room, else stacked', async () => {
    const playground = await show('nothing sent');
    for (const [width, beside] of [
      [1280, true],
      [560, false],
    ] as const) {
      await playground.page.setViewportSize({ width, height: 900 });
      const [input, answer] = await Promise.all([
        playground.page.getByRole('region', { name: 'Input' }).boundingBox(),
        playground.answer().boundingBox(),
      ]);
      assert.equal(answer!.x > input!.x, beside);
      assert.equal(answer!.y > input!.y, !beside);
    }
    await playground.close();
  });

  it('paints every phase, kind of start and label so that it is seen, in every theme', async () => {
    const playground = await show('nothing sent');
    for (const theme of THEMES) {
      await playground.setTheme(theme);
      assert.deepEqual(await tooFaint(playground.page), [], theme);
    }
    await playground.close();
  });

  it('keeps the border of the primary button to that one', async () => {
    const playground = await show('nothing sent');
    const borders = await playground.page.evaluate(() => {
      document.querySelector('head style')!.textContent +=
        ':root { --vscode-button-border: rgb(0, 0, 255); --vscode-button-secondaryBorder: rgb(0, 128, 0); }';
      const drawn = (element: Element | null | undefined): string => getComputedStyle(element!).borderTopColor;
      const own = (id: string): string => drawn(document.querySelector(id)!.shadowRoot!.querySelector('button'));
      return [own('#stop'), own('#cold'), own('#repeat'), drawn(document.querySelector('button.secondary'))];
    });
    assert.deepEqual([...new Set(borders)], ['rgb(0, 128, 0)']);
    await playground.close();
  });

  it('follows a change of the theme', async () => {
    const playground = await show('nothing sent');
    const background = () => playground.page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const send = () => playground.page.locator('#send').evaluate((button) => getComputedStyle(button).backgroundColor);
    await playground.setTheme('light');
    assert.deepEqual([await background(), await send()], ['rgb(255, 255, 255)', 'rgb(0, 95, 184)']);
    await playground.setTheme('dark');
    assert.deepEqual([await background(), await send()], ['rgb(31, 31, 31)', 'rgb(0, 120, 212)']);
    await playground.close();
  });
});
