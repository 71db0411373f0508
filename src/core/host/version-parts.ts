/** What the snapshot of a model says of its version, before anything of it runs. */
import { stat } from 'node:fs/promises';
import { isCovered } from '../consent.ts';
import { detect } from '../detect/detect.ts';
import type { Detection, Risk } from '../detect/detection.ts';
import { capture } from '../environment/capture.ts';
import { modelPath } from '../models/paths.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { MadeWith } from '../../shared/contract.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { ModelFile } from './files.ts';
import { importedNames, projectModules, type Modules } from './modules.ts';
import { functionVersion, type Snapshot, type Snapshots } from './snapshots.ts';
import type { ModulesRecord } from './state.ts';
import type { VersionRequest } from './version-request.ts';

export interface VersionParts {
  modules: ModulesRecord;
  isolated: boolean;
  /** As of the record. */
  ownCode: boolean;
  version: string;
  /** What the model was made with, as its files and those around it say. */
  madeWith: MadeWith[];
}

/** What the host brings to it. */
export interface LookPorts {
  snapshots: Snapshots;
  runtimeHash: string;
  stage(name: 'snapshot', detail: string): void;
}

/** Keeps a snapshot for as long as the version is being made. */
export type Hold = (hash: string) => void;

/** Looks at a snapshot without running it. Errors: as of `checkRisk` and `takeModules`. */
export async function partsOf(
  request: VersionRequest,
  snapshot: Snapshot,
  ports: LookPorts,
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

/** Reads the snapshot without running it. Errors: it is not the framework's; it may run what nobody agreed to. */
async function checkRisk(
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
