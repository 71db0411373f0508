/** What is done with a deployment on AWS once it is there, as a user does it. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DescribeStacksCommand,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import type { Locator } from 'playwright-core';
import type { Emulator } from '../aws/emulator.ts';
import type { Playground } from './playground.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import type { EditorWindow } from './window.ts';
import { chooseMenuItem, notification, openContextMenu, quickInput, row, runCommand } from './workbench.ts';

const FUNCTION = { FunctionName: 'nimbus-rules-lambda' };

/** The deployment `lambda` of the model `rules`, whose handler was another one in its first version. */
export interface LivedWith {
  window: EditorWindow;
  workspace: string;
  emulator: Emulator;
  playground: Playground;
  dialog(): Locator;
  /** Its deployments, as models.json says. */
  declared(): Record<string, unknown>;
  BUILD_MS: number;
  DEPLOY_MS: number;
}

/** Changes models.json as a user does with an editor. */
export function editModels(workspace: string, change: (models: Record<string, any>) => void): void {
  const file = path.join(workspace, 'models.json');
  const document = JSON.parse(readFileSync(file, 'utf8'));
  change(document.models);
  writeFileSync(file, JSON.stringify(document, undefined, 2));
}

/** Tests that leave it serving its first version. */
export function itIsLivedWith(given: () => LivedWith): void {
  const deployed = () => row(given().window.page, /^deployment lambda of rules, serving .*AWS Lambda, eu-west-1/);
  const client = <T>(kind: new (options: Emulator['client']) => T): T => new kind(given().emulator.client);

  /** A stack that somebody else deployed, with little in it. */
  async function stackOf(model: string, deployment: string): Promise<void> {
    const name = `nimbus-${model}-${deployment}`;
    const tags = { 'nimbus:model': model, 'nimbus:deployment': deployment, 'nimbus:version': 'a'.repeat(64) };
    const log = { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${name}` } };
    await client(CloudFormationClient).send(
      new CreateStackCommand({
        StackName: name,
        TemplateBody: JSON.stringify({ Resources: { Log: log } }),
        Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
      }),
    );
    const waiting = { client: client(CloudFormationClient), maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
    await waitUntilStackCreateComplete(waiting, { StackName: name });
  }

  async function inEveryTheme(step: string): Promise<void> {
    const { window } = given();
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      await window.picture(`${step}-${theme}`);
    }
  }

  it('that somebody changed by hand is compared, says so, and is put right by a redeploy', async () => {
    const { window } = given();
    const { page } = window;
    const memory = async (): Promise<number | undefined> =>
      (await client(LambdaClient).send(new GetFunctionConfigurationCommand(FUNCTION))).MemorySize;
    await client(LambdaClient).send(new UpdateFunctionConfigurationCommand({ ...FUNCTION, MemorySize: 640 }));
    await waitUntilFunctionUpdatedV2({ client: client(LambdaClient), maxWaitTime: 60, minDelay: 1 }, FUNCTION);
    await chooseMenuItem(await openContextMenu(page, deployed(), 'Compare With AWS'));
    const text = page.locator('.editor-instance:visible .view-lines');
    await text.getByText(/MemorySize:.1769.→.640/).waitFor({ timeout: 60_000 });
    await notification(page, /was changed by hand on AWS: nimbus-rules-lambda/)
      .getByRole('button', { name: 'Redeploy' })
      .waitFor();
    const drifted = row(page, /^deployment lambda of rules, serving · drifted · warm/);
    await drifted.waitFor();
    await row(page, /^model rules, .*drifted/).waitFor();
    await inEveryTheme('lambda-drifted');
    await drifted.hover();
    // What is in a tooltip has spaces that do not break, which only a text matches.
    await page.getByText('Changed by hand since it was deployed, as CloudFormation saw').waitFor();
    await window.picture('lambda-drifted-tooltip');
    await page.mouse.move(0, 0);
    await chooseMenuItem(await openContextMenu(page, drifted, 'Redeploy'));
    await given()
      .dialog()
      .getByText(/~ the stack nimbus-rules-lambda/)
      .waitFor({ timeout: given().BUILD_MS });
    await given().dialog().getByRole('button', { name: 'Deploy', exact: true }).click();
    await row(page, /^deployment lambda of rules, serving · warm/).waitFor({ timeout: given().DEPLOY_MS });
    assert.equal(await memory(), 1769);
  });

  it('is rolled back to a version of the user’s choice, which its row and the playground tell', async () => {
    const { window } = given();
    const { page } = window;
    const live = async (): Promise<string | undefined> =>
      (await client(LambdaClient).send(new GetAliasCommand({ ...FUNCTION, Name: 'live' }))).FunctionVersion;
    const before = Number(await live());
    const shown = given().playground.frame.locator('code.version');
    await page.getByRole('tab', { name: /^Playground: rules/ }).click();
    await given().playground.opened('rules', 'lambda');
    const version = await shown.textContent();
    const pick = quickInput(page, 'Roll rules/lambda Back');
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await chooseMenuItem(await openContextMenu(page, deployed(), 'Roll Back'));
      await pick.getByRole('option', { name: new RegExp(`Version ${before}, .*${version}.*serves`) }).waitFor();
      await window.picture(`lambda-roll-back-${theme}`);
      if (theme === EVERY_THEME.at(-1)) break;
      await page.keyboard.press('Escape');
      await pick.waitFor({ state: 'hidden' });
    }
    await pick.getByRole('option', { name: /Version 1, / }).click();
    await given().dialog().getByText('Let version 1 of rules/lambda serve?').waitFor();
    await window.picture('lambda-roll-back-plan');
    await given().dialog().getByRole('button', { name: 'Roll Back', exact: true }).click();
    await notification(page, new RegExp(`serves version 1 again .* in the place of ${before}`)).waitFor();
    assert.equal(await live(), '1');
    const rolledBack = row(page, /^deployment lambda of rules, changed since deploy .* · ahead of its stack/);
    await rolledBack.waitFor();
    await given().playground.frame.locator('code.version').filter({ hasNotText: version! }).waitFor();
    await window.picture('lambda-rolled-back');
    await rolledBack.hover();
    await page.getByText('Version of the function: 1').waitFor();
    await window.picture('lambda-rolled-back-tooltip');
    await page.mouse.move(0, 0);
  });

  it('is listed as declared nowhere once models.json has lost it, beside others, and taken over again', async () => {
    const { window } = given();
    const { page } = window;
    await stackOf('topics', 'prod');
    await stackOf('sentiment', 'prod');
    editModels(given().workspace, ({ rules }) => delete rules.deployments.lambda);
    await row(page, /^deployment lambda of rules/).waitFor({ state: 'detached' });
    await runCommand(page, 'Nimbus: Refresh');
    const lost = row(page, /^stack nimbus-rules-lambda in account 000000000000, update complete · eu-west-1/);
    await lost.waitFor();
    await row(page, /^stack nimbus-topics-prod in account/).waitFor();
    assert.equal(await page.getByRole('treeitem', { name: /^stack nimbus-images/ }).count(), 0);
    await inEveryTheme('lambda-ghosts');
    await lost.hover();
    await page.getByText("It may be a colleague's, or of another project").waitFor();
    await window.picture('lambda-ghost-tooltip');
    await page.mouse.move(0, 0);
    await chooseMenuItem(await openContextMenu(page, lost, 'Adopt'));
    // It is what it was, rolled back.
    await row(page, /^deployment lambda of rules, changed since deploy .* · ahead of its stack/).waitFor();
    await lost.waitFor({ state: 'detached' });
    const { account, region, stack } = given().declared()['lambda'] as Record<string, string>;
    assert.deepEqual([account, region, stack], ['000000000000', 'eu-west-1', 'nimbus-rules-lambda']);
  });

  it('whose model no models.json has is taken over with the file that the user names', async () => {
    const { window } = given();
    const { page } = window;
    const lost = row(page, /^stack nimbus-sentiment-prod in account/);
    await chooseMenuItem(await openContextMenu(page, lost, 'Adopt'));
    const pick = quickInput(page, 'Which file or folder is the model sentiment here?');
    await pick.getByRole('option', { name: /^sentiment\.joblib/ }).click();
    await row(page, /^deployment prod of sentiment, failed/).waitFor();
    const { sentiment } = JSON.parse(readFileSync(path.join(given().workspace, 'models.json'), 'utf8')).models;
    assert.deepEqual([sentiment.path, sentiment.framework], ['models/sentiment.joblib', 'sklearn']);
    assert.equal(sentiment.deployments.prod.stack, 'nimbus-sentiment-prod');
    await window.picture('lambda-adopted');
    editModels(given().workspace, (entries) => delete entries['sentiment']);
    await row(page, /^model sentiment/).waitFor({ state: 'detached' });
  });

  it('that nobody here declares is deleted once its name was typed', async () => {
    const { window } = given();
    const { page } = window;
    const lost = row(page, /^stack nimbus-topics-prod in account/);
    const name = quickInput(page, 'Delete nimbus-topics-prod from account 000000000000, eu-west-1');
    await chooseMenuItem(await openContextMenu(page, lost, 'Delete From AWS'));
    await given()
      .dialog()
      .getByText(/it may be a colleague's/)
      .waitFor();
    await window.picture('lambda-delete-ghost');
    await given().dialog().getByRole('button', { name: 'Delete…' }).click();
    await name.waitFor();
    await page.keyboard.type('nimbus-topics');
    await name.getByText('Type exactly nimbus-topics-prod').waitFor();
    await window.picture('lambda-delete-ghost-name');
    await page.keyboard.type('-prod');
    await page.keyboard.press('Enter');
    await notification(page, /nimbus-topics-prod is gone from account/).waitFor({ timeout: 60_000 });
    await lost.waitFor({ state: 'detached' });
    const { Stacks: left = [] } = await client(CloudFormationClient).send(new DescribeStacksCommand({}));
    assert.ok(
      left.every(({ StackName, StackStatus }) => StackName !== 'nimbus-topics-prod' || /DELETE/.test(StackStatus!)),
    );
    assert.ok(left.some(({ StackName }) => StackName === 'nimbus-rules-lambda'));
  });
}
