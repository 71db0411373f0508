/** What each kind of plan does, as an operation. */
import { DEPLOY_STAGES, executeDeploy, executeRemove, REMOVE_STAGES } from '../targets/local-execute.ts';
import type { Plan } from '../targets/plan.ts';
import {
  CLOUD_REMOVE_STAGES,
  CloudOperations,
  REHEARSE_STAGES,
  ROLLBACK_STAGES,
  ROTATE_STAGES,
} from './cloud-operations.ts';
import { BUILD_STAGES, ImageOperations, sweepStages } from './image-operations.ts';
import type { Deployers } from './deployers.ts';
import type { Deployment, Surroundings } from './deployment.ts';
import type { Deployments } from './deployments.ts';
import type { Leftovers } from './leftovers.ts';
import type { OperationRequest } from './operations.ts';
import type { Reloads } from './reloads.ts';
import { EJECT_STAGES, PUSH_STAGES, Shipping } from './shipping.ts';
import type { StateFile } from './state.ts';
import type { Versions } from './versions.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';

/** What does them. */
export interface Doers {
  versions: Versions;
  images: ImageOperations;
  shipping: Shipping;
  cloud: CloudOperations;
  reloads: Reloads;
}

export interface DoerPorts {
  around: Surroundings;
  versions: Versions;
  state: StateFile;
  leftovers: Leftovers;
  deployers: Deployers;
  reloads: Reloads;
  deployments: Deployments;
  /** Forgets a deployment, and what is kept for it. */
  remove(key: DeploymentKey): Promise<void>;
}

export function makeDoers({ leftovers, deployers, reloads, deployments, remove, ...common }: DoerPorts): Doers {
  const ports = { ...common, deployments: deployments.byName };
  const onChange = (deployment: Deployment): void => deployments.touched(deployment);
  const shipping = new Shipping({ ...ports, leftovers, onChange });
  const cloud = new CloudOperations({
    ...ports,
    shipping,
    deployers,
    // One that models.json has again is what it was.
    add: (key, declared) => {
      const record = common.state.state.deployments[keyText(key)];
      delete record?.undeclaredAt;
      return deployments.add(key, declared, record);
    },
    remove,
    onChange: (deployment) => {
      if (deployment.record) reloads.follow(deployment);
      onChange(deployment);
    },
  });
  return { versions: common.versions, images: new ImageOperations(ports), shipping, cloud, reloads };
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

function requestOf(plan: Plan, { versions, images, shipping, cloud }: Doers): OperationRequest {
  const { kind, model, deployment } = plan;
  const key = { model, deployment };
  const local = versions.localHost(key);
  switch (kind) {
    case 'rehearse':
      return { ...key, kind, stages: REHEARSE_STAGES, work: (shell) => cloud.rehearse(plan, shell) };
    case 'rollback':
      return { ...key, kind, stages: ROLLBACK_STAGES, work: (shell) => cloud.rollBack(plan, shell) };
    case 'rotate':
      return { ...key, kind, stages: ROTATE_STAGES, work: (shell) => cloud.rotateKey(plan, shell) };
    case 'remove':
      if (plan.cloud) {
        const inCloud = { ...plan, cloud: plan.cloud };
        const { account, region, stack } = plan.cloud;
        const undeclared = plan.isUndeclared ? { undeclared: { account, region, stack } } : {};
        return {
          ...key,
          ...undeclared,
          kind,
          stages: CLOUD_REMOVE_STAGES,
          work: (shell) => cloud.remove(inCloud, shell),
        };
      }
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
          if (plan.deploymentSpec.target === 'lambda') return cloud.deploy(plan, shell);
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
