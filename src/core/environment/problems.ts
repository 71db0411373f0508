import { diagnosisText, worthSaying, type Diagnosis } from './diagnosis.ts';
import { lockProblem, type LockContext } from './lock-status.ts';
import type { EnvironmentChoice } from './plan.ts';

interface About {
  diagnosis: readonly Diagnosis[] | undefined;
  lock: LockContext;
  /** Files around the model that could not be read, with why. */
  unreadable: readonly string[];
}

/** What people should know of a way to run a model before they agree to it: what differs, what may break, what to do. */
export function problemsOf({ plan, problems, mismatches }: EnvironmentChoice, about: About): string[] {
  const diagnosis = about.diagnosis ?? [];
  const said = worthSaying(diagnosis);
  // What the model asks for and nothing more is known of stays as it was said.
  const plain = problems.filter((_, index) => !said.some((one) => one.package === mismatches[index]?.package));
  const lock = plan.kind === 'use' ? lockProblem(about.lock, plan.probe) : undefined;
  return [
    ...said.map((one) => diagnosisText(one)),
    ...plain,
    ...(lock === undefined ? [] : [lock]),
    ...about.unreadable.map((one) => `It cannot be read, and is left out: ${one}`),
  ];
}
