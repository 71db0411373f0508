/** The ways back: an older version serves again, or nothing does. */
import { TAGS } from '../../../infra/app/published.ts';
import { consoleUrl, type ConsolePlace } from '../../../infra/deployer/console.ts';
import type { Ended } from '../../../infra/deployer/protocol.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import { asking } from '../cloud/errors.ts';
import type { StoredImage } from '../cloud/repository.ts';
import { describeStack, IMAGES, outputsOf, tagOf } from '../cloud/stack.ts';
import { editModels, removeDeployment } from '../models/edit.ts';
import { readModels } from '../models/read.ts';
import { lacksStack } from '../models/stacks.ts';
import type { Shell } from '../shell.ts';
import type { RemovePlan, RollbackPlan } from '../targets/plan.ts';
import { CANCELLED, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudRemoved, RolledBack } from '../../shared/states.ts';
import { imageTag } from './cloud-change.ts';
import { lookAt } from './cloud-look.ts';
import type { CloudPorts } from './cloud-operations.ts';

/** Lets a version that is kept serve again, by one call; the one before the current one where none is named. */
export async function rollBackTo(ports: CloudPorts, plan: RollbackPlan, shell: Shell): Promise<Outcome<RolledBack>> {
  const { state, deployments, onChange } = ports;
  const record = state.state.deployments[keyText(plan)];
  const cloud = deployments.get(keyText(plan))?.cloud;
  if (!cloud) {
    return fail('not-deployed', `${keyText(plan)} is not known to be on AWS.`, {
      next: `nimbus status ${keyText(plan)} asks AWS.`,
    });
  }
  const config = await awsConfig(cloud.region, plan.cloud.variables);
  const [{ versionsOf }, { rollBack }, { provisionedText }] = await Promise.all([
    import('../cloud/versions.ts'),
    import('../cloud/update.ts'),
    import('../cloud/switch.ts'),
  ]);
  shell.stage('versions');
  const found = await versionsOf(config, cloud, shell.signal);
  if (!found.ok) return found;
  const at = found.value.findIndex(({ live }) => live);
  const to = plan.to ?? found.value.slice(at + 1).find(({ digest }) => digest !== found.value[at]?.digest)?.number;
  if (to === undefined) {
    return fail('no-version', `There is nothing before what ${keyText(plan)} serves.`, {
      next: 'Deploy the model as it should be.',
    });
  }
  shell.stage('alias', { detail: `version ${to}` });
  const moved = await rollBack(config, { functionName: cloud.functionName, to, api: cloud }, shell);
  if (!moved.ok) return moved;
  const { number, before, unsaid, provisioned } = moved.value;
  if (unsaid) shell.log(`${unsaid.what} ${unsaid.why ?? ''}`);
  shell.stage('alias', { detail: [`version ${number}`, ...provisionedText(provisioned)].join(', ') });
  const now = found.value.find((one) => one.number === number)!;
  // What is on this machine is another version, until it is deployed.
  const { version = '', digest } = now;
  if (!record) {
    await lookAt(ports, plan, plan.cloud.variables);
    return ok({ number, before, version });
  }
  const rolled = {
    ...record,
    version,
    cloud: { ...cloud, digest },
    snapshot: '',
    stamp: '',
    isAnotherServed: true as const,
  };
  state.state.deployments[keyText(plan)] = rolled;
  const deployment = deployments.get(keyText(plan));
  deployment?.settle(rolled);
  await state.flush();
  if (deployment) onChange(deployment);
  return ok({ number, before, version });
}

/**
 * Removes the stack, the images and then the declaration, where models.json has it. What could not be removed
 * is told, with links, and keeps the declaration. Errors: as of the deployer and of `awsFailure`; `images-left`.
 */
