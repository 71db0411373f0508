/** The function host of one project: puts the front, the deployments, the operations and the clients together. */
import { realpathSync } from 'node:fs';
import path from 'node:path';
import { modelPath } from '../models/paths.ts';
import type { ModelsDocument } from '../models/document.ts';
import { readDocument } from '../models/read.ts';
import { watchModels, type ModelsWatcher } from '../models/watch.ts';
import { PROJECT_FOLDER, places, projectId } from '../places.ts';
import {
  DEPLOY_STAGES,
  executeDeploy,
  executeRemove,
  REMOVE_STAGES,
  type LocalHost,
} from '../targets/local-execute.ts';
import type { Plan } from '../targets/plan.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey, type ModelSpec, type ModelsSpec } from '../../shared/spec.ts';
import type { DeploymentStatus, LogLine, Operation } from '../../shared/states.ts';
import { Deployment, spawnWorker, writeFunction, type Surroundings } from './deployment.ts';
import { ensureEnvironment } from './environment.ts';
import { Front } from './front.ts';
import { sweepFunctionFiles } from './function-file.ts';
import type { LogFile } from './log-file.ts';
import { Operations } from './operations.ts';
import type { Failure } from './problems.ts';
import { killMarked } from './processes.ts';
import type { HostHello, LogQuery } from './protocol.ts';
import { PROTOCOL } from './protocol.ts';
import { Reloads } from './reloads.ts';
import type { HostSettings } from './settings.ts';
import { runtimeHash, Snapshots } from './snapshots.ts';
import { makeProjectFolder, StateFile, type DeploymentRecord } from './state.ts';
import { makeVersion, type Candidate, type VersionPorts, type VersionRequest } from './version.ts';

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

/** A status goes out at most this often per deployment. */
const TELL_MS = 50;
/** A record whose declaration is gone is kept this long, for a branch that is checked out again. */
const UNDECLARED_MS = 7 * 24 * 3600_000;
/** Ports below those that the systems give out by themselves. */
const FIRST_PORT = 21_000;
const PORTS = 10_000;

const ENDING: Failure = { code: 'stopped', detail: 'The host ends.', next: 'Send the request again.' };

/** The port that a project's endpoints have unless it is taken. */
export function usualPort(project: string): number {
  return FIRST_PORT + (Number.parseInt(projectId(project).slice(0, 8), 16) % PORTS);
}

