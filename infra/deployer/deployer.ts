/** The operations of the deployer. Each ends with an outcome; what is no expected failure ends as `unexpected`. */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import type { Stack } from '@aws-sdk/client-cloudformation';
import { faultsOf, repositoryFaultsOf } from '../app/faults.ts';
import { assemble, bootstrap, CHANGE_SET, makeChangeSet } from './change-set.ts';
import { fail, failureOf, stackFailure, stuck } from './failures.ts';
import type {
  DeployerApi,
  DeployerEvent,
  DeployRequest,
  Described,
  Ended,
  Failure,
  Outcome,
  Stage,
} from './protocol.ts';
import { inProgress, outputsOf, Stacks } from './stacks.ts';

type Tell = (event: DeployerEvent) => void;

/** What runs now. */
interface Running {
  cancelled?: { deleteHalfMade: boolean };
  /** Once CloudFormation works on it. */
  stack?: { stacks: Stacks; id: string };
}

export class Deployer implements Omit<DeployerApi, 'warm'> {
  readonly #folder: string;
  readonly #send: Tell;
  #running: Running | undefined;

  /** `folder` is for assemblies, which are removed when they are not needed any more. */
  constructor(folder: string, send: Tell) {
    this.#folder = folder;
    this.#send = send;
  }

  async synthesise(what: Described, outdir: string): ReturnType<DeployerApi['synthesise']> {
    return outcome(async () => {
      refuseFaults(what);
      return assemble(what, outdir);
    });
  }

  bootstrap: DeployerApi['bootstrap'] = (place) =>
    this.#run([], async (_running, tell) => {
      stage(tell, 'bootstrap');
      return bootstrap(place, tell);
    });

  deploy: DeployerApi['deploy'] = (request) =>
    this.#run(Object.values(request.variables ?? {}), (running, tell) => this.#deploy(request, running, tell));

  follow: DeployerApi['follow'] = (place) =>
    this.#run([], async (running, tell) => {
      stage(tell, 'look');
      const stacks = await Stacks.of(place);
      const stack = await stacks.describe(place.stackName);
      if (!stack?.StackId || stack.StackStatus === 'REVIEW_IN_PROGRESS') {
        fail({
          code: 'no-stack',
          what: `There is no stack ${place.stackName} in ${place.region}.`,
          next: 'Nothing was made by what was interrupted, or it was deleted since: deploy again.',
        });
      }
      running.stack = { stacks, id: stack.StackId };
      return watch(stacks, stack.StackId, place.stackName, {}, tell);
    });

  destroy: DeployerApi['destroy'] = (place) =>
    this.#run([], async (_running, tell) => {
      stage(tell, 'look');
      const stacks = await Stacks.of(place);
      const stack = await stacks.describe(place.stackName);
      if (!stack?.StackId) return { state: 'absent' };
      return deleteStack(stacks, stack, tell);
    });

  async cancel(agreed: { deleteHalfMade: boolean }): ReturnType<DeployerApi['cancel']> {
    return outcome(async () => {
      const running = this.#running;
      if (!running) {
        fail({ code: 'nothing-to-cancel', what: 'Nothing runs.', next: 'There is nothing to cancel.' });
      }
      if (running.stack) await cancelStack(running.stack, agreed);
      running.cancelled = agreed;
      return 'cancelling' as const;
    });
  }

  async #deploy(request: DeployRequest, running: Running, tell: Tell): Promise<Ended> {
    const { what } = request;
    const { stackName } = what.description;
    refuseFaults(what);
    stage(tell, 'look');
    const stacks = await Stacks.of({ ...what.description, ...request });
    const before = await stacks.describe(stackName);
    await settle(stacks, before, request.replaceFailed ?? false, tell);
    if (running.cancelled) return { state: 'cancelled', stack: rest(before) };

    stage(tell, 'synthesise');
    const outdir = await mkdtemp(path.join(this.#folder, 'assembly-'));
    const made = await makeChangeSet(request, outdir, () => stage(tell, 'change-set'), tell).finally(() =>
      rm(outdir, { recursive: true, force: true }),
    );
    const { stackId, outputs } = made;
    if (made.id === undefined) {
      // Where values of variables were given they are compared by CloudFormation, which keeps a change set without changes.
      if (request.variables) await stacks.deleteChangeSet(stackName, CHANGE_SET);
      return { state: 'unchanged', stackId, outputs };
    }
    const first = rest(before) === 'none';
    if (running.cancelled) {
      // Of a stack that was none before, the change set has made one without anything in it.
      await (first ? stacks.delete(stackId) : stacks.deleteChangeSet(stackId, made.id));
      return { state: 'cancelled', stack: rest(before) };
    }
    const since = await stacks.latest(stackId);
    await stacks.execute(stackId, made.id);
    running.stack = { stacks, id: stackId };
    if (running.cancelled && (!first || agrees(running.cancelled))) await cancelStack(running.stack, running.cancelled);
    return watch(stacks, stackId, stackName, { begun: first ? 'create' : 'update', since, total: made.changes }, tell);
  }

  async #run<T>(secrets: readonly string[], work: (running: Running, tell: Tell) => Promise<T>): Promise<Outcome<T>> {
    if (this.#running) {
      const what = 'Another operation runs in this process.';
      return { ok: false, error: { code: 'busy', what, next: 'Wait for its end, or cancel it.' } };
    }
    const running: Running = {};
    this.#running = running;
    const hide = hiding(secrets);
    try {
      return hide(await outcome(() => work(running, (event) => this.#send(hide(event)))));
    } finally {
      this.#running = undefined;
    }
  }
}

function agrees(running: { deleteHalfMade: boolean } | undefined): boolean {
  return running?.deleteHalfMade ?? false;
}

function stage(tell: Tell, name: Stage): void {
  tell({ kind: 'stage', stage: name });
}

async function outcome<T>(work: () => Promise<T>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: failureOf(error) };
  }
}

