import assert from 'node:assert/strict';
import { ANSWERS } from './harness/answers.ts';
import type { Playground } from './harness/browser.ts';
import { playgrounds } from './harness/each-test.ts';

describe('the playground', () => {
  const pages = playgrounds();
  let playground: Playground;

  it('sends a text with the keyboard, keeps the focus in the box, shows and announces the answer', async () => {
    playground = await pages.open();
    await playground.send('I loved it 🚀');
    assert.equal(await playground.focused(), 'text');
    assert.deepEqual(await playground.calls('send'), [[{ input: 'I loved it 🚀' }]]);
    await playground.answer().getByRole('rowheader', { name: 'positive, the answer' }).waitFor();
    assert.equal((await playground.announced()).filter((text) => /^Answer 1: positive 0.91/.test(text)).length, 1);
    assert.match(await playground.rows().first().innerText(), /cold/);
    await playground.send('again');
    assert.match(await playground.rows().first().innerText(), /warm/);
  });

  it('highlights entities by code points', async () => {
    playground = await pages.open({ query: 'model=entities' });
    await playground.send(String(ANSWERS[0]!.input));
    const marks = await playground.answer().locator('mark').allInnerTexts();
    assert.deepEqual(
      marks.map((text) => text.replace(/\s+/g, ' ')),
      ['Acme Corp.ORG', 'MondayDATE', 'Angela MüllerPERSON', 'BerlinGPE', '$4 millionMONEY'],
    );
    const text = await playground.answer().locator('.text').innerText();
    assert.equal(text.replaceAll(/ORG|DATE|PERSON|GPE|MONEY/g, ''), ANSWERS[0]!.input);
  });

  it('says that there are no entities', async () => {
    playground = await pages.open({ query: 'model=entities' });
    await playground.send('Nothing to see here.');
    await playground.answer().getByText('No entities found.').waitFor();
  });

  it('marks the answer as the previous one while the next is on its way, and can cancel it', async () => {
    playground = await pages.open();
    await playground.send('first');
    await playground.hold();
    await playground.press('Send');
    await playground.answer().getByText('#1 · previous answer').waitFor();
    await playground.page.getByRole('button', { name: 'Cancel' }).waitFor();
    await playground.page.keyboard.press('Escape');
    await playground.answer().getByText('#1', { exact: true }).waitFor();
    assert.equal((await playground.calls('cancel')).length, 1);
    assert.equal(await playground.rows().count(), 1);
    assert.equal(await playground.focused(), 'text');
  });

  it('does not move the button that was pressed when Cancel appears', async () => {
    playground = await pages.open({ width: 560 });
    const place = async () => [
      await playground.page.locator('#send').boundingBox(),
      await playground.page.locator('#repeat').boundingBox(),
      await playground.answer().boundingBox(),
    ];
    await playground.send('first');
    const before = await place();
    await playground.hold();
    await playground.press('Send');
    await playground.page.getByRole('button', { name: 'Cancel' }).waitFor();
    assert.deepEqual(await place(), before);
  });

  it('repeats with progress, and stops when told', async () => {
    playground = await pages.open();
    await playground.type('x');
    await playground.hold();
    await playground.press('Repeat');
    await playground.page.getByText('7 of 20').waitFor();
    await playground.press('Cancel');
    await playground.page.locator('#repeat:not([disabled])').waitFor();
    assert.equal(await playground.rows().count(), 7);
    await playground.release();
    await playground.press('Repeat');
    await playground.page.getByText('17 older').waitFor();
    assert.match(await playground.page.locator('.statistics').innerText(), /warm\s+26\s/);
  });

  it('is stopped, says why and how to go on, and starts again', async () => {
    playground = await pages.open();
    await playground.press('Stop');
    await playground.page.locator('header .state', { hasText: 'stopped' }).waitFor();
    await playground.send('hello');
    const answer = playground.answer();
    await answer.getByText('The deployment is stopped').waitFor();
    await answer.getByText('01JD-1').waitFor();
    await answer.getByRole('button', { name: 'Show log lines' }).click();
    await answer.getByRole('button', { name: 'Start' }).click();
    await playground.page.locator('header .state', { hasText: 'idle' }).waitFor();
    assert.deepEqual(await playground.calls('showLogs'), [
      [{ id: '01JD-1', at: Date.UTC(2026, 10, 21, 9, 31, 8, 870) }],
    ]);
    assert.equal(await answer.getByRole('button', { name: 'Start' }).count(), 0, 'it is started');
    await answer.getByRole('button', { name: 'Send again' }).click();
    await playground.rows().nth(1).waitFor();
    assert.match(await playground.rows().first().innerText(), /cold/);
  });

  it('shows why nothing was sent where the answer would be, with the button that helps', async () => {
    playground = await pages.open();
    await playground.type('nothing is sent');
    await playground.press('Send');
    await playground.answer().getByText('It ended with exit code 1.').waitFor();
    await playground.press('Restart host');
    assert.deepEqual(await playground.calls('runAction'), [[{ label: 'Restart host', command: 'nimbus.restart' }]]);
  });

  it('makes a form of a table, says what is wrong beside the field and goes there', async () => {
    playground = await pages.open({ query: 'model=iris' });
    await playground.page.getByLabel('sepal length (cm)').fill('five');
    await playground.press('Send');
    await playground.page.locator('#field-0-problem', { hasText: 'Not a number.' }).waitFor();
    await playground.page.locator('#field-1-problem', { hasText: 'Enter a number.' }).waitFor();
    assert.equal(await playground.focused(), 'field-0');
    assert.equal((await playground.calls('send')).length, 0);
    await playground.page.getByLabel('sepal length (cm)').fill('5.1');
    await playground.page.getByLabel('sepal width (cm)').fill('3.5');
    await playground.page.getByLabel('petal length (cm)').fill('1.4');
    await playground.page.getByLabel('petal width (cm)').fill('0.2');
    await playground.page.keyboard.press('Control+Enter');
    await playground.answer().getByRole('rowheader', { name: 'setosa, the answer' }).waitFor();
    await playground.page.getByRole('tab', { name: 'JSON' }).first().click();
    assert.deepEqual(JSON.parse(await playground.page.locator('#json').inputValue()), ANSWERS[5]!.input);
    await playground.press('example 1');
  });

  it('begins the JSON of a table with a row of its columns, which stays out of the form', async () => {
    playground = await pages.open({ query: 'model=iris' });
    const { page } = playground;
    await page.getByRole('tab', { name: 'JSON' }).first().click();
    const columns = {
      'sepal length (cm)': 5.1,
      'sepal width (cm)': 3.5,
      'petal length (cm)': 1.4,
      'petal width (cm)': 0.2,
    };
    assert.deepEqual(JSON.parse(await page.locator('#json').inputValue()), columns);
    await page.getByRole('tab', { name: 'Form' }).click();
    assert.equal(await page.getByLabel('sepal length (cm)').inputValue(), '');
  });

  it('goes through the requests with the keyboard, in the chart and in the history', async () => {
    playground = await pages.open();
    for (const text of ['one', 'two', 'three']) await playground.send(text);
    await playground.page.getByRole('option', { name: /^#3/ }).focus();
    await playground.page.keyboard.press('ArrowLeft');
    assert.match(await playground.focused(), /^#2 warm/);
    await playground.page.keyboard.press('Enter');
    await playground.answer().getByText('#2', { exact: true }).waitFor();
    await playground.page.keyboard.press('Tab');
    assert.equal(await playground.focused(), 'Show request 2');
    await playground.page.keyboard.press('ArrowDown');
    await playground.page.keyboard.press('Enter');
    await playground.answer().getByText('#1', { exact: true }).waitFor();
    await playground.page.keyboard.press('Tab');
    assert.equal(await playground.focused(), 'Send request 1 again');
    await playground.page.keyboard.press('Enter');
    await playground.rows().nth(3).waitFor();
    assert.deepEqual((await playground.calls('send')).at(-1), [{ input: 'one' }]);
  });

  it('shows the request whose mark is clicked', async () => {
    playground = await pages.open();
    for (const text of ['one', 'two']) await playground.send(text);
    await playground.page.getByRole('option', { name: /^#1 cold/ }).click();
    await playground.answer().getByText('#1', { exact: true }).waitFor();
  });

  it('says how many requests are no longer kept', async () => {
    playground = await pages.open();
    await playground.send('first');
    assert.equal(await playground.page.getByText('no longer kept').count(), 0);
    await playground.add({ number: 5 });
    await playground.page.getByText('3 earlier requests are no longer kept.').waitFor();
  });

  it('copies the request as code from a menu that the keyboard can use', async () => {
    playground = await pages.open();
    await playground.type('hello');
    await playground.page.getByRole('button', { name: 'Copy as' }).press('Enter');
    await playground.page.getByRole('menuitem', { name: 'curl' }).waitFor();
    await playground.page.keyboard.press('ArrowDown');
    await playground.page.keyboard.press('Enter');
    await playground.page.getByRole('button', { name: 'Copied' }).waitFor();
    assert.deepEqual(await playground.calls('copyAs'), [['python', { input: 'hello' }]]);
  });

  it('offers examples before the first request', async () => {
    playground = await pages.open();
    await playground.press('Never again.');
    await playground.rows().first().waitFor();
    assert.equal(await playground.page.locator('#text').inputValue(), 'Never again.');
  });

  it('says how to deploy where nothing is deployed', async () => {
    playground = await pages.open({ query: 'none' });
    await playground.press('Deploy Model…');
    assert.deepEqual(await playground.calls('runAction'), [[{ label: 'Deploy Model', command: 'nimbus.deploy' }]]);
  });

  it('switches to another model, each with its own history', async () => {
    playground = await pages.open();
    await playground.send('hello');
    await playground.page.getByLabel('Model', { exact: true }).selectOption('iris');
    await playground.page.getByLabel('petal width (cm)').waitFor();
    assert.equal(await playground.rows().count(), 0);
    await playground.add({ number: 1 });
    await playground.rows().first().waitFor();
    assert.equal(await playground.page.getByText('no longer kept').count(), 0, 'each has its own numbers');
    await playground.page.getByLabel('Model', { exact: true }).selectOption('sentiment');
    await playground.rows().first().waitFor();
    assert.equal(await playground.page.locator('#text').inputValue(), 'hello');
  });

  it('stays with a model that is chosen before it is announced, and leaves one that is gone', async () => {
    playground = await pages.open();
    const chosen = playground.page.getByLabel('Model', { exact: true });
    await playground.choose('iris', ['sentiment', 'entities'], ['sentiment', 'entities', 'iris']);
    await chosen.locator('option:checked[value="iris"]').waitFor({ state: 'attached' });
    assert.deepEqual(await playground.calls('select'), []);
    await playground.choose('iris', ['iris', 'entities'], ['entities']);
    await chosen.locator('option:checked[value="entities"]').waitFor({ state: 'attached' });
  });

  it('comes back after a reload with what was typed and answered', async () => {
    playground = await pages.open({ query: 'model=entities' });
    await playground.send('Nothing to see here.');
    await playground.type('half-typed');
    await playground.page.reload();
    await playground.answer().getByText('No entities found.').waitFor();
    assert.equal(await playground.page.locator('#text').inputValue(), 'half-typed');
    assert.deepEqual(await playground.calls('ready'), [[{ model: 'entities', deployment: 'local' }]]);
  });

  it('shows the beginning of a very long answer, and all of it when asked', async () => {
    playground = await pages.open();
    await playground.send('long');
    const rows = playground.answer().locator('.tokens tbody tr');
    assert.equal(await rows.count(), 200);
    await playground.press('Show all');
    await rows.nth(4999).waitFor();
  });

  it('shows the JSON of an answer beside it', async () => {
    playground = await pages.open();
    await playground.send('price');
    await playground.answer().getByRole('tab', { name: 'JSON' }).click();
    const json = await playground.answer().getByRole('region', { name: 'JSON' }).innerText();
    assert.deepEqual(JSON.parse(json), ANSWERS.find((one) => one.input === 'price')!.result);
  });

  it('writes numbers and times as the user does', async () => {
    playground = await pages.open({ query: 'locale=de' });
    await playground.send('hello');
    assert.match(await playground.rows().first().innerText(), /1,24 s/);
  });
});
