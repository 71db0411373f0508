/** Deployments of one project in two accounts, each with a profile of its own. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { leftNothing } from '../../src/core/host/cloud-first.ts';
import type { CloudPlan } from '../../src/core/targets/plan.ts';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { createSandbox, type Sandbox } from '../cli/nimbus.ts';
import { startEmulator, type Emulator } from './emulator.ts';

const [DEV, PROD] = ['111111111111', '222222222222'];

describe('deployments in several accounts of AWS', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let sandbox: Sandbox;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    emulator = await startEmulator();
    sandbox = createSandbox();
    const at = (name: string): string => path.join(sandbox.folder, name);
    const deployment = (account: string): object => {
      return { target: 'lambda', account, region: 'eu-west-1', stack: 'nimbus-rules' };
    };
    const deployments = { dev: deployment(DEV), prod: deployment(PROD) };
    const models = { rules: { path: 'rules', framework: 'custom', deployments } };
    writeFileSync(at('models.json'), JSON.stringify({ version: 1, models }));
    // The emulator takes the key's id for the account.
    const profile = (name: string, account: string): string =>
      `[${name}]\naws_access_key_id = ${account}\naws_secret_access_key = secret\n`;
    writeFileSync(at('credentials'), profile('dev', DEV) + profile('prod', PROD));
    env = {
      AWS_ENDPOINT_URL: emulator.endpoint,
      AWS_CONFIG_FILE: at('none'),
      AWS_SHARED_CREDENTIALS_FILE: at('credentials'),
    };
  });
  after(async () => {
    await sandbox?.remove();
    await emulator?.end();
  });

  const status = async (name: string, profile?: string): Promise<{ said: string; state: string | undefined }> => {
    const more = profile === undefined ? {} : { AWS_PROFILE: profile };
    const { stdout, stderr } = await sandbox.nimbus(['status', name, '--json'], { env: { ...env, ...more } });
    const { deployments = [] } = JSON.parse(stdout) as { deployments?: DeploymentStatus[] };
    return { said: stdout + stderr, state: deployments[0]?.state };
  };

  it('are asked about with the profile of their own account, once that was seen', async () => {
    const wrong = await status('rules/prod', 'dev');
    assert.match(wrong.said, new RegExp(`in account ${PROD}, and these credentials are of ${DEV}`));
    assert.equal((await status('rules/prod', 'prod')).state, 'gone');
    assert.equal((await status('rules/dev', 'dev')).state, 'gone');
    assert.equal((await status('rules/prod', 'dev')).state, 'gone');
    assert.equal((await status('rules/dev', 'prod')).state, 'gone');
    assert.equal((await status('rules/prod')).state, 'gone');
  });

  it('are asked so, too, about what a first deploy left, whose profile has come to mean another account', async () => {
    const client = new CloudFormationClient({
      ...emulator.client,
      credentials: { accessKeyId: DEV!, secretAccessKey: 'secret' },
    });
    const TemplateBody = JSON.stringify({ Resources: { Topic: { Type: 'AWS::SNS::Topic' } } });
    await client.send(new CreateStackCommand({ StackName: 'nimbus-rules', TemplateBody }));
    const waiter = { client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 };
    await waitUntilStackCreateComplete(waiter, { StackName: 'nimbus-rules' });
    const home = process.env['NIMBUS_HOME'];
    process.env['NIMBUS_HOME'] = sandbox.home;
    try {
      const isLeft = async (account: string, AWS_PROFILE: string): Promise<boolean> => {
        const variables = { ...env, AWS_PROFILE };
        const cloud = { account, region: 'eu-west-1', variables } as Partial<CloudPlan> as CloudPlan;
        const ended = { before: undefined, isStackReached: true };
        return !(await leftNothing({ cloud, stack: 'nimbus-rules' }, { code: 'stack-failed', what: '' }, ended));
      };
      assert.equal(await isLeft(DEV!, 'prod'), true);
      assert.equal(await isLeft(PROD!, 'dev'), false);
    } finally {
      if (home === undefined) delete process.env['NIMBUS_HOME'];
      else process.env['NIMBUS_HOME'] = home;
    }
  });
});