export class Host {
  readonly #options: HostOptions;
  readonly #listener: HostListener;
  readonly #state: StateFile;
  readonly #snapshots: Snapshots;
  readonly #front: Front;
  readonly #operations: Operations;
  readonly #reloads: Reloads;
  readonly #around: Surroundings;
  readonly #deployments = new Map<string, Deployment>();
  readonly #runtimeHash: string;
  readonly #dirty = new Set<Deployment>();
  #tellTimer: NodeJS.Timeout | undefined;
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
    this.#listener = listener;
    this.#state = state;
    this.#runtimeHash = runtime;
    const { project, log, settings } = options;
    const folder = path.join(project, PROJECT_FOLDER);
    this.#snapshots = new Snapshots(path.join(folder, 'snapshots'));
    this.#front = new Front({
      projectId: projectId(project),
      endpoint: (model, deployment) => this.#deployments.get(`${model}/${deployment}`),
      endpoints: () => [...this.#deployments.values()],
      onRequest: () => listener.request(),
      onError: (error) => log.write(`front: ${describe(error)}`),
    });
    const logs = path.join(places().logs, projectId(project));
    this.#operations = new Operations(
      logs,
      (operation) => {
        listener.operation(operation);
        if (operation.state !== 'running') void this.#afterOperation(operation);
      },
      (error) => log.write(`operation: ${describe(error)}`),
    );
    this.#around = {
      project,
      runtime: options.runtime,
      functions: path.join(folder, 'functions'),
      markPrefix: options.markPrefix,
      settings,
      env: options.env,
      url: () => this.#front.url,
      snapshotPath: (hash, spec) => this.#snapshots.pathOf(hash, path.basename(modelPath(project, spec))),
      onStatus: (deployment) => this.#touched(deployment),
      onLine: (deployment, line) => listener.log(keyOf(deployment), line),
      onLatency: () => state.changed('later'),
    };
    this.#reloads = new Reloads({
      project,
      stableMs: settings.reloadStableMs,
      snapshots: this.#snapshots,
      isBusy: (deployment) => this.#operations.runningFor(deployment) !== undefined,
      makeVersion: (deployment, request) =>
        this.#makeVersion(
          request,
          deployment.env,
          (line) => deployment.line(line),
          () => undefined,
        ),
      activate: async (deployment, record, candidate) => {
        await this.#activate(deployment, record, candidate, deployment.pool.workers.length > 0);
      },
      onChange: (deployment) => {
        state.changed();
        this.#touched(deployment);
      },
      log: (text) => log.write(text),
    });
  }

  get operations(): Operations {
    return this.#operations;
  }

  /** Something runs that must not be interrupted. */
  get busy(): boolean {
    return this.#operations.running > 0 || this.#front.active > 0;
  }

  get hello(): HostHello {
    return {
      protocol: PROTOCOL,
      version: this.#options.version,
      pid: process.pid,
      url: this.#front.url,
      ...(this.#portTaken === undefined ? {} : { portTaken: this.#portTaken }),
      deployments: [...this.#deployments.values()].map((one) => one.status),
      operations: this.#operations.all,
    };
  }

  execute(plan: Plan): Outcome<Operation> {
    if (realpathSync(plan.project) !== this.#options.project) {
      return fail('wrong-project', `This host serves ${this.#options.project}.`);
    }
    const key = { model: plan.model, deployment: plan.deployment };
    const local = this.#localHost(key);
    return plan.kind === 'remove'
      ? this.#operations.start({
          ...key,
          kind: plan.kind,
          stages: REMOVE_STAGES,
          work: (shell) => executeRemove(plan, local, shell),
        })
      : this.#operations.start({
          ...key,
          kind: plan.kind,
          stages: DEPLOY_STAGES,
          work: async (shell) => {
            const outcome = await executeDeploy(plan, local, shell);
            // What a failed or cancelled deploy copied.
            if (!outcome.ok) await this.#sweep();
            return outcome;
          },
        });
  }

  async startDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, async (deployment) => {
      deployment.start();
      this.#state.changed();
      this.#reloads.check(deployment);
    });
  }

  async stopDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, async (deployment) => {
      const stopped = deployment.stop();
      this.#state.changed();
      await stopped;
    });
  }

  async coldDeployment(key: DeploymentKey): Promise<Outcome<DeploymentStatus>> {
    return this.#with(key, (deployment) => deployment.pool.retire());
  }

  logs({ model, deployment, requestId, limit }: LogQuery): LogLine[] {
    const found = this.#deployments.get(`${model}/${deployment}`);
    return (
      found?.logs.read({
        ...(requestId === undefined ? {} : { requestId }),
        ...(limit === undefined ? {} : { limit }),
      }) ?? []
    );
  }

  /** Ends all that it started. Requests under way are answered with a failure. */
  async end(): Promise<void> {
    clearTimeout(this.#tellTimer);
    this.#models?.close();
    await this.#operations.cancelAll();
    await this.#reloads.close();
    await Promise.all([...this.#deployments.values()].map((one) => one.pool.kill(ENDING)));
    this.#front.close();
    await this.#state.flush();
    await killMarked(this.#options.markPrefix, 'prefix');
  }

  async #start(): Promise<void> {
    const { project, log } = this.#options;
    const { state } = this.#state;
    await makeProjectFolder(this.#state.folder).catch((error: unknown) => log.write(`state: ${describe(error)}`));
    await this.#snapshots.clearTemporary();
    const usual = usualPort(project);
    const first = state.port ?? usual;
    const port = await this.#front.listen([...new Set([first, usual])]);
    if (port !== first) this.#portTaken = first;
    if (state.port !== port) {
      state.port = port;
      this.#state.changed();
    }
    log.write(`listens at ${this.#front.url}`);
    this.#forgetOld();
    this.#models = await watchModels(project, (document) => this.#follow(document));
    await this.#sweep();
    for (const deployment of this.#deployments.values()) this.#reloads.check(deployment);
  }

  async #with(key: DeploymentKey, work: (one: Deployment) => Promise<void>): Promise<Outcome<DeploymentStatus>> {
    const deployment = this.#deployments.get(keyText(key));
    if (!deployment)
      return fail('not-deployed', `There is no deployment ${keyText(key)}.`, { next: 'Deploy the model.' });
    const { error } = deployment.status;
    if (!deployment.record) return { ok: false, error: error! };
    await work(deployment);
    return ok(deployment.status);
  }

  #localHost(key: DeploymentKey): LocalHost {
    const early = new EarlyLines();
    return {
      environment: ensureEnvironment,
      makeVersion: (request, env, shell) => {
        // The first deploy has nowhere to show its lines until it succeeded.
        const onLine = (line: LogLine): void => (this.#deployments.get(keyText(key)) ?? early).line(line);
        return this.#makeVersion(request, env, onLine, (name, detail) =>
          shell.stage(name, detail === undefined ? undefined : { detail }),
        );
      },
      activate: async (plan, request, candidate) => {
        const deployment =
          this.#deployments.get(keyText(key)) ??
          this.#add(key, { framework: plan.spec.framework, target: plan.deploymentSpec.target }, undefined);
        // A first deploy ends its worker: scaling begins from zero.
        const keepWorker = deployment.pool.workers.length > 0;
        deployment.env = plan.env;
        for (const line of early.lines) deployment.line(line);
        const before = deployment.record;
        const record: DeploymentRecord = {
          spec: plan.spec,
          deploymentSpec: plan.deploymentSpec,
          interpreter: request.interpreter,
          lock: request.lock,
          snapshot: candidate.snapshot.hash,
          ...(before ? { previousSnapshot: before.snapshot } : {}),
          stamp: candidate.snapshot.stamp,
          version: candidate.version,
          deployedAt: new Date().toISOString(),
          stopped: false,
          lastMs: {},
          card: candidate.card,
          consent: plan.consent,
        };
        await this.#activate(deployment, record, candidate, keepWorker);
      },
      remove: (one) => this.#remove(one, true),
    };
  }

  #makeVersion(
    request: VersionRequest,
    env: Record<string, string>,
    onLine: (line: LogLine) => void,
    stage: VersionPorts['stage'],
  ): ReturnType<typeof makeVersion> {
    const { spec, interpreter } = request;
    return makeVersion(request, {
      snapshots: this.#snapshots,
      runtimeHash: this.#runtimeHash,
      spawn: (snapshotPath, version) => {
        const functionFile = writeFunction(this.#around, request, { spec, version, snapshotPath });
        return spawnWorker(this.#around, request, { functionFile, spec, interpreter, env }, onLine);
      },
      stage,
    });
  }

  async #activate(
    deployment: Deployment,
    record: DeploymentRecord,
    candidate: Candidate,
    keepWorker: boolean,
  ): Promise<void> {
    this.#state.state.deployments[keyText(deployment)] = record;
    await deployment.activate(record, candidate, keepWorker);
    await this.#state.flush();
    this.#reloads.follow(deployment);
    this.#options.log.write(`${keyText(deployment)} serves ${record.version.slice(0, 7)}`);
    this.#touched(deployment);
    await this.#sweep();
  }

  #add(key: DeploymentKey, declared: Deployment['declared'], record: DeploymentRecord | undefined): Deployment {
    const deployment = new Deployment(key, declared, record, this.#around);
    this.#deployments.set(keyText(key), deployment);
    return deployment;
  }

  /** Takes over what models.json declares; one that cannot be read changes nothing. */
  #follow(document: ModelsDocument): void {
    if (document.kind !== 'ok' && document.kind !== 'newer' && document.kind !== 'absent') return;
    const declared = new Set<string>();
    for (const [model, { deployments, ...spec }] of Object.entries(
      document.kind === 'absent' ? {} : document.spec.models,
    )) {
      for (const [deployment, { target }] of Object.entries(deployments ?? {})) {
        const key = { model, deployment };
        declared.add(keyText(key));
        // The operation itself says when the deployment is there.
        if (this.#operations.runningFor(key)) continue;
        this.#declare(key, spec, target);
      }
    }
    const undeclared = [...this.#deployments.values()].some((one) => !declared.has(keyText(one)));
    if (undeclared) void this.#dropUndeclared();
  }

  /** Only by what the file says now: a reading from before an operation's edit would drop what was just deployed. */
  async #dropUndeclared(): Promise<void> {
    let ended: number;
    let document: ModelsDocument;
    do {
      ended = this.#operations.ended;
      document = await readDocument(this.#options.project);
    } while (ended !== this.#operations.ended);
    const models = specOf(document);
    if (!models) return;
    for (const deployment of this.#deployments.values()) {
      if (models[deployment.model]?.deployments?.[deployment.deployment]) continue;
      if (this.#operations.runningFor(deployment)) continue;
      this.#options.log.write(`${keyText(deployment)} is not declared any more`);
      void this.#remove(deployment, false);
    }
  }

  #declare(key: DeploymentKey, spec: DeploymentRecord['spec'], target: Deployment['declared']['target']): void {
    const known = this.#deployments.get(keyText(key));
    if (!known) {
      const record = this.#state.state.deployments[keyText(key)];
      delete record?.undeclaredAt;
      const added = this.#add(key, { framework: spec.framework, target }, record);
      if (record) {
        this.#compare(added, spec);
        this.#reloads.follow(added);
      }
      this.#touched(added);
      return;
    }
    if (known.record) this.#compare(known, spec);
  }

  /** A hand edit either applies at once, or makes another function of it, which only a redeploy does. */
  #compare(deployment: Deployment, spec: DeploymentRecord['spec']): void {
    const record = deployment.record!;
    const { project } = this.#options;
    const moved =
      modelPath(project, spec) !== modelPath(project, record.spec) || spec.framework !== record.spec.framework;
    if (moved) {
      deployment.overlay = {
        state: 'changed',
        error: {
          code: 'declaration-changed',
          what: 'models.json names another model than the one that serves.',
          next: 'Redeploy it.',
          action: { label: 'Redeploy', command: 'nimbus.redeploy', args: [keyOf(deployment)] },
        },
      };
      this.#touched(deployment);
      return;
    }
    if (deployment.overlay?.error.code === 'declaration-changed') {
      deployment.overlay = undefined;
      this.#touched(deployment);
    }
    if (JSON.stringify(sorted(spec)) !== JSON.stringify(sorted(record.spec))) {
      deployment.applySpec(spec);
      this.#state.changed();
    }
  }

  /** `forget`: also what is needed to serve it again. */
  async #remove(key: DeploymentKey, forget: boolean): Promise<void> {
    const name = keyText(key);
    const deployment = this.#deployments.get(name);
    const record = this.#state.state.deployments[name];
    if (forget) delete this.#state.state.deployments[name];
    else if (record) record.undeclaredAt = Date.now();
    this.#deployments.delete(name);
    if (deployment) {
      this.#dirty.delete(deployment);
      this.#reloads.unfollow(deployment);
      await deployment.pool.close({ code: 'stopped', detail: 'The deployment was removed.' });
      this.#listener.removed({ model: key.model, deployment: key.deployment });
    }
    await this.#state.flush();
    if (forget) await this.#sweep();
  }

  async #afterOperation({ model, deployment }: Operation): Promise<void> {
    // Edits of models.json meanwhile were left to the operation.
    this.#follow(await readDocument(this.#options.project));
    const found = this.#deployments.get(`${model}/${deployment}`);
    if (found?.record) this.#reloads.check(found);
    void this.#sweep();
  }

  #forgetOld(): void {
    const { deployments } = this.#state.state;
    for (const [name, { undeclaredAt }] of Object.entries(deployments)) {
      if (undeclaredAt !== undefined && Date.now() - undeclaredAt > UNDECLARED_MS) delete deployments[name];
    }
  }

  async #sweep(): Promise<void> {
    const records = Object.values(this.#state.state.deployments);
    const keep = records.flatMap((one) => [one.snapshot, one.previousSnapshot ?? '']);
    try {
      await this.#snapshots.sweep(new Set(keep));
      if (this.#operations.running === 0) {
        const files = [...this.#deployments.values()].map((one) => one.functionFile ?? '');
        sweepFunctionFiles(this.#around.functions, new Set(files));
      }
    } catch (error) {
      this.#options.log.write(`sweep: ${describe(error)}`);
    }
  }

  #touched(deployment: Deployment): void {
    if (this.#deployments.get(keyText(deployment)) !== deployment) return;
    this.#dirty.add(deployment);
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      for (const one of this.#dirty) this.#listener.deployment(one.status);
      this.#dirty.clear();
    }, TELL_MS);
  }
}

/** Lines of a worker that has no deployment to show them yet. */
class EarlyLines {
  readonly lines: LogLine[] = [];

  line(line: LogLine): void {
    if (this.lines.length < 1000) this.lines.push(line);
  }
}

/** The declared models; undefined where the file cannot be used, which changes nothing. */
function specOf(document: ModelsDocument): ModelsSpec['models'] | undefined {
  if (document.kind === 'absent') return {};
  return document.kind === 'ok' || document.kind === 'newer' ? document.spec.models : undefined;
}

function keyOf({ model, deployment }: DeploymentKey): DeploymentKey {
  return { model, deployment };
}

function sorted(spec: Omit<ModelSpec, 'deployments'>): unknown {
  return Object.entries(spec).sort(([one], [other]) => (one < other ? -1 : 1));
}

export function describe(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
