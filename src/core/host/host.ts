/** The function host of one project: puts the front, the deployments, the operations and the clients together. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { modelPath } from '../models/paths.ts';
import { watchModels, type ModelsWatcher } from '../models/watch.ts';
import { PROJECT_FOLDER, places, projectId } from '../places.ts';
import type { Plan } from '../targets/plan.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus, LogLine, Operation } from '../../shared/states.ts';
import type { SweepReport } from '../../shared/sweep.ts';
import { Containers } from './container-worker.ts';
import { Declarations } from './declarations.ts';
import { Deployers } from './deployers.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import { Deployments } from './deployments.ts';
import { Front } from './front.ts';
import { verifyCopies } from './intact.ts';
import { Leftovers } from './leftovers.ts';
import type { LogFile } from './log-file.ts';
import { MODULES_FOLDER } from './modules.ts';
import { Operations } from './operations.ts';
import { makeDoers, operationOf, type Doers } from './plans.ts';
import { usualPort } from './port.ts';
import type { Failure } from './problems.ts';
import { killMarked } from './processes.ts';
import type { HostHello, LogQuery } from './protocol.ts';
import { PROTOCOL } from './protocol.ts';
import { Reloads } from './reloads.ts';
import type { HostSettings } from './settings.ts';
import { Slimming } from './slim.ts';
import { runtimeHash, Snapshots } from './snapshots.ts';
import { makeProjectFolder, StateFile } from './state.ts';
import { Upkeep } from './upkeep.ts';
import { Versions } from './versions.ts';

export interface HostOptions {
  /** Absolute real path. */
  project: string;
  /** Folder of worker.py. */
  runtime: string;
  settings: HostSettings;
  /** Of Nimbus. */
  version: string;
  markPrefix: string;
  log: LogFile;
  env: NodeJS.ProcessEnv;
}

/** What the host tells; the server passes it on to its clients. */
export interface HostListener {
  deployment(status: DeploymentStatus): void;
  removed(key: DeploymentKey): void;
  operation(operation: Operation): void;
  log(key: DeploymentKey, line: LogLine): void;
  /** A request came over HTTP. */
  request(): void;
}

const ENDING: Failure = { code: 'stopped', detail: 'The host ends.', next: 'Send the request again.' };

