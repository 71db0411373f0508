/** `nimbus deploy --target lambda` and what follows it, as a user types it. */
import assert from 'node:assert/strict';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  APIGatewayClient,
  GetUsagePlanCommand,
  GetUsagePlansCommand,
  UpdateUsagePlanCommand,
} from '@aws-sdk/client-api-gateway';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  GetFunctionConfigurationCommand,
  GetProvisionedConcurrencyConfigCommand,
  InvokeCommand,
  LambdaClient,
} from '@aws-sdk/client-lambda';
import { ALIAS } from '../../infra/app/published.ts';
import { predictThroughApi } from '../../src/core/cloud/predict.ts';
import { RETRY_LIMITS } from '../../src/core/cloud/retries.ts';
import type { CostCard } from '../../src/shared/cost.ts';
import type { CloudDeployed } from '../../src/shared/states.ts';
import { python } from '../cli/nimbus.ts';
import { ACCOUNT, patience, REGION, STACKS_BEFORE } from './place.ts';
import { cloudProject, DEPLOY, MODEL, PROD, RULES, SECRET, STACK, type CloudProject } from './project.ts';
import { getJson, logs } from './support.ts';

/** Environments that are kept initialised; none on an account, which may have no room for them. */
const KEPT_READY = STACKS_BEFORE.length === 0 ? 1 : 0;
/** None is what holds without it. */
const SETTINGS = {
  ephemeralStorageMb: 1024,
  ...(KEPT_READY > 0 ? { provisionedConcurrency: KEPT_READY } : {}),
  throttle: { ratePerSecond: 50, burst: 60 },
  quota: { requests: 5000, per: 'week' },
  corsOrigins: ['https://app.example'],
  logRetentionDays: 30,
};

