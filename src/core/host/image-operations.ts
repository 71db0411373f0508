/** Operations on images that change nothing that serves: building one, and sweeping its memory. */
import type { BuiltImage } from '../image/image.ts';
import type { Shell } from '../shell.ts';
import type { BuildPlan, SweepInput, SweepPlan } from '../targets/plan.ts';
import { architectureOf } from '../cost/measured.ts';
import { SWEEP_PRICES } from '../cost/prices.ts';
import { exampleInput } from '../invoke/example.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey, type ModelSpec } from '../../shared/spec.ts';
import type { ImageMade, LogLine } from '../../shared/states.ts';
import { formatDollars, formatMemory, verdictOf, type SweepReport, type SweepRow } from '../../shared/sweep.ts';
import { cpusOf } from './container-settings.ts';
import { imageStatus, type Deployment, type Surroundings } from './deployment.ts';
import { limitsOf } from './function-file.ts';
import { planAgain, readyForImage } from './image-environment.ts';
import { measure } from './measure.ts';
import type { DeploymentRecord, StateFile } from './state.ts';
import type { Built, Versions } from './versions.ts';
import { requestOf } from './version-request.ts';
import type { ImagePlan } from '../image/plan.ts';

export const BUILD_STAGES = ['lock', 'snapshot', 'image'] as const;

/** One stage of each size, after all that an image needs. */
export function sweepStages({ sizesMb }: SweepPlan): string[] {
  return ['image', ...sizesMb.map((mb) => formatMemory(mb, 'en'))];
}

export interface ImageOperationsPorts {
  around: Surroundings;
  versions: Versions;
  state: StateFile;
  deployments: ReadonlyMap<string, Deployment>;
}

/** What a sweep runs. */
interface Swept extends Pick<Built, 'image' | 'isolated'> {
  spec: Omit<ModelSpec, 'deployments'>;
  env: Record<string, string>;
  record?: DeploymentRecord;
}

export class ImageOperations {
  readonly #ports: ImageOperationsPorts;

  constructor(ports: ImageOperationsPorts) {
    this.#ports = ports;
  }

  /** Errors: as of deploying, up to the image. */
  async build(plan: BuildPlan, shell: Shell): Promise<Outcome<ImageMade>> {
    const built = await this.#build(plan, plan.image, basePython(plan), shell);
    if (!built.ok) return built;
    const { image, isCached } = built.value;
    shell.stage('image', { detail: said(image, isCached) });
    return ok({ image: imageStatus(image), isCached });
  }

