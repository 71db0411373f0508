/** From a model's files to a worker that answered: what deploying and reloading have in common. */
import { isCovered } from '../consent.ts';
import { detect } from '../detect/detect.ts';
import type { Consent, Detection } from '../detect/detection.ts';
import { modelPath } from '../models/paths.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { cancelled, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { DeploymentKey, ModelSpec } from '../../shared/spec.ts';
import { tryExamples, whyOf } from './examples.ts';
import { limitsOf } from './function-file.ts';
import { functionVersion, type Snapshot, type Snapshots } from './snapshots.ts';
import type { Worker } from './worker.ts';

export interface VersionRequest extends DeploymentKey {
  project: string;
  spec: Omit<ModelSpec, 'deployments'>;
  interpreter: string;
  lock: string;
  consent: readonly Consent[];
  signal: AbortSignal;
}

/** What the host brings to making a version. */
export interface VersionPorts {
  snapshots: Snapshots;
  runtimeHash: string;
  /** Starts a worker of a version that does not serve yet. */
  spawn(snapshotPath: string, version: string): Worker;
  /** Says what happens now, a line about it, and where it turned out that there was nothing to do. */
  stage(name: 'snapshot' | 'start' | 'first answer', detail?: string, state?: 'skipped'): void;
}

/** A version that is ready to serve. */
export interface Candidate {
  snapshot: Snapshot;
  version: string;
  card: ModelCard;
  worker: Worker;
}

/** Its snapshot is held until `release`. On an error no worker and no hold is left. */
export async function makeVersion(
  request: VersionRequest,
  ports: VersionPorts,
): Promise<Outcome<Candidate & { release(): void }>> {
  ports.stage('snapshot');
  const taken = await ports.snapshots.take(modelPath(request.project, request.spec), request.project, request.signal);
  if (!taken.ok) return taken;
  const snapshot = taken.value;
  const release = ports.snapshots.hold(snapshot.hash);
  let made: Outcome<Candidate> | undefined;
  try {
    made = await fromSnapshot(request, snapshot, ports);
  } finally {
    if (!made?.ok) release();
  }
  return made.ok ? ok({ ...made.value, release }) : made;
}

async function fromSnapshot(
  request: VersionRequest,
  snapshot: Snapshot,
  ports: VersionPorts,
): Promise<Outcome<Candidate>> {
  const { interpreter, spec, lock, signal } = request;
  ports.stage('snapshot', `${formatBytes(snapshot.bytes, 'en')}, ${snapshot.hash.slice(0, 7)}`);
  const allowed = await checkRisk(snapshot.path, request);
  if (!allowed.ok) return allowed;
  if (signal.aborted) return cancelled();
  const version = functionVersion({
    files: snapshot.hash,
    lock,
    runtime: ports.runtimeHash,
    framework: spec.framework,
  });
  ports.stage('start', interpreter);
  const spawned = spawn(snapshot.path, version, ports);
  if (!spawned.ok) return spawned;
  const worker = spawned.value;
  const onAbort = (): void => void worker.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const ready = await worker.ready;
    if (signal.aborted) return cancelled();
    if (!ready.ok) return { ok: false, error: startError(ready.failure) };
    const { importsMs, loadMs } = worker.timeline;
    ports.stage('start', `imports ${Math.round(importsMs)} ms, load ${Math.round(loadMs)} ms`);
    ports.stage('first answer');
    const examples = spec.examples ?? [];
    const timeoutMs = limitsOf(spec).timeoutSeconds * 1000;
    const tried = await tryExamples(worker, examples, timeoutMs, request.deployment);
    if (signal.aborted) return cancelled();
    if (!tried.ok) {
      await worker.kill();
      return tried;
    }
    if (examples.length === 0) ports.stage('first answer', 'models.json has no example of it', 'skipped');
    else ports.stage('first answer', `${tried.value.answered} answered`);
    return ok({ snapshot, version, card: ready.card, worker });
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) await worker.kill();
  }
}

function spawn(snapshotPath: string, version: string, ports: VersionPorts): Outcome<Worker> {
  try {
    return ok(ports.spawn(snapshotPath, version));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(code === 'ENOSPC' ? 'disk-full' : 'start-failed', 'The model cannot be started.', {
      why: message,
      next: code === 'ENOSPC' ? 'Free some space and try again.' : 'Make the folder writable, and try again.',
    });
  }
}

/** Reads the snapshot without running it. Errors: it is not the framework's; it may run what nobody agreed to. */
export async function checkRisk(
  snapshotPath: string,
  { interpreter, spec, consent, signal }: Pick<VersionRequest, 'interpreter' | 'spec' | 'consent' | 'signal'>,
): Promise<Outcome<Detection>> {
  const detected = await detect(snapshotPath, { python: interpreter, signal });
  if (!detected.ok) return detected;
  const { framework, risk } = detected.value;
  if (framework !== spec.framework) {
    return fail('framework-changed', `The model is for ${framework} now, and was deployed for ${spec.framework}.`, {
      next: 'Redeploy the model.',
    });
  }
  if (isCovered(risk, consent)) return detected;
  switch (risk.kind) {
    case 'unreadable':
      return fail('model-unreadable', 'The model is blocked: it cannot be read safely.', {
        why: risk.why,
        next: 'Save the model again, and redeploy it.',
      });
    case 'code':
      return fail('consent-needed', 'Loading the model runs code of this project, which is not trusted.', {
        why: risk.files.slice(0, 10).join(', '),
        next: 'Trust the project (--trust for the command line) and redeploy.',
      });
    case 'unknown-globals':
    case 'dangerous-globals': {
      const named = risk.globals
        .filter((one) => one.danger !== 'known')
        .map((one) => (one.meaning ? `${one.name} (${one.meaning})` : one.name));
      return fail('consent-needed', 'Loading the model runs code that you have not agreed to.', {
        why: `It names ${named.slice(0, 10).join(', ')}.`,
        next: 'Redeploy the model to see what it would run, and to agree or not.',
      });
    }
    case 'none':
      throw new Error('a model without risk needs no consent');
    default:
      return risk satisfies never;
  }
}

function startError(failure: Parameters<typeof whyOf>[0]): UserError {
  return {
    code: failure.code,
    what: 'The model could not be loaded.',
    why: whyOf(failure),
    next: failure.next ?? 'Correct the model or its environment, and redeploy.',
  };
}
