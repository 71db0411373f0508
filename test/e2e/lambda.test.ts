/** A model on AWS Lambda, from the Explorer to its removal, as a user does it; on the emulator of AWS, with a real engine. */
import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { startEmulator, type Emulator } from '../aws/emulator.ts';
import { getJson, variablesOf } from '../aws/support.ts';
import { violations } from './accessibility.ts';
import { buildAsBefore, buildOnTestBases, removeImages, repositoryIn } from './building.ts';
import { editModels, itIsLivedWith } from './living-on-aws.ts';
import { Playground } from './playground.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  clipboard,
  notification,
  openContextMenu,
  openExplorerMenu,
  quickInput,
  row,
  showContainer,
} from './workbench.ts';

const BUILD_MS = 100_000;
/** Of CloudFormation, emulated. */
const DEPLOY_MS = 100_000;

describe('a model on AWS Lambda', function () {
  this.timeout(300_000);
  let emulator: Emulator;
  let editor: EditorServer;
  let window: EditorWindow;
  let workspace: string;
  /** Of the AWS configuration. */
  let folder: string;
  let variables: Record<string, string>;
  /** The repository of its own images. */
  let images: string;
  let playground: Playground;

  before(async () => {
    buildOnTestBases();
    emulator = await startEmulator();
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-aws-config-'));
    variables = {
      ...variablesOf(emulator.client),
      AWS_CONFIG_FILE: path.join(folder, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: path.join(folder, 'credentials'),
      AWS_EC2_METADATA_DISABLED: 'true',
    };
    writeFileSync(variables['AWS_CONFIG_FILE']!, '[profile staging]\nregion = eu-central-1\n');
    // Of the editor's processes, which have the environment of this one.
    Object.assign(process.env, variables);
    editor = await startEditor();
    workspace = path.join(editor.folder, 'lambda');
    makeWorkspace(workspace);
    images = repositoryIn(workspace);
    window = await editor.open(workspace, 'dark');
  });
  after(async () => {
    await editor?.stop();
    await emulator?.end();
    for (const name of Object.keys(variables)) delete process.env[name];
    rmSync(folder, { recursive: true, force: true });
    buildAsBefore();
    removeImages(images);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  const review = () => quickInput(window.page, 'Deploy rules (');
  const dialog = () => window.page.locator('.monaco-dialog-box');
  const deployed = () => row(window.page, /^deployment lambda of rules, serving .*AWS Lambda, eu-west-1/);
  const declared = (): Record<string, unknown> => {
    if (!existsSync(path.join(workspace, 'models.json'))) return {};
    const { models } = JSON.parse(readFileSync(path.join(workspace, 'models.json'), 'utf8'));
    return models.rules?.deployments ?? {};
  };

  async function chooseWhere(target: string): Promise<void> {
    await chooseMenuItem(await openExplorerMenu(window.page, ['rules'], 'Deploy Model'));
    await review().getByRole('option').filter({ hasText: 'Where' }).click();
    await quickInput(window.page, 'Where does it run?').getByRole('option', { name: target }).click();
  }

  it('says of a profile without credentials what to do, and takes another one', async () => {
    const { page } = window;
    const profile = quickInput(page, 'Profile of the AWS configuration');
    await chooseWhere('AWS Lambda, The same image');
    await review().getByRole('option').filter({ hasText: 'AWS profile' }).click();
    await profile.getByRole('option', { name: /staging, eu-central-1/ }).waitFor();
    await window.picture('lambda-profile');
    await profile.getByRole('option', { name: /staging/ }).click();
    await review().getByText('There are no AWS credentials that work.').waitFor();
    await notification(page, /no AWS credentials/)
      .getByRole('button', { name: 'Log In' })
      .waitFor();
    await window.picture('lambda-no-credentials');
    await review().getByRole('option').filter({ hasText: 'AWS profile' }).click();
    await profile.getByRole('option', { name: /The environment/ }).click();
    await review().getByText('account 000000000000').waitFor();
    await page.keyboard.press('Escape');
    await review().waitFor({ state: 'hidden' });
  });

  it('is deployed from the Explorer: account and plan are shown before anything is there', async () => {
    const { page } = window;
    await chooseWhere('AWS Lambda, The same image');
    await review().getByText('account 000000000000 · arn:aws:iam::000000000000:root').waitFor();
    await window.picture('lambda-review');
    await review().getByRole('option').filter({ hasText: 'Region' }).click();
    const region = quickInput(page, 'Region of AWS');
    await region.getByRole('option', { name: /eu-west-1/ }).waitFor();
    await window.picture('lambda-region');
    await page.keyboard.press('Enter');
    await review().getByRole('option').filter({ hasText: 'Who may call' }).click();
    await quickInput(page, 'Who may call it?')
      .getByRole('option', { name: /Anybody/ })
      .waitFor();
    await window.picture('lambda-auth');
    await page.keyboard.press('Enter');
    await review().getByText('account 000000000000').waitFor();
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment lambda of rules, rehearsing/).waitFor({ timeout: BUILD_MS });
    await window.picture('lambda-rehearsing');
    await dialog().getByText('Deploy rules to AWS Lambda?').waitFor({ timeout: BUILD_MS });
    await dialog()
      .getByText(/\+ the stack nimbus-rules-lambda/)
      .waitFor();
    await window.picture('lambda-plan');
    assert.deepEqual(declared(), {});
    await dialog().getByRole('button', { name: 'Cancel' }).click();
    await dialog().waitFor({ state: 'detached' });
  });

  it('is deployed once the plan is agreed to', async () => {
    const { page } = window;
    await chooseWhere('AWS Lambda, The same image');
    await review().getByText('account 000000000000').waitFor();
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click({ timeout: BUILD_MS });
    await row(page, /^deployment lambda of rules, deploying/).waitFor({ timeout: DEPLOY_MS });
    await window.picture('lambda-deploying');
    await notification(page, /rules is on AWS Lambda, eu-west-1\./).waitFor({
      timeout: DEPLOY_MS,
    });
    await deployed().waitFor();
    await window.picture('lambda-deployed');
    await deployed().hover();
    await page.getByText('Stack: nimbus-rules-lambda').waitFor();
    await window.picture('lambda-tooltip');
    await page.mouse.move(0, 0);
  });

  it('answers in the playground, which knows its key', async () => {
    const { page } = window;
    await notification(page, /is on AWS Lambda/)
      .getByRole('button', { name: 'Open Playground' })
      .click();
    playground = new Playground(page);
    await playground.opened('rules');
    assert.deepEqual(await playground.ask({ text: 'where is my parcel' }), { start: 'cold', status: 200 });
    assert.deepEqual(await playground.send('where is my parcel'), { start: 'warm', status: 200 });
    await playground.frame.getByText('gateway and sandbox').first().waitFor();
    // Of these requests: the deploy itself had none that it could send.
    await row(page, /^deployment lambda of rules, serving · warm \d[^·]* · cold \d[^·]* · AWS Lambda/).waitFor();
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`lambda-answer-${theme}`);
      assert.deepEqual(await violations(playground.frame), [], theme);
    }
  });

  it('has code that takes the key from a variable, and the key on demand', async () => {
    const { page } = window;
    await playground.press('Copy as');
    await playground.frame.getByRole('menuitem', { name: 'curl' }).click();
    const code = await clipboard(page, 'curl');
    assert.match(code, /x-api-key: \$NIMBUS_API_KEY/);
    await chooseMenuItem(await openContextMenu(page, deployed(), 'Copy API Key'));
    const { item } = await getJson(emulator, 'apigateway', '/apikeys?includeValues=true');
    await clipboard(page, item[0].value);
    assert.ok(!code.includes(item[0].value));
  });

  it('gets another key once that is agreed to, with which the playground goes on', async () => {
    const { page } = window;
    const keys = async (): Promise<string[]> => {
      const { item } = await getJson(emulator, 'apigateway', '/apikeys?includeValues=true');
      return (item as { value: string }[]).map(({ value }) => value);
    };
    const before = await keys();
    await chooseMenuItem(await openContextMenu(page, deployed(), 'Rotate API Key…'));
    await dialog().getByText('Replace the API key of rules/lambda by a new one?').waitFor();
    await window.picture('lambda-rotate');
    await dialog().getByRole('button', { name: 'Rotate', exact: true }).click();
    const said = notification(page, /rules\/lambda has a new API key\. The one before is refused\./);
    await said.getByRole('button', { name: 'Copy API Key' }).click({ timeout: DEPLOY_MS });
    const now = await keys();
    assert.ok(now.length === 1 && now[0] !== before[0]);
    await clipboard(page, now[0]!);
    assert.deepEqual(await playground.send('where is my parcel'), { start: 'warm', status: 200 });
  });

  it('shows its log, with what AWS Lambda says of each request', async () => {
    const { page } = window;
    await playground.press('Logs');
    const log = page.locator('.editor-instance:visible .view-lines');
    await log
      .getByText(/REPORT\s+RequestId/)
      .first()
      .waitFor({ timeout: 30_000 });
    await window.picture('lambda-log');
    await page.getByRole('tab', { name: /^Playground: rules/ }).click();
    await playground.opened('rules');
  });

  it('is offered what has a meaning there', async () => {
    const { page } = window;
    await openContextMenu(page, deployed(), 'Redeploy');
    const menu = page.locator('.monaco-menu');
    await window.picture('lambda-menu');
    for (const name of ['Stop', 'Force Cold', 'Select Interpreter'])
      assert.equal(await menu.getByRole('menuitem', { name, exact: true }).count(), 0, name);
    await page.keyboard.press('Escape');
  });

  it('is compared with Docker', async () => {
    const { page } = window;
    await chooseWhere('Docker, as on AWS Lambda');
    await review().getByRole('option').filter({ hasText: 'in Docker' }).waitFor();
    await page.keyboard.press('Enter');
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment docker of rules, .*Docker, \d+ MB/).waitFor({ timeout: BUILD_MS });
    await chooseMenuItem(await openContextMenu(page, deployed(), 'Compare Deployments'));
    const comparison = playground.frame.getByRole('region', { name: 'Comparison' });
    await comparison.waitFor();
    const box = playground.frame.getByRole('textbox', { name: 'Text', exact: true });
    await box.fill('where is my parcel');
    await box.press('Control+Enter');
    await comparison.getByText('The answers agree.').waitFor({ timeout: 60_000 });
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`lambda-compare-${theme}`);
      assert.deepEqual(await violations(playground.frame), [], theme);
    }
  });

  it('is deployed again with nothing to answer but the plan, and says what its first answers took', async () => {
    const { page } = window;
    editModels(workspace, ({ rules }) => (rules.examples = [{ input: 'where is my parcel' }]));
    // Another version of the model, too.
    appendFileSync(path.join(workspace, 'rules', 'handler.py'), '\n# another\n');
    const changed = row(page, /^deployment lambda of rules, changed/);
    await chooseMenuItem(await openContextMenu(page, changed, 'Redeploy'));
    await dialog()
      .getByText(/~ the stack nimbus-rules-lambda/)
      .waitFor({ timeout: BUILD_MS });
    await window.picture('lambda-redeploy-plan');
    await dialog().getByRole('button', { name: 'Deploy', exact: true }).click();
    await notification(page, /rules answers on AWS Lambda, eu-west-1: cold .*, warm .*\./).waitFor({
      timeout: DEPLOY_MS,
    });
    await row(page, /^deployment lambda of rules, serving · warm \d+.* · AWS Lambda, eu-west-1/).waitFor();
    await window.picture('lambda-redeployed');
  });

  itIsLivedWith(() => ({ window, workspace, emulator, playground, dialog, declared, BUILD_MS, DEPLOY_MS }));

  it('is removed with all that it has in AWS', async () => {
    const { page } = window;
    await chooseMenuItem(await openContextMenu(page, row(page, /^deployment lambda of rules/), 'Remove'));
    await dialog()
      .getByText(/go: the stack nimbus-rules-lambda/)
      .waitFor();
    await window.picture('lambda-remove');
    await dialog().getByRole('button', { name: 'Remove', exact: true }).click();
    await row(page, /^deployment lambda of rules/).waitFor({ state: 'detached', timeout: DEPLOY_MS });
    assert.deepEqual(Object.keys(declared()), ['docker']);
  });
});
