/** What somebody changed by hand of a stack's parts. */
import type {
  CloudFormationClient,
  PropertyDifference,
  Stack,
  StackResourceDrift,
} from '@aws-sdk/client-cloudformation';
import { setTimeout as delay } from 'node:timers/promises';
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudSeen } from '../../shared/states.ts';
import { asking, awsError } from './errors.ts';
import { deployedWith } from './revision.ts';
import { parameterOf } from './stack.ts';
import { abortable } from './versions.ts';

export interface Drift {
  /** When AWS looked, ISO 8601. */
  at: string;
  /** Parts that differ; empty where all is as deployed. */
  parts: DriftedPart[];
  /** Parts that could not be looked at, and why, as CloudFormation says it. */
  unknown?: string;
}

export interface DriftedPart {
  /** In the template: `Function`. */
  logicalId: string;
  /** `AWS::Lambda::Function` */
  type: string;
  /** Its name or id in AWS. */
  id: string;
  kind: 'changed' | 'deleted';
  /** Of what is `changed`. */
  differences: PartDifference[];
}

/** `expected` is unset of what was added, `actual` of what was removed; both of what nobody may see. */
export interface PartDifference {
  /** Path of the property: `/MemorySize`. */
  property: string;
  expected?: string;
  actual?: string;
}

const POLL_MS = 1000;
/** No figure of AWS is known: a stack of a deployment has some twenty parts, each looked at by a call or two. */
const PATIENCE_MS = 5 * 60_000;

/** What an update outside of the stack sets: it is known as such (see `isNewerThanStack`), and nobody's hand. */
const SET_BY_UPDATES: Record<string, RegExp> = {
  'AWS::Lambda::Function': /^\/Code\/ImageUri$/,
  'AWS::Lambda::Alias': /^\/FunctionVersion$/,
  'AWS::ApiGateway::Stage': /^\/Variables\/version$/,
};
/** Values of environment variables may be secrets, and CloudFormation tells the actual ones. */
const SECRET = /^\/Environment\/Variables(\/|$)/;

/**
 * Has CloudFormation compare the stack with what is there, which takes it some seconds, and waits for it. CloudFormation
 * compares only what the template sets, and not every kind of part
 * (https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/using-cfn-stack-drift.html). Errors: as of `awsError`; the
 * stack is at work or gone; it takes too long.
 */
export async function drift(
  config: AwsConfig,
  { stack, pollMs = POLL_MS }: { stack: string; pollMs?: number },
  signal?: AbortSignal,
): Promise<Outcome<Drift>> {
  return asking(async () => {
    const cloudFormation = await import('@aws-sdk/client-cloudformation');
    const client = new cloudFormation.CloudFormationClient(config);
    const abort = abortable(signal);
    const begun = await client.send(new cloudFormation.DetectStackDriftCommand({ StackName: stack }), abort);
    const asked = { StackDriftDetectionId: begun.StackDriftDetectionId };
    const until = performance.now() + PATIENCE_MS;
    let detection;
    for (;;) {
      detection = await client.send(new cloudFormation.DescribeStackDriftDetectionStatusCommand(asked), abort);
      if (detection.DetectionStatus !== 'DETECTION_IN_PROGRESS') break;
      if (performance.now() > until) {
        return fail('drift-unknown', 'CloudFormation did not end its look at the stack.', { next: 'Try again later.' });
      }
      await delay(pollMs, undefined, signal ? { signal } : {});
    }
    const parts = await partsOf(client, stack, signal);
    const unknown = detection.DetectionStatus === 'DETECTION_FAILED' ? detection.DetectionStatusReason : undefined;
    const at = (detection.Timestamp ?? new Date()).toISOString();
    return ok({ at, parts, ...(unknown === undefined ? {} : { unknown }) });
  }, config);
}

/** What the last comparison found; CloudFormation keeps it. */
async function partsOf(client: CloudFormationClient, stack: string, signal?: AbortSignal): Promise<DriftedPart[]> {
  const { DescribeStackResourceDriftsCommand } = await import('@aws-sdk/client-cloudformation');
  const parts: DriftedPart[] = [];
  const which = { StackName: stack, StackResourceDriftStatusFilters: ['MODIFIED' as const, 'DELETED' as const] };
  let token: string | undefined;
  do {
    const page: { StackResourceDrifts?: StackResourceDrift[] | undefined; NextToken?: string | undefined } =
      await client.send(new DescribeStackResourceDriftsCommand({ ...which, NextToken: token }), abortable(signal));
    parts.push(...(page.StackResourceDrifts ?? []).flatMap(partOf));
    token = page.NextToken;
  } while (token !== undefined);
  return parts;
}

