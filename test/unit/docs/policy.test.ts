/** The policies of docs/ against what the code calls and what CDK's bootstrap makes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parse } from 'yaml';
import { BOOTSTRAP_OPTIONS, BOOTSTRAP_RESOURCES } from '../../../scripts/lib/policy/bootstrap.mjs';
import { callsIn, callsOfSources } from '../../../scripts/lib/policy/calls.mjs';
import { bootstrapPolicy, policy, policyOf, policyText } from '../../../scripts/lib/policy/documents.mjs';

const root = path.resolve(import.meta.dirname, '../../..');
const page = (name: string): string => readFileSync(path.join(root, 'docs', name), 'utf8');

interface Policy {
  Statement: { Sid: string; Action: string[]; Resource: string[] }[];
}

/** A file of its own kind for each way in which sources call AWS. */
const source = (body: string, client = 'lambda'): string => `await import('@aws-sdk/client-${client}');\n${body}`;

describe('the policies of who deploys to AWS', () => {
  it('are what the code calls (npm run docs)', async () => {
    assert.equal(page('aws-policy.json'), policyText(await policy()));
    assert.equal(page('aws-bootstrap-policy.json'), policyText(bootstrapPolicy()));
  });

  it('find commands and paginators, and tell those apart that CDK’s role sends', async () => {
    const calls = await callsIn(
      'src/x.ts',
      source(
        'this.#own.send(new CancelUpdateStackCommand({}));\nthis.#deploy.send(\n  new DeleteStackCommand({}));\n' +
          'paginateDescribeStacks({ client }, {}); new OtherCommand();',
        'cloudformation',
      ),
    );
    assert.deepEqual(
      calls.map(({ operation, all, byCdk }) => [operation, all, byCdk]),
      [
        ['cloudformation:CancelUpdateStack', false, false],
        ['cloudformation:DeleteStack', false, true],
        ['cloudformation:DescribeStacks', true, false],
      ],
    );
  });

  it('cannot be made where the code calls what nothing allows', async () => {
    const calls = await callsIn('src/x.ts', source('new DeleteLayerVersionCommand({})'));
    assert.throws(() => policyOf(calls), /src\/x\.ts calls lambda:DeleteLayerVersion, which no statement/);
    await assert.rejects(callsIn('src/x.ts', source('', 's3')), /client-s3: add its prefix/);
    await assert.rejects(callsIn('src/x.ts', source('waitUntilFunctionActiveV2({}, {})')), /waitUntilFunctionActiveV2/);
  });

  it('have an action only while something calls it, under the name that IAM has for it', async () => {
    const sidsOf = (made: object): string[] => (made as Policy).Statement.map(({ Sid }) => Sid);
    // Those of what others call for Nimbus.
    const always = ['DeployAsTheRolesOfCdk', 'ReadWhatMayDrift', 'PushImages', 'CallAsWhoSigns'];
    assert.deepEqual(sidsOf(policyOf([])), always);
    const invoked = policyOf(await callsIn('src/x.ts', source('client.send(new InvokeCommand({}))'))) as Policy;
    assert.deepEqual(sidsOf(invoked), [...always, 'Predict']);
    assert.deepEqual(invoked.Statement.at(-1)!.Action, ['lambda:InvokeFunction']);
    const rest = await callsIn('src/x.ts', source('client.send(new UpdateStageCommand({}))', 'api-gateway'));
    const { Statement: statements } = policyOf(rest) as Policy;
    assert.deepEqual(
      statements.find(({ Sid }) => Sid === 'UpdateStages'),
      {
        Sid: 'UpdateStages',
        Effect: 'Allow',
        Action: ['apigateway:PATCH'],
        Resource: ['arn:aws:apigateway:*::/restapis/*/stages/*'],
      },
    );
  });

  it('fit what IAM takes: a policy has 6,144 characters at most', () => {
    for (const name of ['aws-policy.json', 'aws-bootstrap-policy.json']) {
      const { Statement: statements } = JSON.parse(page(name)) as Policy;
      assert.ok(page(name).replaceAll(/\s/g, '').length <= 6144, name);
      const sids = statements.map(({ Sid }) => Sid);
      assert.equal(new Set(sids).size, sids.length);
      assert.ok(sids.every((one) => /^[A-Za-z0-9]+$/.test(one)));
    }
  });

  const template = parse(
    readFileSync(
      path.join(root, 'node_modules/@aws-cdk/toolkit-lib/lib/api/bootstrap/bootstrap-template.yaml'),
      'utf8',
    ),
    { logLevel: 'silent' },
  ) as { Resources: Record<string, { Type: string; Properties: Record<string, any> }> };

  it('leave to CDK’s role for deploys what that role may do', async () => {
    const { Policies: policies, ManagedPolicyArns: managed } = template.Resources['DeploymentActionRole']!.Properties;
    const inline = policies as { PolicyDocument: { Statement: { Action: string | string[] }[] } }[];
    const allowed = new Set(inline.flatMap((one) => one.PolicyDocument.Statement.flatMap(({ Action }) => Action)));
    // Which allows what begins so: https://docs.aws.amazon.com/aws-managed-policy/latest/reference/AWSCloudFormationReadOnlyAccess.html
    assert.match(JSON.stringify(managed), /AWSCloudFormationReadOnlyAccess/);
    const reads = /^cloudformation:(Describe|Get|List)/;
    const sent = (await callsOfSources()).flatMap(({ byCdk, operation }) => (byCdk ? [operation] : []));
    assert.ok(sent.includes('cloudformation:ExecuteChangeSet'));
    assert.deepEqual(
      sent.filter((one) => !reads.test(one) && !allowed.has(one)),
      [],
    );
  });

  it('have for the bootstrap a statement for each type of resource that it makes', () => {
    const types = new Set(Object.values(template.Resources).map(({ Type }) => Type));
    const covered = [...Object.keys(BOOTSTRAP_RESOURCES), ...BOOTSTRAP_OPTIONS];
    assert.deepEqual([...types].toSorted(), covered.toSorted());
  });
});
