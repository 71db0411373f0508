/** The operations of the deployer. Each ends with an outcome; what is no expected failure ends as `unexpected`. */
import { mkdtemp, rm } from 'node:fs/promises';
import path from 'node:path';
import { faultsOf, repositoryFaultsOf } from '../app/faults.ts';
import { PARAMETERS } from '../app/parameters.ts';
import { TAGS } from '../app/published.ts';
import { assemble, bootstrap, CHANGE_SET, makeChangeSet } from './change-set.ts';
import { fail, failureOf, noParameter } from './failures.ts';
import { hiding } from './hiding.ts';
import type {
  DeployerApi,
  DeployRequest,
  Described,
  Ended,
  KeyRequest,
  LevelRequest,
  Outcome,
  Place,
  StackPlace,
} from './protocol.ts';
import { cancelStack, deleteStack, removeEmpty, rest, settle, stage, watch, type Tell } from './lifecycle.ts';
import { Stacks, type StackChange } from './stacks.ts';

/** What runs now. */
interface Running {
  cancelled?: { deleteHalfMade: boolean };
  /** Has no way back. */
  final?: true;
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
    this.#run(place, [], async (running, tell) => {
      running.final = true;
      stage(tell, 'bootstrap');
      return bootstrap(place, tell);
    });

  deploy: DeployerApi['deploy'] = (request) =>
    this.#run(request.what.description, Object.values(request.variables ?? {}), (running, tell) =>
      this.#deploy(request, running, tell),
    );

  level: DeployerApi['level'] = (request) =>
    this.#run(request, [], (running, tell) => this.#level(request, running, tell));

  rotateKey: DeployerApi['rotateKey'] = (request) =>
    this.#run(request, [], (running, tell) => this.#rotateKey(request, running, tell));

  follow: DeployerApi['follow'] = (place) =>
    this.#run(place, [], async (running, tell) => {
      stage(tell, 'look');
      const stacks = await Stacks.of(place);
      const stack = await stacks.describe(place.stackName);
      if (!stack?.StackId || stack.StackStatus === 'REVIEW_IN_PROGRESS') noStack(place);
      running.stack = { stacks, id: stack.StackId };
      return watch(stacks, stack.StackId, place.stackName, {}, tell);
    });

  destroy: DeployerApi['destroy'] = (place) =>
    this.#run(place, [], async (running, tell) => {
      running.final = true;
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
      if (running.final) {
        fail({ code: 'too-late', what: 'What runs cannot be cancelled.', next: 'Wait for its end.' });
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
    const first = rest(before) === 'none';
    let made;
    try {
      made = await makeChangeSet(request, outdir, () => stage(tell, 'change-set'), tell);
    } catch (error) {
      if (first) await removeEmpty(stacks, stackName);
      throw error;
    } finally {
      await rm(outdir, { recursive: true, force: true });
    }
    const { stackId, outputs } = made;
    if (made.id === undefined) {
      // Where values of variables were given they are compared by CloudFormation, which keeps a change set without changes.
      if (request.variables) await stacks.deleteChangeSet(stackName, CHANGE_SET);
      return { state: 'unchanged', stackId, outputs };
    }
    if (running.cancelled) {
      await (first ? removeEmpty(stacks, stackName) : stacks.deleteChangeSet(stackId, made.id));
      return { state: 'cancelled', stack: rest(before) };
    }
    const since = await stacks.latest(stackId);
    await stacks.execute(stackId, made.id);
    running.stack = { stacks, id: stackId };
    await this.#cancelLate(running, first);
    return watch(stacks, stackId, stackName, { begun: first ? 'create' : 'update', since, total: made.changes }, tell);
  }

  #level(request: LevelRequest, running: Running, tell: Tell): Promise<Ended> {
    const { digest, version, revision } = request;
    const parameters = [
      [PARAMETERS.imageDigest, digest],
      [PARAMETERS.version, version],
      [PARAMETERS.revision, revision],
    ] as const;
    return this.#change(
      request,
      { parameters: new Map(parameters), tags: new Map([[TAGS.version, version]]) },
      running,
      tell,
    );
  }

  #rotateKey(request: KeyRequest, running: Running, tell: Tell): Promise<Ended> {
    const { keyRevision } = request;
    return this.#change(
      request,
      { parameters: new Map([[PARAMETERS.keyRevision, keyRevision]]), tags: new Map() },
      running,
      tell,
    );
  }

  /** An update of some parameters and tags. */
  async #change(request: StackPlace, change: StackChange, running: Running, tell: Tell): Promise<Ended> {
    const { stackName } = request;
    stage(tell, 'look');
    const stacks = await Stacks.of(request);
    const stack = await stacks.describe(stackName);
    if (!stack?.StackId || rest(stack) === 'none') noStack(request);
    await settle(stacks, stack, false, tell);
    const its = new Set(stack.Parameters?.map(({ ParameterKey }) => ParameterKey));
    for (const name of change.parameters.keys()) if (!its.has(name)) fail(noParameter(stackName, name));
    if (running.cancelled) return { state: 'cancelled', stack: 'as-before' };
    const since = await stacks.latest(stack.StackId);
    await stacks.update(stack, change);
    running.stack = { stacks, id: stack.StackId };
    await this.#cancelLate(running, false);
    return watch(stacks, stack.StackId, stackName, { begun: 'update', since }, tell);
  }

  /** What was cancelled while CloudFormation was being told to begin. */
  async #cancelLate({ cancelled, stack }: Running, first: boolean): Promise<void> {
    if (cancelled && stack && (cancelled.deleteHalfMade || !first)) await cancelStack(stack, cancelled);
  }

  async #run<T>(
    place: Pick<Place, 'account' | 'region'>,
    secrets: readonly string[],
    work: (running: Running, tell: Tell) => Promise<T>,
  ): Promise<Outcome<T>> {
    if (this.#running) {
      const what = 'Another operation runs in this process.';
      return { ok: false, error: { code: 'busy', what, next: 'Wait for its end, or cancel it.' } };
    }
    const running: Running = {};
    this.#running = running;
    const hide = hiding(secrets);
    try {
      const ended = await outcome(() => work(running, (event) => this.#send(hide.event(event))), place);
      return ended.ok ? ended : { ok: false, error: hide.failure(ended.error) };
    } finally {
      this.#running = undefined;
    }
  }
}

async function outcome<T>(work: () => Promise<T>, place?: Pick<Place, 'account' | 'region'>): Promise<Outcome<T>> {
  try {
    return { ok: true, value: await work() };
  } catch (error) {
    return { ok: false, error: failureOf(error, place) };
  }
}

function noStack({ stackName, region }: StackPlace): never {
  fail({
    code: 'no-stack',
    what: `There is no stack ${stackName} in ${region}.`,
    next: 'Nothing was made by what was interrupted, or it was deleted since: deploy again.',
  });
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
