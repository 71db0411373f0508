/** The gateway hears of what CloudFormation made a moment later, and says nowhere when. */
import { setTimeout as delay } from 'node:timers/promises';
import type { Answer } from '../invoke/request.ts';

/**
 * A key counts only after a while, or no longer, and a new API's name has to reach the resolvers; neither is told. No figure of
 * AWS is known; a minute is far more than either was ever seen to take.
 */
const SETTLE_MS = 60_000;
const AGAIN_MS = 1000;

/** `there`: as it should be. `not-yet`: may become so. `never`: will not. */
export type Settling = 'there' | 'not-yet' | 'never';

/** Asks again until an answer is as it should be, a minute at most. `undefined` where the signal aborted. */
export async function untilSettled(
  ask: () => Promise<Answer>,
  judge: (answer: Answer) => Settling,
  signal: AbortSignal,
): Promise<{ answer: Answer; isThere: boolean } | undefined> {
  const until = performance.now() + SETTLE_MS;
  for (;;) {
    const answer = await ask();
    if (signal.aborted) return undefined;
    const settling = judge(answer);
    if (settling !== 'not-yet' || performance.now() > until) return { answer, isThere: settling === 'there' };
    await delay(AGAIN_MS, undefined, { signal }).catch(() => undefined);
  }
}
