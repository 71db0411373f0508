/** What a deployment on AWS is, read from AWS itself each time. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import type { GetFunctionCommandOutput } from '@aws-sdk/client-lambda';
import { VERSION_VARIABLE } from '../../../infra/app/bodies.ts';
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { ALIAS, TAGS } from '../../../infra/app/published.ts';
import { stuck } from '../../../infra/deployer/failures.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { CloudSeen, CloudStateName } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { driftSeen } from './drift.ts';
import { asking, orAbsent } from './errors.ts';
import { describeStack, outputsOf, parameterOf, tagOf } from './stack.ts';

export interface CloudState {
  state: CloudStateName;
  /** What serves is newer than what the stack says, by an update outside of it. */
  isAhead: boolean;
  /** Nimbus's version that serves: 64 hexadecimal digits. */
  version?: string;
  /** `sha256:…` of the image that serves. */
  digest?: string;
  /** The function's version that `live` points to: `7`. */
  liveVersion?: string;
  /** When that was made, ISO 8601. */
  deployedAt?: string;
  /** What was changed by hand, as CloudFormation saw it last. */
  drifted?: CloudSeen['drifted'];
  /** As CloudFormation calls it; unset where there is no stack. */
  stackStatus?: string;
  /** Why it is `failed`, or `serving` although the last update was rolled back. */
  why?: string;
  /** What to do about it. */
  next?: string;
  /** Of the stack, see `OUTPUTS` of infra/app. */
  outputs: Record<string, string>;
}

export interface CloudPlace {
  stack: string;
  functionName: string;
}

/**
 * Two calls: DescribeStacks, GetFunction; a third (GetStage) only where an update outside of the stack serves, a fourth
 * (DescribeStackResourceDrifts) only where CloudFormation saw a change by hand. The stack's parts say what serves: the alias which version of the function, the image which digest, the stage which version of the
 * model. Errors: as of `awsError`.
 */
export async function cloudState(config: AwsConfig, { stack, functionName }: CloudPlace): Promise<Outcome<CloudState>> {
  return asking<CloudState>(async () => {
    const [found, live] = await Promise.all([describeStack(config, stack), liveFunction(config, functionName)]);
    const status = found?.StackStatus ?? '';
    // A change set makes a stack with nothing in it.
    if (!found || status === 'DELETE_COMPLETE' || status === 'REVIEW_IN_PROGRESS') {
      return ok({ state: 'gone', isAhead: false, outputs: {} });
    }
    const outputs = outputsOf(found);
    const digest = digestOf(live);
    const isAhead = digest !== undefined && isNewerThanStack(found, digest);
    const version = isAhead ? await stageVersion(config, outputs) : tagOf(found, TAGS.version);
    const drifted = await driftSeen(config, found);
    const { Version: liveVersion, LastModified: modified } = live?.Configuration ?? {};
    return ok({
      ...stateOf(found, live, isAhead),
      isAhead,
      ...(version === undefined ? {} : { version }),
      ...(digest === undefined ? {} : { digest }),
      ...(liveVersion === undefined ? {} : { liveVersion }),
      ...(modified === undefined ? {} : { deployedAt: new Date(modified).toISOString() }),
      ...(drifted === undefined ? {} : { drifted }),
      stackStatus: status,
      outputs,
    });
  }, config);
}

/** Whether an update outside of the stack serves: the stack's parameter still names the image before it. */
export function isNewerThanStack(stack: Pick<Stack, 'Parameters'>, digest: string): boolean {
  const named = parameterOf(stack, PARAMETERS.imageDigest);
  return named !== undefined && named !== digest;
}

/** A deployment in an account that models.json does not have. */
export interface Ghost {
  stack: string;
  model: string;
  deployment: string;
  version?: string;
  stackStatus: string;
  /** When its stack was made, ISO 8601. */
  createdAt?: string;
  outputs: Record<string, string>;
}

/**
 * Deployments of this account and region that nobody declares here, by the tags of their stacks. `declared` are names of
 * stacks. They may be those of a colleague or of another project. Errors: as of `awsError`.
 */
export async function ghosts(config: AwsConfig, declared: readonly string[]): Promise<Outcome<Ghost[]>> {
  return asking(async () => {
    const { CloudFormationClient, paginateDescribeStacks } = await import('@aws-sdk/client-cloudformation');
    const known = new Set(declared);
    const found: Ghost[] = [];
    for await (const { Stacks: stacks = [] } of paginateDescribeStacks(
      { client: new CloudFormationClient(config) },
      {},
    )) {
      for (const stack of stacks) {
        const { StackName: name = '', StackStatus: stackStatus = '', CreationTime: created } = stack;
        const [model, deployment, version] = [TAGS.model, TAGS.deployment, TAGS.version].map((tag) =>
          tagOf(stack, tag),
        );
        if (model === undefined || deployment === undefined || known.has(name)) continue;
        found.push({
          stack: name,
          model,
          deployment,
          ...(version === undefined ? {} : { version }),
          stackStatus,
          ...(created === undefined ? {} : { createdAt: created.toISOString() }),
          outputs: outputsOf(stack),
        });
      }
    }
    return ok(found);
  }, config);
}

