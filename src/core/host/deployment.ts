/** One deployment while the host runs: its pool of workers, its log and what the tree shows of it. */
import type { ModelCard, StartKind } from '../../shared/contract.ts';
import type { UserError } from '../../shared/outcome.ts';
import { DEFAULTS, keyText, type DeploymentKey, type DeploymentSpec, type ModelSpec } from '../../shared/spec.ts';
import { takesText } from '../../shared/schema.ts';
import type { CloudSeen, CloudStatus, DeploymentStatus, ImageStatus, LogLine, State } from '../../shared/states.ts';
import type { Endpoint } from './call.ts';
import { limitsOf } from './function-file.ts';
import type { BuiltImage } from '../image/image.ts';
import { LogRing } from './lines.ts';
import type { Failure } from './problems.ts';
import { Pool, type Spawned } from './scheduler.ts';
import type { HostSettings } from './settings.ts';
import type { DeploymentRecord } from './state.ts';
import type { Containers } from './container-worker.ts';
import type { Candidate } from './version.ts';
import { whyOf } from './examples.ts';
import { spawnWorker, writeFunction } from './process-worker.ts';
import type { Worker } from './worker.ts';

/** What all deployments of a host share. */
export interface Surroundings {
  project: string;
  /** Folder of worker.py. */
  runtime: string;
  /** Where function files are written. */
  functions: string;
  markPrefix: string;
  settings: HostSettings;
  containers: Containers;
  env: NodeJS.ProcessEnv;
  url(): string;
  snapshotPath(hash: string, spec: Pick<ModelSpec, 'path'>): string;
  modulesPath(hash: string): string;
  /** A worker runs in a snapshot until the returned function is called. */
  useSnapshot(hash: string): () => void;
  /** Makes sure that what a record's worker would load is what was agreed to; why it is not, where that is so. */
  verify(record: DeploymentRecord): Promise<Failure | undefined>;
  onStatus(deployment: Deployment): void;
  onLine(deployment: Deployment, line: LogLine): void;
  /** A record changed in a way that may be lost. */
  onLatency(): void;
}

/** What lies over the state of the workers. */
export type Overlay = { state: Extract<State, 'failed' | 'changed' | 'refused'>; error: UserError };

const stopped = (key: DeploymentKey): Failure => ({
  code: 'stopped',
  detail: `${keyText(key)} is stopped.`,
  next: `Start it in the Models view, or with the command nimbus start ${keyText(key)}.`,
});

export class Deployment implements Endpoint {
  readonly model: string;
  readonly deployment: string;
  readonly pool: Pool;
  readonly logs = new LogRing();
  /** Unset until it was deployed on this machine. */
  record: DeploymentRecord | undefined;
  overlay: Overlay | undefined;
  /** What AWS said last, of a deployment there; with what it is, where it was deployed from elsewhere. */
  seen: (CloudSeen & { cloud?: CloudStatus; version?: string; deployedAt?: string; error?: UserError }) | undefined;
  /** Of one on AWS that was deployed from elsewhere: no record keeps them. */
  readonly #seenMs: DeploymentStatus['lastMs'] = {};
  /** Values of the variables that the spec names, from the plan or a client; gone with the host. */
  env: Record<string, string> = {};
  declared: { framework: ModelSpec['framework']; target: DeploymentSpec['target'] };
  readonly #around: Surroundings;

  constructor(
    key: DeploymentKey,
    declared: Deployment['declared'],
    record: DeploymentRecord | undefined,
    around: Surroundings,
  ) {
    this.model = key.model;
    this.deployment = key.deployment;
    this.declared = declared;
    this.record = record;
    this.#around = around;
    const { idleMs, pauseMs, queueLimit } = around.settings;
    this.pool = new Pool({
      concurrency: DEFAULTS.concurrency,
      timeoutMs: DEFAULTS.timeoutSeconds * 1000,
      idleMs,
      pauseMs,
      queueLimit,
      spawn: () => this.#spawnServing(),
      onChange: () => around.onStatus(this),
    });
    if (record) {
      this.#configure(record.spec);
      if (record.stopped) void this.pool.close(stopped(this));
    }
  }

