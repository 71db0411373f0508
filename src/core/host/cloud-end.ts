/** The ways back: an older version serves again, or nothing does. */
import { TAGS } from '../../../infra/app/published.ts';
import type { Ended } from '../../../infra/deployer/protocol.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import { asking } from '../cloud/errors.ts';
import { describeStack } from '../cloud/stack.ts';
import { editModels, removeDeployment } from '../models/edit.ts';
import type { Shell } from '../shell.ts';
import type { RemovePlan, RollbackPlan } from '../targets/plan.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { RolledBack } from '../../shared/states.ts';
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
  const [{ versionsOf }, { rollBack }] = await Promise.all([
    import('../cloud/versions.ts'),
    import('../cloud/update.ts'),
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
  const { number, before, unsaid } = moved.value;
  if (unsaid) shell.log(`${unsaid.what} ${unsaid.why ?? ''}`);
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

/** Removes the stack, the images and then the declaration. What could not be removed keeps the declaration. */
export async function removeFromCloud(
  ports: CloudPorts,
  plan: RemovePlan & Required<Pick<RemovePlan, 'cloud'>>,
  shell: Shell,
): Promise<Outcome<void>> {
  const { model, deployment, project, dropModel, cloud } = plan;
  const { account, region, stack: stackName } = cloud;
  shell.stage('stack', { detail: stackName });
  const config = await awsConfig(region, cloud.variables);
  const found = await taggedAs(config, stackName);
  if (!found.ok) return found;
  const gone = await ports.deployers.run<Ended>(cloud, 'stack', shell, ({ api }) =>
    api.destroy({ account, region, stackName }),
  );
  if (!gone.ok) return gone;
  shell.stage('stack', { detail: gone.value.state === 'absent' ? 'there was none' : 'deleted' });
  shell.stage('images');
  const { removeImages } = await import('../cloud/repository.ts');
  const removed = await removeImages(config, imageTag(found.value ?? plan, ''));
  if (!removed.ok) return removed;
  shell.stage('images', { detail: `${removed.value.length} removed` });
  if (plan.isUndeclared) {
    shell.stage('models.json', { detail: 'did not have it', state: 'skipped' });
    return ok(undefined);
  }
  shell.stage('models.json');
  const edited = await editModels(project, removeDeployment({ model, deployment }, { dropModel }));
  if (!edited.ok) return edited;
  await ports.remove({ model, deployment });
  return ok(undefined);
}

/** Whose a stack is, by its tags; `undefined` where there is none. Error: it is none of Nimbus. */
async function taggedAs(config: AwsConfig, name: string): Promise<Outcome<DeploymentKey | undefined>> {
  return asking(async () => {
    const stack = await describeStack(config, name);
    if (!stack) return ok(undefined);
    const tag = (key: string): string | undefined => stack.Tags?.find(({ Key }) => Key === key)?.Value;
    const [model, deployment] = [tag(TAGS.model), tag(TAGS.deployment)];
    if (model !== undefined && deployment !== undefined) return ok({ model, deployment });
    return fail('stack-foreign', `The stack ${name} is not one of Nimbus.`, {
      why: 'It has none of its tags.',
      next: 'Correct "stack" of the deployment in models.json.',
    });
  });
}
