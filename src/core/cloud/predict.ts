/** A prediction of a deployment on AWS through its API, as its users get it. Past the gateway: `invoke.ts`. */
import type { Problem } from '../../shared/contract.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import type { CloudStatus } from '../../shared/states.ts';
import { predict, type Answer } from '../invoke/predict.ts';
import { configOf } from './profiles.ts';
import type { InvocationReport } from './report.ts';
import { withRetries, type Again, type Retry, type RetryLimits } from './retries.ts';

/** `phases` and `start` are those of the last try alone. */
export interface CloudAnswer extends Answer {
  /** Failed tries before it, in their order. */
  retries: Retry[];
  /** Lambda's own figures; of what went through the API they are in the log, see `requestLog`. */
  report?: InvocationReport;
  /** The function's version that answered; of what went through Invoke. */
  liveVersion?: string;
}

export interface CloudRequestOptions {
  signal?: AbortSignal;
  /** Milliseconds for one try. */
  timeoutMs?: number;
  retries?: RetryLimits;
}

/** API Gateway gives up after 29 seconds, unless AWS raised it for the account. */
const API_TIMEOUT_MS = 120_000;

/**
 * Through the API. Tried again where the network failed, and where the gateway itself answered with 429 (but for a quota that
 * is used up), 502, 503 or 504; nothing that the function answered is. A gateway's answer is told by its lack of the times
 * that the function adds. Its 502 says of a function that crashed the same as of Lambda that had no room
 * (`gatewayProblems` of infra/app), so that it is tried again once only. Never rejects.
 */
export async function predictThroughApi(
  { url, key }: { url: string; key?: string },
  body: PlaygroundInput,
  { signal, timeoutMs = API_TIMEOUT_MS, retries: limits }: CloudRequestOptions = {},
): Promise<CloudAnswer> {
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  const options = { headers, timeoutMs, ...(signal ? { signal } : {}) };
  const { last, retries } = await withRetries(() => predict(url, body, options), againThroughApi, {
    ...(limits ? { limits } : {}),
    ...(signal ? { signal } : {}),
  });
  return { ...last, retries };
}

/**
 * As its users get it; where their calls are signed (`auth: iam`) past the gateway, with the caller's own credentials. `headers`:
 * as of `headersFor`. Never rejects.
 */
export async function predictOnAws(
  cloud: Pick<CloudStatus, 'url' | 'auth' | 'account' | 'region' | 'functionName'>,
  { headers, env }: { headers: Record<string, string>; env: NodeJS.ProcessEnv },
  body: PlaygroundInput,
  options: CloudRequestOptions = {},
): Promise<CloudAnswer> {
  const { url, auth, functionName } = cloud;
  if (auth !== 'iam') {
    const { 'x-api-key': key } = headers;
    return predictThroughApi({ url, ...(key === undefined ? {} : { key }) }, body, options);
  }
  const { predictThroughInvoke } = await import('./invoke.ts');
  return predictThroughInvoke(await configOf(cloud, env), { functionName }, body, options);
}

function againThroughApi({ status, problem, isTimed, retryAfterMs }: Answer): Again | undefined {
  if (!problem || isTimed) return undefined;
  const reason = codeOf(problem);
  if (status === 0) return reason === 'unreachable' ? { reason } : undefined;
  // The gateway says after which time one may come again, unless the quota of the key is used up.
  if (status === 429) return retryAfterMs === undefined ? undefined : { reason, retryAfterMs };
  if (status !== 502 && status !== 503 && status !== 504) return undefined;
  return {
    reason,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    ...(status === 502 ? { tries: 2 } : {}),
  };
}

/** The last part of a problem's type. */
export function codeOf({ type }: Problem): string {
  return type.slice(type.lastIndexOf(':') + 1);
}
