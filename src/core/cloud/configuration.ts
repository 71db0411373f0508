/** What a stack is configured by, as its template says it, and what a deploy would change of that. */
import { isDeepStrictEqual } from 'node:util';
import { METADATA } from '../../../infra/app/configuration.ts';
import type { AwsConfig } from './aws.ts';
import { awsError } from './errors.ts';

/**
 * By field. `undefined`: an older Nimbus made the stack, which does not say, or the caller may not read its template. Rejects as
 * of AWS's clients otherwise.
 */
export async function stackConfiguration(
  config: AwsConfig,
  stackName: string,
): Promise<Record<string, unknown> | undefined> {
  const { CloudFormationClient, GetTemplateCommand } = await import('@aws-sdk/client-cloudformation');
  const command = new GetTemplateCommand({ StackName: stackName, TemplateStage: 'Original' });
  let body: string | undefined;
  try {
    ({ TemplateBody: body } = await new CloudFormationClient(config).send(command));
  } catch (error) {
    // Lines of a plan are no reason to stop what the caller may do.
    if (awsError(error)?.code === 'denied') return undefined;
    throw error;
  }
  const { Metadata: metadata } = JSON.parse(body ?? '{}') as { Metadata?: Record<string, Record<string, unknown>> };
  return metadata?.[METADATA];
}

/** A line for each field that differs: `memoryMb: 1769 → 512`. */
export function changedFields(was: Record<string, unknown>, now: Record<string, unknown>): string[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(now)])];
  return fields
    .filter((field) => !isDeepStrictEqual(now[field], was[field]))
    .map((field) => (field === 'card' ? CARD : `${field}: ${shown(was[field])} → ${shown(now[field])}`));
}

/** Nobody reads a hash of it. */
export const CARD = 'what GET / answers of the model';

function shown(value: unknown): string {
  return value === undefined ? 'none' : typeof value === 'string' ? value : JSON.stringify(value);
}
