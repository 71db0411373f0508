import type { DeploymentKey, DeploymentSpec, ModelSpec } from '../../shared/spec.ts';
import type { Consent } from '../detect/detection.ts';
import type { EnvironmentPlan } from '../environment/environment.ts';
import type { PackageSettings } from '../environment/packages.ts';
import type { ImagePlan } from '../image/plan.ts';
import type { ImageSettings } from '../image/settings.ts';

/** Data that says all that will happen. `execute` never asks: the open questions were answered by the client before. */
export type Plan =
  | DeployPlan
  | RehearsePlan
  | RollbackPlan
  | RotatePlan
  | RemovePlan
  | BuildPlan
  | SweepPlan
  | PushPlan
  | EjectPlan;

export interface DeployPlan extends DeploymentKey {
  kind: 'deploy' | 'redeploy';
  /** Absolute real path of the project's folder. */
  project: string;
  /** Written to models.json, without `deployments`. */
  spec: Omit<ModelSpec, 'deployments'>;
  /** What models.json said of the model when the plan was made, null where nothing; unset: any may be replaced. */
  declared?: Omit<ModelSpec, 'deployments'> | null;
  deploymentSpec: DeploymentSpec;
  /** Of an image: the Python that reads the model; else what runs it. */
  environment: EnvironmentPlan;
  /** Of the targets that run an image. */
  image?: ImagePlan;
  /** Where the environment differs from what the model was made with, in a way that may matter. */
  differs?: string[];
  /** Values of the variables that `spec.env` names; held in memory only. */
  env: Record<string, string>;
  /** What the user agreed to run; the host checks it against the snapshot before it loads anything. */
  consent: Consent[];
  /** Of `lambda`: a deploy of what was rehearsed last, to a place that was looked at and agreed to. */
  cloud?: CloudPlan;
}

/** How a deploy or a removal reaches AWS. */
export interface CloudAccess {
  /** Twelve digits. */
  account: string;
  region: string;
  /** The variables of who asks that begin with `AWS_`: profile, keys, endpoint. In memory only. */
  variables: Record<string, string>;
}

export interface CloudPlan extends CloudAccess {
  /** Id of the rehearsal that was agreed to. */
  rehearsal: string;
  /** What CDK needs once per account and region is made: it is missing, too old or broken. */
  bootstrap: boolean;
  /** There is no stack yet that ever served: what is cancelled may be deleted as a whole. */
  isCreate: boolean;
  /** There is a stack, and it serves. */
  isUpdate: boolean;
  /** What serves is what was deployed from here last, and the function's code alone is new. */
  isCodeOnly: boolean;
  /** A first stack that could not be made before is deleted. */
  replaceFailed: boolean;
}

/** The image is built and answers here, as far as a deploy to AWS goes on this machine. */
export interface RehearsePlan extends Omit<DeployPlan, 'kind' | 'cloud'> {
  kind: 'rehearse';
  /** What comes after it. */
  rehearses: DeployPlan['kind'];
  /** What the deployer will be started with: it is loaded where there is something to deploy, to be warm when that is agreed to. */
  access: CloudAccess;
  /** Also where nothing has changed since the last deploy, as where that is gone. */
  anyway: boolean;
}

/** A version of the function that is kept serves again. */
export interface RollbackPlan extends DeploymentKey {
  kind: 'rollback';
  project: string;
  cloud: CloudAccess;
  /** Of the function, as AWS Lambda counts: `6`. Default: the one before that has another image. */
  to?: string;
}

/** Another API key in the place of the one that callers have. */
export interface RotatePlan extends DeploymentKey {
  kind: 'rotate';
  project: string;
  cloud: CloudAccess;
}

export interface RemovePlan extends DeploymentKey {
  kind: 'remove';
  project: string;
  /** Also drop the model's entry once its last deployment is gone. */
  dropModel: boolean;
  /** Of `lambda`: what it has in AWS goes first. */
  cloud?: CloudAccess & { stack: string };
  /** The stack is one that models.json does not declare: what is declared under that name here stays. */
  isUndeclared?: true;
}

/** The image of a deployment, built without a route. */
export interface BuildPlan extends DeploymentKey, Pick<DeployPlan, 'project' | 'spec' | 'environment' | 'consent'> {
  kind: 'build';
  image: ImagePlan;
}

/** What a deploy would build first. Throws where its target runs no image. */
export function buildPlanOf({ image, ...plan }: DeployPlan): BuildPlan {
  if (!image) throw new Error(`${plan.deploymentSpec.target} runs no image`);
  const { model, deployment, project, spec, environment, consent } = plan;
  return { kind: 'build', model, deployment, project, spec, environment, consent, image };
}

export interface SweepInput {
  input: unknown;
  parameters?: Record<string, unknown>;
}

/** The image of a deployment at several memory sizes, one after the other. */
export interface SweepPlan extends DeploymentKey {
  kind: 'sweep';
  project: string;
  /** Ascending. */
  sizesMb: number[];
  /** As the user named them; else the examples of models.json, else one made from the model's card. In memory only. */
  inputs?: SweepInput[];
  /** Warm answers that each size is measured by, or so many as there are inputs where these are more. */
  requests: number;
  p95Ms?: number;
  /** Values of the variables that the model names; in memory only. */
  env: Record<string, string>;
  /** How the image is made where the deployment was not deployed on this machine yet. */
  build?: BuildPlan;
}

/** The image of a deployment goes to a registry. */
export interface PushPlan extends DeploymentKey {
  kind: 'push';
  project: string;
  /** `REPOSITORY[:TAG]`. */
  to: string;
}

/** All that the image of a deployment is made from goes to a folder that builds it without Nimbus. */
export interface EjectPlan extends DeploymentKey {
  kind: 'eject';
  project: string;
  /** Absolute path; it does not exist, or is empty. */
  folder: string;
  settings: ImageSettings;
  /** May hold passwords, which do not go to the folder. */
  packages: PackageSettings;
}
