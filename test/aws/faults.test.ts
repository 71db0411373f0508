/** What goes wrong in the middle of a deploy to AWS, it is cancelled, its host dies, AWS refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { CloudFormationClient, CreateStackCommand, waitUntilStackCreateComplete } from '@aws-sdk/client-cloudformation';
import { ECRClient, ListImagesCommand } from '@aws-sdk/client-ecr';
import { findHost } from '../../src/core/host/client.ts';
import { inTerminal } from '../cli/pseudo-terminal.ts';
import { answering, type Answered } from './answers.ts';
import { openGate, type Gate } from './gate.ts';
import { patience, REGION } from './place.ts';
import { cloudProject, DEPLOY, MODEL, PROD, RULES, STACK, type CloudProject } from './project.ts';
import { endpointOf } from './support.ts';

/** In which CDK's bootstrap says its version to stacks. */
const VERSION_PARAMETER = '/cdk-bootstrap/hnb659fds/version';

type Started = ReturnType<CloudProject['sandbox']['start']> & { until(wanted: RegExp): Promise<void> };

describe('a deploy to AWS Lambda that does not come to its end', function () {
  this.timeout(patience(180_000));
  let project: CloudProject;
  let gate: Gate | undefined;

  before(async () => {
    project = await cloudProject({ mostMemoryMb: 3008 });
  });
  after(async () => {
    await project?.end();
    await gate?.end();
  });
  afterEach(() => project.place.slow(0));

  /** Of years ago: too old for what is deployed today. */
  async function bootstrapAsOnce(): Promise<void> {
    const version = {
      Type: 'AWS::SSM::Parameter',
      Properties: { Type: 'String', Name: VERSION_PARAMETER, Value: '5' },
    };
    const template = { Resources: { CdkBootstrapVersion: version }, Outputs: { BootstrapVersion: { Value: '5' } } };
    const client = new CloudFormationClient(project.place.client);
    const request = { StackName: 'CDKToolkit', TemplateBody: JSON.stringify(template) };
    await client.send(new CreateStackCommand(request));
    await waitUntilStackCreateComplete({ client, minDelay: 1, maxWaitTime: 30 }, request);
    client.destroy();
  }

  /** Starts a command. `until` answers when it has said this. */
  function start(argv: string[]): Started {
    const child = project.sandbox.start(argv, project.variables);
    let said = '';
    let wake = (): void => undefined;
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        wake();
      });
    }
    child.once('close', () => wake());
    const until = async (wanted: RegExp): Promise<void> => {
      while (!wanted.test(said)) {
        if (child.exitCode !== null) throw new Error(`It ended:\n${said}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
    };
    return Object.assign(child, { until });
  }

  /** Starts a deploy, and answers when CloudFormation has made or changed some of its resources. */
  async function deployUntilHalf(slow: number): Promise<Started> {
    const child = start([...DEPLOY, '--yes']);
    // What all deploys share is made at full speed.
    await child.until(/✓ push/);
    project.place.slow(slow);
    await child.until(/… stack {3}[1-9]\d* of/);
    return child;
  }

  async function cancelled(child: Started): Promise<void> {
    const ended = once(child, 'close');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [130, null]);
  }

  async function images(): Promise<string[]> {
    const { imageIds = [] } = await new ECRClient(project.place.client).send(
      new ListImagesCommand({ repositoryName: 'nimbus' }),
    );
    return imageIds.flatMap(({ imageTag: tag }) => (tag?.startsWith(`${RULES}.`) ? [tag] : []));
  }

  it('is cancelled while its stack is made, and one that waits for it at once: nothing of either is left [emulated]', async () => {
    await bootstrapAsOnce();
    const child = await deployUntilHalf(0.5);
    project.place.slow(3600);
    await child.until(/~ CDK's bootstrap, version 5 → newer: the stack CDKToolkit/);
    const other = DEPLOY.map((one) => (one === 'prod' ? 'other' : one));
    const waiting = start([...other, '--yes']);
    await waiting.until(/waits for another operation/);
    await cancelled(waiting);
    assert.equal(child.exitCode, null);
    const ended = cancelled(child);
    project.place.slow(0);
    await ended;
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await images(), []);
  });

  it('asks in a terminal before it deletes a half-made stack, and goes on until then', async () => {
    project.place.slow(0.3);
    const question = 'Cancel and delete? [y/N]';
    const { code, said } = await inTerminal(
      project.sandbox,
      DEPLOY,
      [
        ['Deploy? [y/N]', 'y\n'],
        ['layers sent', ''],
        [' of ', '\u0003'],
        [question, 'n\n'],
        [' of ', '\u0003'],
        [question, 'y\n'],
      ],
      project.variables,
    );
    assert.equal(code, 130, said);
    assert.equal(said.split(question).length - 1, 2, said);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
  });

  it('is cancelled while its stack is made: nothing of it is left', async () => {
    const child = await deployUntilHalf(0.2);
    const ended = cancelled(child);
    project.place.slow(0);
    await ended;
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await images(), []);
  });

  it('is cancelled while its first answer is waited for: models.json declares it as it did before', async () => {
    const declared = { target: 'lambda', region: REGION, corsOrigins: ['https://app.example'] };
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: declared } } });
    const child = start([...DEPLOY, '--yes']);
    await child.until(/✓ push[^]*… first answer/);
    await cancelled(child);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.deepEqual(project.declared(), declared);
    assert.deepEqual(await images(), []);
    const { code, stderr } = await project.nimbus(['status', PROD]);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stderr, /deleted elsewhere/);
    project.writeModels({ [RULES]: MODEL });
  });

  it('whose credentials expire once CloudFormation has begun keeps its entry, and goes on with the next [emulated]', async () => {
    let hasBegun = false;
    gate ??= await openGate(project.place);
    gate.expire(({ action }) => {
      const isAfter = hasBegun;
      hasBegun ||= action === 'cloudformation:ExecuteChangeSet' && project.declared() !== undefined;
      return isAfter;
    });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes'], { AWS_ENDPOINT_URL: gate.endpoint });
    assert.equal(code, 1);
    assert.match(stderr, /The AWS credentials have expired\.[^]*deploy again.*keeps the stack nimbus-rules-prod/);
    assert.equal(project.declared()!['stack'], STACK);
    await project.succeeded([...DEPLOY, '--yes']);
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('is removed by its stack where models.json does not have it any more, once it is agreed whose it may be [emulated]', async () => {
    assert.equal(keptKeys().length, 1);
    const declared = await project.nimbus(['remove', '--stack', STACK, '--yes']);
    assert.equal(declared.code, 1);
    assert.match(declared.stderr, new RegExp(String.raw`models\.json has it as ${PROD}\.`));
    assert.notDeepEqual(await images(), []);
    // Another one of its name, which is not deployed yet, has no image that would have to stay.
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: { target: 'lambda', region: REGION } } } });
    const ghost = ['remove', '--stack', STACK, '--region', REGION];
    const asked = await project.nimbus(ghost);
    assert.equal(asked.code, 2);
    assert.match(
      asked.stderr,
      new RegExp(String.raw`it may be a colleague's, [^]*Delete the stack ${STACK} \(${PROD}\)\?`),
    );
    const readable = readFileSync(modelsFile(), 'utf8');
    writeFileSync(modelsFile(), `<<<<<<< ours\n${readable}\n=======\n${readable}\n>>>>>>> theirs\n`);
    assert.match((await project.nimbus([...ghost, '--yes'])).stderr, /has a merge conflict/);
    project.writeModels({ [RULES]: MODEL, other: { path: 'other', framework: 'of-tomorrow' } });
    assert.match((await project.nimbus([...ghost, '--yes'])).stderr, /needs a newer Nimbus: its stacks are not known/);
    writeFileSync(modelsFile(), readable);
    assert.ok((await project.stackNames()).includes(STACK));
    await project.succeeded([...ghost, '--yes']);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.deepEqual(await images(), []);
    assert.deepEqual(keptKeys(), []);
    project.writeModels({ [RULES]: MODEL });
    const both = await project.nimbus(['remove', PROD, '--stack', STACK, '--yes']);
    assert.equal(both.code, 2);
  });

  it('whose credentials expire once its stack is whole keeps its entry, and has nothing left to do [emulated]', async () => {
    gate ??= await openGate(project.place);
    gate.expire(({ action, resource }) => action === 'apigateway:GET' && resource.includes('/apikeys/'));
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes'], { AWS_ENDPOINT_URL: gate.endpoint });
    assert.equal(code, 1);
    assert.match(stderr, /The AWS credentials have expired\./);
    assert.equal(project.declared()!['stack'], STACK);
    assert.equal((await project.status()).state, 'serving');
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed: rules serves version/);
    await project.succeeded(['remove', PROD, '--yes']);
  });

  it('that AWS would refuse is refused before anything of the account is touched', async () => {
    const { code, stdout, stderr } = await project.nimbus([...DEPLOY, '--yes', '--timeout', '60']);
    assert.equal(code, 1);
    assert.match(stderr, /may take 29 s, not 60 s\.\n.*waits no longer/);
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
    assert.equal(project.declared()!['stack'], STACK);
    assert.equal(project.declared()!['url'], undefined);
    const again = project.succeeded([...DEPLOY, '--yes']);
    project.place.slow(0);
    assert.match(await again, new RegExp(String.raw`${RULES} answers at`));
    assert.ok(project.declared()!['url']);
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('is cancelled while its stack is updated: what was deployed before serves', async () => {
    const before = await project.status();
    project.writeModels({ [RULES]: { ...MODEL, memoryMb: 512, deployments: { prod: project.declared() } } });
    const ended = cancelled(await deployUntilHalf(0.5));
    project.place.slow(0);
    await ended;
    const after = await project.status();
    assert.deepEqual([after.version, after.cloud], [before.version, before.cloud]);
    // models.json still says something else than what serves.
    assert.equal(after.state, 'changed');
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('that AWS refuses says the first cause, and what was deployed before serves [emulated]', async () => {
    const before = await project.status();
    project.writeModels({ [RULES]: { ...MODEL, memoryMb: 4096, deployments: { prod: project.declared() } } });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /The stack could not be updated: Function\w* \(AWS::Lambda::Function\) failed\./);
    assert.match(stderr, /'MemorySize' value failed to satisfy constraint.*3008/);
    assert.match(stderr, /new accounts have 3,008 MB at most.*What was deployed before is back and serves\./);
    assert.deepEqual((await project.status()).cloud, before.cloud);
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('keeps no key of callers that have to sign from then on', async () => {
    assert.equal(keptKeys().length, 1);
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: { ...project.declared(), auth: 'iam' } } } });
    await project.succeeded([...DEPLOY, '--yes']);
    assert.deepEqual(keptKeys(), []);
  });

  it('lists all that is left where its stack cannot be deleted, and keeps its entry (as AWS documents it) [emulated]', async () => {
    const stack = (await project.status()).cloud!.stack;
    const deployments = { prod: project.declared(), local: { target: 'local' } };
    project.writeModels({ [RULES]: { ...MODEL, deployments } });
    let isDeleted = false;
    const server = await answering(({ body }) => {
      const action = new URLSearchParams(body).get('Action');
      if (action === 'DeleteStack') isDeleted = true;
      return isDeleted ? undeletable(action, stack) : undefined;
    }, endpointOf(project.place));
    const { code, stderr } = await project.nimbus(['destroy', '--yes'], { AWS_ENDPOINT_URL: server.url });
    await server.end();
    assert.equal(code, 1);
    assert.match(stderr, /Of 2 endpoints 1 could not be removed: rules\/prod\./);
    assert.doesNotMatch(readFileSync(modelsFile(), 'utf8'), /"local"/);
    assert.match(
      stderr,
      /could not be deleted\. Left are: Role \(AWS::IAM::Role nimbus-r\), Log \(AWS::Logs::LogGroup \/x\)\.\n/,
    );
    assert.match(stderr, /- Role .*: Cannot delete entity, must detach all policies first\.\n/);
    assert.match(stderr, /- Log .*: https:\/\/eu-west-1\.console\.aws\.amazon\.com\/cloudwatch\/.*\$252Fx\n/);
    assert.match(stderr, /- images with tags rules\.prod\.….*\/ecr\/repositories\/private\/000000000000\/nimbus/);
    assert.match(stderr, /again: https:.*\/cloudformation\/home\?region=eu-west-1#\/stacks\/stackinfo\?stackId=arn/);
    assert.equal(project.declared()!['stack'], stack);
    assert.ok((await project.stackNames()).includes(stack));
  });

  it('lists the images that ECR does not let go, and keeps its entry (as AWS documents it) [emulated]', async () => {
    const server = await answering(({ target, body }) => {
      if (!target.endsWith('.BatchDeleteImage')) return undefined;
      const { imageIds } = JSON.parse(body) as { imageIds: object[] };
      const failureReason = 'The image is referenced by a manifest list.';
      const failures = imageIds.map((imageId) => ({
        imageId,
        failureCode: 'ImageReferencedByManifestList',
        failureReason,
      }));
      return { status: 200, body: { imageIds: [], failures } };
    }, endpointOf(project.place));
    const { code, stderr } = await project.nimbus(['remove', PROD, '--yes'], { AWS_ENDPOINT_URL: server.url });
    await server.end();
    assert.equal(code, 1);
    assert.match(stderr, /Left are images in the repository nimbus: \d/);
    assert.match(stderr, /- rules\.prod\.[0-9a-f.]+: The image is referenced by a manifest list\.\n/);
    assert.match(
      stderr,
      /https:.*\/ecr\/repositories\/private\/000000000000\/nimbus\?region=eu-west-1 Then remove rules\/prod again\./,
    );
    assert.equal(project.declared()!['stack'], STACK);
    assert.match(await project.succeeded(['remove', PROD, '--yes']), /✓ stack .*there was none/);
    assert.equal(project.declared(), undefined);
  });

  function modelsFile(): string {
    return path.join(project.sandbox.folder, 'models.json');
  }

  function keptKeys(): string[] {
    return Object.keys(JSON.parse(readFileSync(path.join(project.sandbox.home, 'data/keys.json'), 'utf8')) as object);
  }
});

