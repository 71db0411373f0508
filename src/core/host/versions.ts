/** Makes versions of deployments and puts them into service: what plans and reloads ask of the host. */
import type { EnvironmentPlan } from '../environment/environment.ts';
import type { BuiltImage } from '../image/image.ts';
import type { ReadyImage } from '../image/ready.ts';
import type { Shell } from '../shell.ts';
import type { LocalHost } from '../targets/local-execute.ts';
import type { RehearsePlan } from '../targets/plan.ts';
import { cancelled, CANCELLED, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { LogLine } from '../../shared/states.ts';
import { buildVersion } from './build.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import { ensureEnvironment } from './environment.ts';
import { sweepFunctionFiles } from './function-file.ts';
import { planAgain, readyForImage } from './image-environment.ts';
import { spawnWorker, writeFunction } from './process-worker.ts';
import { recordOf } from './record.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';
import type { DeploymentRecord, StateFile } from './state.ts';
import { makeVersion, prepareVersion, type Candidate, type VersionPorts } from './version.ts';
import type { VersionParts } from './version-parts.ts';
import { requestOf, type VersionRequest } from './version-request.ts';
import type { Worker } from './worker.ts';

export interface VersionsPorts {
  around: Surroundings;
  snapshots: Snapshots;
  runtimeHash: string;
  state: StateFile;
  deployments: ReadonlyMap<string, Deployment>;
  add(key: DeploymentKey, declared: Deployment['declared']): Deployment;
  remove(key: DeploymentKey): Promise<void>;
  /** A deployment serves another version. */
  onActivated(deployment: Deployment): void;
  log(text: string): void;
}

/** An image, and how containers of it are to run. */
export interface Built {
  image: BuiltImage;
  isCached: boolean;
  isolated: boolean;
}

/** What answered here and is to serve elsewhere. */
export interface Rehearsed {
  record: DeploymentRecord & Required<Pick<DeploymentRecord, 'image'>>;
  /** Milliseconds from the container's start until the model was loaded. */
  initMs: number;
  /** Milliseconds of its first answer; unset where it was asked nothing. */
  firstMs?: number;
}

type Made = ReturnType<typeof makeVersion>;

/** The Python that reads a model, and starts uv. */
function basePython(plan: EnvironmentPlan): string {
  return plan.kind === 'use' ? plan.python : plan.base;
}

interface ImageStart {
  snapshot: Snapshot;
  versionParts: VersionParts;
  env: Record<string, string>;
  onLine(line: LogLine): void;
  shell: Shell;
}

/** Code of what ends the making of a version that is there. */
const THERE = 'version-there';

/** Lines of a first deploy's worker, which has no deployment to show them yet; more say nothing new. */
const EARLY_LINES = 1000;

export class Versions {
  readonly #ports: VersionsPorts;

  readonly #making = new Set<DeploymentKey>();

  constructor(ports: VersionsPorts) {
    this.#ports = ports;
  }

  /** Whose versions are just being made: what is built for them is in no record yet. */
  get making(): DeploymentKey[] {
    return [...this.#making];
  }

  /** For a deployment that serves: the worker's lines become its own. */
  async makeFor(deployment: Deployment, request: VersionRequest): Made {
    const { log, around } = this.#ports;
    const shell: Shell = { stage: () => undefined, log, signal: request.signal };
    const onLine = (line: LogLine): void => deployment.line(line);
    const image = deployment.record?.image;
    if (!image) return this.#make(request, deployment.env, onLine, shell);
    const ready = await readyForImage(request.interpreter, planAgain(image, around.env), shell);
    if (!ready.ok) return ready;
    const { lock, image: made } = ready.value;
    const storageMb = deployment.record?.deploymentSpec.ephemeralStorageMb;
    return this.#make({ ...request, lock, storageMb, ...(made ? { image: made } : {}) }, deployment.env, onLine, shell);
  }

  /** The version serves from now on. `keepWorker`: its worker stays, else the next request is cold. */
  async activate(
    deployment: Deployment,
    record: DeploymentRecord,
    candidate: Candidate,
    keepWorker: boolean,
  ): Promise<void> {
    const { state, onActivated, log } = this.#ports;
    const before = deployment.record?.image;
    state.state.deployments[keyText(deployment)] = record;
    const left = deployment.activate(record, candidate, keepWorker);
    await state.flush();
    log(`${keyText(deployment)} serves ${record.version.slice(0, 7)}`);
    onActivated(deployment);
    if (before || record.image) void this.#tidyAfter(left, deployment);
    await this.sweep();
  }

  async #tidyAfter(left: Promise<void>, key: DeploymentKey): Promise<void> {
    await left;
    // A version that is made by now tidies up itself, and its image is in no record yet.
    if (this.making.some((one) => keyText(one) === keyText(key))) return;
    await this.tidyImages(key);
  }

  /** Removes a deployment's images but for the one that it runs. */
  async tidyImages(key: DeploymentKey): Promise<void> {
    const { around, state, log } = this.#ports;
    const serving = state.state.deployments[keyText(key)]?.image;
    await around.containers.tidy(key, serving).catch((error: unknown) => log(`images: ${String(error)}`));
  }

  /** Removes the copies that no deployment needs. */
  async sweep(): Promise<void> {
    const { state, snapshots, around, log } = this.#ports;
    const keep = (): ReadonlySet<string> => {
      const records = Object.values(state.state.deployments);
      const all = records.flatMap((one) => [one.snapshot, one.modules.hash, one.previousSnapshot, one.previousModules]);
      return new Set(all.filter((hash) => hash !== undefined));
    };
    try {
      await snapshots.sweep(keep);
      sweepFunctionFiles(around.functions);
    } catch (error) {
      log(`sweep: ${String(error)}`);
    }
  }

  /** What one operation needs of the host. */
  localHost(key: DeploymentKey): LocalHost {
    const { deployments, add, remove } = this.#ports;
    const early: LogLine[] = [];
    const onLine = (line: LogLine): void => {
      const known = deployments.get(keyText(key));
      if (known) known.line(line);
      else if (early.length < EARLY_LINES) early.push(line);
    };
    return {
      environment: ({ environment, image }, shell) =>
        image ? readyForImage(basePython(environment), image, shell) : ensureEnvironment(environment, shell),
      makeVersion: (request, env, shell) => this.#make(request, env, onLine, shell),
      activate: async (plan, request, candidate) => {
        const { spec, deploymentSpec, env } = plan;
        const deployment =
          deployments.get(keyText(key)) ?? add(key, { framework: spec.framework, target: deploymentSpec.target });
        deployment.env = env;
        for (const line of early) deployment.line(line);
        const record = recordOf(plan, request, candidate, deployment.record);
        // A first deploy ends its worker: scaling begins from zero.
        await this.activate(deployment, record, candidate, deployment.pool.workers.length > 0);
      },
      remove,
    };
  }

  /** The image of the model as it is now, without starting it. Errors: as of deploying. */
  async build(request: VersionRequest & { image: ReadyImage }, shell: Shell): Promise<Outcome<Built>> {
    const { around, snapshots, runtimeHash } = this.#ports;
    const prepared = await prepareVersion(request, {
      snapshots,
      runtimeHash,
      stage: (name, detail) => shell.stage(name, detail === undefined ? {} : { detail }),
    });
    if (!prepared.ok) return prepared;
    const { snapshot, parts, release } = prepared.value;
    try {
      shell.stage('image');
      const image = { ready: request.image, snapshot, parts, runtimeHash };
      const built = await buildVersion(around, request, image, shell);
      return built.ok ? ok({ ...built.value, isolated: parts.isolated }) : built;
    } finally {
      release();
    }
  }

  /**
   * Has the image of the model as it is now answer once; nothing serves afterwards that did not before. `isThere`: whether
   * nothing has to be done for a version.
   */
  async rehearse(
    plan: RehearsePlan,
    isThere: (version: string) => boolean,
    shell: Shell,
  ): Promise<Outcome<Rehearsed | 'there'>> {
    const { deployments, state } = this.#ports;
    if (!plan.image) throw new Error(`${plan.deploymentSpec.target} runs no image`);
    shell.stage('lock');
    const ready = await readyForImage(basePython(plan.environment), plan.image, shell);
    if (!ready.ok) return ready;
    if (shell.signal.aborted) return cancelled();
    const request = requestOf(plan, ready.value, shell.signal);
    const onLine = (line: LogLine): void => deployments.get(keyText(plan))?.line(line);
    const made = await this.#make(request, plan.env, onLine, shell, isThere);
    if (!made.ok) return made.error.code === THERE ? ok('there') : made;
    const { worker, firstMs, release } = made.value;
    const { spawnedAt = 0, readyAt = 0 } = worker.timeline;
    await worker.kill();
    release();
    const record = recordOf(plan, request, made.value, state.state.deployments[keyText(plan)]);
    if (!record.image) throw new Error('a version of an image has an image');
    const { image } = record;
    return ok({
      record: { ...record, image },
      initMs: readyAt - spawnedAt,
      ...(firstMs === undefined ? {} : { firstMs }),
    });
  }

  async #make(
    request: VersionRequest,
    env: Record<string, string>,
    onLine: (line: LogLine) => void,
    shell: Shell,
    isThere: (version: string) => boolean = () => false,
  ): Made {
    const { model, deployment } = request;
    const key = { model, deployment };
    this.#making.add(key);
    try {
      return await this.#makeNoted(request, env, onLine, shell, isThere);
    } finally {
      this.#making.delete(key);
    }
  }

  async #makeNoted(
    request: VersionRequest,
    env: Record<string, string>,
    onLine: (line: LogLine) => void,
    shell: Shell,
    isThere: (version: string) => boolean,
  ): Made {
    const { around, snapshots, runtimeHash } = this.#ports;
    const { spec, interpreter, image } = request;
    const stage: VersionPorts['stage'] = (name, detail, state) =>
      shell.stage(name, { ...(detail === undefined ? {} : { detail }), ...(state === undefined ? {} : { state }) });
    let built: BuiltImage | undefined;
    const spawn =
      (failed?: { image: BuiltImage; outcome: Outcome<never> }): VersionPorts['spawn'] =>
      async (snapshot, versionParts) => {
        if (isThere(versionParts.version)) return fail(THERE, 'This version is there already.');
        if (image) {
          const started = await this.#startImage(
            request,
            image,
            { snapshot, versionParts, env, onLine, shell },
            failed,
          );
          if (started.ok) built = started.value.image;
          return started;
        }
        const { modules, isolated, ownCode, version, madeWith } = versionParts;
        const parts = { spec, version, snapshotPath: snapshot.path, modules, madeWith, ownCode };
        const functionFile = writeFunction(around, request, parts);
        const workerParts = { functionFile, spec, snapshot, modules, interpreter, env, isolated };
        return ok({ worker: spawnWorker(around, request, workerParts, onLine) });
      };
    const ports = { snapshots, runtimeHash, stage };
    let made = await makeVersion(request, { ...ports, spawn: spawn() });
    if (!made.ok && made.error.code !== CANCELLED && built?.isSlimmedAsBefore) {
      // An earlier version of the model may have done without what this one needs.
      made = await makeVersion(request, { ...ports, spawn: spawn({ image: built, outcome: made }) });
    }
    if (image && !made.ok) await this.tidyImages(request);
    return made;
  }

  /** Builds the image of a version and starts a container of it; not of one that `failed` already. */
  async #startImage(
    request: VersionRequest,
    ready: ReadyImage,
    { snapshot, versionParts, env, onLine, shell }: ImageStart,
    failed?: { image: BuiltImage; outcome: Outcome<never> },
  ): Promise<Outcome<{ worker: Worker; image: BuiltImage }>> {
    const { around } = this.#ports;
    const { spec, storageMb } = request;
    const { isolated } = versionParts;
    const parts = {
      ready,
      snapshot,
      parts: versionParts,
      runtimeHash: this.#ports.runtimeHash,
      slimAgain: failed !== undefined,
    };
    const built = await buildVersion(around, request, parts, shell);
    if (!built.ok) return built;
    const { image } = built.value;
    if (failed?.image.id === image.id) return failed.outcome;
    shell.stage('start', { detail: image.id.slice(7, 19) });
    const started = await around.containers.start({ key: request, image, spec, env, isolated, storageMb }, onLine);
    return started.ok ? ok({ worker: started.value, image }) : started;
  }
}