/**
 * What the last comparison of a stack found, whoever had it made; undefined where it found nothing, where there was none, where
 * the stack was deployed since, or where the caller may not know. Other updates, as for another API key, need not touch what was
 * changed by hand. One call, and only of a stack that CloudFormation says has drifted. Throws what the client throws.
 */
export async function driftSeen(config: AwsConfig, found: Stack): Promise<CloudSeen['drifted']> {
  const { StackName: stack = '', DriftInformation: information } = found;
  const { StackDriftStatus: status, LastCheckTimestamp: at } = information ?? {};
  if (status !== 'DRIFTED' || at === undefined) return undefined;
  const deployed = deployedWith(parameterOf(found, PARAMETERS.revision) ?? '');
  if (deployed && deployed > at) return undefined;
  const { CloudFormationClient } = await import('@aws-sdk/client-cloudformation');
  try {
    const parts = await partsOf(new CloudFormationClient(config), stack);
    if (parts.length === 0) return undefined;
    return { at: at.toISOString(), parts: parts.map(({ type, id }) => `${type} ${id}`) };
  } catch (error) {
    if (awsError(error)?.code === 'denied') return undefined;
    throw error;
  }
}

/** What a comparison says, a paragraph each, for people to read. */
export function driftTexts(
  key: DeploymentKey,
  { parts, unknown }: Drift,
  { isChanged, isAhead, why }: { isChanged: boolean; isAhead: boolean; why?: string | undefined },
): string[] {
  return [
    ...(isChanged
      ? [`The model, or what models.json says of it, has changed since it was deployed.${why ? `\n  ${why}` : ''}`]
      : []),
    ...(isAhead ? ['What serves is newer than the stack says; the next update tells the stack first.'] : []),
    ...(parts.length > 0 ? [['Changed by hand since it was deployed:', ...parts.map(describe)].join('\n')] : []),
    ...(unknown === undefined ? [] : [`What AWS could not compare: ${unknown}`]),
    parts.length === 0 && !isChanged
      ? `${keyText(key)} is as it was deployed.`
      : parts.length === 0
        ? 'Deploy it again to have it as models.json says.'
        : 'Deploy it again to have it as models.json says:\nthe function is set anew as a whole, other parts where the update changes them.',
  ];
}

function describe({ logicalId, type, id, kind, differences }: DriftedPart): string {
  const head = `  ${kind === 'deleted' ? '-' : '~'} ${logicalId} (${type}, ${id})${kind === 'deleted' ? ' was deleted' : ''}`;
  const lines = differences.map(
    ({ property, expected, actual }) => `      ${property}: ${expected ?? 'none'} → ${actual ?? 'none'}`,
  );
  return [head, ...lines].join('\n');
}

function partOf(one: StackResourceDrift): DriftedPart[] {
  const { LogicalResourceId: logicalId = '', ResourceType: type = '', PhysicalResourceId: id = '' } = one;
  if (one.StackResourceDriftStatus === 'DELETED') return [{ logicalId, type, id, kind: 'deleted', differences: [] }];
  const byHand = (one.PropertyDifferences ?? []).filter(
    ({ PropertyPath = '' }) => !SET_BY_UPDATES[type]?.test(PropertyPath),
  );
  if (byHand.length === 0) return [];
  return [{ logicalId, type, id, kind: 'changed', differences: byHand.map(differenceOf) }];
}

function differenceOf({
  PropertyPath: property = '',
  ExpectedValue,
  ActualValue,
  DifferenceType,
}: PropertyDifference): PartDifference {
  if (SECRET.test(property)) return { property };
  return {
    property,
    ...(ExpectedValue === undefined || DifferenceType === 'ADD' ? {} : { expected: ExpectedValue }),
    ...(ActualValue === undefined || DifferenceType === 'REMOVE' ? {} : { actual: ActualValue }),
  };
}
