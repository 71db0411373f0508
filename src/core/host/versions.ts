/** Makes versions of deployments and puts them into service: what plans and reloads ask of the host. */
import type { LocalHost } from '../targets/local-execute.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { LogLine } from '../../shared/states.ts';
import { spawnWorker, writeFunction, type Deployment, type Surroundings } from './deployment.ts';
import { ensureEnvironment } from './environment.ts';
import { sweepFunctionFiles } from './function-file.ts';
import type { Snapshots } from './snapshots.ts';
import type { DeploymentRecord, StateFile } from './state.ts';
import { makeVersion, type Candidate, type VersionPorts, type VersionRequest } from './version.ts';

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

type Made = ReturnType<typeof makeVersion>;

/** Lines of a first deploy's worker, which has no deployment to show them yet; more say nothing new. */
const EARLY_LINES = 1000;

export class Versions {
  readonly #ports: VersionsPorts;

  constructor(ports: VersionsPorts) {
    this.#ports = ports;
  }

  /** For a deployment that serves: the worker's lines become its own. */
  makeFor(deployment: Deployment, request: VersionRequest): Made {
    return this.#make(
      request,
      deployment.env,
      (line) => deployment.line(line),
      () => undefined,
    );
  }

  /** The version serves from now on. `keepWorker`: its worker stays, else the next request is cold. */
  async activate(
    deployment: Deployment,
    record: DeploymentRecord,
    candidate: Candidate,
    keepWorker: boolean,
  ): Promise<void> {
    const { state, onActivated, log } = this.#ports;
    state.state.deployments[keyText(deployment)] = record;
    deployment.activate(record, candidate, keepWorker);
    await state.flush();
    log(`${keyText(deployment)} serves ${record.version.slice(0, 7)}`);
    onActivated(deployment);
    await this.sweep();
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
      environment: ensureEnvironment,
      makeVersion: (request, env, shell) =>
        this.#make(request, env, onLine, (name, detail, state) =>
          shell.stage(name, { ...(detail === undefined ? {} : { detail }), ...(state === undefined ? {} : { state }) }),
        ),
      activate: async (plan, request, candidate) => {
        const { spec, deploymentSpec, consent, env } = plan;
        const deployment =
          deployments.get(keyText(key)) ?? add(key, { framework: spec.framework, target: deploymentSpec.target });
        deployment.env = env;
        for (const line of early) deployment.line(line);
        const { interpreter, lock } = request;
        const { snapshot, modules, isolated, ownCode, networkLeft, probe, version, card, madeWith } = candidate;
        const record: DeploymentRecord = {
          spec,
          deploymentSpec,
          interpreter,
          lock,
          snapshot: snapshot.hash,
          ...previous(deployment.record, candidate),
          stamp: snapshot.stamp,
          modules,
          isolated,
          ownCode,
          ...(networkLeft === undefined ? {} : { networkLeft }),
          ...(probe ? { probe } : {}),
          version,
          deployedAt: new Date().toISOString(),
          stopped: false,
          lastMs: {},
          card,
          madeWith,
          ...(plan.differs === undefined ? {} : { differs: plan.differs }),
          consent,
          env: (spec.env ?? []).filter((name) => env[name] !== undefined),
        };
        // A first deploy ends its worker: scaling begins from zero.
        await this.activate(deployment, record, candidate, deployment.pool.workers.length > 0);
      },
      remove,
    };
  }

  #make(
    request: VersionRequest,
    env: Record<string, string>,
    onLine: (line: LogLine) => void,
    stage: VersionPorts['stage'],
  ): Made {
    const { around, snapshots, runtimeHash } = this.#ports;
    const { spec, interpreter } = request;
    return makeVersion(request, {
      snapshots,
      runtimeHash,
      spawn: (snapshot, { modules, isolated, ownCode, version, madeWith }) => {
        const parts = { spec, version, snapshotPath: snapshot.path, modules, madeWith, ownCode };
        const functionFile = writeFunction(around, request, parts);
        return spawnWorker(
          around,
          request,
          { functionFile, spec, snapshot, modules, interpreter, env, isolated },
          onLine,
        );
      },
      stage,
    });
  }
}

/** The snapshots to keep beside those that serve. */
export function previous(
  before: DeploymentRecord | undefined,
  { snapshot, modules }: Pick<Candidate, 'snapshot' | 'modules'>,
): Pick<DeploymentRecord, 'previousSnapshot' | 'previousModules'> {
  const same = before?.snapshot === snapshot.hash && before.modules.hash === modules.hash;
  const files = same ? before.previousSnapshot : before?.snapshot;
  const code = same ? before.previousModules : before?.modules.hash;
  return {
    ...(files === undefined ? {} : { previousSnapshot: files }),
    ...(code === undefined ? {} : { previousModules: code }),
  };
}
