import path from 'node:path';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { lastLines, run } from '../process.ts';
import { runtimeFolder } from '../runtime-folder.ts';
import { SELECT_INTERPRETER, type Probe } from './environment.ts';

/** The oldest Python that the runtime supports. */
export const MINIMUM_PYTHON = '3.9';

export interface ProbeOptions {
  signal?: AbortSignal;
  /** Milliseconds; an interpreter on a sleeping network drive may take long. */
  deadlineMs?: number;
}

export type ProbeFunction = (
  python: string,
  packages: readonly string[],
  options?: ProbeOptions,
) => Promise<Outcome<Probe>>;

const DEADLINE_MS = 10_000;

/**
 * Asks an interpreter for its version and the versions of some packages, without importing them. Errors: it does not
 * start, is not Python, is older than 3.9, does not answer in 10 s, cancelled.
 */
export const probe: ProbeFunction = async (python, packages, options = {}) => {
  const result = await run([python, '-I', path.join(runtimeFolder(), 'probe.py'), ...packages], {
    deadlineMs: options.deadlineMs ?? DEADLINE_MS,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  switch (result.kind) {
    case 'aborted':
      return cancelled();
    case 'not-started':
      return broken(python, `It does not start: ${result.error.message}`);
    case 'timed-out':
      return broken(python, `It did not answer in ${(options.deadlineMs ?? DEADLINE_MS) / 1000} s.`);
    case 'exited':
      break;
    default:
      return result satisfies never;
  }
  const found = parse(result.stdout);
  if (!found) {
    const said = lastLines(result.stderr, 4) || lastLines(result.stdout, 4);
    return broken(python, said || `It ended with ${result.code ?? result.killedBy} and without an answer.`);
  }
  if (!isAtLeast(found.version, MINIMUM_PYTHON)) {
    return fail('python-too-old', `${python} is Python ${found.version}.`, {
      why: `Nimbus runs models on Python ${MINIMUM_PYTHON} and newer.`,
      next: 'Select or install a newer Python.',
      action: SELECT_INTERPRETER,
    });
  }
  return ok(found);
};

function parse(stdout: string): Probe | undefined {
  try {
    const found = JSON.parse(stdout) as Probe | null;
    const complete = typeof found?.version === 'string' && typeof found.packages === 'object';
    return complete ? found : undefined;
  } catch {
    return undefined;
  }
}

function broken(python: string, why: string): Outcome<never> {
  return fail('python-broken', `${python} cannot be used.`, {
    why,
    next: 'Repair this Python, or select another interpreter.',
    action: SELECT_INTERPRETER,
  });
}

function isAtLeast(version: string, minimum: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const [leastMajor = 0, leastMinor = 0] = minimum.split('.').map(Number);
  return major > leastMajor || (major === leastMajor && minor >= leastMinor);
}
