/** CDK's bootstrap of an account and region, which deploys need: whether it is there, and good enough. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import { stackUrl, type ConsolePlace } from '../../../infra/deployer/console.ts';
import { bootstrapCommand, stuck } from '../../../infra/deployer/failures.ts';
import { outputsOf } from './stack.ts';
import { CANCELLED, type Outcome, type UserError } from '../../shared/outcome.ts';

/** What stacks of CDK ask for that have a template as a file: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
export const LEAST_VERSION = 6;

export type Bootstrap =
  | { state: 'absent' }
  | { state: 'good'; version: number }
  /** Unset where the stack does not say a version. */
  | { state: 'old'; version: number | undefined }
  | { state: 'broken'; status: string };

/** `stack` is that of `BOOTSTRAP_STACK`. */
export function bootstrapOf(stack: Stack | undefined): Bootstrap {
  const { StackStatus: status = '' } = stack ?? {};
  if (stack === undefined || status === 'REVIEW_IN_PROGRESS') return { state: 'absent' };
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE(_CLEANUP_IN_PROGRESS)?$/.test(status)) {
    return { state: 'broken', status };
  }
  const version = Number(outputsOf(stack)['BootstrapVersion']);
  if (version >= LEAST_VERSION) return { state: 'good', version };
  return { state: 'old', version: Number.isNaN(version) ? undefined : version };
}

/** Why it can neither be used nor made anew now: CDK's toolkit deletes only a stack that was never whole. */
export function bootstrapHinders(
  stack: Stack | undefined,
): Required<Pick<UserError, 'code' | 'what' | 'next'>> | undefined {
  const { StackName: name = '', StackId: id = '' } = stack ?? {};
  const found = bootstrapOf(stack);
  if (found.state !== 'broken' || /^(CREATE_FAILED|ROLLBACK_COMPLETE|ROLLBACK_FAILED)$/.test(found.status)) {
    return undefined;
  }
  const { status } = found;
  const code = 'bootstrap-broken';
  const what = `CDK's bootstrap, the stack ${name}, is ${status}, so nothing can be deployed.`;
  if (status.endsWith('_IN_PROGRESS')) {
    return { code, what, next: 'Wait for the end of what somebody does with it, then deploy again.' };
  }
  if (status === 'DELETE_FAILED') return { code, what, next: `Delete it, then deploy again: ${stackUrl(id)}` };
  return { code, what, next: stuck({ name, id }) };
}

/** Why it could not be made, and that somebody with more rights may make it. */
export function byOthers(error: UserError, place: ConsolePlace): Outcome<never> {
  if (error.code === CANCELLED) return { ok: false, error };
  const next = `Or have it made, by somebody who may: ${bootstrapCommand(place)}`;
  return { ok: false, error: { ...error, next: [error.next, next].filter(Boolean).join(' ') } };
}
