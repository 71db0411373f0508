/** From a model's files to a worker that answered: what deploying and reloading have in common. */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { isCovered } from '../consent.ts';
import { detect } from '../detect/detect.ts';
import { unknownModules } from '../detect/estimator-packages.ts';
import type { Consent, Detection, Risk } from '../detect/detection.ts';
import { capture } from '../environment/capture.ts';
import { modelPath } from '../models/paths.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { MadeWith, ModelCard } from '../../shared/contract.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { DeploymentKey, ModelSpec } from '../../shared/spec.ts';
import { firstAnswer, whyOf, type Probe } from './examples.ts';
import { limitsOf } from './function-file.ts';
import type { BuiltImage } from '../image/image.ts';
import type { ReadyImage } from '../image/ready.ts';
import type { ModelFile } from './files.ts';
import { importedNames, isProjectModule, projectModules, type Modules } from './modules.ts';
import { functionVersion, type Snapshot, type Snapshots } from './snapshots.ts';
import type { ModulesRecord } from './state.ts';
import type { Worker } from './worker.ts';

export interface VersionRequest extends DeploymentKey {
  project: string;
  spec: Omit<ModelSpec, 'deployments'>;
  interpreter: string;
  lock: string;
  /** Of the targets that run an image: what it is made from. */
  image?: ReadyImage;
  consent: readonly Consent[];
  /** What the version before answered, where models.json has no example. */
  probe?: Probe;
  signal: AbortSignal;
}

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
export interface Candidate {
  snapshot: Snapshot;
  modules: ModulesRecord;
  isolated: boolean;
  /** As of the record. */
  ownCode: boolean;
  networkLeft?: boolean;
  /** An input made from its card that it answered. */
  probe?: Probe;
  version: string;
  card: ModelCard;
  /** What the model was made with, as its files and those around it say. */
  madeWith: MadeWith[];
  worker: Worker;
  /** What its workers run, of targets that run an image. */
  image?: BuiltImage;
}

export type VersionParts = Pick<Candidate, 'modules' | 'isolated' | 'ownCode' | 'version' | 'madeWith'>;

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

type Hold = (hash: string) => void;

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

/** Looks at a snapshot without running it. Errors: as of `checkRisk` and `takeModules`. */
async function partsOf(
  request: VersionRequest,
  snapshot: Snapshot,
  ports: Pick<VersionPorts, 'snapshots' | 'runtimeHash' | 'stage'>,
  hold: Hold,
): Promise<Outcome<{ parts: VersionParts; risk: Risk }>> {
  const { spec, lock, signal } = request;
  ports.stage('snapshot', formatBytes(snapshot.bytes, 'en'));
  const allowed = await checkRisk(snapshot.path, request);
  if (!allowed.ok) return allowed;
  if (signal.aborted) return cancelled();
  const took = await takeModules(await importedNames(allowed.value), request, ports.snapshots);
  if (!took.ok) return took;
  const modules = took.value;
  if (modules.hash !== undefined && !isCovered({ kind: 'code', files: [] }, request.consent)) {
    return fail('consent-needed', 'Loading the model runs modules of this project, which is not trusted.', {
      why: `It imports ${modules.names.join(', ')}.`,
      next: 'Redeploy the model to agree or not.',
    });
  }
  if (modules.hash !== undefined) hold(modules.hash);
  const isolated = needsIsolation(allowed.value.risk);
  const ownCode = allowed.value.ownCode === true;
  const version = functionVersion({
    files: snapshot.hash,
    modules: modules.hash ?? '',
    lock,
    runtime: ports.runtimeHash,
    framework: spec.framework,
  });
  const madeWith = await capturedOf(allowed.value, request);
  return ok({ parts: { modules, isolated, ownCode, version, madeWith }, risk: allowed.value.risk });
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
    const { probe, detail, isSkipped } = tried.value;
    ports.stage('first answer', detail, isSkipped ? 'skipped' : undefined);
    return ok({
      snapshot,
      ...parts,
      ...(networkLeft === undefined ? {} : { networkLeft }),
      ...(probe ? { probe } : {}),
      card: ready.card,
      worker,
      ...(image ? { image } : {}),
    });
  } finally {
    signal.removeEventListener('abort', onAbort);
    if (signal.aborted) await worker.kill();
  }
}

