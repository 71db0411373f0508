/** What each kind of plan does, as an operation. */
import { DEPLOY_STAGES, executeDeploy, executeRemove, REMOVE_STAGES } from '../targets/local-execute.ts';
import type { Plan } from '../targets/plan.ts';
import { BUILD_STAGES, sweepStages, type ImageOperations } from './image-operations.ts';
import type { OperationRequest } from './operations.ts';
import type { Reloads } from './reloads.ts';
import { EJECT_STAGES, PUSH_STAGES, type Shipping } from './shipping.ts';
import type { Versions } from './versions.ts';

/** What does them. */
export interface Doers {
  versions: Versions;
  images: ImageOperations;
  shipping: Shipping;
  reloads: Reloads;
}

/** A reload of the same deployment ends before: both would make the same, and one would remove what the other made. */
export function operationOf(plan: Plan, doers: Doers): OperationRequest {
  const request = requestOf(plan, doers);
  return {
    ...request,
    work: async (shell) => {
      await doers.reloads.giveWay(plan);
      return request.work(shell);
    },
  };
}

function requestOf(plan: Plan, { versions, images, shipping }: Doers): OperationRequest {
  const { kind, model, deployment } = plan;
  const key = { model, deployment };
  const local = versions.localHost(key);
  switch (kind) {
    case 'remove':
      return { ...key, kind, stages: REMOVE_STAGES, work: (shell) => executeRemove(plan, local, shell) };
    case 'build':
      return { ...key, kind, stages: BUILD_STAGES, work: (shell) => images.build(plan, shell) };
    case 'sweep':
      return { ...key, kind, stages: sweepStages(plan), work: (shell) => images.sweep(plan, shell) };
    case 'push':
      return { ...key, kind, stages: PUSH_STAGES, work: (shell) => shipping.push(plan, shell) };
    case 'eject':
      return { ...key, kind, stages: EJECT_STAGES, work: (shell) => shipping.eject(plan, shell) };
    case 'deploy':
    case 'redeploy':
      return {
        ...key,
        kind,
        stages: DEPLOY_STAGES[plan.deploymentSpec.target],
        work: async (shell) => {
          const outcome = await executeDeploy(plan, local, shell);
          // What a failed or cancelled deploy copied.
          if (!outcome.ok) await versions.sweep();
          return outcome;
        },
      };
    default:
      return plan satisfies never;
  }
}
