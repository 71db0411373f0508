import type { EnvironmentPlan } from './environment.ts';
import { normalName, parseRequirement } from './requirement.ts';
import { diagnosisText, worthSaying, type Diagnosis } from './diagnosis.ts';
import { lockDifference, lockProblem, type LockContext } from './lock-status.ts';
import type { EnvironmentChoice } from './plan.ts';

interface About {
  diagnosis: readonly Diagnosis[] | undefined;
  lock: LockContext;
  /** Modules that the model names, and nothing says which package they are of. */
  foreign: readonly string[];
  /** Files around the model that could not be read, with why. */
  unreadable: readonly string[];
  /** What runs the model are the packages of an image, not this Python's. */
  isImage: boolean;
}

/** What people should know of a way to run a model before they agree to it: what differs, what may break, what to do. */
export function problemsOf({ plan, problems, mismatches }: EnvironmentChoice, about: About): string[] {
  const diagnosis = about.diagnosis ?? [];
  const said = worthSaying(diagnosis);
  // What the model asks for and nothing more is known of stays as it was said.
  const plain = problems.filter((_, index) => !said.some((one) => one.package === mismatches[index]?.package));
  const mentioned = new Set([...said, ...mismatches].map((one) => one.package));
  const lock =
    plan.kind === 'use' ? [lockProblem(about.lock, plan.probe), lockDifference(about.lock, plan.probe, mentioned)] : [];
  const ofThisPython = [...said.map((one) => diagnosisText(one)), ...plain, ...lock.filter((one) => one !== undefined)];
  return [
    ...(about.isImage ? [] : ofThisPython),
    ...foreignModules(plan, about),
    ...about.unreadable.map((one) => `It cannot be read, and is left out: ${one}`),
  ];
}

/** Those that a package of the same name brings are there, or asked for. */
function foreignModules(plan: EnvironmentPlan, { foreign, lock }: About): string[] {
  const installed = plan.kind === 'use' ? Object.keys(plan.probe.installed ?? {}) : [];
  const known = new Set([...installed, ...lock.requirements.flatMap((one) => parseRequirement(one)?.name ?? [])]);
  return foreign
    .filter((name) => !known.has(normalName(name)))
    .map(
      (name) =>
        `It names the module ${name}, and there is no ${name}.py beside the model or in the project's folder, nor does Nimbus know a package of that name: loading fails where it is not installed. Put the module there, or name its package in a requirements.txt beside the model.`,
    );
}