export async function removeFromCloud(
  ports: CloudPorts,
  plan: RemovePlan & Required<Pick<RemovePlan, 'cloud'>>,
  shell: Shell,
): Promise<Outcome<CloudRemoved>> {
  const { model, deployment, project, dropModel, cloud } = plan;
  const { account, region, stack: stackName } = cloud;
  shell.stage('stack', { detail: stackName });
  const read = await readModels(project);
  if (!read.ok) return read;
  if (plan.isUndeclared) {
    const lacking = await lacksStack(project, { account, region, stack: stackName });
    if (!lacking.ok) return lacking;
  }
  const declared = read.value.models[model]?.deployments?.[deployment];
  const config = await awsConfig(region, cloud.variables);
  const found = await ownStack(config, stackName);
  if (!found.ok) return found;
  const { key = plan, apiKey } = found.value ?? {};
  const { imagesToGo } = await import('../cloud/images.ts');
  const going = await imagesToGo(config, stackName, key);
  if (!going.ok) return going;
  const gone = await ports.deployers.run<Ended>(cloud, 'stack', shell, ({ api }) =>
    api.destroy({ account, region, stackName }),
  );
  if (!gone.ok) return withImages(gone.error, key, cloud);
  shell.stage('stack', { detail: gone.value.state === 'absent' ? 'there was none' : 'deleted' });
  shell.stage('images');
  // Tags are by the deployment's name: of two stacks of one name in a place the declared one has the images.
  const isSamePlace = declared?.account === account && declared.region === region;
  if (isSamePlace && declared.stack !== undefined && declared.stack !== stackName) {
    shell.stage('images', { detail: `stay: ${keyText(plan)} is the stack ${declared.stack}`, state: 'skipped' });
  } else {
    const removed = await removeImagesOf(config, key, going.value, cloud);
    if (!removed.ok) return declared && !plan.isUndeclared ? again(removed.error, key) : removed;
    shell.stage('images', { detail: `${removed.value} removed` });
  }
  if (plan.isUndeclared) shell.stage('models.json', { detail: 'did not have it', state: 'skipped' });
  else {
    shell.stage('models.json');
    const edited = await editModels(project, removeDeployment({ model, deployment }, { dropModel }));
    if (!edited.ok) return edited;
  }
  // What this machine knows of it is of no use, unless another deployment has its name here.
  if (!plan.isUndeclared || declared === undefined) await ports.remove({ model, deployment });
  return ok(apiKey ? { apiKey: { account, region, ...apiKey } } : {});
}

/** How many tags went. */
async function removeImagesOf(
  config: AwsConfig,
  key: DeploymentKey,
  which: (image: StoredImage) => boolean,
  place: ConsolePlace,
): Promise<Outcome<number>> {
  const { removeImages } = await import('../cloud/repository.ts');
  const removed = await removeImages(config, imageTag(key, ''), which);
  if (!removed.ok) return removed;
  const { tags, left } = removed.value;
  if (left.length === 0) return ok(tags.length);
  return fail(
    'images-left',
    `The stack is deleted. Left are images in the repository ${IMAGES.repository}: ${left.length}.`,
    {
      why: left.map(({ tag, reason }) => `- ${tag}: ${reason}`).join('\n'),
      next: `Delete them there: ${imagesUrl(place)}`,
    },
  );
}

/** Its entry stays until nothing is left. */
function again(error: UserError, key: DeploymentKey): Outcome<never> {
  const next = `Then remove ${keyText(key)} again.`;
  return { ok: false, error: { ...error, next: [error.next, next].filter(Boolean).join(' ') } };
}

/** Where the stack stays its images do: what may still serve needs them. */
function withImages(error: UserError, key: DeploymentKey, place: ConsolePlace): Outcome<never> {
  if (error.code === CANCELLED) return { ok: false, error };
  const images = `- images with tags ${imageTag(key, '')}…: they stay while the stack does: ${imagesUrl(place)}`;
  return { ok: false, error: { ...error, why: [error.why, images].filter(Boolean).join('\n') } };
}

function imagesUrl(place: ConsolePlace): string {
  return consoleUrl(place, { kind: 'repository', name: IMAGES.repository });
}

/** Whose a stack is, by its tags, and which key it has; `undefined` where there is none. Error: it is none of Nimbus. */
async function ownStack(
  config: AwsConfig,
  name: string,
): Promise<Outcome<{ key: DeploymentKey; apiKey?: { apiId: string; keyId: string } } | undefined>> {
  return asking(async () => {
    const stack = await describeStack(config, name);
    if (!stack) return ok(undefined);
    const [model, deployment] = [tagOf(stack, TAGS.model), tagOf(stack, TAGS.deployment)];
    const { ApiId: apiId, KeyId: keyId } = outputsOf(stack);
    const apiKey = apiId === undefined || keyId === undefined ? {} : { apiKey: { apiId, keyId } };
    if (model !== undefined && deployment !== undefined) return ok({ key: { model, deployment }, ...apiKey });
    return fail('stack-foreign', `The stack ${name} is not one of Nimbus.`, {
      why: 'It has none of its tags.',
      next: 'Correct "stack" of the deployment in models.json.',
    });
  });
}
