/** Deploys to AWS Lambda that do not go straight to their end, as their user sees it; on the emulator of AWS, with a real engine. */
import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { answering, type Answered, type Answers, type Asked } from '../aws/answers.ts';
import { startEmulator, type Emulator } from '../aws/emulator.ts';
import { getJson, stackNamesOf, variablesOf } from '../aws/support.ts';
import { violations } from './accessibility.ts';
import { buildAsBefore, buildOnTestBases, removeImages, repositoryIn } from './building.ts';
import { Playground } from './playground.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  notification,
  openContextMenu,
  openExplorerMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
} from './workbench.ts';

const BUILD_MS = 100_000;
/** Of CloudFormation, emulated. */
const DEPLOY_MS = 100_000;
/** Seconds for each resource: time enough to reload a window meanwhile. */
const SLOW = 0.8;

describe('a deploy to AWS Lambda that does not go straight to its end', function () {
  this.timeout(300_000);
  let emulator: Emulator;
  /** Between the editor and the emulator. */
  let aws: Answers;
  /** What is answered in the emulator's place. */
  let instead: ((asked: Asked) => Answered | undefined) | undefined;
  let editor: EditorServer;
  let window: EditorWindow;
  let workspace: string;
  let variables: Record<string, string>;
  let images: string;
  let playground: Playground;

  before(async () => {
    buildOnTestBases();
    emulator = await startEmulator();
    aws = await answering((asked) => instead?.(asked), emulator.endpoint);
    variables = {
      ...variablesOf({ ...emulator.client, endpoint: aws.url }),
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    // Of the editor's processes, which have the environment of this one.
    Object.assign(process.env, variables);
    editor = await startEditor();
    workspace = path.join(editor.folder, 'lambda-faults');
    makeWorkspace(workspace);
    images = repositoryIn(workspace);
    window = await editor.open(workspace, 'dark');
  });
  after(async () => {
    await editor?.stop();
    await aws?.end();
    await emulator?.end();
    for (const name of Object.keys(variables)) delete process.env[name];
    buildAsBefore();
    removeImages(images);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  const modelsFile = () => path.join(workspace, 'models.json');
  const models = () => JSON.parse(readFileSync(modelsFile(), 'utf8')).models;
  const dialog = () => window.page.locator('.monaco-dialog-box');
  const inRow = (doing: RegExp) => row(window.page, new RegExp(`^deployment lambda of rules, ${doing.source}`));
  const REHEARSING = /rehearsing/;
  const MAKING_STACK = /deploying, \d of \d · stack · [1-9]/;

  /** Who may call is asked for where `auth` names it. */
  async function deployFromExplorer(auth?: string): Promise<void> {
    const { page } = window;
    const review = quickInput(page, 'Deploy rules (');
    await chooseMenuItem(await openExplorerMenu(page, ['rules'], 'Deploy Model'));
    await review.getByRole('option').filter({ hasText: 'Where' }).click();
    await quickInput(page, 'Where does it run?').getByRole('option', { name: 'AWS Lambda, The same image' }).click();
    await review.getByText('account 000000000000').waitFor();
    if (auth !== undefined) {
      await review.getByRole('option').filter({ hasText: 'Who may call' }).click();
      await quickInput(page, 'Who may call it?')
        .getByRole('option', { name: new RegExp(`^${auth}`) })
        .click();
      await review.getByText(auth.toLowerCase()).waitFor();
    }
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await inRow(REHEARSING).waitFor({ timeout: 30_000 });
  }

  const stacks = () => stackNamesOf(emulator.client);

  it('is cancelled while it is rehearsed: nothing of it is anywhere', async () => {
    const { page } = window;
    await deployFromExplorer();
    await notification(page, 'Rehearsing rules for AWS Lambda').getByRole('button', { name: 'Cancel' }).click();
    await inRow(REHEARSING).waitFor({ state: 'detached' });
    assert.equal(existsSync(modelsFile()), false);
    assert.deepEqual(await stacks(), []);
  });

  it('has its plan in a window that was loaded anew while it was rehearsed', async () => {
    const { page } = window;
    await deployFromExplorer('Anybody on the internet');
    const reloaded = page.waitForEvent('load');
    await runCommand(page, 'Developer: Reload Window');
    await reloaded;
    await notification(page, 'rules was rehearsed for AWS Lambda. Nothing is deployed yet.').waitFor({
      timeout: BUILD_MS,
    });
    await window.picture('lambda-plan-after-reload');
    await notification(page, 'rules was rehearsed').getByRole('button', { name: 'Show Plan' }).click();
    await dialog().getByText('Deploy rules to AWS Lambda?').waitFor();
    await dialog().getByText('Anybody on the internet may call it, at your cost.').waitFor();
  });

  it('for anybody is agreed to by the name of the model', async () => {
    const { page } = window;
    await dialog().getByRole('button', { name: 'Deploy for Anybody…' }).click();
    const name = quickInput(page, 'Deploy rules for anybody on the internet');
    await name.getByRole('textbox').fill('rule');
    await name.getByText('Type exactly rules').waitFor();
    await window.picture('lambda-anybody');
    assert.deepEqual(await stacks(), []);
    await name.getByRole('textbox').fill('rules');
    await page.keyboard.press('Enter');
    await notification(page, 'Deploying rules to AWS Lambda').waitFor();
  });

  it('goes on while its user is asked whether to delete a half-made stack, and wants to keep it', async () => {
    const { page } = window;
    // What all deploys share is made at full speed.
    await inRow(/deploying, \d of \d · (repository|push|stack)/).waitFor({ timeout: DEPLOY_MS });
    emulator.slow(SLOW);
    await inRow(MAKING_STACK).waitFor({ timeout: DEPLOY_MS });
    await notification(page, 'Deploying rules to AWS Lambda').getByRole('button', { name: 'Cancel' }).click();
    await dialog().getByText('Cancel the deploy of rules?').waitFor();
    await dialog().getByText('The stack nimbus-rules-lambda has never served.').waitFor();
    await window.picture('lambda-cancel-deletes');
    await dialog().getByRole('button', { name: 'Keep Deploying' }).click();
    await notification(page, 'Deploying rules to AWS Lambda').getByRole('button', { name: 'Cancel' }).waitFor();
    assert.ok((await stacks()).includes('nimbus-rules-lambda'));
  });

  it('is found again by a window that was loaded anew, and cancelled from its row, which deletes the stack', async () => {
    const { page } = window;
    await page.reload({ waitUntil: 'domcontentloaded' });
    await showContainer(page, 'Nimbus');
    await inRow(MAKING_STACK).waitFor({ timeout: 30_000 });
    await window.picture('lambda-deploying-after-reload');
    await inRow(MAKING_STACK).hover();
    await inRow(MAKING_STACK).getByRole('button', { name: 'Cancel Operation' }).click();
    emulator.slow(0);
    await dialog().getByRole('button', { name: 'Cancel and Delete' }).click();
    await row(page, /^deployment lambda of rules/).waitFor({ state: 'detached', timeout: DEPLOY_MS });
    assert.equal(existsSync(modelsFile()) && models().rules !== undefined, false);
    assert.deepEqual(await stacks(), ['CDKToolkit', 'nimbus-images']);
  });

  it('tells of its end in a window that was loaded anew meanwhile', async () => {
    const { page } = window;
    await deployFromExplorer('Callers with an API key');
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click({ timeout: BUILD_MS });
    emulator.slow(SLOW);
    await inRow(MAKING_STACK).waitFor({ timeout: DEPLOY_MS });
    const reloaded = page.waitForEvent('load');
    await runCommand(page, 'Developer: Reload Window');
    await reloaded;
    await showContainer(page, 'Nimbus');
    await inRow(MAKING_STACK).waitFor({ timeout: 30_000 });
    emulator.slow(0);
    const ended = notification(page, /rules is on AWS Lambda, eu-west-1\./);
    await ended.waitFor({ timeout: DEPLOY_MS });
    await ended.getByRole('button', { name: 'Open Playground' }).click();
    playground = new Playground(page);
    await playground.opened('rules');
  });

  it("is asked past the gateway, and cold on demand, by Lambda's own figures", async () => {
    const { page } = window;
    const { frame } = playground;
    const versions = async (): Promise<number> =>
      (await getJson(emulator, 'lambda', '/2015-03-31/functions/nimbus-rules-lambda/versions')).Versions.length;
    const before = await versions();
    await playground.send('where is my parcel');
    await frame.getByLabel('Way to the function').selectOption('invoke');
    assert.deepEqual(await playground.send('where is my parcel'), { start: 'warm Invoke', status: 200 });
    await frame.getByText('network and sandbox').first().waitFor();
    await playground.press('Force cold');
    assert.deepEqual(await playground.request(3), { start: 'cold Invoke', status: 200 });
    await frame.getByText(/^A version of its own was ready after .* Not part of the time\.$/).waitFor();
    assert.equal(await versions(), before, 'it was thrown away');
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`lambda-invoke-${theme}`);
      assert.deepEqual(await violations(frame), [], theme);
    }
    // What serves is as warm as before.
    assert.deepEqual(await playground.send('where is my parcel'), { start: 'warm Invoke', status: 200 });
  });

  it('is woken where AWS made it inactive, and tells that and what was sent again apart (documented answers)', async () => {
    const { page } = window;
    const { frame } = playground;
    await frame.getByLabel('Way to the function').selectOption('api');
    const problem = (status: number, code: string): Answered => ({
      status,
      headers: { 'retry-after': '0' },
      body: { type: `urn:nimbus:problem:${code}`, title: code, status, detail: '', requestId: 'of-the-gateway' },
    });
    const refusals = [problem(429, 'too-many-requests'), problem(502, 'worker-died')];
    let isWoken = false;
    const state = (State: string): Answered => ({ status: 200, body: { State, LastUpdateStatus: 'Successful' } });
    instead = ({ path: url }) => {
      if (url.endsWith('/predict')) return refusals.shift();
      if (!url.includes('/configuration')) return undefined;
      return state(isWoken ? 'Active' : 'Pending');
    };
    const box = frame.getByRole('textbox', { name: 'Text', exact: true });
    await box.press('Control+Enter');
    await frame.locator('.wait', { hasText: 'AWS Lambda made it inactive and gets it ready again' }).waitFor();
    await frame.getByRole('button', { name: 'Cancel' }).waitFor();
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`lambda-waking-${theme}`);
    }
    isWoken = true;
    const { start, status } = await playground.request(5);
    instead = undefined;
    assert.deepEqual([start, status], ['warm', 200]);
    await frame
      .getByText(/^AWS Lambda had made it inactive and took .* Sent again once \(too many requests\), after .*\.$/)
      .waitFor();
    await window.picture('lambda-woken');
  });

  it("leads from a request to its lines in the log, with Lambda's REPORT", async () => {
    const { page } = window;
    const { frame } = playground;
    await frame.getByRole('button', { name: 'Show log lines of request 1', exact: true }).click();
    const lines = page.locator('.editor-instance:visible .view-lines');
    await lines.getByText(/REPORT\s+RequestId/).waitFor({ timeout: 30_000 });
    // Of that one alone.
    assert.equal(await lines.getByText(/START\s+RequestId/).count(), 1);
    await window.picture('lambda-request-log');
  });

  it('says whose credentials are wrong for what models.json names, and what to do', async () => {
    const { page } = window;
    const before = readFileSync(modelsFile(), 'utf8');
    writeFileSync(modelsFile(), before.replace('"000000000000"', '"111111111111"'));
    await chooseMenuItem(await openContextMenu(page, row(page, /^deployment lambda of rules/), 'Redeploy'));
    const told = notification(page, /111111111111/);
    await told.getByText(/Choose a profile of that account\./).waitFor();
    await window.picture('lambda-wrong-account');
    await told.getByRole('button', { name: 'Select Profile' }).waitFor();
    writeFileSync(modelsFile(), before);
  });
});
