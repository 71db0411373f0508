/** What a deployment on AWS is now, as AWS says it. */
import { awsConfig } from '../cloud/aws.ts';
import { cloudStatusOf } from '../cloud/stack.ts';
import { editModels, placeDeployment } from '../models/edit.ts';
import { readModels } from '../models/read.ts';
import { fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudStateName, DeploymentStatus } from '../../shared/states.ts';
import type { CloudPorts } from './cloud-operations.ts';

/**
 * Asks AWS, whoever deployed it, and tells it on. A URL that a killed deploy could not write to models.json is written now. Errors:
 * models.json declares no such deployment on AWS, or none that was deployed; as of `cloudState` and `editModels`.
 */
export async function lookAt(
  ports: Pick<CloudPorts, 'around' | 'state' | 'deployments' | 'add' | 'onChange'>,
  key: DeploymentKey,
  variables: Record<string, string>,
): Promise<Outcome<DeploymentStatus>> {
  const { around, state, deployments, add, onChange } = ports;
  const read = await readModels(around.project);
  if (!read.ok) return read;
  const spec = read.value.models[key.model];
  const declared = spec?.deployments?.[key.deployment];
  if (!spec || declared?.target !== 'lambda') {
    return fail('not-on-aws', `models.json has no deployment ${keyText(key)} on AWS.`);
  }
  const name = keyText(key);
  const record = state.state.deployments[name];
  const { account, region, stack } = declared.stack === undefined && record?.cloud ? record.cloud : declared;
  if (account === undefined || region === undefined || stack === undefined) {
    return fail('not-deployed', `${name} was not deployed to AWS yet.`, { next: 'Deploy it.' });
  }
  const [{ cloudState }, { cloudAccount }] = await Promise.all([
    import('../cloud/status.ts'),
    import('../cloud/account.ts'),
  ]);
  // Of another account nothing may be taken for this one.
  const asker = await cloudAccount({ account, region }, variables);
  if (!asker.ok) return asker;
  const config = await awsConfig(region, asker.value.variables);
  const asked = await cloudState(config, { stack, functionName: stack });
  if (!asked.ok) return asked;
  const { state: now, isAhead, version, digest, liveVersion, deployedAt, drifted, outputs, why, next } = asked.value;
  const isThere = 'ApiId' in outputs && digest !== undefined;
  const { endpoint } = config;
  const auth = declared.auth ?? record?.cloud?.auth ?? 'key';
  const cloud = isThere ? cloudStatusOf(outputs, { account, region }, { stack, auth, digest, endpoint }) : undefined;
  const deployment = deployments.get(name) ?? add(key, { framework: spec.framework, target: 'lambda' });
  const error = errorSeen(name, now, why, next);
  deployment.seen = {
    state: now,
    isAhead,
    ...(liveVersion === undefined ? {} : { liveVersion }),
    at: new Date().toISOString(),
    ...(drifted === undefined ? {} : { drifted }),
    ...(deployedAt === undefined ? {} : { deployedAt }),
    ...(version === undefined ? {} : { version }),
    ...(cloud ? { cloud } : {}),
    ...(error ? { error } : {}),
  };
  if (record?.cloud && cloud) {
    // It was deployed from elsewhere since: what is on this machine may be another version.
    const isAnother = version !== undefined && version !== record.version;
    Object.assign(record, { cloud }, isAnother ? { version, snapshot: '', stamp: '', isAnotherServed: true } : {});
    state.changed();
  }
  onChange(deployment);
  // The same API by another address is that of whoever asks: of an emulator, or of an endpoint of a network of their own.
  if (cloud && !declared.url?.includes(cloud.apiId)) {
    const place = { account, region, stack, url: cloud.url };
    const edited = await editModels(around.project, placeDeployment(key, place, declared));
    if (!edited.ok) return edited;
  }
  return ok(deployment.status);
}

/** What is to be done about what AWS said. */
function errorSeen(name: string, state: CloudStateName, why?: string, next?: string): UserError | undefined {
  if (state === 'gone') {
    return {
      code: 'gone',
      what: `${name} is not in AWS any more: its stack was deleted elsewhere.`,
      next: 'Deploy it again, or remove it here.',
    };
  }
  if (why === undefined) return undefined;
  return {
    code: 'cloud-failed',
    what: `AWS says that ${name} is ${state}.`,
    why,
    ...(next === undefined ? {} : { next }),
  };
}
