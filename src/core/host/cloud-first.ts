/** A first deploy to AWS that does not come to its end: what AWS has of it, and what models.json says of it then. */
import { isDeepStrictEqual } from 'node:util';
import { cloudAccount } from '../cloud/account.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import { asking } from '../cloud/errors.ts';
import { describeStack } from '../cloud/stack.ts';
import { removeDeployment, setDeployment, unsetDeployment, type ModelsEdit } from '../models/edit.ts';
import { readModels } from '../models/read.ts';
import type { Shell } from '../shell.ts';
import type { DeployPlan } from '../targets/plan.ts';
import { CANCELLED, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { DeploymentSpec } from '../../shared/spec.ts';
import { pushedTag, type Deploy } from './cloud-change.ts';

/** What models.json says of the deployment before the deploy writes to it. Errors: as of `readModels`. */
export async function declaredBefore({
  project,
  model,
  deployment,
}: DeployPlan): Promise<Outcome<DeploymentSpec | undefined>> {
  const read = await readModels(project);
  return read.ok ? ok(read.value.models[model]?.deployments?.[deployment]) : read;
}

/**
 * Whether AWS has nothing of a first deploy that ended with this error. What cannot be told may be there: an entry that is
 * dropped is a stack that nobody finds again.
 */
export async function leftNothing(
  { cloud, stack }: Pick<Deploy, 'cloud' | 'stack'>,
  { code }: UserError,
  { before, isStackReached }: { before: DeploymentSpec | undefined; isStackReached: boolean },
): Promise<boolean> {
  // A cancel has been followed until all is gone. What an earlier deploy began is not this one's.
  if (before?.stack === undefined && (!isStackReached || code === CANCELLED)) return true;
  const config = await configIn(cloud);
  if (!config.ok) return false;
  const asked = await asking(async () => ok(await describeStack(config.value, stack)));
  // A change set makes a stack with nothing in it, which the next one replaces.
  return asked.ok && (asked.value === undefined || asked.value.StackStatus === 'REVIEW_IN_PROGRESS');
}

/** Of another account "there is none" says nothing: a profile may have come to mean one meanwhile. Errors: as of `cloudAccount`. */
async function configIn({ account, region, variables }: Deploy['cloud']): Promise<Outcome<AwsConfig>> {
  const asker = await cloudAccount({ account, region }, variables);
  return asker.ok ? ok(await awsConfig(region, asker.value.variables)) : asker;
}

/** Edits that take back what the deploy wrote to models.json; what others changed meanwhile stays. */
export function asBefore({ plan, declared }: Deploy, before: DeploymentSpec | undefined): ModelsEdit[] {
  if (!before) return [removeDeployment(plan, { dropModel: plan.declared === null })];
  // Where an earlier deploy had written them they name a stack that is not there any more.
  const place = new Set(before.stack === undefined ? [] : ['account', 'stack', 'url']);
  const kept = new Map(Object.entries(before).filter(([field]) => !place.has(field)));
  const written = new Map<string, unknown>(Object.entries(declared));
  const changed = [...kept].filter(([field, value]) => !isDeepStrictEqual(written.get(field), value));
  const added = ['url', ...written.keys()].filter((field) => !kept.has(field));
  return [
    setDeployment(plan, { ...Object.fromEntries(changed), target: before.target }),
    unsetDeployment(plan, added as Exclude<keyof DeploymentSpec, 'target'>[]),
  ];
}

/** What to do where the stack may be there, and only AWS does not say so. */
export function mayBeThere(error: UserError, stack: string): UserError {
  if (!error.code.endsWith('-credentials') && error.code !== 'unreachable') return error;
  const next = `Then deploy again: models.json keeps the stack ${stack}, and what CloudFormation does with it goes on.`;
  return { ...error, next: [error.next, next].filter(Boolean).join(' ') };
}

/** Of a first deploy that left no stack: nothing else would ever find its image. It fails nothing; the next removal finds it. */
export async function unpush(deploy: Deploy, shell: Shell): Promise<void> {
  const { removeImages } = await import('../cloud/repository.ts');
  const config = await configIn(deploy.cloud);
  const removed = config.ok ? await removeImages(config.value, pushedTag(deploy)) : config;
  if (!removed.ok)
    return shell.log(`the image that was pushed stays: ${removed.error.what} ${removed.error.why ?? ''}`);
  for (const tag of removed.value.tags) shell.log(`${tag} removed`);
  for (const { tag, reason } of removed.value.left) shell.log(`${tag} stays: ${reason}`);
}
