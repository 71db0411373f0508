/** The roles of a run: the suite has what the policies of docs/ allow, and nothing of who started it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { CloudFormationClient, DescribeStacksCommand } from '@aws-sdk/client-cloudformation';
import {
  CreateRoleCommand,
  DeleteRoleCommand,
  DeleteRolePolicyCommand,
  IAMClient,
  paginateListRolePolicies,
  PutRolePolicyCommand,
} from '@aws-sdk/client-iam';
import { AssumeRoleCommand, STSClient } from '@aws-sdk/client-sts';
import { root } from '../../../scripts/lib/paths.mjs';
import type { AwsConfig } from '../../../src/core/cloud/aws.ts';
import { BOOTSTRAP_STACK } from '../../../src/core/cloud/stack.ts';
import type { Reached } from '../support.ts';
import { ROLE_PATH } from './names.ts';

/** IAM needs seconds to know of a new role everywhere: https://docs.aws.amazon.com/IAM/latest/UserGuide/troubleshoot.html */
const PROPAGATION_MS = 120_000;
const AGAIN_MS = 2000;
const HOUR_SECONDS = 3600;

/** In docs/. A session policy could not hold it: 2,048 characters at most, a role's own 10,240. */
export type PolicyFile = 'aws-policy.json' | 'aws-bootstrap-policy.json';

/** Its ARN. Whoever of the account may assume roles of this path may have it, for an hour at a time. */
export async function makeRole(
  config: AwsConfig,
  {
    account,
    name,
    policies,
    tags,
  }: { account: string; name: string; policies: readonly PolicyFile[]; tags: Record<string, string> },
): Promise<string> {
  const iam = new IAMClient(config);
  const trust = {
    Version: '2012-10-17',
    Statement: [{ Effect: 'Allow', Principal: { AWS: `arn:aws:iam::${account}:root` }, Action: 'sts:AssumeRole' }],
  };
  const { Role: role } = await iam.send(
    new CreateRoleCommand({
      RoleName: name,
      Path: ROLE_PATH,
      AssumeRolePolicyDocument: JSON.stringify(trust),
      MaxSessionDuration: HOUR_SECONDS,
      Description: 'The tests of Nimbus on a real account. It goes when they have ended.',
      Tags: Object.entries(tags).map(([Key, Value]) => ({ Key, Value })),
    }),
  );
  for (const file of policies) {
    // What counts towards the size is all but white space.
    const document = JSON.stringify(JSON.parse(readFileSync(path.join(root, 'docs', file), 'utf8')));
    const policy = { RoleName: name, PolicyName: path.basename(file, '.json'), PolicyDocument: document };
    await iam.send(new PutRolePolicyCommand(policy));
  }
  return role!.Arn!;
}

/** How who calls as this role reaches AWS, for an hour. Waits until AWS knows of the role and of what it may do. */
export async function assume(config: AwsConfig, arn: string): Promise<Reached> {
  const sts = new STSClient(config);
  const until = Date.now() + PROPAGATION_MS;
  for (;;) {
    try {
      const command = new AssumeRoleCommand({ RoleArn: arn, RoleSessionName: 'suite', DurationSeconds: HOUR_SECONDS });
      const { Credentials: keys } = await sts.send(command);
      const { AccessKeyId: accessKeyId, SecretAccessKey: secretAccessKey, SessionToken: sessionToken } = keys!;
      const credentials = {
        accessKeyId: accessKeyId!,
        secretAccessKey: secretAccessKey!,
        sessionToken: sessionToken!,
      };
      const { endpoint, region } = config;
      const reached = { ...(endpoint ? { endpoint } : {}), region, credentials };
      await tryOut(reached);
      return reached;
    } catch (error) {
      if (!/AccessDenied|InvalidClientTokenId/.test((error as Error).name) || Date.now() > until) throw error;
      await delay(AGAIN_MS);
    }
  }
}

/** Of the calls that the policy allows. */
async function tryOut(reached: Reached): Promise<void> {
  const asked = new CloudFormationClient(reached).send(new DescribeStacksCommand({ StackName: BOOTSTRAP_STACK }));
  await asked.catch((error: Error) => {
    if (!/does not exist/.test(error.message)) throw error;
  });
}

/** From now on nothing can be done with its credentials, by whatever of the run is still alive. */
export async function revoke(config: AwsConfig, name: string): Promise<void> {
  const nothing = { Version: '2012-10-17', Statement: [{ Effect: 'Deny', Action: '*', Resource: '*' }] };
  const policy = { RoleName: name, PolicyName: 'ended', PolicyDocument: JSON.stringify(nothing) };
  await new IAMClient(config).send(new PutRolePolicyCommand(policy));
}

export async function removeRole(config: AwsConfig, name: string): Promise<void> {
  const client = new IAMClient(config);
  const names: string[] = [];
  for await (const page of paginateListRolePolicies({ client }, { RoleName: name })) {
    names.push(...(page.PolicyNames ?? []));
  }
  for (const PolicyName of names) await client.send(new DeleteRolePolicyCommand({ RoleName: name, PolicyName }));
  await client.send(new DeleteRoleCommand({ RoleName: name }));
}
