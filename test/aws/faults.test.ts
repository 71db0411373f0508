/** What goes wrong in the middle of a deploy to AWS, on the emulator: it is cancelled, its host dies, AWS refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { findHost } from '../../src/core/host/client.ts';
import { openGate, type Gate } from './gate.ts';
import { cloudProject, DEPLOY, MODEL, type CloudProject } from './project.ts';

type Started = ReturnType<CloudProject['sandbox']['start']>;

describe('a deploy to AWS Lambda that does not come to its end', function () {
  this.timeout(180_000);
  let project: CloudProject;
  let gate: Gate;

  before(async () => {
    project = await cloudProject({ mostMemoryMb: 3008 });
    gate = await openGate(project.emulator);
  });
  after(async () => {
    await project?.end();
    await gate?.end();
  });
  afterEach(() => project.emulator.slow(0));

  /** Starts a command, and answers when it has said this. */
  async function startUntil(argv: string[], wanted: RegExp): Promise<Started> {
    const child = project.sandbox.start(argv, project.variables);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (wanted.test(said)) resolve();
        });
      }
      child.once('close', () => reject(new Error(`It ended:\n${said}`)));
    });
    return child;
  }

  /** Starts a deploy, and answers when CloudFormation has made or changed some of its resources. */
  async function deployUntilHalf(slow: number): Promise<Started> {
    project.emulator.slow(slow);
    return startUntil([...DEPLOY, '--yes'], /… stack {3}[1-9]\d* of/);
  }

  async function cancelled(child: Started): Promise<void> {
    const ended = once(child, 'close');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
  }

  it('is cancelled while its stack is made, and one that waits for it at once: nothing of either is left', async () => {
    // What all deploys share is made first, at full speed.
    project.writeModels({ rules: MODEL });
    const child = await deployUntilHalf(3);
    const other = DEPLOY.map((one) => (one === 'prod' ? 'other' : one));
    await cancelled(await startUntil([...other, '--yes'], /waits for another operation/));
    assert.equal(child.exitCode, null);
    const ended = cancelled(child);
    project.emulator.slow(0);
    await ended;
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
  });

  it('is cancelled while its first answer is waited for: models.json declares it as it did before', async () => {
    const declared = { target: 'lambda', region: 'eu-west-1', corsOrigins: ['https://app.example'] };
    project.writeModels({ rules: { ...MODEL, deployments: { prod: declared } } });
    await cancelled(await startUntil([...DEPLOY, '--yes'], /✓ push[^]*… first answer/));
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.deepEqual(project.declared(), declared);
    const { code, stderr } = await project.nimbus(['status', 'rules/prod']);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /deleted elsewhere/);
    project.writeModels({ rules: MODEL });
  });

  it('whose credentials expire once CloudFormation has begun keeps its entry, and goes on with the next', async () => {
    let hasBegun = false;
    gate.expire(({ action }) => {
      const isAfter = hasBegun;
      hasBegun ||= action === 'cloudformation:ExecuteChangeSet' && project.declared() !== undefined;
      return isAfter;
    });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes'], { AWS_ENDPOINT_URL: gate.endpoint });
    assert.equal(code, 1);
    assert.match(stderr, /The AWS credentials have expired\.[^]*deploy again.*keeps the stack nimbus-rules-prod/);
    assert.equal(project.declared()!['stack'], 'nimbus-rules-prod');
    await project.succeeded([...DEPLOY, '--yes']);
    assert.match(await project.succeeded(['predict', 'rules', 'the shop is down']), /urgent/);
    await project.succeeded(['remove', 'rules/prod', '--yes']);
  });

  it('whose credentials expire once its stack is whole keeps its entry, and has nothing left to do', async () => {
    gate.expire(({ action, resource }) => action === 'apigateway:GET' && resource.includes('/apikeys/'));
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes'], { AWS_ENDPOINT_URL: gate.endpoint });
    assert.equal(code, 1);
    assert.match(stderr, /The AWS credentials have expired\./);
    assert.equal(project.declared()!['stack'], 'nimbus-rules-prod');
    assert.equal((await project.status()).state, 'serving');
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed: rules serves version/);
    await project.succeeded(['remove', 'rules/prod', '--yes']);
  });

  it('that AWS would refuse is refused before anything of the account is touched', async () => {
    const { code, stdout, stderr } = await project.nimbus([...DEPLOY, '--yes', '--timeout', '60']);
    assert.equal(code, 1);
    assert.match(stderr, /timeoutSeconds: It is 60\.\n.*1 to 29/);
    assert.doesNotMatch(stdout, /Plan|push/);
    assert.equal(project.declared(), undefined);
  });

  it('goes on where its host was killed: the next deploy follows it to its end', async () => {
    const child = await deployUntilHalf(0.2);
    process.env['NIMBUS_HOME'] = project.sandbox.home;
    const host = await findHost({ project: project.sandbox.folder, kind: 'cli' });
    process.kill(host!.hello.pid, 'SIGKILL');
    await once(child, 'close');
    // What it is was written before.
    assert.equal(project.declared()!['stack'], 'nimbus-rules-prod');
    assert.equal(project.declared()!['url'], undefined);
    const again = project.succeeded([...DEPLOY, '--yes']);
    project.emulator.slow(0);
    assert.match(await again, /rules answers at/);
    assert.ok(project.declared()!['url']);
    assert.match(await project.succeeded(['predict', 'rules', 'the shop is down']), /urgent/);
  });

  it('is cancelled while its stack is updated: what was deployed before serves', async () => {
    const before = await project.status();
    project.writeModels({ rules: { ...MODEL, memoryMb: 512, deployments: { prod: project.declared() } } });
    const ended = cancelled(await deployUntilHalf(0.5));
    project.emulator.slow(0);
    await ended;
    const after = await project.status();
    assert.deepEqual([after.version, after.cloud], [before.version, before.cloud]);
    // models.json still says something else than what serves.
    assert.equal(after.state, 'changed');
    assert.match(await project.succeeded(['predict', 'rules', 'the shop is down']), /urgent/);
  });

  it('that AWS refuses says the first cause, and what was deployed before serves', async () => {
    const before = await project.status();
    project.writeModels({ rules: { ...MODEL, memoryMb: 4096, deployments: { prod: project.declared() } } });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /The stack could not be updated: Function\w* \(AWS::Lambda::Function\) failed\./);
    assert.match(stderr, /'MemorySize' value failed to satisfy constraint.*3008/);
    assert.match(stderr, /new accounts have 3,008 MB at most.*What was deployed before is back and serves\./);
    assert.deepEqual((await project.status()).cloud, before.cloud);
    assert.match(await project.succeeded(['predict', 'rules', 'the shop is down']), /urgent/);
  });
});