/** The files around the model itself are looked at, not those around its copy. */
async function capturedOf(
  detection: Detection,
  { project, spec }: Pick<VersionRequest, 'project' | 'spec'>,
): Promise<MadeWith[]> {
  const model = modelPath(project, spec);
  const isFolder = (await stat(model).catch(() => undefined))?.isDirectory() ?? false;
  const { captured } = await capture({ ...detection, path: model }, { project, isFolder });
  return captured.map(({ package: name, versions, from }) => ({ package: name, versions, from }));
}

const NETWORK = {
  true: 'without a network, since loading it needed your consent',
  false: 'with the network: this system does not let it run without',
};

/**
 * A project's own code is trusted as such. What a file names beyond its framework was looked at by its names only, and
 * code that came with a model is a stranger's.
 */
function needsIsolation(risk: Risk): boolean {
  const isForeign = risk.kind === 'code' && risk.hash !== undefined;
  return isForeign || risk.kind === 'unknown-globals' || risk.kind === 'dangerous-globals';
}

/**
 * The project's modules that a model may import, copied as the model itself is. `listed`: as they were listed just now,
 * where somebody has. Errors: as of `projectModules`.
 */
export async function takeModules(
  names: string[],
  { project, spec, signal }: Pick<VersionRequest, 'project' | 'spec' | 'signal'>,
  snapshots: Snapshots,
  listed?: Modules,
): Promise<Outcome<ModulesRecord>> {
  const model = modelPath(project, spec);
  const look = (): Promise<Outcome<Modules>> => projectModules(names, { project, model, signal });
  const found = listed ? ok(listed) : await look();
  if (!found.ok) return found;
  if (found.value.files.length === 0) return ok({ names, stamp: '' });
  // Copied is what was listed first; listing again afterwards tells whether it changed meanwhile.
  const listings = [found];
  const list = async (): Promise<Outcome<ModelFile[]>> => {
    const next = listings.pop() ?? (await look());
    return next.ok ? ok(next.value.files) : next;
  };
  const taken = await snapshots.takeFiles({ what: `What the model imports of ${project}`, list }, signal);
  return taken.ok ? ok({ names, hash: taken.value.hash, stamp: taken.value.stamp }) : taken;
}

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
      if (risk.hash !== undefined) {
        return fail('consent-needed', 'Loading the model runs code that came with it, which you have not agreed to.', {
          why: risk.files.slice(0, 10).join(', '),
          next: 'Redeploy the model to agree or not.',
        });
      }
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

async function startError(
  failure: Parameters<typeof whyOf>[0],
  { project, spec }: Pick<VersionRequest, 'project' | 'spec'>,
  risk: Risk,
): Promise<UserError> {
  const missing = /No module named '(\w+)/.exec(failure.detail)?.[1];
  const model = modelPath(project, spec);
  return {
    code: failure.code,
    what: 'The model could not be loaded.',
    why: whyOf(failure),
    next:
      (missing === undefined ? undefined : await remedyOf(missing, risk, { project, model })) ??
      failure.next ??
      'Correct the model or its environment, and redeploy.',
  };
}

/** Where a missing module would be found; undefined where it is a known package's. */
async function remedyOf(
  missing: string,
  risk: Risk,
  where: { project: string; model: string },
): Promise<string | undefined> {
  if (await isProjectModule(missing, where)) {
    return `${missing} is a module of this project that the model does not import by its name: write "import ${missing}" where it is used.`;
  }
  // A package that is called as somebody's own module would be a stranger's.
  if (!('globals' in risk) || !unknownModules(risk.globals).includes(missing)) return undefined;
  const { base: name, dir: folder } = path.parse(where.model);
  const places = folder === where.project ? `beside ${name}` : `beside ${name} or in ${where.project}`;
  return `Put ${missing}.py ${places} and redeploy; if it is a package's, name that package in a requirements.txt beside ${name}, or install it into the Python that runs the model.`;
}
