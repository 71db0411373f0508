/** What a deployment on AWS is made of: plain data that crosses processes as JSON. `faultsOf` checks it. */
import type { Framework } from '../../src/shared/spec.ts';

export interface DeploymentDescription {
  model: string;
  deployment: string;
  /** Name of the stack, of the function and, behind `/aws/lambda/`, of the log group: `nimbus-sentiment-prod`. */
  stackName: string;
  /** Twelve digits. */
  account: string;
  region: string;
  image: {
    /** Name of a repository of the same account and region. */
    repository: string;
    /** `sha256:…` of the image's manifest. */
    digest: string;
  };
  /** Of the function: 64 hexadecimal digits. */
  version: string;
  /** A new text whenever a version of the function has to be published; see `function.ts`. */
  revision: string;
  framework: Framework;
  /** What `GET /` answers. Its model, version and framework are the deployment's. */
  card: Readonly<Record<string, unknown>>;
  memoryMb: number;
  timeoutSeconds: number;
  architecture: 'x86_64' | 'arm64';
  /** Size of /tmp. Default: `DEFAULTS`. */
  ephemeralStorageMb?: number;
  /** Environments of `live` that AWS Lambda keeps initialised, and bills. Default: none. */
  provisionedConcurrency?: number;
  /** Who may call: with an API key, which meters but identifies nobody; signed by IAM; anybody. */
  auth: 'key' | 'iam' | 'none';
  /** Default: `DEFAULTS`. */
  throttle?: Throttle;
  /** With `auth: key` only. Default: `DEFAULTS`. */
  quota?: Quota;
  /** Web pages of these origins may call: `https://app.example`, or `*`. Default: none. */
  corsOrigins?: readonly string[];
  /** Default: `DEFAULTS`. */
  logRetentionDays?: number;
  /** Names of environment variables; their values are parameters of the stack and in no file. Default: none. */
  env?: readonly string[];
}

/**
 * A token bucket: `ratePerSecond` requests a second, `burst` at once. API Gateway applies it on a best-effort basis, a
 * target rather than a ceiling.
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-request-throttling.html
 */
export interface Throttle {
  ratePerSecond: number;
  burst: number;
}

export interface Quota {
  requests: number;
  per: 'day' | 'week' | 'month';
}

/** The repository of images, a stack of its own; why there is one per account and region says `repository.ts`. */
export interface RepositoryDescription {
  stackName: string;
  account: string;
  region: string;
  repository: string;
  /** Looks for known vulnerabilities in what is pushed. Default: true. */
  scanOnPush?: boolean;
}

/**
 * - 512 MB is AWS Lambda's own, and free: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html
 * - Without a retention CloudWatch keeps logs for ever; two weeks outlast a holiday.
 * - Without a throttle one caller may use up the account's 10,000 requests a second, which all APIs of a region share
 *   (https://docs.aws.amazon.com/apigateway/latest/developerguide/limits.html). Ten a second, twenty at once, serve people
 *   and tests; who has more traffic knows how much.
 * - The quota bounds what a lost key costs: by the prices of `src/core/cost`, 10,000 requests of a second at 1,769 MB are
 *   29 cents a day, and 3.5 for API Gateway.
 */
export const DEFAULTS = {
  ephemeralStorageMb: 512,
  logRetentionDays: 14,
  throttle: { ratePerSecond: 10, burst: 20 },
  quota: { requests: 10_000, per: 'day' },
} as const satisfies {
  ephemeralStorageMb: number;
  logRetentionDays: number;
  throttle: Throttle;
  quota: Quota;
};
