import type { DeploymentKey } from '../../shared/spec.ts';

/** Something per deployment, found by model without looking at the others: there may be 10,000. */
export class ByDeployment<T> {
  readonly #models = new Map<string, Map<string, T>>();

  get(key: DeploymentKey): T | undefined {
    return this.#models.get(key.model)?.get(key.deployment);
  }

  set(key: DeploymentKey, value: T): void {
    let deployments = this.#models.get(key.model);
    if (!deployments) this.#models.set(key.model, (deployments = new Map()));
    deployments.set(key.deployment, value);
  }

  /** Whether there was one. */
  delete(key: DeploymentKey): boolean {
    const deployments = this.#models.get(key.model);
    const found = deployments?.delete(key.deployment) ?? false;
    if (deployments?.size === 0) this.#models.delete(key.model);
    return found;
  }

  clear(): void {
    this.#models.clear();
  }

  models(): Iterable<string> {
    return this.#models.keys();
  }

  deployments(model: string): Iterable<string> {
    return this.#models.get(model)?.keys() ?? [];
  }

  *values(): Generator<T> {
    for (const deployments of this.#models.values()) yield* deployments.values();
  }
}