describe('a deploy to AWS Lambda', function () {
  this.timeout(patience(180_000));
  let project: CloudProject;

  before(async () => {
    project = await cloudProject();
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: { target: 'lambda', ...SETTINGS } } } });
  });
  after(() => project?.end());

  it('says what to do where there are no credentials, before anything is built', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stderr, stdout } = await project.nimbus([...DEPLOY, '--yes'], {
      ...none,
      HOME: project.sandbox.home,
    });
    assert.equal(code, 1);
    assert.match(stderr, /There are no AWS credentials that work\.\n.*\n.*--profile/);
    assert.doesNotMatch(stdout, /lock|image/);
  });

  it('is refused what it cannot be, before anything is built', async () => {
    const refused = async (argv: string[]): Promise<string> => {
      const { stdout, stderr } = await project.nimbus(argv);
      assert.doesNotMatch(stdout, /image/);
      return stderr;
    };
    assert.match(await refused([...DEPLOY, '--timeout', '60']), /On AWS a request may take 29 s, not 60 s\./);
    assert.match(await refused([...DEPLOY, '--region', 'Ireland']), /Ireland is not the name of a region/);
    assert.match(await refused(['deploy', 'rules', '--auth', 'iam']), /--auth is for a deploy to AWS\./);
  });

  it('shows its plan and does nothing where nobody agrees', async () => {
    const { code, stdout, stderr } = await project.nimbus(DEPLOY);
    assert.equal(code, 2, stderr);
    assert.match(stdout, new RegExp(String.raw`Plan for account ${ACCOUNT}, ${REGION}, as arn:aws:\w+::${ACCOUNT}:`));
    const shared =
      STACKS_BEFORE.length > 0 ? '' : String.raw`\+ CDK's bootstrap .*\n.*\+ the image repository nimbus.*\n.*`;
    assert.match(stdout, new RegExp(String.raw`${shared}\+ the stack ${STACK}`));
    assert.match(
      stdout,
      /\+ the image, \d+ MB unpacked: \d of \d layers are pushed, about \d+ MB compressed \(an estimate: /,
    );
    assert.match(stdout, /rehearsed with 1769 MB: initialisation \d+ ms, first answer/);
    assert.match(
      stdout,
      new RegExp(
        KEPT_READY
          ? String.raw`a month costs about \$2\d\.\d\d without requests, \$2\d\.\d\d for 10,000, .*prices of ${REGION}`
          : String.raw`a month costs about (?:< )?\$0\.0\d without requests, \$0\.0\d for 10,000, .*prices of ${REGION}`,
      ),
    );
    assert.match(stderr, /Deploy\?.*\n.*terminal.*\n.*--yes/);
    assert.deepEqual(await project.stackNames(), STACKS_BEFORE);
    assert.deepEqual(project.declared(), { target: 'lambda', ...SETTINGS });
  });

  it('ends with real answers, cold and warm, and has all in models.json but the key', async () => {
    const stdout = await project.succeeded([...DEPLOY, '--yes', '--json']);
    const deployed = JSON.parse(stdout.trim()) as CloudDeployed & { url: string };
    assert.deepEqual(deployed.result, { label: 'urgent', greeting: SECRET });
    assert.deepEqual(
      deployed.answers.map(({ start }) => start),
      ['cold', 'warm'],
    );
    const { cloud } = deployed;
    assert.deepEqual(project.declared(), {
      target: 'lambda',
      ...SETTINGS,
      account: ACCOUNT,
      region: REGION,
      stack: STACK,
      url: cloud.url,
    });
    const status = await project.status();
    assert.deepEqual(status.cloud, cloud);
    assert.equal(status.state, 'serving');
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images', STACK]);
  });

  it('has all that models.json asked for [emulated]', async () => {
    const { client } = project.place;
    const { functionName, logGroup } = (await project.status()).cloud!;
    const [lambda, gateway] = [new LambdaClient(client), new APIGatewayClient(client)];
    const named = { FunctionName: functionName };
    const { EphemeralStorage } = await lambda.send(new GetFunctionConfigurationCommand(named));
    assert.equal(EphemeralStorage?.Size, SETTINGS.ephemeralStorageMb);
    const kept = await lambda.send(new GetProvisionedConcurrencyConfigCommand({ ...named, Qualifier: ALIAS }));
    assert.equal(kept.RequestedProvisionedConcurrentExecutions, KEPT_READY);
    const { items = [] } = await gateway.send(new GetUsagePlansCommand({}));
    const { throttle, quota } = await gateway.send(new GetUsagePlanCommand({ usagePlanId: items[0]!.id }));
    assert.deepEqual([throttle?.rateLimit, throttle?.burstLimit], [50, 60]);
    assert.deepEqual([quota?.limit, quota?.period], [5000, 'WEEK']);
    const { logGroups } = await logs(project.place, 'DescribeLogGroups', { logGroupNamePrefix: logGroup });
    assert.equal(logGroups[0].retentionInDays, SETTINGS.logRetentionDays);
  });

  it('lets the pages of the asked origin call, and no others', async () => {
    const url = project.declared()!['url'] as string;
    const key = (await project.succeeded(['keys', PROD, '--show'])).trim();
    const allowed = async (path: string, origin: string, init: RequestInit): Promise<boolean> => {
      const answer = await fetch(url + path, { ...init, headers: { origin, ...(init.headers as object) } });
      assert.ok(answer.ok, `${answer.status} of ${path}`);
      const header = answer.headers.get('access-control-allow-origin');
      return header === origin || header === '*';
    };
    const post = { method: 'POST', headers: { 'content-type': 'application/json', 'x-api-key': key } };
    for (const [origin, expected] of [
      ['https://app.example', true],
      ['https://evil.example', false],
    ] as const) {
      const ask = { method: 'OPTIONS', headers: { 'access-control-request-method': 'POST' } };
      assert.equal(await allowed('/predict', origin, ask), expected, `preflight of ${origin}`);
      assert.equal(await allowed('/predict', origin, { ...post, body: '{"text":"x"}' }), expected, origin);
    }
  });

  it('is predicted with its key, which lies in a file that only the user can read', async () => {
    assert.match(await project.succeeded(['predict', PROD, 'all is well']), /normal/);
    const file = path.join(project.sandbox.home, 'data/keys.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const keys = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const [[id, key]] = Object.entries(keys) as [[string, string]];
    assert.match(id, new RegExp(String.raw`^${ACCOUNT}/${REGION}/\w+/\w+$`));
    for (const name of ['models.json', '.nimbus/state.json']) {
      const text = readFileSync(path.join(project.sandbox.folder, name), 'utf8');
      assert.ok(!text.includes(key) && !text.includes(SECRET), name);
    }
    const url = project.declared()!['url'] as string;
    const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"x"}' };
    assert.equal((await fetch(`${url}/predict`, body)).status, 403);
  });

  it('answers a batch, and the same as the model on this machine and in Docker', async () => {
    writeFileSync(path.join(project.sandbox.folder, 'in.txt'), 'it is down\nall is well\n');
    assert.match(await project.succeeded(['batch', PROD, 'in.txt', '--out', 'out.jsonl']), /2 answered, 0 failed/);
    for (const target of ['local', 'docker']) {
      await project.succeeded(['deploy', MODEL.path, '--target', target, '--python', python, '--trust']);
      const sides = ['parity', RULES, '--deployments', `${target},prod`, '--inputs', 'in.txt'];
      assert.match(await project.succeeded(sides), /2 inputs/);
      await project.succeeded(['remove', `${RULES}/${target}`, '--yes']);
    }
  });

  it('says what it costs by what AWS counted, and what it has cost [emulated]', async () => {
    const { cloud: deployed } = await project.status();
    const lambda = new LambdaClient(project.place.client);
    // The emulator does not count what comes by way of the API, as AWS does.
    for (let sent = 0; sent < 2; sent++) {
      await lambda.send(new InvokeCommand({ FunctionName: deployed!.functionName, Payload: '{}' }));
    }
    lambda.destroy();
    const card = JSON.parse(await project.succeeded(['cost', PROD, '--json'])) as CostCard;
    const { measured, spent, region, usage } = card;
    assert.equal(region, REGION);
    assert.ok(spent!.invocations >= 2, JSON.stringify(spent));
    assert.deepEqual(measured, { from: 'lambda', since: spent!.since, requests: spent!.invocations });
    assert.ok(Math.abs(usage.warmMs - (spent!.durationMs / spent!.invocations + 0.5)) < 1e-9);
    const text = await project.succeeded(['cost', PROD]);
    assert.match(text, /^SINCE ITS DEPLOY, .*\nLambda requests +\d+ requests +< \$0\.01$/m);
    assert.match(text, /Measured on AWS Lambda: \d+ requests since/);
    // What AWS alone knows is left out where nobody may ask, and the rest is there.
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const asked = ['cost', PROD, '--duration', '10'];
    const ended = await project.nimbus(asked, { ...none, HOME: project.sandbox.home });
    assert.equal(ended.code, 0, ended.stderr);
    assert.match(ended.stderr, /What it has cost is not known\. There are no AWS credentials/);
    assert.match(ended.stdout, /^API Gateway requests/m);
    assert.doesNotMatch(ended.stdout, /SINCE ITS DEPLOY/);
  });

  it('says that nothing has changed, and builds, pushes and deploys nothing', async () => {
    // When AWS was asked last is no part of what is deployed.
    const status = async (): Promise<object> => ({ ...(await project.status()), seen: undefined });
    const before = await status();
    const stdout = await project.succeeded([...DEPLOY, '--yes']);
    assert.match(stdout, new RegExp(String.raw`Nothing has changed: ${RULES} serves version [0-9a-f]{7} already\.`));
    assert.match(stdout, /– image {3}nothing has changed since the last deploy/);
    assert.doesNotMatch(stdout, /push|Plan/);
    assert.deepEqual(await status(), before);
  });

  it('shows its key to who asks for it, and where it is kept', async () => {
    const without = await project.nimbus(['keys', PROD]);
    assert.equal(without.stdout, '');
    assert.match(
      without.stderr,
      new RegExp(String.raw`API key \w+ of account ${ACCOUNT}, ${REGION}, goes to .*keys\.json`),
    );
    const key = (await project.succeeded(['keys', PROD, '--show'])).trim();
    const kept = JSON.parse(readFileSync(path.join(project.sandbox.home, 'data/keys.json'), 'utf8')) as Record<
      string,
      string
    >;
    assert.deepEqual(Object.values(kept), [key]);
  });

  /** Changes the usage plan past the stack. */
  const limit = async (changes: Record<string, string>): Promise<void> => {
    const gateway = new APIGatewayClient(project.place.client);
    const { items = [] } = await gateway.send(new GetUsagePlansCommand({}));
    const patchOperations = Object.entries(changes).map(([path, value]) => ({ op: 'replace' as const, path, value }));
    await gateway.send(new UpdateUsagePlanCommand({ usagePlanId: items[0]!.id, patchOperations }));
  };

  it('refuses with 429 what comes too fast, which is sent again and told apart [emulated]', async () => {
    const key = (await project.succeeded(['keys', PROD, '--show'])).trim();
    const { url } = (await project.status()).cloud!;
    try {
      // One every five seconds.
      await limit({ '/throttle/rateLimit': '0.2', '/throttle/burstLimit': '1' });
      const health = () => fetch(`${url}/health`, { headers: { 'x-api-key': key } });
      let refused = await health();
      while (refused.status === 200) refused = await health();
      assert.deepEqual(
        [refused.status, refused.headers.get('content-type'), refused.headers.get('retry-after')],
        [429, 'application/problem+json', '1'],
      );
      const problem = (await refused.json()) as Record<string, unknown>;
      assert.deepEqual([problem['type'], problem['status']], ['urn:nimbus:problem:too-many-requests', 429]);
      const patient = { ...RETRY_LIMITS, tries: 30 };
      const { status, retries } = await predictThroughApi({ url, key }, { input: 'all is well' }, { retries: patient });
      assert.equal(status, 200);
      assert.ok(retries.length > 0);
      // The second that the gateway asks for, and what the client adds to it.
      for (const { reason, waitedMs } of retries) assert.ok(reason === 'too-many-requests' && waitedMs >= 1000);
      // At once there is room again.
      await limit({ '/throttle/rateLimit': '10000', '/throttle/burstLimit': '20', '/quota/limit': '1' });
      const over = await predictThroughApi({ url, key }, { input: 'all is well' });
      assert.deepEqual([over.status, over.problem?.type, over.retries], [429, problem['type'], []]);
      assert.match(over.problem!.detail, /quota of this API key is used up/);
    } finally {
      await limit({ '/throttle/rateLimit': '10', '/throttle/burstLimit': '20', '/quota/limit': '10000' });
    }
  });

  it('gets another key, which is kept in the place of the one before, and is not brought back by a deploy', async () => {
    const keysFile = path.join(project.sandbox.home, 'data/keys.json');
    const before = (await project.succeeded(['keys', PROD, '--show'])).trim();
    const refused = await project.nimbus(['keys', PROD, '--rotate']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /Replace the API key \w+ of nimbus-\S+-prod\? Every caller that has it gets 403/);
    const said = await project.succeeded(['keys', PROD, '--rotate', '--show', '--yes', '--json']);
    const rotated = JSON.parse(said) as { keyId: string; before: string; isRefused: boolean; key: string };
    assert.notEqual(rotated.key, before);
    assert.equal(rotated.isRefused, true);
    const { cloud } = await project.status();
    assert.equal(cloud!.keyId, rotated.keyId);
    const kept = readFileSync(keysFile, 'utf8');
    assert.ok(kept.includes(rotated.key) && !kept.includes(before));
    assert.equal(statSync(keysFile).mode & 0o777, 0o600);
    assert.match(await project.succeeded(['predict', PROD, 'all is well']), /normal/);
    assert.equal((await fetch(`${cloud!.url}/health`, { headers: { 'x-api-key': before } })).status, 403);
    project.writeModels({ [RULES]: { ...MODEL, memoryMb: 1024, deployments: { prod: project.declared() } } });
    await project.succeeded([...DEPLOY, '--yes']);
    assert.equal((await project.status()).cloud!.keyId, rotated.keyId);
    assert.equal((await project.succeeded(['keys', PROD, '--show'])).trim(), rotated.key);
  });

  it('is predicted also where its key was rotated on another machine [emulated]', async () => {
    const client = new CloudFormationClient(project.place.client);
    const StackName = STACK;
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const Parameters = stack!.Parameters!.map(({ ParameterKey }) =>
      ParameterKey === 'KeyRevision'
        ? { ParameterKey, ParameterValue: '-elsewhere' }
        : { ParameterKey, UsePreviousValue: true },
    );
    const { Tags, Capabilities } = stack!;
    await client.send(new UpdateStackCommand({ StackName, UsePreviousTemplate: true, Parameters, Tags, Capabilities }));
    await waitUntilStackUpdateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName });
    const { keyId: before } = (await project.status()).cloud!;
    assert.match(await project.succeeded(['predict', PROD, 'all is well']), /normal/);
    assert.notEqual((await project.status()).cloud!.keyId, before);
  });

  it('is ejected with its stack as a CDK project, without a secret', async () => {
    const folder = path.join(project.sandbox.folder, 'ejected');
    await project.succeeded(['eject', PROD, folder]);
    const { digest, stack } = (await project.status()).cloud!;
    const text = readFileSync(path.join(folder, 'cdk/deployment.json'), 'utf8');
    const description = JSON.parse(text) as { stackName: string; image: { digest: string }; env: string[] };
    assert.deepEqual([description.stackName, description.image.digest, description.env], [stack, digest, ['GREETING']]);
    assert.ok(!text.includes(SECRET));
    assert.match(readFileSync(path.join(folder, 'README.md'), 'utf8'), /`cdk\/` has its whole stack/);
    assert.match(readFileSync(path.join(folder, 'cdk/lib/synthesise.ts'), 'utf8'), /export function deploymentApp/);
  });

  it('does not run another target under its name, which would lose sight of it', async () => {
    const { code, stderr } = await project.nimbus([
      'deploy',
      MODEL.path,
      '--as',
      'prod',
      '--python',
      python,
      '--trust',
    ]);
    assert.equal(code, 1);
    assert.match(stderr, new RegExp(String.raw`${PROD} runs on AWS Lambda`));
  });

  it('is removed with all that it had', async () => {
    const refused = await project.nimbus(['remove', PROD]);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, new RegExp(String.raw`In account ${ACCOUNT}, ${REGION}, go: the stack ${STACK}`));
    await project.succeeded(['remove', PROD, '--yes']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(readFileSync(path.join(project.sandbox.home, 'data/keys.json'), 'utf8').trim(), '{}');
  });

  it('leaves neither a log, an API, a key nor a usage plan then [emulated]', async () => {
    const { logGroups } = await logs(project.place, 'DescribeLogGroups', {
      logGroupNamePrefix: `/aws/lambda/${STACK}`,
    });
    assert.deepEqual(logGroups, []);
    for (const kind of ['/restapis', '/apikeys', '/usageplans']) {
      assert.deepEqual((await getJson(project.place, 'apigateway', kind)).item, [], kind);
    }
  });

  it('of which a first one fails leaves neither a stack nor an entry', async () => {
    project.writeModels({
      [RULES]: {
        ...MODEL,
        deployments: { prod: { target: 'lambda', quota: { requests: 5, per: 'day' }, auth: 'iam' } },
      },
    });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /quota: Requests are counted by API key, and auth is iam\./);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
  });
});
