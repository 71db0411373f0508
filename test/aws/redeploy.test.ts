/** What a later deploy to AWS changes, and the way back, as a user types it. */
import assert from 'node:assert/strict';
import {
  CloudFormationClient,
  DescribeStacksCommand,
  GetTemplateCommand,
  UpdateStackCommand,
  waitUntilStackUpdateComplete,
} from '@aws-sdk/client-cloudformation';
import {
  GetFunctionConfigurationCommand,
  LambdaClient,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { answering as answeringAs } from './answers.ts';
import { patience } from './place.ts';
import type { FunctionVersion } from '../../src/core/cloud/versions.ts';
import { cloudProject, DEPLOY, MODEL, PROD, RULES, STACK, type CloudProject } from './project.ts';
import { endpointOf } from './support.ts';

const answering = (label: string): string => `
def load(path):
    return None

def predict(model, input):
    return {"label": "${label}"}
`;

/** https://docs.aws.amazon.com/lambda/latest/api/API_GetProvisionedConcurrencyConfig.html */
const PROVISIONED = {
  RequestedProvisionedConcurrentExecutions: 2,
  AvailableProvisionedConcurrentExecutions: 0,
  AllocatedProvisionedConcurrentExecutions: 0,
  Status: 'IN_PROGRESS',
};

describe('a deploy to AWS Lambda over one that serves', function () {
  this.timeout(patience(180_000));
  let project: CloudProject;

  before(async () => {
    project = await cloudProject();
    project.writeHandler(answering('first'));
    await project.succeeded([...DEPLOY, '--yes']);
  });
  after(() => project?.end());

  const answer = async (): Promise<string> => {
    const said = await project.succeeded(['predict', PROD, 'x', '--json']);
    return (JSON.parse(said) as { result: { label: string } }).result.label;
  };
  const setMemory = (memoryMb: number): void =>
    project.writeModels({ [RULES]: { ...MODEL, memoryMb, deployments: { prod: project.declared() } } });

  it('updates the code of the function alone where only that is new', async () => {
    project.writeHandler(answering('second'));
    assert.equal((await project.status()).cloud!.stack, STACK);
    const stdout = await project.succeeded([...DEPLOY, '--yes']);
    assert.match(stdout, new RegExp(String.raw`~ the code of the function ${STACK} alone`));
    assert.match(
      stdout,
      /\+ the image, .*: 1 of \d+ layers is pushed, about \d+ (?:bytes|kB) compressed \(an estimate: /,
    );
    assert.match(stdout, /✓ push .*1 of \d+ layers sent/);
    assert.match(stdout, /✓ stack .*version 2 in the place of 1, ahead of the stack/);
    assert.equal(await answer(), 'second');
  });

  it('shows what of the configuration changes, and tells the stack first what serves', async () => {
    project.writeHandler(answering('second'));
    setMemory(512);
    const stdout = await project.succeeded([...DEPLOY, '--yes']);
    assert.match(stdout, new RegExp(String.raw`~ the stack ${STACK}: .*\n +memoryMb: 1769 → 512\n`));
    assert.equal(await answer(), 'second');
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed/);
  });

  it('goes back to a version that is kept, by one call, and says that the model differs', async () => {
    const listed = await project.succeeded(['rollback', PROD, '--list']);
    assert.match(listed, /serves/);
    const refused = await project.nimbus(['rollback', PROD]);
    assert.equal(refused.code, 2);
    const stdout = await project.succeeded(['rollback', PROD, '--to', '1', '--yes']);
    assert.match(stdout, new RegExp(String.raw`${PROD} serves version 1 again \(model [0-9a-f]{7}\)`));
    assert.equal(await answer(), 'first');
    const unknown = await project.nimbus(['rollback', PROD, '--to', '99', '--yes']);
    assert.equal(unknown.code, 1);
    assert.match(unknown.stderr, /has no version 99/);
  });

  it('that went back and forward again serves the model that is here, once it is deployed', async () => {
    const versions = async (): Promise<FunctionVersion[]> =>
      (JSON.parse(await project.succeeded(['rollback', PROD, '--list', '--json'])) as { versions: FunctionVersion[] })
        .versions;
    const deployed = (await versions())[0]!;
    await project.succeeded(['rollback', PROD, '--to', deployed.number, '--yes']);
    assert.equal(await answer(), 'second');
    await project.succeeded([...DEPLOY, '--yes']);
    assert.equal((await project.status()).state, 'serving');
    assert.equal((await versions()).find(({ live }) => live)!.digest, deployed.digest);
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed/);
  });

  it('does not take a deploy from elsewhere for its own', async () => {
    // Another machine has the same project, and no state of this one.
    const here = await project.status();
    const lambda = new LambdaClient(project.place.client);
    await lambda.send(new UpdateAliasCommand({ FunctionName: STACK, Name: 'live', FunctionVersion: '2' }));
    const stdout = await project.succeeded([...DEPLOY, '--yes']);
    assert.doesNotMatch(stdout, /Nothing has changed/);
    assert.match(stdout, /\+ the image, .*: the repository has all of its \d+ layers/);
    assert.equal(here.cloud!.stack, STACK);
    assert.equal(await answer(), 'second');
  });

  it('deploys after that what is on this machine', async () => {
    project.writeHandler(answering('fourth'));
    setMemory(768);
    await project.succeeded([...DEPLOY, '--yes']);
    assert.equal(await answer(), 'fourth');
  });

  interface Template {
    Metadata: { Nimbus: { memoryMb: number } };
    Parameters: Record<string, unknown>;
    Resources: Record<string, { Type: string; Properties: { MemorySize: number; Name: unknown } }>;
  }

  /** Updates the stack past Nimbus, with the image that it has. `revision`: that of it, by default the one that it has. */
  async function updateStack(change: (template: Template) => void, revision?: string): Promise<void> {
    const client = new CloudFormationClient(project.place.client);
    const StackName = STACK;
    const { TemplateBody } = await client.send(new GetTemplateCommand({ StackName }));
    const template = JSON.parse(TemplateBody!) as Template;
    change(template);
    const { Stacks: [stack] = [] } = await client.send(new DescribeStacksCommand({ StackName }));
    const Parameters = stack!
      .Parameters!.filter(({ ParameterKey }) => Object.hasOwn(template.Parameters, ParameterKey!))
      .map(({ ParameterKey }) =>
        ParameterKey === 'Revision' && revision !== undefined
          ? { ParameterKey, ParameterValue: revision }
          : { ParameterKey, UsePreviousValue: true },
      );
    const { Tags, Capabilities } = stack!;
    const update = { StackName, TemplateBody: JSON.stringify(template), Parameters, Tags, Capabilities };
    await client.send(new UpdateStackCommand(update));
    await waitUntilStackUpdateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName });
  }

  /** What a deploy of a colleague with another memory does. */
  async function updateElsewhere(memoryMb: number): Promise<void> {
    await updateStack(({ Metadata, Resources }) => {
      Metadata.Nimbus.memoryMb = memoryMb;
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type === 'AWS::Lambda::Function') Properties.MemorySize = memoryMb;
      }
    }, 'elsewhere');
  }

  it('notices that a colleague changed the configuration and kept the image, and says what it takes back [emulated]', async () => {
    await updateElsewhere(640);
    const PLAN =
      /~ the stack nimbus-\S+-prod: .*\n +it was changed elsewhere since it was deployed from here\n +memoryMb: 640 → 768\n/;
    // Neither where nothing is new here …
    const unchanged = await project.nimbus(DEPLOY);
    assert.equal(unchanged.code, 2, unchanged.stderr);
    assert.match(unchanged.stdout, PLAN);
    assert.doesNotMatch(unchanged.stdout, /Nothing has changed/);
    // … nor where the code alone is.
    project.writeHandler(answering('fifth'));
    assert.match(await project.succeeded([...DEPLOY, '--yes']), PLAN);
    assert.equal(await answer(), 'fifth');
    const lambda = new LambdaClient(project.place.client);
    const live = new GetFunctionConfigurationCommand({ FunctionName: STACK, Qualifier: 'live' });
    assert.equal((await lambda.send(live)).MemorySize, 768);
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed/);
  });

  const ROTATE = ['keys', PROD, '--rotate', '--yes'];

  it('has a key that can be replaced where an older Nimbus made its stack, before which nothing is touched [emulated]', async () => {
    await updateStack(({ Parameters, Resources }) => {
      delete Parameters['KeyRevision'];
      for (const { Type, Properties } of Object.values(Resources)) {
        if (Type === 'AWS::ApiGateway::ApiKey') Properties.Name = STACK;
      }
    });
    const { code, stderr, stdout } = await project.nimbus(ROTATE);
    assert.equal(code, 1);
    assert.match(stderr, /has no parameter KeyRevision\.\n.*deploy it again, then try again/);
    assert.doesNotMatch(stdout, /telling the stack/);
    const deployed = await project.succeeded([...DEPLOY, '--yes']);
    assert.match(deployed, /~ the stack nimbus-\S+-prod: .*\n +its API key can be replaced from then on\n/);
    await project.succeeded(ROTATE);
    assert.match(await project.succeeded([...DEPLOY, '--yes']), /Nothing has changed/);
  });

  it('says what of provisioned concurrency is not ready (as AWS documents it) [emulated]', async () => {
    project.writeHandler(answering('last'));
    const server = await answeringAs(
      ({ path }) => (path.includes('/provisioned-concurrency') ? { status: 200, body: PROVISIONED } : undefined),
      endpointOf(project.place),
    );
    const stdout = await project.succeeded([...DEPLOY, '--yes'], { AWS_ENDPOINT_URL: server.url });
    await server.end();
    assert.match(stdout, /✓ stack .*, ahead of the stack; 0 of 2 provisioned environments are ready: /);
  });

  it('has its key replaced also where somebody published by hand what serves [emulated]', async () => {
    const client = new LambdaClient(project.place.client);
    const FunctionName = STACK;
    await client.send(new UpdateFunctionConfigurationCommand({ FunctionName, Description: 'by hand' }));
    await waitUntilFunctionUpdatedV2({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { FunctionName });
    const published = await client.send(new PublishVersionCommand({ FunctionName, Description: 'by hand' }));
    const live = { FunctionName, Name: 'live', FunctionVersion: published.Version };
    await client.send(new UpdateAliasCommand(live));
    const { keyId } = (await project.status()).cloud!;
    await project.succeeded(ROTATE);
    assert.notEqual((await project.status()).cloud!.keyId, keyId);
    assert.equal(await answer(), 'last');
  });
});