  /** What it is in AWS. */
  get cloud(): CloudStatus | undefined {
    return this.record?.cloud ?? this.seen?.cloud;
  }

  get key(): DeploymentKey {
    return { model: this.model, deployment: this.deployment };
  }

  get version(): string {
    return this.record?.version ?? this.seen?.version ?? '';
  }

  get card(): ModelCard | undefined {
    return this.record?.card;
  }

  get unavailable(): Failure | undefined {
    const { cloud } = this;
    if (cloud) {
      return {
        code: 'stopped',
        detail: `It runs on AWS Lambda, at ${cloud.url}.`,
        next: `Send the request there, or with nimbus predict ${keyText(this)}.`,
      };
    }
    if (!this.record) {
      return {
        code: 'stopped',
        detail: 'The model is declared in models.json, but not deployed on this machine yet.',
        next: `Deploy it in the Models view, or with the command nimbus deploy, under the name ${this.model}.`,
      };
    }
    return this.record.stopped ? stopped(this) : undefined;
  }

  get status(): DeploymentStatus {
    const { record, pool } = this;
    const overlay = this.#shownOverlay;
    const error = this.#error();
    const workers = pool.workers;
    const memoryBytes = workers.reduce((sum, worker) => sum + worker.memoryBytes, 0);
    return {
      model: this.model,
      deployment: this.deployment,
      target: this.declared.target,
      framework: this.declared.framework,
      state: overlay ? overlay.state : this.#state(),
      url: this.cloud?.url ?? `${this.#around.url()}/${keyText(this)}`,
      version: this.version,
      ...(record
        ? {
            ...(record.image ? {} : { interpreter: record.interpreter }),
            ...(record.image && !record.isAnotherServed ? { image: imageStatus(record.image) } : {}),
            ...(record.pushed ? { pushed: record.pushed } : {}),
            ...(record.interpreterChosen && !record.image ? { interpreterChosen: true } : {}),
            takesText: takesText(record.card.input),
          }
        : {}),
      ...this.#deployed(),
      ...(this.cloud ? { cloud: this.cloud } : {}),
      ...(this.seen ? { seen: seenOnly(this.seen) } : {}),
      ...(record?.madeWith ? { madeWith: record.madeWith } : {}),
      ...(record?.networkLeft === undefined ? {} : { network: record.networkLeft ? 'none' : 'kept' }),
      ...(record?.differs && record.differs.length > 0 ? { differs: record.differs } : {}),
      workers: workers.length,
      lastMs: record?.lastMs ?? this.#seenMs,
      ...(memoryBytes > 0 ? { memoryBytes } : {}),
      ...(this.needs.length > 0 ? { needs: this.needs } : {}),
      ...(error ? { error } : {}),
    };
  }

  /** Takes values of variables that it `needs`. */
  provide(values: Record<string, string>): void {
    const named = Object.entries(values).filter(([name]) => this.record?.spec.env?.includes(name));
    this.env = { ...this.env, ...Object.fromEntries(named) };
    this.#around.onStatus(this);
  }

