/** A changed model serves by itself once it has proved that it can; else the old version serves on. */
import { readConsents } from '../consent.ts';
import { modelPath } from '../models/paths.ts';
import { CANCELLED, type UserError } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import { DECLARATION_CHANGED } from './declarations.ts';
import type { Deployment } from './deployment.ts';
import { listFiles, stampOf } from './files.ts';
import { projectModules } from './modules.ts';
import { ModelWatch } from './reload.ts';
import { recordAfter } from './record.ts';
import type { Snapshots } from './snapshots.ts';
import { takeModules } from './version-parts.ts';
import type { Versions } from './versions.ts';

export interface ReloadPorts {
  project: string;
  stableMs: number;
  snapshots: Snapshots;
  /** An operation of the deployment runs, after which the host asks again; or it is not served any more. */
  isBusy(deployment: Deployment): boolean;
  versions: Versions;
  onChange(deployment: Deployment): void;
  log(text: string): void;
}

interface Running {
  /** Somebody asked meanwhile. */
  again: boolean;
  abort: AbortController;
  done: Promise<void>;
}

export class Reloads {
  readonly #ports: ReloadPorts;
  /** By deployment, then by what is watched: the model, and what it imports of the project. */
  readonly #watches = new Map<string, Map<string, ModelWatch>>();
  readonly #running = new Map<string, Running>();
  #isClosing = false;

  constructor(ports: ReloadPorts) {
    this.#ports = ports;
  }

