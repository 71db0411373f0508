/** Living with a deployment on AWS from the command line. */
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import {
  CloudFormationClient,
  CreateStackCommand,
  DeleteStackCommand,
  waitUntilStackCreateComplete,
  waitUntilStackDeleteComplete,
} from '@aws-sdk/client-cloudformation';
import { GetAliasCommand, LambdaClient, UpdateFunctionConfigurationCommand } from '@aws-sdk/client-lambda';
import type { CloudDeployed, DeploymentStatus } from '../../src/shared/states.ts';
import { ACCOUNT, patience, REGION } from './place.ts';
import { cloudProject, DEPLOY, MODEL, PROD, RULES, STACK, type CloudProject } from './project.ts';

const HANDLER = `
def load(path):
    print("loading")
    return None

def predict(model, input):
    print("asked for", len(input), "letters")
    return {"length": len(input)}
`;

describe('a deployment on AWS Lambda, from the command line', function () {
  this.timeout(patience(180_000));
  let project: CloudProject;

  before(async () => {
    project = await cloudProject();
    project.writeHandler(HANDLER);
    await project.succeeded([...DEPLOY, '--yes']);
  });
  after(() => project?.end());

  interface Predicted {
    result: { length: number };
    requestId: string;
    timings: { start: string };
  }
  const predict = async (...options: string[]): Promise<Predicted> =>
    JSON.parse(await project.succeeded(['predict', RULES, 'four', '--json', ...options])) as Predicted;
  const live = async (): Promise<string | undefined> => {
    const lambda = new LambdaClient(project.place.client);
    return (await lambda.send(new GetAliasCommand({ FunctionName: STACK, Name: 'live' }))).FunctionVersion;
  };

  it('says what AWS says of it', async () => {
    const said = await project.succeeded(['status', PROD]);
    assert.match(said, /serving/);
    assert.match(said, new RegExp(String.raw`on AWS {7}${ACCOUNT}, ${REGION}, version 1 of the function`));
    assert.match(said, /callers {6}with the API key/);
  });

  it('is asked past the gateway, and cold without moving what serves', async () => {
    assert.equal((await predict('--invoke')).result.length, 4);
    const cold = await predict('--cold');
    assert.deepEqual([cold.result.length, cold.timings.start], [4, 'cold']);
    assert.equal(await live(), '1');
    const refused = await project.nimbus(['predict', RULES, 'x', '--cold', '--invoke', '--input', '1']);
    assert.equal(refused.code, 2);
  });

  it('shows its log, and what it has of one request with the figures of AWS Lambda', async () => {
    const { requestId } = await predict();
    const one = await project.nimbus(['logs', RULES, '--request', requestId]);
    assert.equal(one.code, 0, one.stderr);
    assert.match(one.stdout, /asked for 4 letters/);
    assert.match(one.stderr, /AWS Lambda: .* of 1769 MB used/);
    assert.match(await project.succeeded(['logs', RULES]), /loading/);
    assert.match((await project.nimbus(['logs', RULES, '--request', 'none'])).stderr, /has nothing of a request none/);
  });

  it('tells the model from what is deployed', async () => {
    assert.match(await project.succeeded(['diff', RULES]), new RegExp(String.raw`${PROD} is as it was deployed\.`));
    project.writeHandler(`${HANDLER}\n# another\n`);
    // It counts once it is at rest.
    for (;;) {
      const said = await project.succeeded(['status', PROD]);
      if (/changed/.test(said)) break;
    }
    assert.match(await project.succeeded(['diff', RULES]), /has changed since it was deployed/);
    project.writeHandler(HANDLER);
  });

  it('tells settings of the deployment, edited since, from those that are deployed', async () => {
    const before = project.declared()!;
    const edited = { quota: { requests: 5, per: 'week' }, corsOrigins: ['https://app.example'], logRetentionDays: 30 };
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: { ...before, ...edited } } } });
    const looked = async (): Promise<DeploymentStatus> =>
      JSON.parse(await project.succeeded(['status', PROD, '--json'])).deployments[0];
    const status = await looked();
    assert.equal(status.state, 'changed');
    assert.match(status.error!.what, /than what is deployed: quota, corsOrigins, logRetentionDays\./);
    const said = await project.succeeded(['diff', RULES]);
    assert.match(said, /has changed since it was deployed\.\n.*quota, corsOrigins, logRetentionDays/);
    assert.doesNotMatch(said, /is as it was deployed/);
    project.writeModels({ [RULES]: { ...MODEL, deployments: { prod: before } } });
    assert.equal((await looked()).state, 'serving');
  });

  it('tells what was changed by hand', async () => {
    const lambda = new LambdaClient(project.place.client);
    await lambda.send(new UpdateFunctionConfigurationCommand({ FunctionName: STACK, MemorySize: 640 }));
    const said = await project.succeeded(['diff', RULES]);
    assert.match(
      said,
      new RegExp(String.raw`~ Function\w* \(AWS::Lambda::Function, ${STACK}\)\n.*/MemorySize: 1769 → 640`),
    );
    assert.match(
      await project.succeeded(['status', PROD]),
      new RegExp(String.raw`by hand +AWS::Lambda::Function ${STACK} \(nimbus diff`),
    );
  });

  it('is not taken for gone by who asks with the keys of another account [emulated]', async () => {
    const { code, stdout } = await project.nimbus(['status', PROD], {
      AWS_ACCESS_KEY_ID: '111111111111',
    });
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(String.raw`is in account ${ACCOUNT}, and these credentials are of 111111111111`));
    assert.doesNotMatch(stdout, /gone/);
  });

  it('is found where models.json does not have it, and taken over', async () => {
    project.writeModels({ [RULES]: MODEL });
    // Of somebody who does not know of it a deploy would replace what it serves.
    const taken = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(taken.code, 1);
    assert.match(
      taken.stderr,
      new RegExp(String.raw`There is a stack ${STACK} .*which this models\.json does not have`),
    );
    assert.match(taken.stderr, new RegExp(String.raw`nimbus adopt ${STACK}`));
    assert.match(await project.succeeded(['adopt']), new RegExp(String.raw`${STACK} +${PROD}`));
    const wrong = await project.nimbus(['adopt', 'nimbus-other']);
    assert.equal(wrong.code, 1);
    assert.match(wrong.stderr, new RegExp(String.raw`There are: .*${STACK}\b`));
    await project.succeeded(['adopt', STACK]);
    assert.equal(project.declared()!['stack'], STACK);
    assert.match(await project.succeeded(['status', PROD]), /serving|changed/);
    assert.ok(project.declared()!['url']);
    assert.equal((await predict()).result.length, 4);
  });

  it('that anybody may call is taken over as that, as its stack says [emulated]', async () => {
    const client = new CloudFormationClient(project.place.client);
    const StackName = `nimbus-${RULES}-open`;
    const before = readFileSync(path.join(project.sandbox.folder, 'models.json'), 'utf8');
    await client.send(
      new CreateStackCommand({
        StackName,
        TemplateBody: JSON.stringify({
          Resources: { Log: { Type: 'AWS::Logs::LogGroup' } },
          Outputs: { Auth: { Value: 'none' } },
        }),
        Tags: [
          { Key: 'nimbus:model', Value: RULES },
          { Key: 'nimbus:deployment', Value: 'open' },
        ],
      }),
    );
    await waitUntilStackCreateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName });
    await project.succeeded(['adopt', StackName]);
    const { models } = JSON.parse(readFileSync(path.join(project.sandbox.folder, 'models.json'), 'utf8'));
    assert.equal(models[RULES].deployments.open.auth, 'none');
    await client.send(new DeleteStackCommand({ StackName }));
    writeFileSync(path.join(project.sandbox.folder, 'models.json'), before);
  });

  it('whose callers sign is asked past the gateway; batches and comparisons sign', async () => {
    const deployments = { prod: project.declared(), signed: { target: 'lambda', auth: 'iam' } };
    project.writeModels({ [RULES]: { ...MODEL, deployments } });
    const deploy = DEPLOY.map((one) => (one === 'prod' ? 'signed' : one));
    const deployed = JSON.parse(await project.succeeded([...deploy, '--yes', '--json'])) as CloudDeployed;
    assert.deepEqual(deployed.result, { length: 'it is down'.length });
    assert.equal(deployed.cloud.keyId, undefined);
    assert.match(await project.succeeded(['predict', `${RULES}/signed`, 'four']), /4/);
    const refused = await fetch(`${deployed.cloud.url}/health`);
    assert.equal(refused.status, 403);
    writeFileSync(path.join(project.sandbox.folder, 'in.txt'), 'one\nthree\n');
    assert.match(await project.succeeded(['batch', `${RULES}/signed`, 'in.txt', '--out', 'out.jsonl']), /2 answered/);
    const sides = ['parity', RULES, '--deployments', 'prod,signed', '--inputs', 'in.txt'];
    assert.match(await project.succeeded(sides), /The answers are the same: 2 inputs\./);
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const unsigned = await project.nimbus(['batch', `${RULES}/signed`, 'in.txt'], {
      ...none,
      HOME: project.sandbox.home,
    });
    assert.equal(unsigned.code, 1);
    assert.match(unsigned.stderr, /There are no AWS credentials that work\./);
    await project.succeeded(['remove', `${RULES}/signed`, '--yes']);
  });

  it('is gone where somebody deleted it, and its entry is removed [emulated]', async () => {
    const client = new CloudFormationClient(project.place.client);
    await client.send(new DeleteStackCommand({ StackName: STACK }));
    await waitUntilStackDeleteComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName: STACK });
    const said = await project.succeeded(['status', PROD]);
    assert.match(said, /gone/);
    assert.match(said, /its stack was deleted elsewhere/);
    await project.succeeded(['remove', PROD, '--yes']);
    assert.equal(project.declared(), undefined);
  });
});
