/** A stack as CloudFormation reports it, and what of it a deployment is known by. */
import type { Stack } from '@aws-sdk/client-cloudformation';
import { PARAMETERS } from '../../../infra/app/parameters.ts';
import { AUTHS, type Auth } from '../../shared/spec.ts';
import type { CloudStatus } from '../../shared/states.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { apiUrl, type AwsConfig } from './aws.ts';

/** The stack of the images of an account and region, and its repository. */
export const IMAGES = { stack: 'nimbus-images', repository: 'nimbus' } as const;
/** The stack that CDK's bootstrap makes. */
export const BOOTSTRAP_STACK = 'CDKToolkit';

/** `undefined` where there is none. */
export async function describeStack(config: AwsConfig, name: string): Promise<Stack | undefined> {
  const { CloudFormationClient, DescribeStacksCommand } = await import('@aws-sdk/client-cloudformation');
  try {
    const { Stacks: found } = await new CloudFormationClient(config).send(
      new DescribeStacksCommand({ StackName: name }),
    );
    return found?.[0];
  } catch (error) {
    const { name: kind, message } = error as Error;
    if (kind === 'ValidationError' && /does not exist/.test(message)) return undefined;
    throw error;
  }
}

export function outputsOf({ Outputs: outputs = [] }: Stack): Record<string, string> {
  return Object.fromEntries(outputs.map(({ OutputKey = '', OutputValue = '' }) => [OutputKey, OutputValue]));
}

export function tagOf({ Tags: tags = [] }: Stack, name: string): string | undefined {
  return tags.find(({ Key }) => Key === name)?.Value;
}

/** The value of a parameter; CloudFormation hides that of a variable behind asterisks. */
export function parameterOf({ Parameters: all = [] }: Pick<Stack, 'Parameters'>, name: string): string | undefined {
  return all.find(({ ParameterKey }) => ParameterKey === name)?.ParameterValue;
}

/** Whether its API key, if it has one, can be replaced. The stack of an older Nimbus has no parameter for it. */
export function canRotateKey({ Parameters: parameters }: Pick<Stack, 'Parameters'>): boolean {
  return parameters?.some(({ ParameterKey }) => ParameterKey === PARAMETERS.keyRevision) === true;
}

/** Who may call, by a stack's outputs. One of an older Nimbus does not say; then it is `otherwise`. */
export function authOf(outputs: Readonly<Record<string, string>>, otherwise: Auth): Auth {
  return AUTHS.find((one) => one === outputs['Auth']) ?? otherwise;
}

/**
 * Of a deployment's stack; outputs are those of `infra/app`. `auth` counts where the stack does not say it. Throws where it has
 * others.
 */
export function cloudStatusOf(
  outputs: Readonly<Record<string, string>>,
  { account, region }: Pick<CloudAccess, 'account' | 'region'>,
  { stack, auth, digest, endpoint }: { stack: string; auth: Auth; digest: string; endpoint: string | undefined },
): CloudStatus {
  const output = (name: string): string => {
    const value = outputs[name];
    if (value === undefined) throw new Error(`the stack ${stack} has no output ${name}`);
    return value;
  };
  const api = { apiId: output('ApiId'), region, stage: output('Stage') };
  return {
    account,
    stack,
    functionName: output('FunctionName'),
    ...api,
    url: apiUrl(api, endpoint),
    logGroup: output('LogGroup'),
    auth: authOf(outputs, auth),
    ...(outputs['KeyId'] === undefined ? {} : { keyId: outputs['KeyId'] }),
    digest,
  };
}
