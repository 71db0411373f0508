/** What a host does with what nothing uses any more, its own and that of its user. */
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { noteProject } from '../prune/projects.ts';
import type { PruneScope } from '../prune/prune.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Prunable, PruneItem, PruneResult } from '../../shared/prune.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Surroundings } from './deployment.ts';
import { deadMarkOf } from './election.ts';
import type { Leftovers } from './leftovers.ts';
import type { Operations } from './operations.ts';
import type { StateFile } from './state.ts';

export interface UpkeepPorts {
  around: Surroundings;
  state: StateFile;
  leftovers: Leftovers;
  operations: Operations;
  /** Whose versions are just being made. */
  making(): DeploymentKey[];
  log(text: string): void;
}

export class Upkeep {
  readonly #ports: UpkeepPorts;

  constructor(ports: UpkeepPorts) {
    this.#ports = ports;
  }

  /** To be called at the start, and after what may have changed which interpreters are used. */
  async noteProject(): Promise<void> {
    const { around, state, log } = this.#ports;
    const interpreters = Object.values(state.state.deployments).map(({ interpreter }) => interpreter);
    await noteProject(around.project, interpreters).catch((error: unknown) => log(`projects: ${String(error)}`));
  }

  /** What a host of this project that was killed left on the engine; it is asked only where it was ever used. */
  async sweepContainers(): Promise<void> {
    const { around, state, log } = this.#ports;
    if (!Object.values(state.state.deployments).some(({ image }) => image)) return;
    const left = await around.containers.sweep().catch((error: unknown) => log(`sweep: ${String(error)}`));
    if (left) log(`removed ${left} containers that a host before this one left`);
  }

  async prunable(): Promise<Prunable> {
    // The engine may not have answered when this host started.
    await this.#ports.leftovers.tidy();
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

  get #scope(): PruneScope {
    const { around, state, operations, making } = this.#ports;
    const { containers, project } = around;
    return {
      project,
      deployments: () =>
        Object.entries(state.state.deployments).map(([name, { interpreter, image }]) => {
          const [model = '', deployment = ''] = name.split('/');
          return { model, deployment, interpreter, ...(image ? { image } : {}) };
        }),
      making: () => [...making(), ...operations.all.filter((one) => one.state === 'running')],
      engine: () => containers.engine(),
      own: containers.labels,
      deadMark: deadMarkOf,
      program: path.dirname(fileURLToPath(import.meta.url)),
    };
  }
}
