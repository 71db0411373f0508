/** CDK's bootstrap of an account and region, which deploys need: whether it is there, and good enough. */
import type { Stack } from '@aws-sdk/client-cloudformation';

/** What stacks of CDK ask for that have a template as a file: https://docs.aws.amazon.com/cdk/v2/guide/bootstrapping-env.html */
export const LEAST_VERSION = 6;

export type Bootstrap =
  | { state: 'absent' }
  | { state: 'good'; version: number }
  /** Unset where the stack does not say a version. */
  | { state: 'old'; version: number | undefined }
  | { state: 'broken'; status: string };

/** `stack` is that of `BOOTSTRAP_STACK`. */
export function bootstrapOf(stack: Stack | undefined): Bootstrap {
  const { StackStatus: status = '', Outputs: outputs = [] } = stack ?? {};
  if (stack === undefined || status === 'REVIEW_IN_PROGRESS') return { state: 'absent' };
  if (!/^(CREATE|UPDATE|UPDATE_ROLLBACK|IMPORT)_COMPLETE$/.test(status)) return { state: 'broken', status };
  const version = Number(outputs.find(({ OutputKey }) => OutputKey === 'BootstrapVersion')?.OutputValue);
  if (version >= LEAST_VERSION) return { state: 'good', version };
  return { state: 'old', version: Number.isNaN(version) ? undefined : version };
}
