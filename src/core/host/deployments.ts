/** The deployments that a host knows, and what its clients are told of them. */
import type { StartKind } from '../../shared/contract.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { Deployment, type Surroundings } from './deployment.ts';
import type { DeploymentRecord } from './state.ts';

/** A status goes out at most this often per deployment. */
const TELL_MS = 50;

export interface DeploymentsPorts {
  around(): Surroundings;
  deployment(status: DeploymentStatus): void;
  removed(key: DeploymentKey): void;
  /** After each time that clients were told. */
  onTold(): void;
}

export class Deployments {
  readonly #ports: DeploymentsPorts;
  readonly #all = new Map<string, Deployment>();
  /** Those last added under each name: clients are told of the removal of no other. */
  readonly #latest = new Map<string, Deployment>();
  readonly #dirty = new Set<Deployment>();
  #tellTimer: NodeJS.Timeout | undefined;

  constructor(ports: DeploymentsPorts) {
    this.#ports = ports;
  }

  /** By `MODEL/DEPLOYMENT`. */
  get byName(): ReadonlyMap<string, Deployment> {
    return this.#all;
  }

  get all(): Deployment[] {
    return [...this.#all.values()];
  }

  get(key: DeploymentKey): Deployment | undefined {
    return this.#all.get(keyText(key));
  }

  add(key: DeploymentKey, declared: Deployment['declared'], record: DeploymentRecord | undefined): Deployment {
    const deployment = new Deployment(key, declared, record, this.#ports.around());
    this.#all.set(keyText(key), deployment);
    this.#latest.set(keyText(key), deployment);
    return deployment;
  }

  /** It gets no request any more. Resolves once those that it has are answered and clients know that it is gone. */
  async drop(deployment: Deployment): Promise<void> {
    const name = keyText(deployment);
    this.#all.delete(name);
    this.#dirty.delete(deployment);
    await deployment.pool.close({ code: 'stopped', detail: 'The deployment was removed.' });
    // It may have been declared again while its last requests ran, and even been removed again.
    if (this.#latest.get(name) !== deployment || this.#all.has(name)) return;
    this.#latest.delete(name);
    this.#ports.removed({ model: deployment.model, deployment: deployment.deployment });
  }

  /** What a request took that went past this host, in ms. */
  observe(key: DeploymentKey, start: StartKind, totalMs: number): void {
    const deployment = this.get(key);
    if (!deployment) return;
    deployment.observe(start, totalMs);
    this.touched(deployment);
  }

  /** Clients are told soon. */
  touched(deployment: Deployment): void {
    if (this.get(deployment) !== deployment) return;
    this.#dirty.add(deployment);
    this.#tellTimer ??= setTimeout(() => {
      this.#tellTimer = undefined;
      for (const one of this.#dirty) this.#ports.deployment(one.status);
      this.#dirty.clear();
      this.#ports.onTold();
    }, TELL_MS);
  }

  /** Tells nothing more. */
  end(): void {
    clearTimeout(this.#tellTimer);
  }
}
