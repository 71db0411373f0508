/** From a model's files to a worker that answered: what deploying and reloading have in common. */
import { modelPath } from '../models/paths.ts';
import type { BuiltImage } from '../image/image.ts';
import type { ModelCard } from '../../shared/contract.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { firstAnswer, type Probe } from './examples.ts';
import { limitsOf } from './function-file.ts';
import type { Snapshot, Snapshots } from './snapshots.ts';
import { startError } from './start-error.ts';
import { partsOf, type Hold, type VersionParts } from './version-parts.ts';
import type { VersionRequest } from './version-request.ts';
import type { Worker } from './worker.ts';

/** What the host brings to making a version. */
export interface VersionPorts {
  snapshots: Snapshots;
  runtimeHash: string;
  /** Starts a worker of a version that does not serve yet, after what it needs was made. */
  spawn(snapshot: Snapshot, parts: VersionParts): Promise<Outcome<{ worker: Worker; image?: BuiltImage }>>;
  /** Says what happens now, a line about it, and where it turned out that there was nothing to do. */
  stage(name: 'snapshot' | 'image' | 'start' | 'first answer', detail?: string, state?: 'skipped'): void;
}

/** A version that is ready to serve. */
export interface Candidate extends VersionParts {
  snapshot: Snapshot;
  networkLeft?: boolean;
  /** An input made from its card that it answered. */
  probe?: Probe;
  card: ModelCard;
  worker: Worker;
  /** What its workers run, of targets that run an image. */
  image?: BuiltImage;
  /** Milliseconds of its first answer; unset where it was asked nothing. */
  firstMs?: number;
}

/** Its snapshots are held until `release`. On an error no worker and no hold is left. */
export async function makeVersion(
  request: VersionRequest,
  ports: VersionPorts,
): Promise<Outcome<Candidate & { release(): void }>> {
  return withSnapshot(request, ports, (snapshot, hold) => fromSnapshot(request, snapshot, ports, hold));
}

/** What a version is made from, without starting it. Its snapshots are held until `release`; none on an error. */
export async function prepareVersion(
  request: VersionRequest,
  ports: Pick<VersionPorts, 'snapshots' | 'runtimeHash' | 'stage'>,
): Promise<Outcome<{ snapshot: Snapshot; parts: VersionParts; release(): void }>> {
  return withSnapshot(request, ports, async (snapshot, hold) => {
    const made = await partsOf(request, snapshot, ports, hold);
    return made.ok ? ok({ snapshot, parts: made.value.parts }) : made;
  });
}

async function withSnapshot<T extends object>(
  request: VersionRequest,
  ports: Pick<VersionPorts, 'snapshots' | 'stage'>,
  make: (snapshot: Snapshot, hold: Hold) => Promise<Outcome<T>>,
): Promise<Outcome<T & { release(): void }>> {
  ports.stage('snapshot');
  const taken = await ports.snapshots.take(modelPath(request.project, request.spec), request.project, request.signal);
  if (!taken.ok) return taken;
  const snapshot = taken.value;
  const holds = [ports.snapshots.hold(snapshot.hash)];
  const release = (): void => holds.splice(0).forEach((one) => one());
  let made: Outcome<T> | undefined;
  try {
    made = await make(snapshot, (hash) => holds.push(ports.snapshots.hold(hash)));
  } finally {
    if (!made?.ok) release();
  }
  return made.ok ? ok({ ...made.value, release }) : made;
}

async function fromSnapshot(
  request: VersionRequest,
  snapshot: Snapshot,
  ports: VersionPorts,
  hold: Hold,
): Promise<Outcome<Candidate>> {
  const { spec, signal } = request;
  const made = await partsOf(request, snapshot, ports, hold);
  if (!made.ok) return made;
  const { parts, risk } = made.value;
  if (request.image) ports.stage('image');
  else ports.stage('start');
  const spawned = await spawn(() => ports.spawn(snapshot, parts));
  if (!spawned.ok) return spawned;
  const { worker, image } = spawned.value;
  const onAbort = (): void => void worker.kill();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    const ready = await worker.ready;
    if (signal.aborted) return cancelled();
    if (!ready.ok) return { ok: false, error: await startError(ready.failure, request, risk) };
    const { importsMs, loadMs } = worker.timeline;
    const { networkLeft } = ready;
    const network = networkLeft === undefined ? '' : `, ${NETWORK[`${networkLeft}`]}`;
    ports.stage('start', `imports ${formatMs(importsMs, 'en')}, load ${formatMs(loadMs, 'en')}${network}`);
    ports.stage('first answer');
    const timeoutMs = limitsOf(spec).timeoutSeconds * 1000;
    const ask = { timeoutMs, stage: request.deployment };
    const tried = await firstAnswer(worker, { spec, card: ready.card, probe: request.probe }, ask);
    if (signal.aborted) return cancelled();
    if (!tried.ok) {
      await worker.kill();
      return tried;
    }
    const { probe, detail, isSkipped, firstMs } = tried.value;
    ports.stage('first answer', detail, isSkipped ? 'skipped' : undefined);
    return ok({
      snapshot,
      ...parts,
      ...(networkLeft === undefined ? {} : { networkLeft }),
      ...(probe ? { probe } : {}),
      card: ready.card,
      worker,
      ...(image ? { image } : {}),
      ...(firstMs === undefined ? {} : { firstMs }),
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) await worker.kill();
  }
}

const NETWORK = {
  true: 'without a network, since loading it needed your consent',
  false: 'with the network: this system does not let it run without',
};

async function spawn<T>(start: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await start();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(code === 'ENOSPC' ? 'disk-full' : 'start-failed', 'The model cannot be started.', {
      why: message,
      next: code === 'ENOSPC' ? 'Free some space and try again.' : 'Make the folder writable, and try again.',
    });
  }
}
