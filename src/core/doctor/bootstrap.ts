import type { Stack } from '@aws-sdk/client-cloudformation';
import { BOOTSTRAP_STACK, describeStack } from '../cloud/stack.ts';
import { looking, type AwsAccess } from './aws.ts';
import type { Found } from './finding.ts';

/** What stacks of CDK ask for that have a template as a file: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
export const LEAST_VERSION = 6;

export async function checkBootstrap({ account, config }: AwsAccess): Promise<Found | Found[]> {
  return looking(async () => {
    const stack = await describeStack(config, BOOTSTRAP_STACK);
    return bootstrapFound(stack, `aws://${account.account}/${account.region}`);
  });
}

/** `place`: as CDK's own command names it. */
export function bootstrapFound(stack: Stack | undefined, place: string): Found {
  const { StackStatus: status = '', Outputs: outputs = [] } = stack ?? {};
  if (stack === undefined || status === 'REVIEW_IN_PROGRESS') {
    return {
      state: 'absent',
      what: `${place} has none.`,
      next: `The first deploy makes it once you agree to its plan, or: npx cdk bootstrap ${place}`,
    };
  }
  const next = `Repair it with: npx cdk bootstrap ${place}`;
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/.test(status)) {
    return { state: 'problem', what: `The stack ${BOOTSTRAP_STACK} is ${status}.`, next };
  }
  const version = Number(outputs.find(({ OutputKey }) => OutputKey === 'BootstrapVersion')?.OutputValue);
  if (version >= LEAST_VERSION) return { state: 'ok', what: `version ${version} at ${place}` };
  return {
    state: 'problem',
    what: `The stack ${BOOTSTRAP_STACK} at ${place} is ${Number.isNaN(version) ? 'of no known version' : `version ${version}`}.`,
    why: `Deploys need version ${LEAST_VERSION} or newer.`,
    next,
  };
}
