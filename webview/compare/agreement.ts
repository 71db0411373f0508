import type { Sample } from '../../src/shared/latency.ts';
import { compareAnswers, failure, FLOATS, type Answered, type Comparison } from '../../src/shared/parity.ts';
import type { ComparedWith } from '../../src/shared/playground.ts';
import { failed } from '../latency/kinds.ts';

/** Whether two requests of one Send got the same answer. */
export function compareSamples(first: Sample, second: Sample, known: ComparedWith | undefined): Comparison {
  return compareAnswers(answered(first), answered(second), known?.tolerance ?? FLOATS);
}

function answered(sample: Sample): Answered {
  if (!failed(sample)) return { result: sample.result };
  const { type = `status-${sample.status}`, detail = '' } = sample.problem ?? {};
  return failure(type.slice(type.lastIndexOf(':') + 1), detail);
}

/** One sentence, for what is read out and what heads the comparison. */
export function verdictOf({ count }: Comparison): string {
  if (count === 0) return 'The answers agree.';
  return count === 1 ? 'The answers differ in one place.' : `The answers differ in ${count} places.`;
}
