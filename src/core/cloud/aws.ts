/** What every client of AWS is made with, and how AWS addresses what a deployment has. */
import type { AwsCredentialIdentityProvider } from '@aws-sdk/types';

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
 * Credentials as AWS's own tools would find them, by the variables of `env` rather than of this process, which may be a host
 * that was started long ago: the profile that they name, else the keys that they hold, else the default profile (with single
 * sign-on), else the machine's. They are looked up by the first call. `AWS_ENDPOINT_URL` counts in the place of AWS's address.
 */
export async function awsConfig(region: string, env: NodeJS.ProcessEnv): Promise<AwsConfig> {
  const { AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: secret, AWS_SESSION_TOKEN: token } = env;
  const { AWS_PROFILE: profile, AWS_ENDPOINT_URL: endpoint } = env;
  if (!profile && id && secret) {
    const keys = { accessKeyId: id, secretAccessKey: secret, ...(token ? { sessionToken: token } : {}) };
    return { region, credentials: async () => keys, ...(endpoint ? { endpoint } : {}) };
  }
  const credentials = await chained(region, env);
  return { region, credentials, ...(endpoint ? { endpoint } : {}), ...(profile ? { profile } : {}) };
}

/** How long credentials are used again: each finding of them may start a program of the user's, which may ask for a touch. */
const KEPT_MS = 60_000;
const found = new Map<string, { at: number; credentials: AwsCredentialIdentityProvider }>();

async function chained(region: string, env: NodeJS.ProcessEnv): Promise<AwsCredentialIdentityProvider> {
  const { AWS_PROFILE: profile, AWS_SHARED_CREDENTIALS_FILE: filepath, AWS_CONFIG_FILE: configFilepath } = env;
  const place = JSON.stringify([region, profile, filepath, configFilepath]);
  const kept = found.get(place);
  if (kept && performance.now() - kept.at < KEPT_MS) return kept.credentials;
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  // It keeps what it has found, and finds it anew where that expires.
  const credentials = fromNodeProviderChain({
    // Without one the chain would look at the variables of this process.
    profile: profile || 'default',
    clientConfig: { region },
    ...(filepath ? { filepath } : {}),
    ...(configFilepath ? { configFilepath } : {}),
  });
  found.set(place, { at: performance.now(), credentials });
  return credentials;
}

/** What of an environment says how to reach AWS: all that begins with `AWS_`. Among it may be keys. */
export function awsVariables(env: NodeJS.ProcessEnv): Record<string, string> {
  const named = Object.entries(env).filter((one): one is [string, string] => one[0].startsWith('AWS_') && !!one[1]);
  return Object.fromEntries(named);
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
