/** The record of a deployment once another version of it serves. */
import type { DeployPlan } from '../targets/plan.ts';
import { imageRecord } from './image-environment.ts';
import type { DeploymentRecord } from './state.ts';
import type { Candidate } from './version.ts';
import type { VersionRequest } from './version-request.ts';

/** After a deploy. `before`: of the version that served until then. */
export function recordOf(
  plan: Omit<DeployPlan, 'kind'>,
  { interpreter, lock, image: ready }: VersionRequest,
  candidate: Candidate,
  before: DeploymentRecord | undefined,
): DeploymentRecord {
  const { spec, deploymentSpec, consent, env } = plan;
  const { snapshot, modules, isolated, ownCode, networkLeft, probe, version, card, madeWith, image } = candidate;
  return {
    spec,
    deploymentSpec,
    interpreter,
    ...(isChosen(plan.environment) ? { interpreterChosen: true } : {}),
    lock,
    snapshot: snapshot.hash,
    ...previous(before, candidate),
    stamp: snapshot.stamp,
    modules,
    isolated,
    ...(image && ready ? { image: imageRecord(image, ready) } : {}),
    ...(image && before?.pushed ? { pushed: before.pushed } : {}),
    ownCode,
    ...(networkLeft === undefined ? {} : { networkLeft }),
    ...(probe ? { probe } : {}),
    version,
    deployedAt: new Date().toISOString(),
    // What the user closed stays closed until Start, whatever is deployed meanwhile.
    stopped: before?.stopped ?? false,
    lastMs: {},
    card,
    madeWith,
    ...(plan.differs === undefined ? {} : { differs: plan.differs }),
    consent,
    env: (spec.env ?? []).filter((name) => env[name] !== undefined),
  };
}

/** After a reload. */
export function recordAfter(record: DeploymentRecord, candidate: Candidate): DeploymentRecord {
  const { snapshot, modules, isolated, ownCode, networkLeft, version, card, madeWith, image } = candidate;
  const { differs, networkLeft: _, ...kept } = record;
  // What was found to differ was about what it was made with then.
  const isSame = JSON.stringify(madeWith) === JSON.stringify(record.madeWith);
  return {
    ...kept,
    ...(isSame && differs !== undefined ? { differs } : {}),
    madeWith,
    snapshot: snapshot.hash,
    ...previous(record, candidate),
    stamp: snapshot.stamp,
    modules,
    isolated,
    ...(image && record.image ? { image: { ...record.image, ...image } } : {}),
    ownCode,
    ...(networkLeft === undefined ? {} : { networkLeft }),
    version,
    card,
    deployedAt: new Date().toISOString(),
  };
}

/** Whether the user named the Python, now or for an earlier deploy. */
function isChosen(plan: DeployPlan['environment']): boolean {
  return plan.kind === 'use' && (plan.source === 'chosen' || plan.source === 'kept');
}

/** The snapshots to keep beside those that serve. */
function previous(
  before: DeploymentRecord | undefined,
  { snapshot, modules }: Pick<Candidate, 'snapshot' | 'modules'>,
): Pick<DeploymentRecord, 'previousSnapshot' | 'previousModules'> {
  const same = before?.snapshot === snapshot.hash && before.modules.hash === modules.hash;
  const files = same ? before.previousSnapshot : before?.snapshot;
  const code = same ? before.previousModules : before?.modules.hash;
  return {
    ...(files === undefined ? {} : { previousSnapshot: files }),
    ...(code === undefined ? {} : { previousModules: code }),
  };
}