  /** Watches the deployment's model from now on. */
  follow(deployment: Deployment): void {
    const model = modelPath(this.#ports.project, deployment.record!.spec);
    if (this.#watches.get(keyText(deployment))?.has(model)) return;
    this.unfollow(deployment);
    this.#watch(deployment, model);
  }

  unfollow(deployment: Deployment): void {
    const name = keyText(deployment);
    for (const watch of this.#watches.get(name)?.values() ?? []) void watch.close();
    this.#watches.delete(name);
  }

  /** Watches what the model imports of the project too, and no longer what it does not. */
  #followModules(deployment: Deployment, places: readonly string[]): void {
    const watches = this.#watches.get(keyText(deployment));
    if (!watches) return;
    const wanted = new Set([modelPath(this.#ports.project, deployment.record!.spec), ...places]);
    for (const [place, watch] of watches) {
      if (wanted.has(place)) continue;
      void watch.close();
      watches.delete(place);
    }
    for (const place of wanted) if (!watches.has(place)) this.#watch(deployment, place);
  }

  #watch(deployment: Deployment, place: string): void {
    const { stableMs, log } = this.#ports;
    const name = keyText(deployment);
    const onStable = (): void => this.check(deployment);
    const onError = (error: unknown): void => log(`${place} cannot be watched, so it is looked at: ${String(error)}`);
    const watches = this.#watches.get(name) ?? new Map<string, ModelWatch>();
    watches.set(place, new ModelWatch({ model: place, stableMs, onStable, onError }));
    this.#watches.set(name, watches);
  }

  /** Looks whether the model differs from what serves, and if so makes a version of it. One at a time per deployment. */
  check(deployment: Deployment): void {
    if (this.#isClosing) return;
    const name = keyText(deployment);
    const running = this.#running.get(name);
    if (running) {
      running.again = true;
      return;
    }
    const entry: Running = { again: false, abort: new AbortController(), done: Promise.resolve() };
    this.#running.set(name, entry);
    entry.done = this.#checkAll(deployment, entry);
  }

  /**
   * Ends what runs for a deployment, and answers when nothing of it is left: an operation of it begins, which makes the
   * same version itself, or after which the host asks again.
   */
  async giveWay(key: DeploymentKey): Promise<void> {
    const running = this.#running.get(keyText(key));
    running?.abort.abort();
    await running?.done;
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    for (const { abort } of this.#running.values()) abort.abort();
    const watches = [...this.#watches.values()].flatMap((all) => [...all.values()]);
    await Promise.all(watches.map((watch) => watch.close()));
    await Promise.all([...this.#running.values()].map((one) => one.done));
  }

  async #checkAll(deployment: Deployment, entry: Running): Promise<void> {
    try {
      do {
        entry.again = false;
        await this.#check(deployment, entry.abort.signal);
      } while (entry.again && !entry.abort.signal.aborted);
    } catch (error) {
      this.#ports.log(`reload of ${keyText(deployment)}: ${String(error)}`);
    } finally {
      this.#running.delete(keyText(deployment));
    }
  }

  async #check(deployment: Deployment, signal: AbortSignal): Promise<void> {
    const { record } = deployment;
    const { project, snapshots, isBusy } = this.#ports;
    // What is stopped is looked at when it starts; a model that models.json no longer means is not followed.
    // Without its variables a version would fail, or answer as if nothing was wrong.
    if (!record || record.stopped || isBusy(deployment) || deployment.needs.length > 0) return;
    if (deployment.overlay?.error.code === DECLARATION_CHANGED) return;
    const model = modelPath(project, record.spec);
    const files = await listFiles(model, project, { signal });
    if (!files.ok) return this.#refuse(deployment, 'changed', files.error);
    const modules = await projectModules(record.modules.names, { project, model, signal });
    if (!modules.ok) return this.#refuse(deployment, 'changed', modules.error);
    this.#followModules(deployment, modules.value.places);
    if (stampOf(files.value) === record.stamp && modules.value.stamp === record.modules.stamp) {
      return this.#unchanged(deployment);
    }
    const taken = await snapshots.take(model, project, signal);
    if (!taken.ok) return this.#refuse(deployment, 'changed', taken.error);
    const { spec, interpreter, lock, probe } = record;
    const code = await takeModules(record.modules.names, { project, spec, signal }, snapshots, modules.value);
    if (!code.ok) return this.#refuse(deployment, 'changed', code.error);
    if (taken.value.hash === record.snapshot && code.value.hash === record.modules.hash) {
      record.stamp = taken.value.stamp;
      record.modules = code.value;
      return this.#unchanged(deployment);
    }
    if (record.cloud) {
      return this.#refuse(deployment, 'changed', {
        code: 'model-changed',
        what: record.isAnotherServed
          ? 'Another version serves than the model that is here: it was rolled back, or deployed from elsewhere.'
          : 'The model has changed since it was deployed.',
        next: record.isAnotherServed ? 'Redeploying it has the model that is here serve.' : 'Redeploy it.',
        action: { label: 'Redeploy', command: 'nimbus.redeploy', args: [deployment.key] },
      });
    }
    this.#refuse(deployment, 'changed', {
      code: 'model-changed',
      what: 'The model has changed; its new version is being tried.',
    });
    const consent = [...record.consent, ...readConsents(project)];
    const { model: name, deployment: as } = deployment;
    const request = {
      model: name,
      deployment: as,
      project,
      spec,
      interpreter,
      lock,
      consent,
      signal,
      ...(probe ? { probe } : {}),
    };
    const made = await this.#ports.versions.makeFor(deployment, request);
    if (!made.ok) return this.#refuse(deployment, 'refused', made.error);
    const candidate = made.value;
    try {
      // It may have been stopped, removed, edited or redeployed meanwhile.
      if (deployment.record !== record || record.stopped || isBusy(deployment) || signal.aborted) {
        await candidate.worker.kill();
        return;
      }
      const keepWorker = deployment.pool.workers.length > 0;
      await this.#ports.versions.activate(
        deployment,
        recordAfter({ ...record, consent }, candidate),
        candidate,
        keepWorker,
      );
      // It may import others of the project's modules than the version before.
      this.check(deployment);
    } finally {
      candidate.release();
    }
  }

  #refuse(deployment: Deployment, state: 'changed' | 'refused', error: UserError): void {
    if (error.code === CANCELLED) return;
    // Files that are still being written will be at rest later, and the watch will say so.
    if (error.code === 'model-changing') return;
    deployment.overlay = { state, error };
    if (state === 'refused') deployment.say(`The new version is refused: ${error.what}`);
    this.#ports.onChange(deployment);
  }

  #unchanged(deployment: Deployment): void {
    deployment.overlay = undefined;
    this.#ports.onChange(deployment);
  }
}
