/** A deployment as the CDK program (`infra/app`) takes it. */
import type { DeploymentDescription } from '../../../infra/app/description.ts';
import { defined } from '../defined.ts';
import { limitsOf } from '../host/function-file.ts';
import type { DeploymentRecord } from '../host/state.ts';
import type { DeploymentKey, DeploymentSpec } from '../../shared/spec.ts';
import { IMAGES } from './stack.ts';

export interface Described extends DeploymentKey {
  stack: string;
  account: string;
  region: string;
  /** What models.json says of the deployment. */
  declared: DeploymentSpec;
  record: DeploymentRecord & { image: NonNullable<DeploymentRecord['image']> };
  /** `sha256:…` of the image's manifest. */
  digest: string;
  /** Default: a new one. */
  revision?: string;
}

export function descriptionOf(described: Described): DeploymentDescription {
  const { model, deployment, stack, account, region, declared, record, digest } = described;
  const { spec, version, card, image } = record;
  const { memoryMb, timeoutSeconds } = limitsOf(spec);
  const { ephemeralStorageMb, provisionedConcurrency, throttle, quota, corsOrigins, logRetentionDays } = declared;
  const optional = { ephemeralStorageMb, provisionedConcurrency, throttle, quota, corsOrigins, logRetentionDays };
  return {
    model,
    deployment,
    stackName: stack,
    account,
    region,
    image: { repository: IMAGES.repository, digest },
    version,
    revision: described.revision ?? Date.now().toString(36),
    framework: spec.framework,
    card: { ...card },
    memoryMb,
    timeoutSeconds,
    architecture: image.platform === 'linux-arm64' ? 'arm64' : 'x86_64',
    auth: declared.auth ?? 'key',
    env: spec.env ?? [],
    ...defined(optional),
  };
}