/** Values of variables are told to nobody, whatever AWS says of them. One of a few letters is no secret, and in every text. */
function hiding(secrets: readonly string[]): <T>(value: T) => T {
  const hidden = secrets.filter((secret) => secret.length >= 4).map((secret) => JSON.stringify(secret).slice(1, -1));
  if (hidden.length === 0) return (value) => value;
  return (value) =>
    JSON.parse(hidden.reduce((text, secret) => text.replaceAll(secret, '***'), JSON.stringify(value))) as typeof value;
}

function refuseFaults(what: Described): void {
  const faults = what.kind === 'deployment' ? faultsOf(what.description) : repositoryFaultsOf(what.description);
  if (faults.length === 0) return;
  fail({
    code: 'invalid-description',
    what: faults.map((one) => `${one.where}: ${one.what}`).join(' '),
    next: faults.map((one) => one.next).join(' '),
  });
}

/** Whether there is a stack to go back to. */
function rest(before: Stack | undefined): 'none' | 'as-before' {
  const status = before?.StackStatus;
  return status === undefined || status === 'REVIEW_IN_PROGRESS' || neverMade(status) ? 'none' : 'as-before';
}

/** A stack that was never whole, or is not any more: it can only be deleted. */
function neverMade(status: string): boolean {
  return ['CREATE_FAILED', 'ROLLBACK_COMPLETE', 'ROLLBACK_FAILED', 'DELETE_FAILED'].includes(status);
}

/** Sees to it that a change set can be made. */
async function settle(stacks: Stacks, stack: Stack | undefined, replaceFailed: boolean, tell: Tell): Promise<void> {
  const { StackName: name = '', StackStatus: status = '' } = stack ?? {};
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
    fail({ code: 'stuck', what: `The stack ${name} is ${status}.`, next: stuck(name), stackStatus: status });
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

async function deleteStack(stacks: Stacks, { StackId: id = '', StackName: name = '' }: Stack, tell: Tell): Promise<Ended> {
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
async function watch(
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
  return fail(stackFailure(kindOf(status), name, status, activity));
}

function kindOf(status: string): Begun {
  if (status.startsWith('DELETE')) return 'delete';
  return status.startsWith('UPDATE') ? 'update' : 'create';
}

async function cancelStack({ stacks, id }: { stacks: Stacks; id: string }, agreed: { deleteHalfMade: boolean }): Promise<void> {
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