/** By the alias: configuration and image of the version that it points to. */
async function liveFunction(config: AwsConfig, name: string): Promise<GetFunctionCommandOutput | undefined> {
  const { GetFunctionCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
  return orAbsent(new LambdaClient(config).send(new GetFunctionCommand({ FunctionName: name, Qualifier: ALIAS })));
}

async function stageVersion(config: AwsConfig, outputs: Record<string, string>): Promise<string | undefined> {
  const { ApiId: restApiId, Stage: stageName } = outputs;
  if (restApiId === undefined || stageName === undefined) return undefined;
  const { APIGatewayClient, GetStageCommand } = await import('@aws-sdk/client-api-gateway');
  const asked = new APIGatewayClient(config).send(new GetStageCommand({ restApiId, stageName }));
  return (await orAbsent(asked))?.variables?.[VERSION_VARIABLE];
}

function digestOf(live: GetFunctionCommandOutput | undefined): string | undefined {
  return /@(sha256:[0-9a-f]{64})$/.exec(live?.Code?.ResolvedImageUri ?? '')?.[1];
}

type Judged = Pick<CloudState, 'state' | 'why' | 'next'>;

/** https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/view-stack-events.html#cfn-console-view-stack-data-resources-status-codes */
function stateOf(
  { StackName: name = '', StackId: id = '', StackStatus: status, StackStatusReason: reason }: Stack,
  live: GetFunctionCommandOutput | undefined,
  isAhead: boolean,
): Judged {
  const because = reason === undefined ? {} : { why: reason };
  switch (status) {
    case 'CREATE_IN_PROGRESS':
      return { state: 'creating' };
    case 'UPDATE_IN_PROGRESS':
    case 'UPDATE_COMPLETE_CLEANUP_IN_PROGRESS':
    case 'IMPORT_IN_PROGRESS':
      return { state: 'updating' };
    case 'ROLLBACK_IN_PROGRESS':
    case 'UPDATE_ROLLBACK_IN_PROGRESS':
    case 'UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS':
    case 'IMPORT_ROLLBACK_IN_PROGRESS':
      return { state: 'rolling-back', ...because };
    case 'DELETE_IN_PROGRESS':
      return { state: 'deleting' };
    case 'UPDATE_FAILED':
    case 'UPDATE_ROLLBACK_FAILED':
    case 'IMPORT_ROLLBACK_FAILED':
      return {
        state: 'failed',
        ...because,
        next: stuck({ name, id }),
      };
    case 'CREATE_FAILED':
    case 'ROLLBACK_COMPLETE':
    case 'ROLLBACK_FAILED':
    case 'DELETE_FAILED':
      return { state: 'failed', ...because, next: 'Deploy again, which deletes what is left of it; or delete it.' };
    default:
      return stateOfFunction(live, status === 'UPDATE_ROLLBACK_COMPLETE' && !isAhead);
  }
}

/**
 * Of a stack at rest. `isRolledBack`: its last update failed. Not where something newer serves: a stack is told what serves before
 * each of its updates, so that this came after the one that failed.
 * https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html
 */
function stateOfFunction(live: GetFunctionCommandOutput | undefined, isRolledBack: boolean): Judged {
  if (!live?.Configuration) {
    const why = `The function or its alias ${ALIAS} was deleted outside of the stack.`;
    return { state: 'failed', why, next: 'Remove the deployment, and deploy it again.' };
  }
  const { State: state, StateReason: reason, StateReasonCode: code = '' } = live.Configuration;
  const because = reason === undefined ? {} : { why: reason };
  const imageIsGone = /Image(Deleted|AccessDenied)|InvalidImage/.test(code);
  if (state === 'Failed' || imageIsGone) {
    const next = imageIsGone ? 'Deploy again, which pushes the image where it is missing.' : 'Deploy again.';
    return { state: 'failed', ...because, next };
  }
  if (state === 'Inactive') return { state: 'inactive', ...because };
  if (state === 'Pending') return { state: 'waking' };
  if (!isRolledBack) return { state: 'serving' };
  const why = 'The last update failed and was rolled back: what was there before it serves.';
  return { state: 'serving', why, next: 'Deploy again.' };
}
