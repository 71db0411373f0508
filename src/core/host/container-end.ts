/** Why a container ended, in the words of AWS Lambda and with what to change. */
import type { Failure } from './problems.ts';

export interface ContainerEnd {
  /** Exit status of the runtime. */
  code: number;
  /** Number of the signal that ended it; 0 for none. */
  signal: number;
  isOutOfMemory: boolean;
}

/** What the engine says of a container that ended. */
export interface SeenEnd {
  exitCode: number;
  isOutOfMemory: boolean;
}

/** A shell's and Docker's exit status of a program that was killed. */
const KILLED = 137;

/**
 * `told`: by the program that the runtime runs under, where it lived to tell; it does not where the whole container is
 * ended from outside. `seen`: by the engine, where it still answers.
 */
export function containerFailure(
  told: ContainerEnd | undefined,
  seen: SeenEnd | undefined,
  { memoryMb, isReady }: { memoryMb: number; isReady: boolean },
): Failure {
  const during = isReady ? 'while it answered' : 'while it loaded the model';
  if (told?.isOutOfMemory || seen?.isOutOfMemory) {
    return {
      code: 'out-of-memory',
      detail: `The function needed more than ${memoryMb.toLocaleString('en')} MB ${during}. ${onLambda('signal: killed')}`,
      next: 'Raise memoryMb in models.json, or use a smaller model.',
    };
  }
  const code = isReady ? 'worker-died' : 'init-failed';
  if (told) {
    const how = told.signal > 0 ? `signal ${told.signal}` : `exit status ${told.code}`;
    return { code, detail: `The runtime ended with ${how} ${during}. ${onLambda(how)}` };
  }
  if (!seen) return { code, detail: `The container was removed, or the Docker engine ended, ${during}.` };
  const how = seen.exitCode === KILLED ? 'killed' : 'stopped';
  return { code, detail: `The container was ${how} by another program, or with the Docker engine, ${during}.` };
}

function onLambda(how: string): string {
  return `On AWS Lambda: Runtime.ExitError, "Runtime exited with error: ${how}".`;
}

/** What to do about a model that is never loaded in time. */
export const LOAD_LESS = 'Raise timeoutSeconds in models.json (--timeout) to more than loading takes, or load less.';

export function initTooLong(ms: number): string {
  return `The model was not loaded within ${ms / 1000} s. AWS Lambda ends an initialisation after 10 s and runs it again within the first request, where it counts against its time limit.`;
}