/**
 * A stack whose deletion has failed:
 * https://docs.aws.amazon.com/AWSCloudFormation/latest/APIReference/API_DescribeStackResources.html
 */
function undeletable(action: string | null, name: string): Answered | undefined {
  const id = `arn:aws:cloudformation:eu-west-1:000000000000:stack/${name}/1`;
  const reason = 'Cannot delete entity, must detach all policies first.';
  const stack = `<StackId>${id}</StackId><StackName>${name}</StackName>`;
  const failed = `<ResourceStatus>DELETE_FAILED</ResourceStatus><ResourceStatusReason>${reason}</ResourceStatusReason>`;
  const part = (logicalId: string, type: string, physicalId: string, status: string): string =>
    `<member>${stack}<LogicalResourceId>${logicalId}</LogicalResourceId><ResourceType>${type}</ResourceType>` +
    `<PhysicalResourceId>${physicalId}</PhysicalResourceId>${status}<Timestamp>2026-01-01T00:00:00Z</Timestamp></member>`;
  const role = part('Role', 'AWS::IAM::Role', 'nimbus-r', failed);
  const log = part('Log', 'AWS::Logs::LogGroup', '/x', '<ResourceStatus>CREATE_COMPLETE</ResourceStatus>');
  const gone = part('Function', 'AWS::Lambda::Function', 'f', '<ResourceStatus>DELETE_COMPLETE</ResourceStatus>');
  const results: Record<string, string> = {
    DeleteStack: '',
    DescribeStacks: `<Stacks><member>${stack}<CreationTime>2026-01-01T00:00:00Z</CreationTime><StackStatus>DELETE_FAILED</StackStatus></member></Stacks>`,
    DescribeStackEvents: `<StackEvents>${role.replace('<member>', '<member><EventId>1</EventId>')}</StackEvents>`,
    DescribeStackResources: `<StackResources>${role}${log}${gone}</StackResources>`,
  };
  const result = action === null ? undefined : results[action];
  if (result === undefined) return undefined;
  const body = `<${action}Response xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><${action}Result>${result}</${action}Result></${action}Response>`;
  return { status: 200, headers: { 'content-type': 'text/xml' }, body };
}