  observe(start: StartKind, totalMs: number): void {
    if (!this.record && !this.cloud) return;
    (this.record?.lastMs ?? this.#seenMs)[start] = Math.round(totalMs * 1000) / 1000;
    if (this.record) this.#around.onLatency();
  }

  /**
   * Serves a new version from now on. Requests that run finish on the old one, and its workers end after them.
   * `keepWorker`: the candidate's worker serves on; else it ends and the next request is cold. Answers when the old
   * workers are gone.
   */
  activate(record: DeploymentRecord, { worker }: Candidate, keepWorker: boolean): Promise<void> {
    this.record = record;
    this.overlay = undefined;
    this.declared = { framework: record.spec.framework, target: record.deploymentSpec.target };
    this.#configure(record.spec);
    const keep = keepWorker && worker.alive && !record.stopped;
    if (!keep) void worker.end();
    const left = this.pool.replace(() => this.#spawnServing(), keep ? worker : undefined);
    if (!record.stopped) this.pool.open();
    return left;
  }

  /** What serves elsewhere from now on: no worker of this host has a part in it. */
  settle(record: DeploymentRecord): void {
    this.record = record;
    this.overlay = undefined;
    this.seen = undefined;
    this.declared = { framework: record.spec.framework, target: record.deploymentSpec.target };
  }

  /** Applies what a hand edit of models.json changed without making another function of it. */
  applySpec(spec: DeploymentRecord['spec']): void {
    const { record } = this;
    if (!record) return;
    const before = record.spec;
    record.spec = spec;
    const { description: _, ...card } = record.card;
    record.card = {
      ...card,
      ...(spec.description === undefined ? {} : { description: spec.description }),
      examples: (spec.examples ?? []).map(({ input }) => ({ input })),
      limits: limitsOf(spec),
    };
    this.#configure(spec);
    const restart = (['memoryMb', 'timeoutSeconds', 'env', 'description', 'examples'] as const).some(
      (field) => JSON.stringify(before[field]) !== JSON.stringify(spec[field]),
    );
    if (restart) void this.pool.retire();
    this.#around.onStatus(this);
  }

  async stop(): Promise<void> {
    if (this.record) this.record.stopped = true;
    await this.pool.close(stopped(this));
  }

  start(): void {
    if (this.record) this.record.stopped = false;
    this.pool.open();
  }

  /** A line of the host itself. */
  say(text: string): void {
    this.line({ at: Date.now(), source: 'host', text });
  }

  /** What AWS works on, or does not have, matters more than that the model has changed here. */
  get #shownOverlay(): Overlay | undefined {
    const isAtRest = this.seen === undefined || AT_REST.has(this.seen.state);
    return this.record?.stopped || !isAtRest ? undefined : this.overlay;
  }

  /** Where another version serves than this machine deployed, AWS says since when. */
  #deployed(): Pick<DeploymentStatus, 'deployedAt'> {
    const at = this.record?.isAnotherServed || !this.record ? this.seen?.deployedAt : undefined;
    const deployedAt = at ?? this.record?.deployedAt;
    return deployedAt === undefined ? {} : { deployedAt };
  }