export class Host {
  readonly #options: HostOptions;
  readonly #state: StateFile;
  readonly #snapshots: Snapshots;
  readonly #front: Front;
  readonly #operations: Operations;
  readonly #reloads: Reloads;
  readonly declarations: Declarations;
  readonly #versions: Versions;
  readonly #around: Surroundings;
  readonly #leftovers: Leftovers;
  readonly #doers: Doers;
  readonly upkeep: Upkeep;
  readonly #deployments: Deployments;
  readonly #slimming = new Slimming(
    () => !this.busy && this.#deployments.all.every((one) => one.pool.workers.length === 0),
  );
  readonly #deployers: Deployers;
  #models: ModelsWatcher | undefined;
  #portTaken: number | undefined;

  /** Cleans up after a killed host of this project, listens, and serves what was deployed. Call it only as its one host. */
  static async start(options: HostOptions, listener: HostListener): Promise<Host> {
    const left = await killMarked(options.markPrefix, 'prefix');
    if (left > 0) options.log.write(`ended ${left} processes that a host before this one left`);
    const onError = (error: unknown): void => options.log.write(`state: ${describe(error)}`);
    const state = await StateFile.open(options.project, onError);
    const host = new Host(options, listener, state, await runtimeHash(options.runtime));
    await host.#start();
    return host;
  }

  private constructor(options: HostOptions, listener: HostListener, state: StateFile, runtime: string) {
    this.#options = options;
    this.#state = state;
    const { project, log, settings } = options;
    const folder = path.join(project, PROJECT_FOLDER);
    state.state.seals ??= {};
    this.#deployers = new Deployers(options.env);
    this.#deployments = new Deployments({
      around: () => this.#around,
      deployment: (status) => listener.deployment(status),
      removed: (key) => listener.removed(key),
      onTold: () => this.#slimming.look(),
    });
    this.#snapshots = new Snapshots(
      path.join(folder, 'snapshots'),
      state.state.seals,
      () => state.changed(),
      () => {
        void this.#versions.sweep();
      },
    );
    this.#front = new Front({
      projectId: projectId(project),
      endpoint: (model, deployment) => this.#deployments.get({ model, deployment }),
      endpoints: () => this.#deployments.all,
      onRequest: () => listener.request(),
      onError: (error) => log.write(`front: ${describe(error)}`),
    });
    this.#operations = new Operations({
      folder: path.join(places().logs, projectId(project)),
      durations: (state.state.durations ??= {}),
      onChange: (operation) => {
        listener.operation(operation);
        if (operation.state === 'running') return;
        state.changed('later');
        void this.#afterOperation(operation);
      },
      onBug: (error) => log.write(`operation: ${describe(error)}`),
    });
    this.#around = {
      project,
      runtime: options.runtime,
      functions: path.join(folder, 'functions'),
      markPrefix: options.markPrefix,
      settings,
      containers: new Containers(options),
      env: options.env,
      url: () => this.#front.url,
      snapshotPath: (hash, spec) => this.#snapshots.pathOf(hash, path.basename(modelPath(project, spec))),
      useSnapshot: (hash) => this.#snapshots.use(hash),
      modulesPath: (hash) => this.#snapshots.pathOf(hash, MODULES_FOLDER),
      verify: (record) => verifyCopies(record, { project, snapshots: this.#snapshots, log: (text) => log.write(text) }),
      onStatus: (deployment) => this.#deployments.touched(deployment),
      onLine: (deployment, line) => listener.log(deployment.key, line),
      onLatency: () => state.changed('later'),
    };
    const onChange = (deployment: Deployment): void => {
      state.changed();
      this.#deployments.touched(deployment);
    };
    this.#versions = new Versions({
      around: this.#around,
      snapshots: this.#snapshots,
      runtimeHash: runtime,
      state,
      deployments: this.#deployments.byName,
      add: (key, declared) => this.#deployments.add(key, declared, undefined),
      remove: (key) => this.#remove(key, true),
      onActivated: (deployment) => {
        this.#reloads.follow(deployment);
        this.#deployments.touched(deployment);
      },
      log: (text) => log.write(text),
    });
    this.#leftovers = new Leftovers({
      state,
      engine: () => this.#around.containers.engine(),
      log: (text) => log.write(text),
    });
    this.upkeep = new Upkeep({
      around: this.#around,
      state,
      leftovers: this.#leftovers,
      operations: this.#operations,
      making: () => this.#versions.making,
      log: (text) => log.write(text),
    });
    this.#reloads = new Reloads({
      project,
      stableMs: settings.reloadStableMs,
      snapshots: this.#snapshots,
      isBusy: (deployment) =>
        this.#operations.runningFor(deployment) !== undefined || this.#deployments.get(deployment) !== deployment,
      versions: this.#versions,
      onChange,
      log: (text) => log.write(text),
    });
    this.#doers = makeDoers({
      around: this.#around,
      versions: this.#versions,
      state,
      leftovers: this.#leftovers,
      deployers: this.#deployers,
      reloads: this.#reloads,
      deployments: this.#deployments,
      remove: (key) => this.#remove(key, true),
    });
    this.declarations = new Declarations({
      project,
      operations: this.#operations,
      deployments: this.#deployments.byName,
      add: (key, declared) => this.#addDeclared(key, declared),
      drop: (deployment) => {
        log.write(`${keyText(deployment)} is not declared any more`);
        void this.#remove(deployment, false);
      },
      onChange,
    });
  }

  get operations(): Operations {
    return this.#operations;
  }

  /** Something runs that must not be interrupted. */
  get busy(): boolean {
    return this.#operations.running > 0 || this.requests > 0;
  }

  /** Requests under way: those of callers that wait, and those that run without one, as Lambda's `Event` does. */
  get requests(): number {
    const inPools = this.#deployments.all.reduce((sum, one) => sum + one.pool.active, 0);
    return Math.max(this.#front.active, inPools);
  }

  /** No request comes any more; called when the host is going to end. */
  refuse(): void {
    this.#front.refuse();
  }

  get hello(): HostHello {
    return {
      protocol: PROTOCOL,
      version: this.#options.version,
      pid: process.pid,
      url: this.#front.url,
      ...(this.#portTaken === undefined ? {} : { portTaken: this.#portTaken }),
      deployments: this.#deployments.all.map((one) => one.status),
      operations: this.#operations.all,
    };
  }

  /** What it knows of deployments on AWS. */
  get cloud(): Pick<Doers['cloud'], 'look' | 'rehearsedPlan'> {
    return this.#doers.cloud;
  }

  /** As of `HostApi.observe`. */
  observe(...observed: Parameters<Deployments['observe']>): void {
    this.#deployments.observe(...observed);
  }

  execute(plan: Plan): Outcome<Operation> {
    if (realpathSync(plan.project) !== this.#options.project) {
      return fail('wrong-project', `This host serves ${this.#options.project}.`);
    }
    return this.#operations.start(operationOf(plan, this.#doers));
  }

  /** The last memory sweep of a model. */
  lastSweep(model: string): SweepReport | undefined {
    const { sweeps } = this.#state.state;
    return sweeps && Object.hasOwn(sweeps, model) ? sweeps[model] : undefined;
  }

  async startDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, async (deployment) => {
      deployment.start();
      await this.#state.flush();
      this.#reloads.check(deployment);
    });
  }

  async stopDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, async (deployment) => {
      await Promise.all([deployment.stop(), this.#state.flush()]);
    });
  }

  async coldDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, (deployment) => deployment.pool.retire());
  }

  provide(key: DeploymentKey, values: Record<string, string>): void {
    const deployment = this.#deployments.get(key);
    deployment?.provide(values);
    if (deployment?.record) this.#reloads.check(deployment);
  }

  logs({ model, deployment, requestId, limit }: LogQuery): LogLine[] {
    const found = this.#deployments.get({ model, deployment });
    return (
      found?.logs.read({
        ...(requestId === undefined ? {} : { requestId }),
        ...(limit === undefined ? {} : { limit }),
      }) ?? []
    );
  }

  /** Ends all that it started. Requests under way are answered with a failure. */
  async end(): Promise<void> {
    this.#deployments.end();
    this.#models?.close();
    await this.#operations.cancelAll();
    await this.#reloads.close();
    await Promise.all(this.#deployments.all.map((one) => one.pool.kill(ENDING)));
    await Promise.all([this.#front.close(), this.#state.flush(), this.#deployers.end()]);
    await this.#around.containers.end().catch((error: unknown) => this.#options.log.write(`end: ${describe(error)}`));
    await killMarked(this.#options.markPrefix, 'prefix');
  }

  async #start(): Promise<void> {
    const { project, log } = this.#options;
    const { state } = this.#state;
    await makeProjectFolder(this.#state.folder).catch((error: unknown) => log.write(`state: ${describe(error)}`));
    await this.upkeep.noteProject();
    const usual = usualPort(project);
    const first = state.port ?? usual;
    const port = await this.#front.listen([...new Set([first, usual])]);
    if (port !== first) this.#portTaken = first;
    if (state.port !== port) {
      state.port = port;
      this.#state.changed();
    }
    log.write(`listens at ${this.#front.url}`);
    this.#state.forgetUndeclared();
    this.#models = await watchModels(project, (document) => this.declarations.follow(document));
    // Of large models it takes longer than a client waits for its greeting.
    void this.#versions.sweep();
    void this.upkeep.sweepContainers();
    void this.#leftovers.tidy();
    for (const deployment of this.#deployments.all) this.#reloads.check(deployment);
  }

  async #with(key: DeploymentKey, work: (one: Deployment) => Promise<void>): Promise<Outcome<DeploymentStatus>> {
    const deployment = this.#deployments.get(key);
    if (!deployment)
      return fail('not-deployed', `There is no deployment ${keyText(key)}.`, { next: 'Deploy the model.' });
    const { error } = deployment.status;
    if (!deployment.record) return { ok: false, error: error! };
    if (deployment.record.cloud) {
      return fail(
        'not-on-this-machine',
        `${keyText(key)} runs on AWS Lambda, which starts and ends its environments itself.`,
        {
          next: `nimbus predict ${keyText(key)} --cold, or Force Cold in the editor, asks a new one; removing it ends its answers.`,
        },
      );
    }
    await work(deployment);
    return ok(deployment.status);
  }

  #addDeclared(key: DeploymentKey, declared: Deployment['declared']): Deployment {
    const record = this.#state.state.deployments[keyText(key)];
    delete record?.undeclaredAt;
    const added = this.#deployments.add(key, declared, record);
    if (record) this.#reloads.follow(added);
    this.#deployments.touched(added);
    return added;
  }

  /** `forget`: also what is needed to serve it again. */
  async #remove(key: DeploymentKey, forget: boolean): Promise<void> {
    const name = keyText(key);
    const deployment = this.#deployments.get(key);
    const record = this.#state.state.deployments[name];
    if (forget) delete this.#state.state.deployments[name];
    else if (record) record.undeclaredAt = Date.now();
    if (deployment) {
      this.#reloads.unfollow(deployment);
      await this.#deployments.drop(deployment);
    }
    if (forget && this.lastSweep(key.model)?.deployment === key.deployment) delete this.#state.state.sweeps![key.model];
    await this.#state.flush();
    if (forget && record?.image) await this.#versions.tidyImages(key);
    if (forget) await this.#versions.sweep();
  }

  async #afterOperation({ model, deployment }: Operation): Promise<void> {
    // Edits of models.json meanwhile were left to the operation.
    await this.declarations.refresh();
    const found = this.#deployments.get({ model, deployment });
    if (found?.record) this.#reloads.check(found);
    await Promise.all([this.upkeep.noteProject(), this.#versions.sweep()]);
  }
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
