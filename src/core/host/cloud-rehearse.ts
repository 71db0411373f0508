/** What of a deploy to AWS happens on this machine, before anything is agreed to. */
import { randomUUID } from 'node:crypto';
import { configurationOf } from '../../../infra/app/configuration.ts';
import { faultsOf, LIMITS } from '../../../infra/app/faults.ts';
import type { Shell } from '../shell.ts';
import type { RehearsePlan } from '../targets/plan.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { Rehearsal } from '../../shared/states.ts';
import { changesOf, describedBefore, isDeployed } from './cloud-change.ts';
import type { CloudPorts } from './cloud-operations.ts';
import { layersOf } from './cloud-push.ts';
import { imageStatus } from './deployment.ts';
import { limitsOf } from './function-file.ts';
import type { DeploymentRecord } from './state.ts';

/** Builds the image, and has it answer here under AWS Lambda's limits. Errors: as of a deploy to Docker. */
export async function rehearse(
  ports: Pick<CloudPorts, 'around' | 'deployers' | 'state' | 'versions'>,
  plan: RehearsePlan,
  shell: Shell,
): Promise<Outcome<Rehearsal>> {
  const { timeoutSeconds = 0 } = plan.spec;
  const [, mostSeconds] = LIMITS.timeoutSeconds;
  // What else cannot be is known when the model has answered.
  if (timeoutSeconds > mostSeconds) {
    return fail('invalid-description', `On AWS a request may take ${mostSeconds} s, not ${timeoutSeconds} s.`, {
      why: 'API Gateway waits no longer.',
      next: `Set timeoutSeconds (--timeout) to ${mostSeconds} or less.`,
    });
  }
  const { versions, state, deployers } = ports;
  const deployed = state.state.deployments[keyText(plan)];
  const mark = state.markOf(JSON.stringify(Object.entries(plan.env).sort()));
  const isThere = (version: string): boolean => {
    const isSame = !plan.anyway && isDeployed(plan, version, mark, deployed);
    if (!isSame) deployers.warm(plan.access);
    return isSame;
  };
  const made = await versions.rehearse(plan, isThere, shell);
  if (!made.ok) return made;
  if (made.value === 'there') {
    shell.stage('image', { state: 'skipped', detail: 'nothing has changed since the last deploy' });
    return ok({ ...deployed!.rehearsal!, isDeployed: true, ...deployedIn(deployed!) });
  }
  const { initMs, firstMs } = made.value;
  const description = describedBefore(plan, made.value.record);
  const faults = faultsOf(description);
  if (faults.length > 0) {
    return fail('invalid-description', faults.map(({ where, what }) => `${where}: ${what}`).join(' '), {
      next: faults.map(({ next }) => next).join(' '),
    });
  }
  const record = { ...made.value.record, variablesMark: mark };
  const layers = await layersOf(ports, record.image.id);
  const rehearsal: Rehearsal = {
    id: randomUUID(),
    image: imageStatus(record.image),
    version: record.version,
    initMs,
    ...(firstMs === undefined ? {} : { firstAnswerMs: firstMs }),
    memoryMb: limitsOf(record.spec).memoryMb,
    ...(layers.length > 0 ? { layers } : {}),
    configuration: configurationOf(description),
    ...(deployed?.cloud ? { changes: changesOf(record, deployed), ...deployedIn(deployed) } : {}),
  };
  const rehearsals = (state.state.rehearsals ??= {});
  rehearsals[keyText(plan)] = { ...record, rehearsal };
  await state.flush();
  return ok(rehearsal);
}

function deployedIn({ cloud, revision }: DeploymentRecord): Pick<Rehearsal, 'deployed'> {
  if (!cloud) return {};
  const { digest, apiId } = cloud;
  return { deployed: { digest, apiId, ...(revision === undefined ? {} : { revision }) } };
}
