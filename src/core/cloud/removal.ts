/** What a removal takes from AWS, as people are told before they agree. */
import type { DeploymentSpec } from '../../shared/spec.ts';

type InCloud = DeploymentSpec & Required<Pick<DeploymentSpec, 'account' | 'region' | 'stack'>>;

/** Whether a deploy of it has begun once: it may have a stack. */
export function isInCloud(spec: DeploymentSpec | undefined): spec is InCloud {
  return spec?.target === 'lambda' && spec.stack !== undefined;
}

/** A sentence for each of these that is in AWS. */
export function whatGoes(specs: readonly (DeploymentSpec | undefined)[]): string[] {
  return specs.filter(isInCloud).map(whatGoesWith);
}

/** Of one stack of a deployment. */
export function whatGoesWith({ account, region, stack }: Pick<InCloud, 'account' | 'region' | 'stack'>): string {
  return `In account ${account}, ${region}, go: the stack ${stack} (function, versions, API, key, role, log with all its lines) and its images.`;
}
