/** What somebody changed by hand of a stack's parts. */
import type { PropertyDifference, StackResourceDrift } from '@aws-sdk/client-cloudformation';
import { setTimeout as delay } from 'node:timers/promises';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
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
    const parts: DriftedPart[] = [];
    const which = { StackName: stack, StackResourceDriftStatusFilters: ['MODIFIED' as const, 'DELETED' as const] };
    let token: string | undefined;
    do {
      const page: { StackResourceDrifts?: StackResourceDrift[] | undefined; NextToken?: string | undefined } =
        await client.send(new cloudFormation.DescribeStackResourceDriftsCommand({ ...which, NextToken: token }), abort);
      parts.push(...(page.StackResourceDrifts ?? []).flatMap(partOf));
      token = page.NextToken;
    } while (token !== undefined);
    const unknown = detection.DetectionStatus === 'DETECTION_FAILED' ? detection.DetectionStatusReason : undefined;
    const at = (detection.Timestamp ?? new Date()).toISOString();
    return ok({ at, parts, ...(unknown === undefined ? {} : { unknown }) });
  }, config);
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