  /**
   * Runs the image at each size. Sizes that are too small are rows of the result. Errors: there is no image and none can
   * be built, the engine does not answer, nobody knows what to send.
   */
  async sweep(plan: SweepPlan, shell: Shell): Promise<Outcome<SweepReport>> {
    const { around, state } = this.#ports;
    // Most sweeps find their image, and have nothing to say of what a build goes through.
    const building: Shell = { ...shell, stage: (_name, change) => shell.stage('image', change) };
    const found = await this.#swept(plan, building);
    if (!found.ok) return found;
    const swept = found.value;
    const known = inputsOf(plan, swept);
    if (!known.ok) return known;
    const engine = await around.containers.engine();
    if (!engine.ok) return engine;
    const rows: SweepRow[] = [];
    for (const memoryMb of plan.sizesMb) {
      const row = await this.#row(
        plan,
        swept,
        { memoryMb, engineCpus: engine.value.cpus },
        known.value.inputsFor,
        shell,
      );
      if (!row.ok) return row;
      rows.push(row.value);
    }
    const { model, deployment, p95Ms } = plan;
    const report: SweepReport = {
      model,
      deployment,
      at: new Date().toISOString(),
      image: swept.image.id,
      architecture: architectureOf(swept.image.platform),
      inputs: known.value.told,
      ...(p95Ms === undefined ? {} : { p95Ms }),
      engineCpus: engine.value.cpus,
      timeoutSeconds: limitsOf(swept.spec).timeoutSeconds,
      prices: SWEEP_PRICES,
      rows,
    };
    shell.log(verdictOf(report, 'en'));
    (state.state.sweeps ??= {})[model] = report;
    state.changed();
    return ok(report);
  }

  async #row(
    { model, deployment, requests }: SweepPlan,
    { image, spec, env, isolated, record }: Swept,
    { memoryMb, engineCpus }: { memoryMb: number; engineCpus: number },
    inputsFor: (card: ModelCard) => readonly SweepInput[],
    shell: Shell,
  ): Promise<Outcome<SweepRow>> {
    if (shell.signal.aborted) return cancelled();
    const stage = formatMemory(memoryMb, 'en');
    shell.stage(stage, { detail: 'starting' });
    const key = { model, deployment };
    // What it prints belongs to the deployment's log, and into no file.
    const onLine = (line: LogLine): void => this.#ports.deployments.get(keyText(key))?.line(line);
    const storageMb = record?.deploymentSpec.ephemeralStorageMb;
    const parts = { key, image, spec: { ...spec, memoryMb }, env, isolated, storageMb };
    const started = await this.#ports.around.containers.start(parts, onLine);
    if (!started.ok) return started;
    const worker = started.value;
    const onAbort = (): void => void worker.kill();
    shell.signal.addEventListener('abort', onAbort, { once: true });
    if (shell.signal.aborted) onAbort();
    try {
      const row = await measure(worker, {
        memoryMb,
        cpus: Math.min(cpusOf(memoryMb), engineCpus),
        architecture: architectureOf(image.platform),
        inputsFor,
        requests,
        asked: { timeoutMs: limitsOf(spec).timeoutSeconds * 1000, stage: deployment },
        onProgress: (done, all) => tell(shell, stage, done, all),
      });
      if (shell.signal.aborted) return cancelled();
      shell.stage(stage, { detail: rowText(row), ...(row.outcome === 'answered' ? {} : { state: 'failed' }) });
      return ok(row);
    } finally {
      shell.signal.removeEventListener('abort', onAbort);
      await worker.kill();
    }
  }

  /** The image that is deployed, where the engine still has it; else one that is built now. */
  async #swept(plan: SweepPlan, shell: Shell): Promise<Outcome<Swept>> {
    const { around, deployments } = this.#ports;
    const deployment = deployments.get(keyText(plan));
    const record = deployment?.record;
    const env = { ...deployment?.env, ...plan.env };
    if (record?.image) {
      const { spec, isolated, image } = record;
      const engine = await around.containers.engine();
      if (!engine.ok) return engine;
      const there = await engine.value.docker
        .getImage(image.id)
        .inspect()
        .catch(() => undefined);
      if (there) {
        shell.stage('image', { detail: said(image, true) });
        return ok({ image, isolated, spec, env, record });
      }
      const again = planAgain(image, around.env);
      const built = await this.#build({ ...plan, ...record }, again, record.interpreter, shell);
      return built.ok ? ok({ ...built.value, spec, env, record }) : built;
    }
    const { build } = plan;
    if (!build) {
      return fail('no-image', `${keyText(plan)} runs no image.`, {
        next: 'Deploy the model to Docker, and sweep that deployment.',
      });
    }
    const built = await this.#build(build, build.image, basePython(build), shell);
    return built.ok ? ok({ ...built.value, spec: build.spec, env }) : built;
  }

  async #build(
    plan: DeploymentKey & Pick<BuildPlan, 'project' | 'spec' | 'consent'>,
    image: ImagePlan,
    python: string,
    shell: Shell,
  ): Promise<Outcome<Built>> {
    shell.stage('lock');
    const ready = await readyForImage(python, image, shell);
    if (!ready.ok) return ready;
    if (shell.signal.aborted) return cancelled();
    const request = requestOf(plan, ready.value, shell.signal);
    return this.#ports.versions.build({ ...request, image: ready.value.image! }, shell);
  }
}

/** The Python that reads the model, and starts uv. */
function basePython({ environment }: BuildPlan): string {
  return environment.kind === 'use' ? environment.python : environment.base;
}

function said({ bytes, id }: BuiltImage, isCached: boolean): string {
  return `${formatBytes(bytes, 'en')}, ${id.slice(7, 19)}${isCached ? ', unchanged' : ''}`;
}

interface SweepInputs {
  told: SweepReport['inputs'];
  inputsFor(card: ModelCard): readonly SweepInput[];
}

/** Those of a file, the examples, else one made from the card; what a custom model takes only its author knows. */
function inputsOf({ inputs }: SweepPlan, { spec, record }: Swept): Outcome<SweepInputs> {
  if (inputs && inputs.length > 0) {
    return ok({ told: { from: 'file', count: inputs.length }, inputsFor: () => inputs });
  }
  const examples = (spec.examples ?? []).map(({ input }) => ({ input }));
  if (examples.length > 0) {
    return ok({ told: { from: 'models.json', count: examples.length }, inputsFor: () => examples });
  }
  if (spec.framework === 'custom') {
    return fail('no-inputs', 'Nobody knows what to send to this model.', {
      why: 'models.json has no example of it, and a custom model does not say what it takes.',
      next: 'Add "examples" to it in models.json, or name a file: nimbus sweep NAME --inputs FILE.',
    });
  }
  return ok({
    told: { from: 'card', count: 1 },
    inputsFor: (card) => [record?.probe ?? { input: exampleInput(card) }],
  });
}

/** Each tenth, or hundredth answer: more would only fill the log. */
function tell(shell: Shell, stage: string, done: number, all: number): void {
  const step = Math.min(100, Math.max(1, Math.floor(all / 10)));
  if (done % step === 0) shell.stage(stage, { detail: `${done} of ${all} answers` });
}

function rowText(row: SweepRow): string {
  if (row.p95Ms === undefined || row.costPerMillion === undefined) return row.detail ?? row.outcome;
  const { p95Ms, peakBytes, costPerMillion: cost } = row;
  const peak = peakBytes === undefined ? '' : `, ${formatBytes(peakBytes, 'en')}`;
  return `p95 ${formatMs(p95Ms, 'en')}${peak}, ${formatDollars(cost, 'en')} per million`;
}
