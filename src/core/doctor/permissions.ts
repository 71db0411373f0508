/** Whether one may do what Nimbus does on AWS, as IAM itself decides it. */
import type { IAMClient } from '@aws-sdk/client-iam';
import policy from '../../../docs/aws-policy.json' with { type: 'json' };
import { looking, type AwsAccess } from './aws.ts';
import type { Found } from './finding.ts';

/** What a deploy does without. */
const USEFUL_ONLY = new Set(['FindDrift', 'LookAtLimits', 'ReadMetrics']);
/** Whoever gets an answer has the one; the other is about things of several services, which cannot be asked for at once. */
const NOT_ASKED = new Set(['TellPermissions', 'ReadWhatMayDrift']);

export async function checkPermissions({ account, config }: AwsAccess): Promise<Found | Found[]> {
  const { arn } = account;
  if (arn.endsWith(':root')) return { state: 'ok', what: 'The root user may do everything.' };
  const found = await looking(async () => {
    const { IAMClient } = await import('@aws-sdk/client-iam');
    const client = new IAMClient(config);
    const principal = await principalOf(client, arn);
    const missing = await Promise.all(
      policy.Statement.filter(({ Sid }) => !NOT_ASKED.has(Sid)).map(async (statement) => ({
        sid: statement.Sid,
        actions: await refused(client, principal, statement, account),
      })),
    );
    return permissionsFound(
      missing.filter(({ actions }) => actions.length > 0),
      principal,
    );
  });
  if (Array.isArray(found) || found.state !== 'unknown') return found;
  return { ...found, what: 'They cannot be told.', next: 'Compare them with what nimbus doctor --policy prints.' };
}

/** `missing`: by statement of the policy the actions that are refused. */
export function permissionsFound(missing: readonly { sid: string; actions: string[] }[], principal: string): Found {
  if (missing.length === 0) return { state: 'ok', what: `${principal} may do all that Nimbus does` };
  const isNeeded = missing.some(({ sid }) => !USEFUL_ONLY.has(sid));
  return {
    state: isNeeded ? 'problem' : 'warning',
    what: `${principal} may not do all that Nimbus does.`,
    why: missing.map(({ sid, actions }) => `${sid}: ${actions.join(', ')}`).join('\n'),
    next: `Have the policy attached to it that nimbus doctor --policy prints.`,
  };
}

/**
 * The user, or the role of a session. A role's ARN may have a path, which that of its session leaves out.
 * https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html
 */
async function principalOf(client: IAMClient, arn: string): Promise<string> {
  const role = /^arn:[\w-]+:sts::\d+:assumed-role\/([^/]+)\//.exec(arn)?.[1];
  if (role === undefined) return arn;
  const { GetRoleCommand } = await import('@aws-sdk/client-iam');
  const { Role } = await client.send(new GetRoleCommand({ RoleName: role }));
  return Role?.Arn ?? arn;
}

interface Statement {
  Action: string[];
  Resource: string[];
}

/** https://docs.aws.amazon.com/IAM/latest/APIReference/API_SimulatePrincipalPolicy.html */
async function refused(
  client: IAMClient,
  principal: string,
  { Action: actions, Resource: resources }: Statement,
  { account, region }: { account: string; region: string },
): Promise<string[]> {
  const { paginateSimulatePrincipalPolicy } = await import('@aws-sdk/client-iam');
  // One of them: all are allowed, or refused, together.
  const resource = sampleOf(resources[0]!, { account, region, user: principal.split('/').at(-1)! });
  const denied: string[] = [];
  const pages = paginateSimulatePrincipalPolicy(
    { client },
    {
      PolicySourceArn: principal,
      ActionNames: actions,
      ResourceArns: [resource],
      ContextEntries: [
        { ContextKeyName: 'aws:ResourceTag/nimbus:model', ContextKeyType: 'string', ContextKeyValues: ['sentiment'] },
      ],
    },
  );
  for await (const { EvaluationResults: results = [] } of pages) {
    for (const { EvalActionName: name, EvalDecision: decision } of results) {
      if (name !== undefined && decision !== 'allowed') denied.push(name);
    }
  }
  return denied;
}

/** One thing that a pattern of the policy means: `arn:aws:lambda:eu-west-1:123456789012:function:nimbus-x`. */
export function sampleOf(
  pattern: string,
  { account, region, user }: { account: string; region: string; user: string },
): string {
  if (pattern === '*') return '*';
  const [arn, partition, service, inRegion, ofAccount, ...name] = pattern.split(':');
  const named = name.join(':').replaceAll('${aws:username}', user).replaceAll('*', 'x');
  return [
    arn,
    partition,
    service,
    inRegion === '*' ? region : inRegion,
    ofAccount === '*' ? account : ofAccount,
    named,
  ].join(':');
}
