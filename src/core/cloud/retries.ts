/** Trying again what failed on its way, apart from what it took at last. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Retry } from '../../shared/latency.ts';

export interface RetryLimits {
  /** The first try included. */
  tries: number;
  /** Milliseconds from the first try on within which the last one begins. */
  totalMs: number;
  /** The longest first wait, in ms; each later one may be twice as long as the one before it. */
  firstMs: number;
  /** The longest wait of all, in ms, unless the endpoint asks for more. */
  longestMs: number;
}

/**
 * Five tries wait four seconds at most. The time is that of two answers of API Gateway at its limit of 29 s: what timed out
 * while it started may be there at the second try, and a third would be of no use.
 */
export const RETRY_LIMITS: RetryLimits = { tries: 5, totalMs: 45_000, firstMs: 250, longestMs: 5000 };

/** Whether to try again: why, and after how many milliseconds the endpoint asks for it. */
export interface Again {
  reason: string;
  retryAfterMs?: number;
  /** In the place of that of the limits, where it is less: the first try included. */
  tries?: number;
}

/**
 * Full jitter: any time between nothing and twice as much as the time before, so that those that failed together do not come
 * again together (https://aws.amazon.com/blogs/architecture/exponential-backoff-and-jitter/). What the endpoint asks for
 * comes on top: it is the least that one waits. `retry` counts from 0; `random` is below 1.
 */
export function backoffMs(
  retry: number,
  retryAfterMs: number,
  { firstMs, longestMs }: Pick<RetryLimits, 'firstMs' | 'longestMs'>,
  random: () => number = Math.random,
): number {
  return retryAfterMs + random() * Math.min(longestMs, firstMs * 2 ** retry);
}

export interface Retried<T> {
  last: T;
  retries: Retry[];
}

export interface RetryOptions {
  limits?: RetryLimits;
  signal?: AbortSignal;
  /** Hears why it is tried again while it waits for that, and then that the wait is over. */
  onWait?: (reason: string | undefined) => void;
}

/** Tries until `again` says no, a limit is reached, or the signal aborts; answers with the last try. */
export async function withRetries<T>(
  attempt: () => Promise<T>,
  again: (answer: T) => Again | undefined,
  { limits = RETRY_LIMITS, signal, onWait }: RetryOptions,
): Promise<Retried<T>> {
  const startedAt = performance.now();
  const retries: Retry[] = [];
  for (;;) {
    const triedAt = performance.now();
    const last = await attempt();
    const failedMs = performance.now() - triedAt;
    const wanted = again(last);
    const tries = Math.min(limits.tries, wanted?.tries ?? limits.tries);
    if (!wanted || signal?.aborted || retries.length + 1 >= tries) return { last, retries };
    const { reason, retryAfterMs = 0 } = wanted;
    const waitedMs = backoffMs(retries.length, retryAfterMs, limits);
    if (performance.now() + waitedMs - startedAt > limits.totalMs) return { last, retries };
    onWait?.(reason);
    try {
      await delay(waitedMs, undefined, signal ? { signal } : {});
    } catch {
      return { last, retries };
    }
    onWait?.(undefined);
    retries.push({ reason, failedMs, waitedMs });
  }
}
