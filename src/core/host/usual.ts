/** How long the stages of operations usually take in a project, by the last few times. */
import type { Operation, OperationKind } from '../../shared/states.ts';
import { quantile } from '../../shared/latency.ts';

/** Milliseconds of the last few times, by kind of operation and name of stage: `deploy stack`. */
export type Durations = Record<string, number[]>;

const KEPT = 5;
/** What is over sooner needs no announcement. */
const LEAST_MS = 2000;

/** Milliseconds; undefined where it was not done before, or is short. */
export function usualMs(durations: Durations, kind: OperationKind, stage: string): number | undefined {
  const usual = quantile(durations[nameOf(kind, stage)] ?? [], 0.5);
  return usual >= LEAST_MS ? Math.round(usual) : undefined;
}

/** Notes the stages of an operation that succeeded. */
export function noteDurations(durations: Durations, { kind, stages }: Operation): void {
  for (const { name, state, startedAt, endedAt } of stages) {
    if (state !== 'done' || startedAt === undefined || endedAt === undefined) continue;
    const all = (durations[nameOf(kind, name)] ??= []);
    all.push(endedAt - startedAt);
    all.splice(0, all.length - KEPT);
  }
}

function nameOf(kind: OperationKind, stage: string): string {
  return `${kind === 'redeploy' ? 'deploy' : kind} ${stage}`;
}
