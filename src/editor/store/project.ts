import { fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { DeploymentKey, ModelSpec, TargetKind } from '../../shared/spec.ts';
import type { DeploymentStatus, LogLine, Operation, StackPlace } from '../../shared/states.ts';
import type { Ghost } from '../../core/cloud/status.ts';
import type { HostConnection } from '../../core/host/client.ts';
import type { HostEvents } from '../../core/host/protocol.ts';
import { isWhole, type LaterEntry, type ModelsDocument } from '../../core/models/document.ts';
import type { Plan } from '../../core/targets/plan.ts';
import { ByDeployment } from './by-deployment.ts';
import { difference, type Models } from './changes.ts';

/** What a project tells the window. The finest one that fits, so that only the changed row is drawn again. */
export type ProjectChange =
  | { kind: 'list' }
  | { kind: 'model'; model: string }
  | { kind: 'deployment'; key: DeploymentKey }
  /** A stack that models.json does not declare. */
  | { kind: 'ghost'; place: StackPlace }
  | { kind: 'log'; key: DeploymentKey; line: LogLine };

/** One that no models.json of the window declares, as far as its project knows. */
export type FoundGhost = Ghost & StackPlace;

/** The same for the same stack alone. */
export function placeText({ account, region, stack }: StackPlace): string {
  return `${account} ${region} ${stack}`;
}

/** What a project needs from outside; tests bring their own. */
export interface ProjectPorts {
  /** Connects to the project's host and starts one where none runs. */
  connect(events: HostEvents): Promise<Outcome<HostConnection>>;
  /** Milliseconds since the epoch. */
  now(): number;
  changed(change: ProjectChange): void;
  /** Ids of the operations that this window waits for. They outlive a reload of the window. */
  awaited: { get(): readonly string[]; set(ids: readonly string[]): void };
  /** An operation of this window failed or succeeded, and a reload took away who waited for it. */
  endedUnseen(operation: Operation): void;
}

/** A host that ended this soon after it was reached is not started again by itself: it would end again. */
const STEADY_MS = 10_000;

/** One project of the window: its models as declared, and what its host says of their deployments. */
export class Project {
  readonly folder: string;
  /** The last good ones, where the file cannot be used. */
  models: Models = {};
  /** How many are declared; counting them for each row would take seconds with 10,000. */
  modelCount = 0;
  document: ModelsDocument = { kind: 'absent' };
  /** Why the host is not reachable, once reaching it was tried. */
  hostError: UserError | undefined;
  readonly #ports: ProjectPorts;
  readonly #statuses = new ByDeployment<DeploymentStatus>();
  /** Running ones, and failed ones until the next of the same deployment. */
  readonly #operations = new ByDeployment<Operation>();
  /** Running removals of stacks that models.json does not declare, by `placeText`. */
  readonly #removals = new Map<string, Operation>();
  /** Why AWS could not be asked about a deployment the last time. */
  readonly #unasked = new ByDeployment<UserError>();
  #ghosts: readonly FoundGhost[] = [];
  readonly #waiting = new Map<string, (operation: Operation) => void>();
  #connecting: Promise<Outcome<HostConnection>> | undefined;
  #connection: HostConnection | undefined;
  #disposed = false;

  constructor(folder: string, ports: ProjectPorts) {
    this.folder = folder;
    this.#ports = ports;
  }

  /** Settles when the host that is being reached for has answered, or could not be started. */
  get connecting(): Promise<unknown> | undefined {
    return this.#connecting;
  }

  get connected(): boolean {
    return this.#connection !== undefined;
  }

  /** The project's usual port, where another program has it. */
  get portTaken(): number | undefined {
    return this.#connection?.hello.portTaken;
  }

  /** Declared models first, in the file's order; then those that only the host knows (a first deploy that runs). */
  modelNames(): string[] {
    const declared = Object.keys(this.models);
    const others = new Set<string>();
    for (const model of [...this.#statuses.models(), ...this.#operations.models()]) {
      if (this.models[model] === undefined) others.add(model);
    }
    for (const { model, deployment } of this.#later) if (deployment === undefined) others.add(model);
    return others.size === 0 ? declared : [...declared, ...others];
  }

  /** The entry of models.json that this Nimbus does not know, of a model or of one of its deployments. */
  later(key: { model: string; deployment?: string }): LaterEntry | undefined {
    return this.#later.find(({ model, deployment }) => model === key.model && deployment === key.deployment);
  }

  /** The deployments that have a row: also those that need a newer Nimbus, with which nothing can be done. */
  rowNames(model: string): string[] {
    const later = this.#later.flatMap((one) => (one.model === model ? (one.deployment ?? []) : []));
    return later.length === 0 ? this.deploymentNames(model) : [...new Set([...this.deploymentNames(model), ...later])];
  }

  deploymentNames(model: string): string[] {
    return [
      ...new Set([
        ...Object.keys(this.models[model]?.deployments ?? {}),
        ...this.#statuses.deployments(model),
        ...this.#operations.deployments(model),
      ]),
    ];
  }

  get #later(): readonly LaterEntry[] {
    return (this.document.kind === 'ok' && this.document.later) || [];
  }

  spec(model: string): ModelSpec | undefined {
    return this.models[model];
  }

  status(key: DeploymentKey): DeploymentStatus | undefined {
    return this.#statuses.get(key);
  }

  /** Whether its host knows any, without looking at all. */
  get hasDeployments(): boolean {
    return this.#statuses.values().next().done === false;
  }

  /** Whether one of them is on AWS. */
  get hasCloud(): boolean {
    for (const { cloud } of this.#statuses.values()) if (cloud) return true;
    return false;
  }

  /** Whether one of them runs an image. */
  get hasImages(): boolean {
    for (const { image } of this.#statuses.values()) if (image) return true;
    return false;
  }

  statuses(): DeploymentStatus[] {
    return [...this.#statuses.values()];
  }

  operation(key: DeploymentKey): Operation | undefined {
    return this.#operations.get(key);
  }

  /** What runs for what a plan is about, or failed last. */
  operationOf(plan: Plan): Operation | undefined {
    if (plan.kind === 'remove' && plan.isUndeclared && plan.cloud) return this.removalOf(plan.cloud);
    return this.operation(plan);
  }

  /** The removal that runs of a stack that models.json does not declare. */
  removalOf(place: StackPlace): Operation | undefined {
    return this.#removals.get(placeText(place));
  }

  /** Why AWS could not be asked the last time. */
  unasked(key: DeploymentKey): UserError | undefined {
    return this.#unasked.get(key);
  }

  /** AWS was asked about a deployment, or why it could not be. */
  noteAsked(key: DeploymentKey, error: UserError | undefined): void {
    if (error) this.#unasked.set(key, error);
    else if (!this.#unasked.delete(key)) return;
    this.#tell(true, key);
  }

  /** What the account had that nobody declares, when it was asked for last. */
  get ghosts(): readonly FoundGhost[] {
    return this.#ghosts;
  }

  set ghosts(found: readonly FoundGhost[]) {
    if (found.length === 0 && this.#ghosts.length === 0) return;
    this.#ghosts = found;
    this.#ports.changed({ kind: 'list' });
  }

  /** Whether a host is worth starting for what models.json declares. */
  declaresDeployments(): boolean {
    return Object.values(this.models).some((model) => Object.keys(model.deployments ?? {}).length > 0);
  }

  /** Whether `stacks` are all that models.json declares: not while it cannot be read, or in part only. */
  get knowsStacks(): boolean {
    return isWhole(this.document);
  }

  /** Those that models.json declares, of deployments that are on AWS. */
  get stacks(): StackPlace[] {
    return Object.values(this.models).flatMap(({ deployments = {} }) =>
      Object.values(deployments).flatMap(({ account, region, stack }) =>
        account === undefined || region === undefined || stack === undefined ? [] : [{ account, region, stack }],
      ),
    );
  }

  /** Those that models.json declares on a target. */
  deploymentsOn(target: TargetKind): DeploymentKey[] {
    return Object.entries(this.models).flatMap(([model, { deployments = {} }]) =>
      Object.entries(deployments).flatMap(([deployment, spec]) =>
        spec.target === target ? [{ model, deployment }] : [],
      ),
    );
  }

  /** Takes a new reading of models.json over; where it cannot be used the last good models stay. */
  read(document: ModelsDocument): void {
    const problemChanged = problemText(document) !== problemText(this.document);
    const before = this.models;
    this.document = document;
    this.models = modelsOf(document) ?? before;
    this.modelCount = Object.keys(this.models).length;
    const changes = difference(before, this.models);
    if (changes.list || problemChanged) this.#ports.changed({ kind: 'list' });
    else for (const model of changes.changed) this.#ports.changed({ kind: 'model', model });
  }

  /** The connection to the host; the same one for everybody who asks. */
  async host(): Promise<Outcome<HostConnection>> {
    if (this.#connection) return ok(this.#connection);
    this.#connecting ??= this.#connect().finally(() => {
      this.#connecting = undefined;
    });
    return this.#connecting;
  }

  /**
   * Runs a plan as an operation of the host and answers when it ended; its progress shows in the deployment's row
   * meanwhile. A signal cancels the operation.
   */
  async execute(plan: Plan, signal?: AbortSignal): Promise<Outcome<Operation>> {
    const host = await this.host();
    if (!host.ok) return host;
    const started = await host.value.api.execute(plan);
    if (!started.ok) return started;
    const operation = started.value;
    const { awaited } = this.#ports;
    awaited.set([...awaited.get(), operation.id]);
    const cancel = (): void => void host.value.api.cancel(operation.id);
    signal?.addEventListener('abort', cancel, { once: true });
    const ended = await this.#end(operation, host.value);
    signal?.removeEventListener('abort', cancel);
    // A plan hangs on a rehearsal: it is awaited until that was answered.
    if (plan.kind !== 'rehearse' || ended?.state !== 'succeeded') this.forget(operation);
    if (!ended) {
      return fail('host-ended', 'The function host ended while it worked.', {
        next: 'Run the command again.',
      });
    }
    if (ended.state === 'succeeded') return ok(ended);
    return { ok: false, error: ended.error ?? { code: ended.state, what: `${ended.kind}: ${ended.state}.` } };
  }

  /** Nobody waits for an operation, or for what hangs on it, any more. */
  forget({ id }: Pick<Operation, 'id'>): void {
    const { awaited } = this.#ports;
    awaited.set(awaited.get().filter((one) => one !== id));
  }

  dispose(): void {
    this.#disposed = true;
    this.#connection?.close();
  }

  /** Waits until an operation ended; undefined where its host ended before. */
  async #end(operation: Operation, host: HostConnection): Promise<Operation | undefined> {
    this.#onOperation(operation);
    if (operation.state !== 'running') return operation;
    const ended = new Promise<Operation>((resolve) => this.#waiting.set(operation.id, resolve));
    const result = await Promise.race([ended, host.closed.then(() => undefined)]);
    this.#waiting.delete(operation.id);
    return result;
  }

  async #connect(): Promise<Outcome<HostConnection>> {
    const connected = await this.#ports.connect({
      deployment: (status) => this.#onDeployment(status),
      removed: (key) => this.#onRemoved(key),
      operation: (operation) => this.#onOperation(operation),
      log: (key, line) => this.#ports.changed({ kind: 'log', key, line }),
    });
    this.hostError = connected.ok ? undefined : connected.error;
    if (!connected.ok) {
      this.#ports.changed({ kind: 'list' });
      return connected;
    }
    const connection = connected.value;
    if (this.#disposed) connection.close();
    this.#connection = connection;
    const since = this.#ports.now();
    void connection.closed.then(() => this.#onClosed(since));
    this.#statuses.clear();
    this.#operations.clear();
    this.#removals.clear();
    for (const status of connection.hello.deployments) this.#statuses.set(status, status);
    this.#takeOver(connection.hello.operations);
    this.#ports.changed({ kind: 'list' });
    return connected;
  }

  /** What a host tells of operations from before: the ended ones as they ended, then those that run. */
  #takeOver(operations: readonly Operation[]): void {
    for (const operation of operations) {
      if (operation.undeclared) this.#noteRemoval(operation, operation.undeclared);
      else if (operation.state === 'running' || operation.state === 'failed')
        this.#operations.set(operation, operation);
      else this.#operations.delete(operation);
      if (!this.#ports.awaited.get().includes(operation.id)) continue;
      if (operation.state === 'running') this.#waiting.set(operation.id, (ended) => this.#endedUnseen(ended));
      else this.#endedUnseen(operation);
    }
    // Of the others nobody knows any more: their host ended too.
    const running = new Set(operations.filter(({ state }) => state === 'running').map(({ id }) => id));
    const { awaited } = this.#ports;
    awaited.set(awaited.get().filter((id) => running.has(id)));
  }

  #endedUnseen(operation: Operation): void {
    this.#waiting.delete(operation.id);
    this.forget(operation);
    if (operation.state === 'failed' || operation.state === 'succeeded') this.#ports.endedUnseen(operation);
  }

  #onClosed(since: number): void {
    this.#connection = undefined;
    if (this.#disposed) return;
    if (this.#ports.now() - since >= STEADY_MS) {
      void this.host();
      return;
    }
    this.#statuses.clear();
    this.#operations.clear();
    this.#removals.clear();
    this.hostError = {
      code: 'host-ended',
      what: 'The function host ended right after it had started.',
      next: 'Refresh starts it again.',
    };
    this.#ports.changed({ kind: 'list' });
  }

  #onDeployment(status: DeploymentStatus): void {
    const known = this.#isListed(status);
    this.#statuses.set(status, status);
    this.#tell(known, status);
  }

  #onRemoved(key: DeploymentKey): void {
    if (this.#statuses.delete(key)) this.#tell(false, key);
  }

  #onOperation(operation: Operation): void {
    const { undeclared: place } = operation;
    if (!place) this.#onOwnOperation(operation);
    else {
      this.#noteRemoval(operation, place);
      this.#ports.changed({ kind: 'ghost', place });
    }
    if (operation.state !== 'running') this.#waiting.get(operation.id)?.(operation);
  }

  #noteRemoval(operation: Operation, place: StackPlace): void {
    if (operation.state === 'running') this.#removals.set(placeText(place), operation);
    else this.#removals.delete(placeText(place));
  }

  #onOwnOperation(operation: Operation): void {
    const known = this.#isListed(operation);
    if (operation.state === 'running' || operation.state === 'failed') {
      this.#operations.set(operation, operation);
      this.#tell(known, operation);
    } else if (this.#operations.delete(operation)) {
      this.#tell(this.#isListed(operation), operation);
    }
  }

  /** Whether the deployment has a row already. */
  #isListed(key: DeploymentKey): boolean {
    const declared = this.models[key.model]?.deployments?.[key.deployment] !== undefined;
    return declared || this.#statuses.get(key) !== undefined || this.#operations.get(key) !== undefined;
  }

  #tell(known: boolean, key: DeploymentKey): void {
    const { model, deployment } = key;
    if (known) this.#ports.changed({ kind: 'deployment', key: { model, deployment } });
    else if (this.models[model] !== undefined) this.#ports.changed({ kind: 'model', model });
    else this.#ports.changed({ kind: 'list' });
  }
}

/** Undefined where the file cannot be used. */
function modelsOf(document: ModelsDocument): Models | undefined {
  switch (document.kind) {
    case 'absent':
      return {};
    case 'ok':
    case 'newer':
      return document.spec.models;
    case 'legacy':
      return document.migrated.models;
    case 'invalid':
    case 'conflict':
      return undefined;
    default:
      return document satisfies never;
  }
}

/** What the row about the file would say; the same text for documents without a problem. */
function problemText(document: ModelsDocument): string {
  if (document.kind === 'absent') return '';
  if (document.kind === 'ok') {
    const { later, misspelt } = document;
    return later || misspelt ? JSON.stringify([later, misspelt]) : '';
  }
  return JSON.stringify([document.kind, 'problems' in document ? document.problems[0] : undefined]);
}
