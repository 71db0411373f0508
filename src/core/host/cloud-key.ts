/** Another API key in the place of the one that callers have. */
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { noParameter } from '../../../infra/deployer/failures.ts';
import type { Ended } from '../../../infra/deployer/protocol.ts';
import { awsConfig } from '../cloud/aws.ts';
import { asking } from '../cloud/errors.ts';
import { readKey } from '../cloud/keys.ts';
import { revisionNow } from '../cloud/revision.ts';
import { untilSettled } from '../cloud/settle.ts';
import { canRotateKey, describeStack } from '../cloud/stack.ts';
import { send, type Answer } from '../invoke/request.ts';
import type { Shell } from '../shell.ts';
import type { RotatePlan } from '../targets/plan.ts';
import { CANCELLED, cancelled, fail, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { CloudStatus, KeyRotated } from '../../shared/states.ts';
import { levelStack } from './cloud-level.ts';
import { lookAt } from './cloud-look.ts';
import type { CloudPorts } from './cloud-operations.ts';

/**
 * The stack replaces its key by an update of one parameter, and the new key has to be answered. Whose credentials these are, and
 * which key there is now, AWS is asked first: a colleague may have rotated it. After a failure or a cancel in the stage `stack`
 * the key before counts, as CloudFormation rolls back; after that the new one does, and `status` knows it. Errors: callers need
 * no key; an older Nimbus made the stack; as of `lookAt`, `levelStack` and of the deployer; the gateway does not take the new key
 * within a minute.
 */
export async function rotateKey(ports: CloudPorts, plan: RotatePlan, shell: Shell): Promise<Outcome<KeyRotated>> {
  const { account, region, variables } = plan.cloud;
  shell.stage('stack');
  ports.deployers.warm(plan.cloud);
  const before = await cloudNow(ports, plan);
  if (!before.ok) return before;
  const config = await awsConfig(region, variables);
  const { stack, keyId } = before.value;
  const found = await asking(async () => ok(await describeStack(config, stack)), config);
  if (!found.ok) return found;
  // Asked for before anything is changed.
  if (found.value && !canRotateKey(found.value)) {
    return { ok: false, error: noParameter(stack, PARAMETERS.keyRevision) };
  }
  // It can be shown to be refused only where it is known; one that nobody may read is replaced all the same.
  const old = await readKey(config, before.value);
  const { findRepository } = await import('../cloud/repository.ts');
  const repository = await findRepository(config);
  if (!repository.ok) return repository;
  if (repository.value === undefined) {
    return fail('no-repository', `There is no repository of images in ${region}.`, {
      next: 'Deploy it again, which makes it.',
    });
  }
  const deployed = ports.state.state.deployments[keyText(plan)];
  const level = { access: plan.cloud, stack, config, repositoryUri: repository.value, deployed };
  const levelled = await levelStack(ports.deployers, level, shell);
  if (!levelled.ok) {
    // A key that leaked does not wait for it: its update touches nothing of the function, whoever published what serves.
    if (levelled.error.code !== 'version-unknown') return levelled;
    shell.log(`the stack is not told what serves: ${levelled.error.what}`);
  }
  const request = { account, region, stackName: stack, keyRevision: `-${revisionNow()}` };
  const ended = await ports.deployers.run<Ended>(plan.cloud, 'stack', shell, ({ api }) => api.rotateKey(request));
  if (!ended.ok) return ended;
  // From here on the key before is deleted, whatever fails.
  const now = await cloudNow(ports, plan);
  if (!now.ok) return notProven(plan, now.error);
  shell.stage('stack', { detail: `key ${now.value.keyId} in the place of ${keyId}` });

  shell.stage('first answer');
  const key = await readKey(config, now.value);
  if (!key.ok) return notProven(plan, key.error);
  const answered = await untilAnswered(now.value, key.value, shell.signal);
  if (!answered.ok) return notProven(plan, answered.error);
  const isRefused = old.ok ? await untilRefused(now.value, old.value, shell.signal) : undefined;
  const rotated = { cloud: now.value, before: keyId, ...(isRefused === undefined ? {} : { isRefused }) };
  shell.stage('first answer', {
    detail: isRefused ? 'the new key is taken, the one before refused' : 'the new key is taken',
  });
  return ok(rotated);
}

/** As AWS says it. Errors: as of `lookAt`; it is not there; callers need no key. */
async function cloudNow(
  ports: CloudPorts,
  plan: RotatePlan,
): Promise<Outcome<CloudStatus & Required<Pick<CloudStatus, 'keyId'>>>> {
  const looked = await lookAt(ports, plan, plan.cloud.variables);
  if (!looked.ok) return looked;
  const { cloud, error } = looked.value;
  const name = keyText(plan);
  if (!cloud)
    return error ? { ok: false, error } : fail('not-deployed', `${name} is not on AWS.`, { next: 'Deploy it.' });
  const { keyId } = cloud;
  if (keyId !== undefined) return ok({ ...cloud, keyId });
  return fail('no-key', `${name} asks for no key: its auth is ${cloud.auth}.`, { next: 'There is nothing to rotate.' });
}

/**
 * Health asks for the key as a prediction does, and the gateway answers it itself: that costs no run of the function, and says
 * nothing of the model.
 */
function health({ url }: CloudStatus, key: string | undefined, signal: AbortSignal): Promise<Answer> {
  return send('GET', `${url}/health`, undefined, { signal, headers: key === undefined ? {} : { 'x-api-key': key } });
}

async function untilAnswered(cloud: CloudStatus, key: string | undefined, signal: AbortSignal): Promise<Outcome<void>> {
  const asked = await untilSettled(
    () => health(cloud, key, signal),
    ({ status }) => (status === 200 ? 'there' : 'not-yet'),
    signal,
  );
  if (!asked) return cancelled();
  if (asked.isThere) return ok(undefined);
  const { problem } = asked.answer;
  return fail(
    'no-first-answer',
    'API Gateway did not take it within a minute.',
    problem ? { why: `${problem.status} ${problem.title}: ${problem.detail}` } : {},
  );
}

/** A key counts for a moment after it is gone. */
async function untilRefused(
  cloud: CloudStatus,
  key: string | undefined,
  signal: AbortSignal,
): Promise<boolean | undefined> {
  const asked = await untilSettled(
    () => health(cloud, key, signal),
    ({ status }) => (status === 403 ? 'there' : 'not-yet'),
    signal,
  );
  return asked?.isThere;
}

/** There is no way back by then: what is said is what there is. */
function notProven(plan: RotatePlan, { code, what, why }: UserError): Outcome<never> {
  const next = `nimbus predict ${keyText(plan)} sends the new key; nimbus keys ${keyText(plan)} --show prints it.`;
  if (code === CANCELLED) {
    return fail('not-waited', 'The API key is replaced; only its first answer was not waited for.', { next });
  }
  const reason = [what, why].filter(Boolean).join(' ');
  return fail('not-proven', 'The API key is replaced, and was not seen to be taken.', { why: reason, next });
}
