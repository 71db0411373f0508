import assert from 'node:assert/strict';
import { PROBLEMS } from './harness/answers.ts';
import type { Playground } from './harness/browser.ts';
import { playgrounds } from './harness/each-test.ts';
import { inEveryTheme, tooWide } from './harness/pictures.ts';

describe('the playground with two deployments side by side', () => {
  const pages = playgrounds();
  let playground: Playground;

  async function compare(query = 'two', width?: number): Promise<void> {
    playground = await pages.open({ query, ...(width === undefined ? {} : { width }) });
    await playground.page.getByLabel('Compare with').selectOption('sentiment/docker');
    await comparison().waitFor();
  }
  const comparison = () => playground.page.getByRole('region', { name: 'Comparison' });
  const side = (name: string) => comparison().getByRole('region', { name, exact: true });
  /** Waits until the comparison says this. */
  const says = (text: string | RegExp) => playground.page.locator('.verdict').getByText(text).first().waitFor();
  const requests = (name: string) => side(name).locator('.caption').getByText(/^#\d+/);

  it('sends one input to both, one after the other, and says that their answers agree', async () => {
    await compare();
    await playground.send('I loved it');
    await says('The answers agree.');
    await says(/apart by 4.*e-6|apart by 4.*E-6/i);
    const [first, second] = (await playground.calls('send')) as [unknown, { pair: string; to?: unknown }][];
    assert.deepEqual([first![0], second![0]], [{ input: 'I loved it' }, { input: 'I loved it' }]);
    assert.equal(first![1].pair, second![1].pair);
    assert.deepEqual([first![1].to, second![1].to], [undefined, { model: 'sentiment', deployment: 'docker' }]);
    for (const name of ['local', 'docker']) {
      await side(name).getByRole('rowheader', { name: 'positive, the answer' }).waitFor();
      assert.match(await side(name).locator('.statistics').innerText(), /cold\s+1\s/);
    }
    assert.equal(await playground.focused(), 'text');
    assert.match((await playground.announced()).at(-1)!, /^sentiment\/docker: positive 0.91.*The answers agree\.$/);
    assert.equal(await playground.rows().count(), 1, 'the history is of the chosen one');
    await playground.send('identical');
    await says('They are identical.');
  });

  it('shows where answers differ, with both values', async () => {
    await compare();
    await playground.send('differs');
    await says('The answers differ in 3 places.');
    const rows = comparison().getByRole('region', { name: 'Differences' }).locator('tbody tr');
    assert.deepEqual(
      (await rows.allInnerTexts()).map((text) => text.split(/\s+/)),
      [
        ['$.label', 'positive', 'negative'],
        ['$.scores[0].score', '0.09', '0.62'],
        ['$.scores[1].score', '0.91', '0.38'],
      ],
    );
    assert.match((await playground.announced()).at(-1)!, /The answers differ in 3 places\.$/);
  });

  it('says which of them failed, and leads to its log', async () => {
    await compare();
    await playground.send('only docker fails');
    await says('Only docker failed.');
    const { detail } = PROBLEMS['died']!;
    await comparison()
      .locator('.differ')
      .getByText(`docker: ${detail.slice(0, 40)}`)
      .waitFor();
    await side('docker').getByText(detail, { exact: true }).waitFor();
    await side('docker').getByRole('button', { name: 'Show log lines' }).click();
    const key = { model: 'sentiment', deployment: 'docker' };
    const [request, asked] = (await playground.calls('showLogs'))[0]!;
    assert.deepEqual([(request as { id: string }).id, asked], ['01JD-2', key]);
    await playground.fail('died');
    await playground.send('both fail');
    await says('Both failed in the same way.');
  });

  it('draws both times on one scale', async () => {
    await compare();
    await playground.send('cold');
    const drawn = await playground.page
      .locator('.side .phase-bar')
      .evaluateAll((bars) => bars.map((bar) => [bar.clientWidth, bar.getBoundingClientRect().top]));
    assert.deepEqual(drawn[0], drawn[1]);
    const widths = () =>
      playground.page
        .locator('.side .phase-bar')
        .evaluateAll((bars) => bars.map((bar) => Number(bar.getAttribute('viewBox')!.split(' ')[2])));
    assert.deepEqual(await widths(), [1000, 1000]);
    // Only one of the next two is cold.
    await playground.page.evaluate(() =>
      (window as any).fake.become('idle', { model: 'sentiment', deployment: 'docker' }),
    );
    await playground.send('warm and cold');
    await says('The answers agree.');
    const [warm, cold] = await widths();
    assert.equal(cold, 1000);
    assert.ok(warm! > 50_000, String(warm));
    assert.deepEqual(await playground.page.locator('.side .phase-scale').allInnerTexts(), ['0\n1.24 s', '0\n1.24 s']);
  });

  it('tells which packages differ, and looks again at another version', async () => {
    await compare();
    const summary = comparison().getByText('Versions that differ: Python, numpy (5 packages are the same)');
    await summary.focus();
    await playground.page.keyboard.press('Enter');
    await comparison().getByRole('row', { name: 'numpy 2.1.0 2.2.6' }).waitFor();
    await comparison().getByText('1 package is only in docker.').waitFor();
    const before = (await playground.calls('compare')).length;
    await playground.page.evaluate(() => {
      const { fake } = window as any;
      const all = structuredClone(fake.deployments) as { deployment: string; version: string }[];
      for (const one of all) if (one.deployment === 'docker') one.version = 'f'.repeat(64);
      return fake.page.deployments(all);
    });
    await playground.page.waitForFunction((count) => {
      const calls = (window as any).fake.calls as { method: string }[];
      return calls.filter(({ method }) => method === 'compare').length > count;
    }, before);
  });

  it('keeps the answers before in sight while the next are on their way, and cancels both', async () => {
    await compare();
    await playground.send('first');
    await says('The answers agree.');
    await playground.hold();
    await playground.press('Send');
    await side('local').getByText('#1 · previous answer').waitFor();
    await side('docker').getByText('#2 · previous answer').waitFor();
    await playground.page.getByRole('button', { name: 'Cancel' }).waitFor();
    await playground.page.keyboard.press('Escape');
    await side('docker').getByText('#2', { exact: true }).waitFor();
    assert.equal((await playground.calls('send')).length, 3, 'the other one got no second request');
  });

  it('asks no second one once it is cancelled, although the first has answered', async () => {
    await compare();
    await playground.page.evaluate(() => (window as any).fake.deafen());
    await playground.hold();
    await playground.type('x');
    await playground.press('Send');
    await playground.press('Cancel');
    await playground.release();
    await requests('local').waitFor();
    await playground.page.locator('#send:not([disabled])').waitFor();
    assert.equal((await playground.calls('send')).length, 1);
    await says('Request #1 went to local only.');
  });

  it('repeats with both in turn, and forces both cold', async () => {
    await compare();
    await playground.type('x');
    await playground.page.getByLabel('How many times').fill('3');
    await playground.press('Repeat');
    await playground.rows().nth(2).waitFor();
    await playground.page.locator('#repeat:not([disabled])').waitFor();
    const docker = { model: 'sentiment', deployment: 'docker' };
    assert.deepEqual(await playground.calls('repeat'), [[{ input: 'x' }, 3, { also: docker }]]);
    for (const name of ['local', 'docker'])
      assert.match(await side(name).locator('.statistics').innerText(), /warm\s+2\s[^]*cold\s+1\s/);
    await says('The answers agree.');
    await playground.press('Force cold');
    await playground.page.locator('header .state', { hasText: 'idle' }).waitFor();
    await side('docker').locator('.state', { hasText: 'idle' }).waitFor();
    assert.deepEqual(await playground.calls('cold'), [[], [docker]]);
  });

  it('says of an earlier request that it went to one only, and sends it to both', async () => {
    playground = await pages.open({ query: 'two' });
    await playground.send('alone');
    await playground.page.getByLabel('Compare with').selectOption('sentiment/docker');
    await says('Request #1 went to local only.');
    await comparison().getByRole('button', { name: 'Send it to both' }).click();
    await says('The answers agree.');
    await requests('docker').waitFor();
    await playground.page.getByLabel('Compare with').selectOption('nothing');
    await playground.answer().waitFor();
    assert.equal(await comparison().count(), 0);
  });

  it('changes the sides where the other one is chosen, and ends with a model of other inputs', async () => {
    await compare();
    await playground.send('I loved it');
    await says('The answers agree.');
    await playground.page.getByLabel('Deployment', { exact: true }).selectOption('docker');
    await playground.page.locator('#compare option:checked[value="sentiment/local"]').waitFor({ state: 'attached' });
    const names = await comparison()
      .locator('.side')
      .evaluateAll((all) => all.map((one) => one.getAttribute('aria-label')));
    assert.deepEqual(names, ['docker', 'local']);
    await playground.page.getByLabel('Model', { exact: true }).selectOption('iris');
    await playground.answer().waitFor();
    assert.equal(await comparison().count(), 0);
  });

  it('compares two models that take texts', async () => {
    await compare();
    await playground.page.getByLabel('Compare with').selectOption('entities/local');
    await side('entities/local').waitFor();
    await playground.send('Nothing to see here.');
    await says(/The answers/);
    const options = await playground.page.locator('#compare option').allInnerTexts();
    assert.ok(!options.some((name) => name.startsWith('iris')), options.join());
  });

  it('comes back after a reload with both answers', async () => {
    await compare();
    await playground.send('differs');
    await says('The answers differ in 3 places.');
    await playground.page.reload();
    await says('The answers differ in 3 places.');
    await side('docker').getByRole('rowheader', { name: 'negative, the answer' }).waitFor();
    await comparison().getByText('Versions that differ').waitFor();
  });

  it('leaves a deployment that is gone', async () => {
    await compare();
    await playground.page.evaluate(() => {
      const { fake } = window as any;
      return fake.page.deployments(
        fake.deployments.filter((one: { deployment: string }) => one.deployment === 'local'),
      );
    });
    await playground.answer().waitFor();
    assert.equal(await comparison().count(), 0);
    await playground.send('alone');
    assert.deepEqual(await playground.calls('send'), [[{ input: 'alone' }]]);
  });

  it('is begun by the extension', async () => {
    playground = await pages.open({ query: 'two' });
    await playground.page.evaluate(() =>
      (window as any).fake.page.compare({ model: 'sentiment', deployment: 'docker' }),
    );
    await comparison().waitFor();
    await comparison().getByText('Versions that differ').waitFor();
  });

  it('is shown well in every theme, and fits every width', async () => {
    await compare();
    await playground.send('only docker fails');
    assert.deepEqual(await inEveryTheme(playground, 'compare failed'), []);
    await playground.send('differs');
    assert.deepEqual(await inEveryTheme(playground, 'compare differs'), []);
    await playground.page.getByText('What the phases are').first().click();
    await comparison().getByText('Versions that differ').click();
    assert.deepEqual(await tooWide(playground, 'compare differs'), []);
  });
});
