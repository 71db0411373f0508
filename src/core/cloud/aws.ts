/** What every client of AWS is made with, and how AWS addresses what a deployment has. */
import type { AwsCredentialIdentityProvider } from '@aws-sdk/types';

/** Where a deployment is, and with which profile of the AWS configuration one gets there. */
export interface AwsPlace {
  region: string;
  /** Default: the SDK's own choice, by the environment and the shared configuration. */
  profile?: string;
}

/** The argument of every client's constructor: `new LambdaClient(config)`. */
export interface AwsConfig {
  region: string;
  credentials: AwsCredentialIdentityProvider;
  /** In the place of AWS's own. */
  endpoint?: string;
  /** Of the AWS configuration, where one was named: said in what to do where it does not work. */
  profile?: string;
}

/**
 * Credentials by the chain of the SDK: the environment, shared configuration with profiles and single sign-on, the machine.
 * They are looked up by the first call that needs them. `AWS_ENDPOINT_URL` in `env` counts in the place of AWS's own address.
 */
export async function awsConfig({ region, profile }: AwsPlace, env: NodeJS.ProcessEnv): Promise<AwsConfig> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const endpoint = env['AWS_ENDPOINT_URL'];
  return {
    region,
    credentials: fromNodeProviderChain({ ...(profile === undefined ? {} : { profile }), clientConfig: { region } }),
    ...(endpoint ? { endpoint } : {}),
    ...(profile === undefined ? {} : { profile }),
  };
}

export interface ApiPlace {
  apiId: string;
  region: string;
  stage: string;
}

/**
 * Base URL of a REST API's stage, without a trailing slash. Made from the id that CloudFormation reported, never read from a
 * file that somebody else may have written: a key is sent to it.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-call-api.html
 */
export function apiUrl({ apiId, region, stage }: ApiPlace, endpoint?: string): string {
  if (endpoint) return `${endpoint.replace(/\/$/, '')}/_aws/execute-api/${apiId}/${stage}`;
  const domain = region.startsWith('cn-') ? 'amazonaws.com.cn' : 'amazonaws.com';
  return `https://${apiId}.execute-api.${region}.${domain}/${stage}`;
}
