/** The deployer against the emulator: a real child process, real stacks, a real image behind the API. */
import assert from 'node:assert/strict';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { DeploymentDescription } from '../../infra/app/description.ts';
import type { Described } from '../../infra/deployer/protocol.ts';
import { DeployerEnded } from '../../src/core/cloud/deployer.ts';
import type { PushedImage } from '../../src/shared/states.ts';
import { ContainerProject } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { ACCOUNT, deployed, deployerOn, failed, getJson, logs, ready, type TestDeployer } from './support.ts';

const MODEL = `
import os

def load(path):
    return {"urgent": ["outage", "down"]}

def predict(model, input):
    label = next((name for name, words in model.items() if any(one in input for one in words)), "normal")
    return {"label": label, "greeting": os.environ.get("GREETING")}
`;
const INPUT = 'the shop is down';
const SECRET = 'hunter2-"quoted"';
const VERSION = 'a1'.repeat(32);
const NEVER_PUSHED = `sha256:${'0'.repeat(64)}`;
const REGION = 'eu-west-1';
const IMAGES = { stackName: 'nimbus-images', repository: 'nimbus', account: ACCOUNT, region: REGION };
const POLL = { pollMs: 50 };

describe('the deployer', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let deployer: TestDeployer;
  let project: ContainerProject;
  let pushed: PushedImage;

  before(async () => {
    emulator = await startEmulator();
    deployer = await deployerOn(emulator);
    project = new ContainerProject();
    await project.connect();
    await project.deployImage('triage', MODEL, { pythonVersion: '3.13' });
  });
  after(async () => {
    await deployer?.kill();
    const image = project?.status('triage')?.image?.reference;
    await project?.end();
    if (image) await docker('image', 'rm', '--force', image);
    if (pushed) await docker('image', 'rm', '--force', pushed.reference);
    await emulator?.end();
  });
  beforeEach(() => deployer.clear());
  afterEach(() => emulator.slow(0));

  let revision = 0;
  function deployment(name: string, changes: Partial<DeploymentDescription> = {}): Described & { kind: 'deployment' } {
    revision += 1;
    const digest = pushed.reference.slice(pushed.reference.indexOf('@') + 1);
    const description: DeploymentDescription = {
      model: 'triage',
      deployment: name,
      stackName: `nimbus-triage-${name}`,
      account: ACCOUNT,
      region: REGION,
      image: { repository: IMAGES.repository, digest },
      version: VERSION,
      revision: `r${revision}`,
      framework: 'custom',
      card: { model: 'triage', version: VERSION, framework: 'custom' },
      memoryMb: 1769,
      timeoutSeconds: 29,
      architecture: 'x86_64',
      auth: 'key',
      env: ['GREETING'],
      ...changes,
    };
    return { kind: 'deployment', description };
  }
  const broken = { image: { repository: IMAGES.repository, digest: NEVER_PUSHED } };
  const place = (name: string) => ({ account: ACCOUNT, region: REGION, stackName: `nimbus-triage-${name}`, ...POLL });
  const deploy = (what: Described, more: { replaceFailed?: boolean } = {}) =>
    deployer.api.deploy({ what, variables: { GREETING: SECRET }, ...POLL, ...more });

  async function stackStatus(stackName: string): Promise<string | undefined> {
    const client = new CloudFormationClient(emulator.client);
    const found = await client.send(new DescribeStacksCommand({ StackName: stackName })).catch(() => undefined);
    return found?.Stacks?.[0]?.StackStatus;
  }
  async function memory(name: string): Promise<number | undefined> {
    const lambda = new LambdaClient(emulator.client);
    const config = new GetFunctionConfigurationCommand({ FunctionName: `nimbus-triage-${name}` });
    return (await lambda.send(config)).MemorySize;
  }
  async function call(outputs: Record<string, string>, key?: string): Promise<{ status: number; body: any }> {
    const url = `${emulator.endpoint}/_aws/execute-api/${outputs['ApiId']}/${outputs['Stage']}/predict`;
    const answer = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...(key === undefined ? {} : { 'x-api-key': key }) },
      body: JSON.stringify({ text: INPUT }),
    });
    return { status: answer.status, body: await answer.json() };
  }

  it('says so where the account is not bootstrapped, and leaves nothing', async () => {
    const error = failed(await deployer.api.deploy({ what: { kind: 'repository', description: IMAGES }, ...POLL }));
    assert.equal(error.code, 'not-bootstrapped');
    assert.equal(await stackStatus(IMAGES.stackName), undefined);
  });

  it('makes the repository, which is then pushed to', async () => {
    const first = await deployer.api.bootstrap({ account: ACCOUNT, region: REGION });
    assert.deepEqual(first, { ok: true, value: 'made' });
    const made = deployed(await deployer.api.deploy({ what: { kind: 'repository', description: IMAGES }, ...POLL }));
    assert.equal(made['RepositoryName'], IMAGES.repository);
    const operation = await project.execute({
      kind: 'push',
      project: project.folder,
      model: 'triage',
      deployment: 'docker',
      to: `${new URL(emulator.endpoint).host}/${IMAGES.repository}`,
    });
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    pushed = operation.result as PushedImage;
  });

  it('refuses what AWS would refuse before it calls AWS', async () => {
    const error = failed(await deploy(deployment('prod', { memoryMb: 64 })));
    assert.equal(error.code, 'invalid-description');
    assert.match(error.what, /memoryMb/);
    assert.deepEqual(deployer.events, []);
  });

  it('names a variable without a value', async () => {
    const error = failed(await deployer.api.deploy({ what: deployment('prod'), ...POLL }));
    assert.equal(error.code, 'missing-variable');
  });

  let outputs: Record<string, string>;
  let unchanged: Described;
  it('deploys: the model answers through the API with the key, without it nobody', async () => {
    unchanged = deployment('prod');
    outputs = deployed(await deploy(unchanged));
    assert.deepEqual(deployer.stages(), ['look', 'synthesise', 'change-set', 'create']);
    const progress = deployer.events.filter((event) => event.kind === 'progress');
    const last = progress.at(-1);
    assert.ok(last && last.total && last.total > 20);
    assert.equal(last.done, last.total);
    const { value: key } = await getJson(emulator, 'apigateway', `/apikeys/${outputs['KeyId']}?includeValue=true`);
    assert.equal((await call(outputs)).status, 403);
    assert.equal((await call(outputs, 'another')).status, 403);
    const { status, body } = await call(outputs, key as string);
    const log = { logGroupName: outputs['LogGroup'] };
    assert.equal(status, 200, JSON.stringify([body, status === 200 || (await logs(emulator, 'FilterLogEvents', log))]));
    assert.deepEqual(body.result, { label: 'urgent', greeting: SECRET });
    assert.ok(deployer.told('CREATE_COMPLETE') && !deployer.told('hunter2'));
  });

  it('says that nothing has changed', async () => {
    const answer = await deployer.api.deploy({ what: unchanged, ...POLL });
    assert.ok(answer.ok && answer.value.state === 'unchanged', JSON.stringify(answer));
    assert.deepEqual(answer.value.outputs, outputs);
    assert.deepEqual(deployer.stages(), ['look', 'synthesise', 'change-set']);
  });

  it('updates the configuration, and keeps the values that it is not given', async () => {
    const update = { what: deployment('prod', { memoryMb: 768 }), ...POLL };
    assert.deepEqual(deployed(await deployer.api.deploy(update)), outputs);
    assert.deepEqual(deployer.stages(), ['look', 'synthesise', 'change-set', 'update']);
    assert.equal(await memory('prod'), 768);
    const lines = deployer.events.flatMap((event) => (event.kind === 'log' ? [event.line] : []));
    assert.match(lines.join('\n'), /^modify Function\w+ \(AWS::Lambda::Function\): .*MemorySize/m);
  });

  it('rolls a failed update back, and says the first cause', async () => {
    const error = failed(await deploy(deployment('prod', { ...broken, memoryMb: 1024 })));
    assert.equal(error.code, 'update-failed');
    assert.equal(error.stackStatus, 'UPDATE_ROLLBACK_COMPLETE');
    assert.equal(error.resource?.type, 'AWS::Lambda::Function');
    assert.match(error.why ?? '', /^Source image .* does not exist\. Provide a valid source image\.$/);
    assert.match(error.next, /Push the image.*What was deployed before is back/);
    assert.equal(await memory('prod'), 768);
    // Somebody who was not there is told the same.
    assert.deepEqual(failed(await deployer.api.follow(place('prod'))), error);
  });

  it('cancels an update halfway: what was deployed before is back', async () => {
    emulator.slow(0.3);
    const update = deploy(deployment('prod', { memoryMb: 1536 }));
    await deployer.until(ready(1));
    const second = failed(await deploy(deployment('prod')));
    assert.equal(second.code, 'busy');
    assert.deepEqual(await deployer.api.cancel({ deleteHalfMade: false }), { ok: true, value: 'cancelling' });
    emulator.slow(0);
    assert.deepEqual(await update, { ok: true, value: { state: 'cancelled', stack: 'as-before' } });
    assert.equal(await memory('prod'), 768);
    assert.ok(deployer.stages().includes('roll-back'));
  });

  const keyOf = async (of: Record<string, string>): Promise<string> =>
    (await getJson(emulator, 'apigateway', `/apikeys/${of['KeyId']}?includeValue=true`)).value as string;
  const rotate = (keyRevision: string) => deployer.api.rotateKey({ ...place('prod'), keyRevision });

  it('cancels the rotation of a key: the key before is there and counts', async () => {
    const key = await keyOf(outputs);
    emulator.slow(0.3);
    const rotation = rotate('-never');
    await deployer.until(ready(1));
    assert.deepEqual(await deployer.api.cancel({ deleteHalfMade: false }), { ok: true, value: 'cancelling' });
    emulator.slow(0);
    assert.deepEqual(await rotation, { ok: true, value: { state: 'cancelled', stack: 'as-before' } });
    assert.equal(await keyOf(outputs), key);
    assert.equal((await call(outputs, key)).status, 200);
  });

  it('rotates a key by the parameter alone, and no later deploy brings the one before back', async () => {
    const before = await keyOf(outputs);
    const { KeyId: _, ...rest } = outputs;
    const { KeyId: rotated, ...same } = deployed(await rotate('-second'));
    assert.notEqual(rotated, outputs['KeyId']);
    assert.deepEqual(same, rest);
    assert.equal(await memory('prod'), 768);
    outputs = { ...rest, KeyId: rotated! };
    const key = await keyOf(outputs);
    assert.deepEqual([(await call(outputs, before)).status, (await call(outputs, key)).status], [403, 200]);
    assert.deepEqual(deployed(await deploy(deployment('prod', { memoryMb: 768 }))), outputs);
    assert.equal(await keyOf(outputs), key);
    const { item } = await getJson(emulator, 'apigateway', '/apikeys');
    assert.deepEqual(
      (item as { name: string }[]).map(({ name }) => name),
      ['nimbus-triage-prod-second'],
    );
  });

  it('cancels before anything is executed', async () => {
    const update = deploy(deployment('prod', { memoryMb: 1536 }));
    await deployer.until((event) => event.kind === 'stage' && event.stage === 'change-set');
    assert.deepEqual(await deployer.api.cancel({ deleteHalfMade: false }), { ok: true, value: 'cancelling' });
    assert.deepEqual(await update, { ok: true, value: { state: 'cancelled', stack: 'as-before' } });
    assert.equal(failed(await deployer.api.cancel({ deleteHalfMade: false })).code, 'nothing-to-cancel');
    const first = deploy(deployment('early'));
    await deployer.until((event) => event.kind === 'stage' && event.stage === 'change-set');
    await deployer.api.cancel({ deleteHalfMade: false });
    assert.deepEqual(await first, { ok: true, value: { state: 'cancelled', stack: 'none' } });
    assert.equal(await stackStatus('nimbus-triage-early'), undefined);
  });

  it('cancels a first deploy halfway, once it may delete what is half-made', async () => {
    emulator.slow(0.3);
    const first = deploy(deployment('second'));
    await deployer.until(ready(3));
    assert.equal(failed(await deployer.api.cancel({ deleteHalfMade: false })).code, 'would-delete');
    assert.equal(await stackStatus('nimbus-triage-second'), 'CREATE_IN_PROGRESS');
    assert.deepEqual(await deployer.api.cancel({ deleteHalfMade: true }), { ok: true, value: 'cancelling' });
    emulator.slow(0);
    assert.deepEqual(await first, { ok: true, value: { state: 'cancelled', stack: 'none' } });
    await leftNothing('second');
  });

  it('deletes a first stack that failed only when asked', async () => {
    const error = failed(await deploy(deployment('second', broken)));
    assert.equal(error.code, 'create-failed');
    assert.equal(error.resource?.type, 'AWS::Lambda::Function');
    assert.match(error.next, /deleted before the next deploy, which does so if you agree/);
    const again = failed(await deploy(deployment('second')));
    assert.equal(again.code, 'create-failed-before');
    assert.equal(await stackStatus('nimbus-triage-second'), error.stackStatus);
    deployed(await deploy(deployment('second'), { replaceFailed: true }));
  });

  it('finds a stack whose deployer was killed, and follows it', async () => {
    emulator.slow(0.3);
    const lost = assert.rejects(deploy(deployment('second', { memoryMb: 640 })), DeployerEnded);
    await deployer.until(ready(1));
    // It holds the next resource until it is told to go on.
    emulator.slow(600);
    assert.ok(!deployer.told('hunter2'));
    await deployer.kill();
    await lost;
    deployer = await deployerOn(emulator);
    const error = failed(await deploy(deployment('second')));
    assert.equal(error.code, 'in-progress');
    const following = deployer.api.follow(place('second'));
    await deployer.until(ready(1));
    emulator.slow(0);
    assert.ok(deployed(await following)['Url']);
    assert.equal(await memory('second'), 640);
  });

  it('destroys and leaves nothing', async () => {
    emulator.slow(0.05);
    const destroyed = deployer.api.destroy(place('second'));
    await deployer.until(ready(1));
    assert.equal(failed(await deployer.api.cancel({ deleteHalfMade: true })).code, 'too-late');
    emulator.slow(0);
    assert.deepEqual(await destroyed, { ok: true, value: { state: 'deleted' } });
    deployed(await deploy(deployment('second')));
    for (const name of ['prod', 'second']) {
      assert.deepEqual(await deployer.api.destroy(place(name)), { ok: true, value: { state: 'deleted' } });
      await leftNothing(name);
      assert.deepEqual(await deployer.api.destroy(place(name)), { ok: true, value: { state: 'absent' } });
    }
    assert.equal(failed(await deployer.api.follow(place('prod'))).code, 'no-stack');
  });

  async function leftNothing(name: string): Promise<void> {
    const stackName = `nimbus-triage-${name}`;
    assert.equal(await stackStatus(stackName), undefined);
    await assert.rejects(memory(name), { name: 'ResourceNotFoundException' });
    const { logGroups } = await logs(emulator, 'DescribeLogGroups', { logGroupNamePrefix: `/aws/lambda/${stackName}` });
    assert.deepEqual(logGroups, []);
    for (const path of ['/restapis', '/apikeys', '/usageplans']) {
      const { item } = await getJson(emulator, 'apigateway', path);
      assert.deepEqual(
        (item as { name: string }[]).filter((one) => one.name === stackName),
        [],
        path,
      );
    }
  }
});