  #state(): State {
    if (this.seen) return STATES_SEEN[this.seen.state];
    if (!this.record) return 'not-deployed';
    if (this.record.cloud) return 'serving';
    if (this.record.stopped) return 'stopped';
    if (this.pool.ready) return 'serving';
    if (this.pool.starting) return 'starting';
    return this.pool.startFailure ? 'failed' : 'idle';
  }

  #error(): UserError | undefined {
    const overlay = this.#shownOverlay;
    if (overlay) return overlay.error;
    if (this.seen?.error) return this.seen.error;
    if (!this.record && this.seen?.cloud) return undefined;
    if (!this.record) {
      return {
        code: 'not-deployed-here',
        what: 'Not deployed on this machine yet.',
        why: 'models.json declares it, but no version of it was deployed here.',
        next: 'Redeploy it.',
        action: {
          label: 'Redeploy',
          command: 'nimbus.redeploy',
          args: [this.key],
        },
      };
    }
    const failure = this.pool.startFailure;
    if (!failure) return undefined;
    return {
      code: failure.code,
      what: 'The last start failed.',
      why: whyOf(failure),
      ...(failure.next === undefined ? {} : { next: failure.next }),
    };
  }

  /** Variables that had a value when it was deployed, and have none now. */
  get needs(): string[] {
    const { env = [], spec, cloud } = this.record ?? {};
    // AWS keeps them.
    if (cloud) return [];
    const unset = (name: string): boolean => (this.env[name] ?? this.#around.env[name]) === undefined;
    return env.filter((name) => spec?.env?.includes(name) && unset(name));
  }

  #configure(spec: DeploymentRecord['spec']): void {
    this.pool.configure({
      concurrency: spec.concurrency ?? DEFAULTS.concurrency,
      timeoutMs: limitsOf(spec).timeoutSeconds * 1000,
    });
  }

  async #spawnServing(): Promise<Spawned> {
    const { record } = this;
    if (!record) throw new Error(`${keyText(this)} has no version to start`);
    const since = performance.now();
    try {
      const lacking = this.#lacks();
      if (lacking) return { failure: lacking };
      if (record.image) return await this.#startContainer(record, record.image, since);
      const failure = await this.#around.verify(record);
      if (failure) return { failure };
      const { spec, version, interpreter, modules, isolated, ownCode = false, madeWith } = record;
      const snapshot = { hash: record.snapshot, path: this.#around.snapshotPath(record.snapshot, spec) };
      const parts = { spec, version, snapshotPath: snapshot.path, modules, madeWith, ownCode };
      const functionFile = writeFunction(this.#around, this, parts);
      const worker = { functionFile, spec, snapshot, modules, interpreter, env: this.env, isolated, since };
      const started = spawnWorker(this.#around, this, worker, (line) => this.line(line));
      return { worker: this.#noting(record, started) };
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code === undefined) throw error;
      return { failure: { code: 'init-failed', detail: `The model cannot be started: ${message}.` } };
    }
  }

  async #startContainer(record: DeploymentRecord, image: BuiltImage, since: number): Promise<Spawned> {
    const { spec, isolated, deploymentSpec } = record;
    const storageMb = deploymentSpec.ephemeralStorageMb;
    const parts = { key: this.key, image, spec, env: this.env, isolated, storageMb, since };
    const started = await this.#around.containers.start(parts, (line) => this.line(line));
    return started.ok ? { worker: this.#noting(record, started.value) } : { failure: failureOf(started.error) };
  }

  #noting(record: DeploymentRecord, worker: Worker): Worker {
    void worker.ready.then((ready) => ready.ok && this.#noteNetwork(record, ready.networkLeft));
    return worker;
  }

  /** The system, or the host's settings, may be others than when it was deployed. */
  #noteNetwork(record: DeploymentRecord, left: boolean | undefined): void {
    if (record !== this.record || record.networkLeft === left) return;
    if (left === undefined) delete record.networkLeft;
    else record.networkLeft = left;
    this.#around.onLatency();
  }

  #lacks(): Failure | undefined {
    const needs = this.needs;
    if (needs.length === 0) return undefined;
    const [it, them] = needs.length === 1 ? ['It', 'it'] : ['They', 'them'];
    return {
      code: 'init-failed',
      detail: `${needs.join(', ')} had a value when the model was deployed, and none since the host was started again. ${it} would be missing in the model.`,
      next: `Set ${them} in the shell and send the request with nimbus predict, or redeploy the model.`,
    };
  }

  line(line: LogLine): void {
    this.logs.add(line);
    this.#around.onLine(this, line);
  }
}

/** States as AWS has them, in the words for all targets. */
const STATES_SEEN: Record<CloudSeen['state'], State> = {
  creating: 'updating',
  serving: 'serving',
  updating: 'updating',
  'rolling-back': 'updating',
  deleting: 'updating',
  inactive: 'idle',
  waking: 'starting',
  failed: 'failed',
  gone: 'gone',
};

/** In these it answers, or will once it is asked. */
const AT_REST: ReadonlySet<CloudSeen['state']> = new Set(['serving', 'inactive', 'waking']);

function seenOnly({ state, isAhead, liveVersion, drifted, at }: CloudSeen): CloudSeen {
  return {
    state,
    isAhead,
    ...(liveVersion === undefined ? {} : { liveVersion }),
    ...(drifted === undefined ? {} : { drifted }),
    at,
  };
}

export function imageStatus({ id, reference, bytes, python, platform, isEmulated }: BuiltImage): ImageStatus {
  return { id, reference, bytes, python, platform, ...(isEmulated ? { isEmulated } : {}) };
}

/** A worker that cannot even be tried, as those that wait for it are told. */
function failureOf({ what, why, next }: UserError): Failure {
  return { code: 'init-failed', detail: why === undefined ? what : `${what} ${why}`, ...(next ? { next } : {}) };
}
