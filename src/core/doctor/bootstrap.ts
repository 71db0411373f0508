import type { Stack } from '@aws-sdk/client-cloudformation';
import { bootstrapCommand } from '../../../infra/deployer/failures.ts';
import { bootstrapHinders, bootstrapOf, LEAST_VERSION } from '../cloud/bootstrap.ts';
import { BOOTSTRAP_STACK, describeStack } from '../cloud/stack.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { looking, type AwsAccess } from './aws.ts';
import type { Found } from './finding.ts';

export async function checkBootstrap({ account, config }: AwsAccess): Promise<Found | Found[]> {
  return looking(async () => bootstrapFound(await describeStack(config, BOOTSTRAP_STACK), account));
}

export function bootstrapFound(stack: Stack | undefined, place: Pick<CloudAccess, 'account' | 'region'>): Found {
  const found = bootstrapOf(stack);
  const where = `aws://${place.account}/${place.region}`;
  const next = `The next deploy repairs it once you agree to its plan, or: ${bootstrapCommand(place)}`;
  switch (found.state) {
    case 'absent':
      return {
        state: 'absent',
        what: `${where} has none.`,
        next: `The first deploy makes it once you agree to its plan, or: ${bootstrapCommand(place)}`,
      };
    case 'good':
      return { state: 'ok', what: `version ${found.version} at ${where}` };
    case 'broken':
      return {
        state: 'problem',
        what: `The stack ${BOOTSTRAP_STACK} is ${found.status}.`,
        next: bootstrapHinders(stack)?.next ?? next,
      };
    case 'old': {
      const version = found.version === undefined ? 'of no known version' : `version ${found.version}`;
      return {
        state: 'problem',
        what: `The stack ${BOOTSTRAP_STACK} at ${where} is ${version}.`,
        why: `Deploys need version ${LEAST_VERSION} or newer.`,
        next,
      };
    }
    default:
      return found satisfies never;
  }
}
