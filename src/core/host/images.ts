/** What a host does with images that are there, and with what nothing uses any more. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { noteProject } from '../prune/projects.ts';
import type { PruneScope } from '../prune/prune.ts';
import type { Shell } from '../shell.ts';
import { EJECT_STAGES, executeEject, executePush, PUSH_STAGES, type ImageHost } from '../targets/image-execute.ts';
import type { EjectPlan, PushPlan } from '../targets/plan.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Prunable, PruneItem, PruneResult } from '../../shared/prune.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { Operation } from '../../shared/states.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import { deadMarkOf } from './election.ts';
import type { OperationResult, Operations } from './operations.ts';
import type { StateFile } from './state.ts';

export interface ImagesPorts {
  around: Surroundings;
  state: StateFile;
  deployments: ReadonlyMap<string, Deployment>;
  operations: Operations;
  /** Whose versions are just being made. */
  making(): DeploymentKey[];
  onChange(deployment: Deployment): void;
  log(text: string): void;
}

export class Images {
  readonly #ports: ImagesPorts;

  constructor(ports: ImagesPorts) {
    this.#ports = ports;
  }

  /** Starts an operation and answers with it at once. */
  start(plan: PushPlan | EjectPlan): Outcome<Operation> {
    const { model, deployment, kind } = plan;
    const work = (shell: Shell): Promise<Outcome<OperationResult>> =>
      plan.kind === 'push' ? executePush(plan, this.#host, shell) : executeEject(plan, this.#host, shell);
    const stages = kind === 'push' ? PUSH_STAGES : EJECT_STAGES;
    return this.#ports.operations.start({ model, deployment, kind, stages, work });
  }

  async noteProject(): Promise<void> {
    const { around, log } = this.#ports;
    await noteProject(around.project).catch((error: unknown) => log(`projects: ${String(error)}`));
  }

  /** What a host of this project that was killed left on the engine; it is asked only where it was ever used. */
  async sweepContainers(): Promise<void> {
    const { around, state, log } = this.#ports;
    if (!Object.values(state.state.deployments).some(({ image }) => image)) return;
    const left = await around.containers.sweep().catch((error: unknown) => log(`sweep: ${String(error)}`));
    if (left) log(`removed ${left} containers that a host before this one left`);
  }

  async prunable(): Promise<Prunable> {
    const { findPrunable } = await import('../prune/prune.ts');
    return findPrunable(this.#scope);
  }

  /** Error: an operation runs. */
  async prune(items: PruneItem[]): Promise<Outcome<PruneResult>> {
    const { operations, log } = this.#ports;
    if (operations.running > 0) {
      return fail('operation-running', 'The host is at work, and may need what nothing uses yet.', {
        next: 'Clean up once its operations have ended.',
      });
    }
    const { prune } = await import('../prune/prune.ts');
    const result = await prune(items, this.#scope);
    for (const { kind, name } of result.removed) log(`cleaned up: ${kind} ${name}`);
    return ok(result);
  }

  get #host(): ImageHost {
    const { around, deployments, state, onChange } = this.#ports;
    const { containers, env, runtime } = around;
    return {
      record: (key) => deployments.get(keyText(key))?.record,
      engine: () => containers.engine(),
      env,
      runtime,
      pushed: async (key, image) => {
        const deployment = deployments.get(keyText(key));
        if (!deployment?.record) return;
        deployment.record.pushed = image;
        await state.flush();
        onChange(deployment);
      },
    };
  }

  get #scope(): PruneScope {
    const { around, state, operations, making } = this.#ports;
    const { containers, project } = around;
    return {
      project,
      deployments: Object.entries(state.state.deployments).map(([name, { interpreter, image }]) => {
        const [model = '', deployment = ''] = name.split('/');
        return { model, deployment, interpreter, ...(image ? { image } : {}) };
      }),
      making: [...making(), ...operations.all.filter((one) => one.state === 'running')],
      engine: () => containers.engine(),
      own: containers.labels,
      deadMark: deadMarkOf,
      program: path.dirname(fileURLToPath(import.meta.url)),
    };
  }
}
