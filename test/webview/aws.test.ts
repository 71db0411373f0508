import assert from 'node:assert/strict';
import type { Playground } from './harness/browser.ts';
import { playgrounds } from './harness/each-test.ts';

describe('the playground of a deployment on AWS', () => {
  const pages = playgrounds();
  let playground: Playground;
  const way = () => playground.page.getByLabel('Way to the function');

  it('sends through the API, or through Invoke once that is chosen, also after a reload', async () => {
    playground = await pages.open({ query: 'aws' });
    await playground.send('one');
    await way().selectOption({ label: 'through Invoke (no gateway)' });
    await playground.send('two');
    await playground.press('Repeat');
    await playground.page.getByText('12 older').waitFor();
    assert.deepEqual((await playground.calls('repeat'))[0]!.slice(1), [20, { through: 'invoke' }]);
    await playground.page.getByRole('row', { name: /warm Invoke 21 / }).waitFor();
    await playground.page.getByRole('row', { name: /^cold 1 / }).waitFor();
    await playground.page.reload();
    await way().waitFor();
    assert.equal(await way().inputValue(), 'invoke');
  });

  it('is asked through Invoke alone where its callers sign', async () => {
    playground = await pages.open({ query: 'aws=iam' });
    assert.deepEqual(await way().locator('option').allTextContents(), ['through Invoke (no gateway)']);
  });

  it('has the input sent as a cold start of its own', async () => {
    playground = await pages.open({ query: 'aws' });
    await playground.send('one');
    await playground.press('Force cold');
    await playground.rows().nth(1).waitFor();
    assert.deepEqual((await playground.calls('send')).at(-1), [{ input: 'one' }, { through: 'cold' }]);
    assert.match(await playground.rows().first().innerText(), /cold Invoke/);
    await playground.page.getByText('network and sandbox').waitFor();
  });

  it('says what it waits for while that lasts, once, and moves nothing', async () => {
    playground = await pages.open({ query: 'aws' });
    await playground.send('one');
    const place = async () => [
      await playground.page.locator('#send').boundingBox(),
      await playground.answer().boundingBox(),
    ];
    const before = await place();
    await playground.hold();
    await playground.press('Send');
    for (const wait of [{ kind: 'woken' }, { kind: 'woken' }] as const) await playground.wait(wait);
    const said = 'AWS Lambda made it inactive and gets it ready again';
    await playground.page.locator('.wait', { hasText: said }).waitFor();
    assert.equal((await playground.announced()).filter((text) => text.startsWith(said)).length, 1);
    assert.deepEqual(await place(), before);
    await playground.press('Cancel');
    await playground.page.locator('.wait:empty').waitFor();
    assert.equal(await playground.rows().count(), 1);
  });

  it('tells what was before a request apart from its time', async () => {
    playground = await pages.open({ query: 'aws' });
    await playground.add({
      start: 'warm',
      phases: {
        connectMs: 0,
        queueMs: 0,
        startMs: 0,
        interpreterMs: 0,
        importsMs: 0,
        loadMs: 0,
        handlerMs: 2,
        restMs: 30,
        totalMs: 32,
      },
      beforehand: {
        wokenMs: 41_300,
        retries: [
          { reason: 'too-many-requests', failedMs: 20, waitedMs: 180 },
          { reason: 'unreachable', failedMs: 10, waitedMs: 290 },
        ],
      },
    });
    const { page } = playground;
    assert.equal(
      (await page.locator('.beforehand').innerText()).trim(),
      'AWS Lambda had made it inactive and took 41.30 s to get it ready again. Sent again 2 times (too many requests, unreachable), after 500 ms. Not part of the time.',
    );
    assert.match(await page.locator('.start-badge').innerText(), /32 ms/);
    assert.match(await page.locator('.statistics').innerText(), /warm\s+1\s+32 ms/);
  });
});
