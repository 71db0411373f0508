/** What becomes of a stack: when a deploy may begin, how one is followed to its end, cancelled, deleted. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import { fail, stackFailure, stuck, withLeft } from './failures.ts';
import type { DeployerEvent, Ended, Failure, Stage } from './protocol.ts';
import { inProgress, outputsOf, type Stacks } from './stacks.ts';

export type Tell = (event: DeployerEvent) => void;

export function stage(tell: Tell, name: Stage): void {
  tell({ kind: 'stage', stage: name });
}

/** Whether there is a stack to go back to. */
export function rest(before: Stack | undefined): 'none' | 'as-before' {
  const status = before?.StackStatus;
  return status === undefined || status === 'REVIEW_IN_PROGRESS' || neverMade(status) ? 'none' : 'as-before';
}

/** A stack that was never whole, or is not any more: it can only be deleted. */
function neverMade(status: string): boolean {
  return ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'].includes(status);
}

/** Sees to it that a change set can be made. */
export async function settle(
  stacks: Stacks,
  stack: Stack | undefined,
  replaceFailed: boolean,
  tell: Tell,
): Promise<void> {
  const { StackName: name = '', StackId: id = '', StackStatus: status = '' } = stack ?? {};
  if (!stack) return;
  if (inProgress(status)) {
    fail({
      code: 'in-progress',
      what: `CloudFormation works on the stack ${name}: ${status}.`,
      next: 'Follow it to its end, then deploy.',
      stackStatus: status,
    });
  }
  if (status === 'UPDATE_ROLLBACK_FAILED' || status === 'UPDATE_FAILED') {
    fail({ code: 'stuck', what: `The stack ${name} is ${status}.`, next: stuck({ name, id }), stackStatus: status });
  }
  if (!neverMade(status)) return;
  if (!replaceFailed) {
    fail({
      code: 'create-failed-before',
      what: `The stack ${name} was never whole: ${status}. CloudFormation cannot update it.`,
      next: 'Agree that it is deleted with what is left of it, and it is made anew.',
      stackStatus: status,
    });
  }
  await deleteStack(stacks, stack, tell);
}

/** A change set makes a stack without anything in it where there was none. */
export async function removeEmpty(stacks: Stacks, stackName: string): Promise<void> {
  const stack = await stacks.describe(stackName);
  if (stack?.StackId && stack.StackStatus === 'REVIEW_IN_PROGRESS') await stacks.delete(stack.StackId);
}

export async function deleteStack(
  stacks: Stacks,
  { StackId: id = '', StackName: name = '' }: Stack,
  tell: Tell,
): Promise<Ended> {
  const since = await stacks.latest(id);
  await stacks.delete(id);
  return watch(stacks, id, name, { begun: 'delete', since }, tell);
}

const STAGES: readonly [RegExp, Stage][] = [
  [/ROLLBACK/, 'roll-back'],
  [/^CREATE/, 'create'],
  [/^DELETE/, 'delete'],
  [/^UPDATE|^IMPORT/, 'update'],
];

type Begun = 'create' | 'update' | 'delete';

/** Follows a stack to its rest and says what that means for the operation. */
export async function watch(
  stacks: Stacks,
  id: string,
  name: string,
  options: { begun?: Begun; since?: string | undefined; total?: number },
  tell: Tell,
): Promise<Ended> {
  let shown: Stage | undefined = options.begun;
  if (shown !== undefined) stage(tell, shown);
  // Of what another process began: the first status that is seen of it.
  let { begun } = options;
  const moved = (status: string): void => {
    begun ??= kindOf(status);
    tell({ kind: 'log', line: `${name}: ${status}` });
    const now = STAGES.find(([pattern]) => pattern.test(status))?.[1];
    if (now === undefined || now === shown || !inProgress(status)) return;
    shown = now;
    stage(tell, now);
  };
  const { status, stack, activity } = await stacks.follow(id, { ...options, moved }, tell);
  switch (status) {
    case 'CREATE_COMPLETE':
    case 'UPDATE_COMPLETE':
    case 'IMPORT_COMPLETE':
      return { state: 'deployed', stackId: id, outputs: outputsOf(stack) };
    case 'DELETE_COMPLETE':
      return begun === 'create' ? { state: 'cancelled', stack: 'none' } : { state: 'deleted' };
    case 'UPDATE_ROLLBACK_COMPLETE':
      if (activity.cancelledByUser) return { state: 'cancelled', stack: 'as-before' };
  }
  const failure = stackFailure(kindOf(status), { name, id }, status, activity);
  return fail(status === 'DELETE_FAILED' ? withLeft(failure, { name, id }, await stacks.left(id)) : failure);
}

function kindOf(status: string): Begun {
  if (status.startsWith('DELETE')) return 'delete';
  return status.startsWith('UPDATE') ? 'update' : 'create';
}

export async function cancelStack(
  { stacks, id }: { stacks: Stacks; id: string },
  agreed: { deleteHalfMade: boolean },
): Promise<void> {
  const status = (await stacks.describe(id))?.StackStatus ?? 'DELETE_COMPLETE';
  if (status === 'UPDATE_IN_PROGRESS') return stacks.cancelUpdate(id);
  if (status !== 'CREATE_IN_PROGRESS') {
    fail({
      code: 'too-late',
      what: `What runs cannot be cancelled any more: the stack is ${status}.`,
      next: 'Wait for its end.',
      stackStatus: status,
    });
  }
  if (agreed.deleteHalfMade) return stacks.delete(id);
  fail({
    code: 'would-delete',
    what: 'A first deploy can only be cancelled by deleting the half-made stack.',
    next: 'Agree to that, or wait for its end.',
    stackStatus: status,
  } satisfies Failure);
}
