/** What a version is made from, as plans, builds and reloads say it. */
import type { Consent } from '../detect/detection.ts';
import type { ReadyImage } from '../image/ready.ts';
import type { DeploymentKey, DeploymentSpec, ModelSpec } from '../../shared/spec.ts';
import type { Probe } from './examples.ts';

export interface VersionRequest extends DeploymentKey {
  project: string;
  spec: Omit<ModelSpec, 'deployments'>;
  interpreter: string;
  lock: string;
  /** Of the targets that run an image: what it is made from. */
  image?: ReadyImage;
  /** Size of /tmp in MB, where models.json says one for the deployment. */
  storageMb?: number | undefined;
  consent: readonly Consent[];
  /** What the version before answered, where models.json has no example. */
  probe?: Probe;
  signal: AbortSignal;
}

/** Of a plan, with the Python that is ready for it. */
export function requestOf(
  {
    model,
    deployment,
    project,
    spec,
    deploymentSpec,
    consent,
  }: Pick<VersionRequest, keyof DeploymentKey | 'project' | 'spec' | 'consent'> & { deploymentSpec?: DeploymentSpec },
  { python, lock, image }: ReadyEnvironment,
  signal: AbortSignal,
): VersionRequest {
  const made = image ? { image, storageMb: deploymentSpec?.ephemeralStorageMb } : {};
  return { model, deployment, project, spec, interpreter: python, lock, ...made, consent, signal };
}

export interface ReadyEnvironment {
  /** Absolute path. */
  python: string;
  /** Identity of what is installed, a part of the version. */
  lock: string;
  /** What the image is made from, of targets that run one. */
  image?: ReadyImage;
}
