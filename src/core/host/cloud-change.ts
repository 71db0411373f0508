/** What a deploy to AWS changes, told from what was deployed last. */
import { isDeepStrictEqual } from 'node:util';
import type { DeploymentDescription } from '../../../infra/app/description.ts';
import { CARD, changedFields } from '../cloud/configuration.ts';
import { revisionNow } from '../cloud/revision.ts';
import { IMAGES } from '../cloud/stack.ts';
import { architectureOf } from '../cost/measured.ts';
import { functionName } from '../models/function-name.ts';
import { defined } from '../defined.ts';
import type { CloudPlan, DeployPlan, RehearsePlan } from '../targets/plan.ts';
import type { DeploymentSpec } from '../../shared/spec.ts';
import { limitsOf } from './function-file.ts';
import type { DeploymentRecord } from './state.ts';

/** A record of what was rehearsed and is not deployed yet. */
export type RehearsedRecord = DeploymentRecord & { image: NonNullable<DeploymentRecord['image']> };

/** One deploy under way. */
export interface Deploy {
  plan: DeployPlan;
  cloud: CloudPlan;
  /** What models.json says of the deployment. */
  declared: DeploymentSpec;
  record: RehearsedRecord;
  stack: string;
  /** Of the stack's update, where there is one. */
  revision: string;
}

/** Whether a version is what was deployed last, and nothing of what the plan says of it is new. `mark`: of the variables. */
export function isDeployed(
  plan: RehearsePlan,
  version: string,
  mark: string,
  record: DeploymentRecord | undefined,
): boolean {
  // After a roll-back the record has the version that serves, and no model of it.
  if (!record?.cloud || record.isAnotherServed || record.version !== version) return false;
  if (!record.rehearsal || !plan.image || !record.image) return false;
  const { python, platform, base } = plan.image;
  const image = { python: record.image.python, platform: record.image.platform, base: record.image.base };
  const said = ({ description, examples }: DeploymentRecord['spec']): unknown => ({ description, examples });
  return isDeepStrictEqual(
    [configuration(plan.spec, plan.deploymentSpec), said(plan.spec), mark, { python, platform, base }],
    [configuration(record.spec, record.deploymentSpec), said(record.spec), record.variablesMark, image],
  );
}

/** What a rehearsed version changes beside weights and code, a line each; none where the function's code alone is new. */
export function changesOf(record: RehearsedRecord, before: DeploymentRecord): string[] {
  const [now, was] = [
    configuration(record.spec, record.deploymentSpec),
    configuration(before.spec, before.deploymentSpec),
  ];
  return [
    ...changedFields(was, now),
    ...(record.variablesMark === before.variablesMark ? [] : ['values of environment variables']),
    ...(record.image.platform === before.image?.platform
      ? []
      : [`platform: ${before.image?.platform} → ${record.image.platform}`]),
    ...(isDeepStrictEqual(cardOf(record), cardOf(before)) ? [] : [CARD]),
  ];
}

/** All that the stack is configured by, of models.json; the rest is the image. */
function configuration(spec: DeploymentRecord['spec'], deployment: DeploymentSpec): Record<string, unknown> {
  const { path: _, pythonVersion: __, concurrency: ___, examples: ____, description: _____, ...model } = spec;
  // What an image is for, the image tells.
  const { url: ______, target: _______, architecture: ________, ...rest } = deployment;
  return { ...model, ...limitsOf(spec), auth: 'key', ...rest };
}

function cardOf({ card }: DeploymentRecord): object {
  const { version: _, ...rest } = card;
  return rest;
}

/** Tags of a deployment's images begin with its own name; `version`: 64 hexadecimal digits, or '' for the beginning. */
export function imageTag({ model, deployment }: { model: string; deployment: string }, version: string): string {
  return `${model}.${deployment}.${version.slice(0, 12)}`;
}

/** Which deployment, and where it is. */
type Placed = Pick<Deploy, 'declared' | 'record' | 'stack'> & {
  plan: Pick<Deploy['plan'], 'model' | 'deployment'>;
  cloud: Pick<Deploy['cloud'], 'account' | 'region'>;
  /** Default: a new one. */
  revision?: string;
};

/** The tag under which an image is pushed. Of one version there may be several, as where a base is another. */
export function pushedTag({ plan, record }: Pick<Deploy, 'plan' | 'record'>): string {
  return `${imageTag(plan, record.version)}.${record.image.id.slice(7, 19)}`;
}

/** What the stack is made of. */
export function descriptionOf(
  { plan, cloud, declared, record, stack, revision = revisionNow() }: Placed,
  digest: string,
): DeploymentDescription {
  const { spec, version, card, image } = record;
  const { memoryMb, timeoutSeconds } = limitsOf(spec);
  const { ephemeralStorageMb, provisionedConcurrency, throttle, quota, corsOrigins, logRetentionDays } = declared;
  const optional = { ephemeralStorageMb, provisionedConcurrency, throttle, quota, corsOrigins, logRetentionDays };
  return {
    model: plan.model,
    deployment: plan.deployment,
    stackName: stack,
    account: cloud.account,
    region: cloud.region,
    image: { repository: IMAGES.repository, digest },
    version,
    revision,
    framework: spec.framework,
    card: { ...card },
    memoryMb,
    timeoutSeconds,
    architecture: architectureOf(image.platform),
    auth: declared.auth ?? 'key',
    env: spec.env ?? [],
    ...defined(optional),
  };
}

/** What the stack would be made of, as far as that is known before anything of the account is touched. */
export function describedBefore(plan: RehearsePlan, record: RehearsedRecord): DeploymentDescription {
  const { account = '0'.repeat(12), region = '', stack = functionName(plan) } = plan.deploymentSpec;
  const cloud = { account, region };
  const digest = `sha256:${'0'.repeat(64)}`;
  return descriptionOf({ plan, cloud, declared: plan.deploymentSpec, record, stack }, digest);
}
