/** `nimbus deploy --target lambda` and what follows it, as a user types it, on the emulator. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { CloudDeployed, DeploymentStatus } from '../../src/shared/states.ts';
import { createSandbox, python, type Ended, type Sandbox } from '../cli/nimbus.ts';
import { BUILD_VARIABLES } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { getJson, logs } from './support.ts';

const HANDLER = `
import os

def load(path):
    return {"urgent": ["outage", "down"]}

def predict(model, input):
    label = next((name for name, words in model.items() if any(one in input for one in words)), "normal")
    return {"label": label, "greeting": os.environ.get("GREETING")}
`;
const SECRET = 'hunter2-greeting';

describe('a deploy to AWS Lambda', function () {
  this.timeout(180_000);
  let emulator: Emulator;
  let sandbox: Sandbox;
  let variables: NodeJS.ProcessEnv;

  before(async () => {
    emulator = await startEmulator();
    const { endpoint, region, credentials } = emulator.client;
    variables = {
      ...BUILD_VARIABLES,
      AWS_ENDPOINT_URL: endpoint,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      GREETING: SECRET,
    };
    sandbox = createSandbox();
    writeFileSync(path.join(sandbox.folder, 'rules/handler.py'), HANDLER);
    writeModels({
      rules: { path: 'rules', framework: 'custom', env: ['GREETING'], examples: [{ input: 'it is down' }] },
    });
  });
  after(async () => {
    const { deployments = [] } = await sandbox
      .json<{ deployments?: DeploymentStatus[] }>(['status'])
      .catch(() => ({ deployments: [] }));
    await sandbox?.remove();
    await emulator?.end();
    for (const { image } of deployments) if (image) await docker('image', 'rm', '--force', image.reference);
  });
  afterEach(() => emulator.slow(0));

  const nimbus = (argv: string[], more: NodeJS.ProcessEnv = {}): Promise<Ended> =>
    sandbox.nimbus(argv, { env: { ...variables, ...more } });
  const DEPLOY = ['deploy', 'rules', '--target', 'lambda', '--as', 'prod', '--python', python, '--trust'];

  function writeModels(models: object): void {
    writeFileSync(path.join(sandbox.folder, 'models.json'), JSON.stringify({ version: 1, models }, undefined, 2));
  }

  function declared(): Record<string, unknown> | undefined {
    const { models } = JSON.parse(readFileSync(path.join(sandbox.folder, 'models.json'), 'utf8')) as {
      models: Record<string, { deployments?: Record<string, Record<string, unknown>> }>;
    };
    return models['rules']?.deployments?.['prod'];
  }

  async function succeeded(argv: string[], more: NodeJS.ProcessEnv = {}): Promise<string> {
    const ended = await nimbus(argv, more);
    assert.equal(ended.code, 0, `${argv.join(' ')}\n${ended.stdout}${ended.stderr}`);
    return ended.stdout;
  }

  async function stackNames(): Promise<string[]> {
    const answer = await fetch(emulator.endpoint, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-www-form-urlencoded',
        authorization: 'AWS4-HMAC-SHA256 Credential=test/20260101/eu-west-1/cloudformation/aws4_request',
      },
      body: 'Action=DescribeStacks&Version=2010-05-15',
    });
    return [...(await answer.text()).matchAll(/<StackName>([^<]+)</g)].map(([, name]) => name!);
  }

  it('says what to do where there are no credentials, before anything is built', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stderr, stdout } = await nimbus([...DEPLOY, '--yes'], { ...none, HOME: sandbox.home });
    assert.equal(code, 1);
    assert.match(stderr, /There are no AWS credentials that work\.\n.*\n.*--profile/);
    assert.doesNotMatch(stdout, /lock|image/);
  });

  it('shows its plan and does nothing where nobody agrees', async () => {
    const { code, stdout, stderr } = await nimbus(DEPLOY);
    assert.equal(code, 2, stderr);
    assert.match(stdout, /Plan for account 000000000000, eu-west-1, as arn:aws:iam::000000000000:root/);
    assert.match(stdout, /\+ CDK's bootstrap .*\n.*\+ the image repository nimbus.*\n.*\+ the stack nimbus-rules-prod/);
    assert.match(stdout, /rehearsed with 1769 MB: initialisation \d+ ms, first answer/);
    assert.match(stderr, /Deploy\?.*\n.*terminal.*\n.*--yes/);
    assert.deepEqual(await stackNames(), []);
    assert.equal(declared(), undefined);
  });

  it('ends with real answers, cold and warm, and has all in models.json but the key', async () => {
    const stdout = await succeeded([...DEPLOY, '--yes', '--json']);
    const deployed = JSON.parse(stdout.trim()) as CloudDeployed & { url: string };
    assert.deepEqual(deployed.result, { label: 'urgent', greeting: SECRET });
    assert.deepEqual(
      deployed.answers.map(({ start }) => start),
      ['cold', 'warm'],
    );
    const { cloud } = deployed;
    assert.deepEqual(declared(), {
      target: 'lambda',
      account: '000000000000',
      region: 'eu-west-1',
      stack: 'nimbus-rules-prod',
      url: cloud.url,
    });
    const { deployments } = await sandbox.json<{ deployments: DeploymentStatus[] }>(['status', 'rules/prod']);
    assert.deepEqual(deployments[0]!.cloud, cloud);
    assert.equal(deployments[0]!.state, 'serving');
    assert.deepEqual((await stackNames()).sort(), ['CDKToolkit', 'nimbus-images', 'nimbus-rules-prod']);
  });

  it('is predicted with its key, which lies in a file that only the user can read', async () => {
    assert.match(await succeeded(['predict', 'rules/prod', 'all is well']), /normal/);
    const file = path.join(sandbox.home, 'data/keys.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const keys = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const [[id, key]] = Object.entries(keys) as [[string, string]];
    assert.match(id, /^000000000000\/eu-west-1\/\w+\/\w+$/);
    for (const name of ['models.json', '.nimbus/state.json']) {
      const text = readFileSync(path.join(sandbox.folder, name), 'utf8');
      assert.ok(!text.includes(key) && !text.includes(SECRET), name);
    }
    const url = declared()!['url'] as string;
    const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"x"}' };
    assert.equal((await fetch(`${url}/predict`, body)).status, 403);
  });

  it('does not run another target under its name, which would lose sight of it', async () => {
    const { code, stderr } = await nimbus(['deploy', 'rules', '--as', 'prod', '--python', python, '--trust']);
    assert.equal(code, 1);
    assert.match(stderr, /rules\/prod runs on AWS Lambda/);
  });

  it('is removed with all that it had', async () => {
    const { cloud } = (await sandbox.json<{ deployments: DeploymentStatus[] }>(['status', 'rules/prod']))
      .deployments[0]!;
    const refused = await nimbus(['remove', 'rules/prod']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /In account 000000000000, eu-west-1, go: the stack nimbus-rules-prod/);
    await succeeded(['remove', 'rules/prod', '--yes']);
    assert.equal(declared(), undefined);
    assert.deepEqual((await stackNames()).sort(), ['CDKToolkit', 'nimbus-images']);
    const { logGroups } = await logs(emulator, 'DescribeLogGroups', { logGroupNamePrefix: cloud!.logGroup });
    assert.deepEqual(logGroups, []);
    for (const kind of ['/restapis', '/apikeys', '/usageplans']) {
      assert.deepEqual((await getJson(emulator, 'apigateway', kind)).item, [], kind);
    }
    assert.equal(readFileSync(path.join(sandbox.home, 'data/keys.json'), 'utf8').trim(), '{}');
  });

  it('of which a first one fails leaves neither a stack nor an entry', async () => {
    writeModels({
      rules: {
        path: 'rules',
        framework: 'custom',
        examples: [{ input: 'it is down' }],
        deployments: { prod: { target: 'lambda', quota: { requests: 5, per: 'day' }, auth: 'iam' } },
      },
    });
    const { code, stderr } = await nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /quota: Requests are counted by API key, and auth is iam\./);
    assert.deepEqual((await stackNames()).sort(), ['CDKToolkit', 'nimbus-images']);
  });
});
