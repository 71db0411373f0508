/** A prediction of a deployment on AWS through its API, as its users get it. Past the gateway: `invoke.ts`. */
import type { Problem } from '../../shared/contract.ts';
import type { Beforehand, Through } from '../../shared/latency.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { PlaygroundInput } from '../../shared/playground.ts';
import type { CloudStatus } from '../../shared/states.ts';
import type { Wait } from '../../shared/waits.ts';
import { defined } from '../defined.ts';
import { predict, type Answer } from '../invoke/predict.ts';
import { configOf } from './profiles.ts';
import type { InvocationReport } from './report.ts';
import { withRetries, type Again, type RetryLimits } from './retries.ts';
import { NOT_ACTIVE, waking, type Wake } from './inactive.ts';

/** `phases` and `start` are those of the last try alone. */
export interface CloudAnswer extends Answer, Beforehand {
  /** Lambda's own figures; of what went through the API they are in the log, see `requestLog`. */
  report?: InvocationReport;
  /** The function's version that answered; of what went through Invoke. */
  liveVersion?: string;
}

/** Undefined where there was nothing. */
export function beforehandOf({ retries, wokenMs, publishedMs }: CloudAnswer): Beforehand | undefined {
  if (retries.length === 0 && wokenMs === undefined && publishedMs === undefined) return undefined;
  return { retries, ...defined({ wokenMs, publishedMs }) };
}

export interface CloudRequestOptions {
  signal?: AbortSignal;
  /** Milliseconds for one try. */
  timeoutMs?: number;
  retries?: RetryLimits;
  /** Gets a function ready that AWS Lambda made inactive. Default: what is refused by one stays refused. */
  wake?: Wake;
  /** Hears what it waits for beside the answer, and then that the wait is over. */
  onWait?: (wait: Wait | undefined) => void;
}

/** API Gateway gives up after 29 seconds, unless AWS raised it for the account. */
const API_TIMEOUT_MS = 120_000;

/**
 * Through the API. Tried again where the network failed, and where the gateway itself answered with 429 (but for a quota that
 * is used up), 502, 503 or 504; nothing that the function answered is. A gateway's answer is told by its lack of the times
 * that the function adds. Its 502 says of a function that crashed the same as of Lambda that had no room
 * (`gatewayProblems` of infra/app), so that it is tried again once only. That of an inactive function is the same too. Never
 * rejects.
 */
export async function predictThroughApi(
  { url, key }: { url: string; key?: string },
  body: PlaygroundInput,
  { timeoutMs = API_TIMEOUT_MS, ...options }: CloudRequestOptions = {},
): Promise<CloudAnswer> {
  const { signal } = options;
  const headers: Record<string, string> = key === undefined ? {} : { 'x-api-key': key };
  const attempt = (): Promise<Answer> => predict(url, body, { headers, timeoutMs, ...(signal ? { signal } : {}) });
  const { last, retries } = await withRetries(waking(attempt, options.wake), againThroughApi, retryOptions(options));
  return { ...last, retries };
}

/** What of the options is about trying again. */
export function retryOptions({
  signal,
  retries: limits,
  onWait,
}: CloudRequestOptions): Parameters<typeof withRetries>[2] {
  return {
    ...(limits ? { limits } : {}),
    ...(signal ? { signal } : {}),
    ...(onWait ? { onWait: (reason) => onWait(reason === undefined ? undefined : { kind: 'again', reason }) } : {}),
  };
}

/** Who asks, and how. */
export interface CloudAsker {
  through: Through;
  /** With which AWS is called. */
  env: NodeJS.ProcessEnv;
  /** As of `headersFor`; asked for where the API is called. */
  headers(): Promise<Outcome<Record<string, string>>>;
}

/**
 * Through the API, unless its calls are signed (`auth: iam`): those go past the gateway, with the caller's own credentials. A
 * function that AWS Lambda made inactive is woken, where the credentials let it. What a prediction fails with is in the
 * answer. Errors: the key cannot be read; as of `coldStart`.
 */
export async function predictOnAws(
  cloud: Pick<CloudStatus, 'url' | 'auth' | 'account' | 'region' | 'functionName'>,
  { through, env, headers }: CloudAsker,
  body: PlaygroundInput,
  { pollMs, ...options }: Omit<CloudRequestOptions, 'wake'> & { pollMs?: number } = {},
): Promise<Outcome<CloudAnswer & { through: Through }>> {
  const { url, auth, functionName } = cloud;
  const { signal, onWait } = options;
  const wait = { ...(pollMs === undefined ? {} : { pollMs }), ...(signal ? { signal } : {}) };
  const wake: Wake = async () => {
    const { warmUp } = await import('./wake.ts');
    const woken = await warmUp(
      await configOf(cloud, env),
      { functionName },
      { ...wait, onWait: () => onWait?.({ kind: 'woken' }) },
    );
    onWait?.(undefined);
    return woken;
  };
  if (through === 'api' && auth !== 'iam') {
    const found = await headers();
    if (!found.ok) return found;
    const { 'x-api-key': key } = found.value;
    const answer = await predictThroughApi({ url, ...(key === undefined ? {} : { key }) }, body, { ...options, wake });
    return ok({ ...answer, through });
  }
  const config = await configOf(cloud, env);
  if (through === 'cold') {
    const { coldStart } = await import('./cold-start.ts');
    const cold = await coldStart(config, functionName, body, { ...options, ...wait });
    return cold.ok ? ok({ ...cold.value, through }) : cold;
  }
  const { predictThroughInvoke } = await import('./invoke.ts');
  return ok({
    ...(await predictThroughInvoke(config, { functionName }, body, { ...options, wake })),
    through: 'invoke',
  });
}

function againThroughApi({ status, problem, isTimed, retryAfterMs }: Answer): Again | undefined {
  if (!problem || isTimed) return undefined;
  const reason = codeOf(problem);
  if (reason === NOT_ACTIVE) return undefined;
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
