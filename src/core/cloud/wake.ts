/** AWS Lambda takes the resources of a function back that was not asked for weeks, and makes them anew when it is. */
import type { FunctionConfiguration, LambdaClient } from '@aws-sdk/client-lambda';
import { setTimeout as delay } from 'node:timers/promises';
import { ALIAS } from '../../../infra/app/published.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { NOT_ACTIVE } from './inactive.ts';
import { eventOf, type InvokeQuery } from './invoke.ts';
import { abortable } from './versions.ts';

export interface WaitOptions {
  /** How often AWS Lambda is asked, in ms. Default: 1,000. */
  pollMs?: number;
  signal?: AbortSignal;
  /** Hears each look: the state (`Inactive`, `Pending`), and milliseconds since the wait began. */
  onWait?: (state: string, waitedMs: number) => void;
}

const POLL_MS = 1000;
/** No figure of AWS is known; a function of an image was seen to take a minute at most. */
const PATIENCE_MS = 5 * 60_000;

/**
 * Sees to it that a function can answer. One that is inactive fails its first invocation, which makes it `Pending` until its
 * resources are there (https://docs.aws.amazon.com/lambda/latest/dg/functions-states.html): it is asked for its health, and
 * waited for. Answers with the milliseconds that it took, 0 where it was active. Errors: as of `awsError`; it could not be
 * woken, which usually means that its image is gone.
 */
export async function warmUp(
  config: AwsConfig,
  { functionName, qualifier = ALIAS }: InvokeQuery,
  options: WaitOptions = {},
): Promise<Outcome<{ waitedMs: number }>> {
  return asking(async () => {
    const { GetFunctionConfigurationCommand, InvokeCommand, LambdaClient } = await import('@aws-sdk/client-lambda');
    const client = new LambdaClient(config);
    const which = { FunctionName: functionName, Qualifier: qualifier };
    const abort = abortable(options.signal);
    const { State: state } = await client.send(new GetFunctionConfigurationCommand(which), abort);
    if (state === 'Active') return ok({ waitedMs: 0 });
    const startedAt = performance.now();
    if (state === 'Inactive') {
      const payload = Buffer.from(eventOf('GET', '/health', Buffer.alloc(0)));
      // That it fails is what wakes it.
      await client.send(new InvokeCommand({ ...which, Payload: payload }), abort).catch((error: Error) => {
        if (!/Conflict|NotReady|Pending|Inactive/.test(`${error.name} ${error.message}`)) throw error;
      });
    }
    const active = await untilActive(client, which, options);
    if (!active.ok) return active;
    return ok({ waitedMs: performance.now() - startedAt });
  }, config);
}

/**
 * Waits until a version of a function is active and its last change is done. Throws what the client throws. Errors: it
 * failed; it went back to sleep; it takes over five minutes.
 */
export async function untilActive(
  client: LambdaClient,
  which: { FunctionName: string; Qualifier?: string },
  { pollMs = POLL_MS, signal, onWait }: WaitOptions = {},
): Promise<Outcome<FunctionConfiguration>> {
  const { GetFunctionConfigurationCommand } = await import('@aws-sdk/client-lambda');
  const startedAt = performance.now();
  let wasPending = false;
  for (;;) {
    const found = await client.send(new GetFunctionConfigurationCommand(which), abortable(signal));
    const { State: state = '', LastUpdateStatus: update, StateReason: reason } = found;
    if (state === 'Active' && (update === undefined || update === 'Successful')) return ok(found);
    const waitedMs = performance.now() - startedAt;
    const slept = state === 'Inactive' && wasPending;
    if (state === 'Failed' || update === 'Failed' || slept || waitedMs > PATIENCE_MS) {
      const why = (update === 'Failed' ? found.LastUpdateStatusReason : reason) ?? `It is ${state}.`;
      const next = 'Deploy it again, which pushes its image where that is missing.';
      return fail(NOT_ACTIVE, `AWS Lambda could not get ${which.FunctionName} ready.`, { why, next });
    }
    wasPending ||= state === 'Pending';
    onWait?.(state, waitedMs);
    await delay(pollMs, undefined, signal ? { signal } : {});
  }
}
