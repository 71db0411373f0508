/** Telling a refusal that may be one of an inactive function from others, and waking it. */
import type { Problem } from '../../shared/contract.ts';
import type { Outcome, UserError } from '../../shared/outcome.ts';
import type { Answer } from '../invoke/request.ts';

/** Code of a function that does not get ready. */
export const NOT_ACTIVE = 'not-active';

/** As of `warmUp` of `wake.ts`. */
export type Wake = () => Promise<Outcome<{ waitedMs: number }>>;

/**
 * Makes a try one that wakes the function where it was refused as an inactive one would be, and then tries once more. Neither
 * gateway nor Invoke says that it was inactive, so that AWS Lambda is asked, once for all tries. Who may not ask gets the refusal.
 */
export function waking<T extends Answer & { liveVersion?: string }>(
  attempt: () => Promise<T>,
  wake: Wake | undefined,
): () => Promise<T & { wokenMs?: number }> {
  let isAsked = false;
  let wokenMs: number | undefined;
  return async () => {
    let answer = await attempt();
    if (wake && !isAsked && mayBeInactive(answer)) {
      isAsked = true;
      const woken = await wake();
      if (woken.ok && woken.value.waitedMs > 0) {
        wokenMs = woken.value.waitedMs;
        answer = await attempt();
      } else if (!woken.ok && woken.error.code === NOT_ACTIVE)
        answer = { ...answer, problem: problemOf(answer, woken.error) };
    }
    return wokenMs === undefined ? answer : { ...answer, wokenMs };
  };
}

/** The function made no answer. Where it did through Invoke its version is known, and where the gateway handed it on its time. */
function mayBeInactive({ status, isTimed, problem, liveVersion }: Answer & { liveVersion?: string }): boolean {
  return problem !== undefined && !isTimed && liveVersion === undefined && status >= 500;
}

function problemOf({ status, requestId = '' }: Answer, { code, what, why = '', next }: UserError): Problem {
  const problem = { type: `urn:nimbus:problem:${code}`, title: what, status, detail: why, requestId };
  return next === undefined ? problem : { ...problem, next };
}
