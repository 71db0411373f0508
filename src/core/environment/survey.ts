/** Every interpreter of the search order, for the user to choose among; `plan.ts` stops at the first that fits. */
import { CANCELLED } from '../../shared/outcome.ts';
import { identityOf, type Skipped } from './candidates.ts';
import type { Candidate } from './environment.ts';
import {
  managedChoice,
  packagesOf,
  pythonMismatch,
  useChoice,
  type EnvironmentChoice,
  type PlanOptions,
  type Probed,
} from './plan.ts';
import { probe as probeInterpreter } from './probe.ts';
import { mismatches } from './requirement.ts';

/** What is known so far. The same choice is the same object every time. */
export interface Survey {
  /** In the order of the search, whatever the order in which they answered. */
  choices: EnvironmentChoice[];
  /** The managed environment with what the model needs: made, or to be made. */
  managed?: EnvironmentChoice;
  /** Found, and not usable. */
  skipped: Skipped[];
}

export interface SurveyOptions extends PlanOptions {
  skipped?: readonly Skipped[];
  /** Called with each answer of an interpreter, and at once with what needs none. */
  onChange(survey: Survey): void;
}

/** Probes that run at once: one that hangs must not hold up the others, and a machine has few cores. */
const AT_ONCE = 4;

interface Answered extends Probed {
  /** The same for two names of one interpreter. */
  identity: string;
  choice: EnvironmentChoice;
}

/** Asks all candidates; resolves when the last has answered, or when `signal` says that nobody waits any more. */
export async function surveyEnvironments(
  requirements: readonly string[],
  candidates: readonly Candidate[],
  options: SurveyOptions,
): Promise<void> {
  const probe = options.probe ?? probeInterpreter;
  const answers: (Answered | Skipped | undefined)[] = candidates.map(() => undefined);
  let managed: EnvironmentChoice | undefined;
  const publish = (): void => {
    if (!options.signal?.aborted) options.onChange(surveyOf(answers, managed, options.skipped ?? []));
  };
  const ask = async (index: number): Promise<void> => {
    const candidate = candidates[index]!;
    const found = await probe(candidate.python, packagesOf(requirements), options);
    if (found.ok) {
      const facts = { python: found.value.version, platform: process.platform };
      const probed: Probed = {
        // What it is itself, rather than the shim that led to it.
        candidate: { ...candidate, python: found.value.python || candidate.python },
        probe: found.value,
        mismatches: [
          ...mismatches(requirements, found.value.packages, facts),
          ...pythonMismatch(found.value, options.pythonVersion),
        ],
      };
      const identity = await identityOf(probed.candidate.python).catch(() => probed.candidate.python);
      answers[index] = { ...probed, identity, choice: useChoice(probed) };
    } else if (found.error.code !== CANCELLED) {
      answers[index] = { python: candidate.python, why: found.error.why ?? found.error.what };
    }
    publish();
    offerManaged();
  };
  /** Once it is known what it is made from: the first that fits, whatever comes after it. */
  let offering: Promise<void> | undefined;
  const offerManaged = (): void => {
    const waiting = answers.indexOf(undefined);
    const first = answers.slice(0, waiting === -1 ? undefined : waiting).filter(isUsable);
    if (!first.some((one) => pythonMismatch(one.probe, options.pythonVersion).length === 0)) return;
    offering ??= (async () => {
      managed = await managedChoice(requirements, first, options, probe);
      publish();
    })();
  };
  const others = candidates.keys();
  const work = async (): Promise<void> => {
    for (const index of others) {
      if (options.signal?.aborted) return;
      await ask(index);
    }
  };
  publish();
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  await offering;
}

function isUsable(answer: Answered | Skipped | undefined): answer is Answered {
  return answer !== undefined && 'choice' in answer;
}

function surveyOf(
  answers: readonly (Answered | Skipped | undefined)[],
  managed: EnvironmentChoice | undefined,
  skipped: readonly Skipped[],
): Survey {
  const choices = new Map<string, EnvironmentChoice>();
  const failed: Skipped[] = [];
  for (const answer of answers) {
    if (answer === undefined) continue;
    if (!isUsable(answer)) failed.push(answer);
    else if (!choices.has(answer.identity)) choices.set(answer.identity, answer.choice);
  }
  // It may be what the deployment runs on already.
  const { plan } = managed ?? {};
  const all = [...choices.values()];
  const isThere = plan?.kind === 'use' && all.some((one) => one.plan.kind === 'use' && one.plan.python === plan.python);
  return {
    choices: all,
    ...(managed && !isThere ? { managed } : {}),
    skipped: [...failed, ...skipped],
  };
}
