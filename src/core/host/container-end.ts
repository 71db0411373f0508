/** Why a container ended, in the words of AWS Lambda and with what to change. */
import type { Failure } from './problems.ts';

export interface ContainerEnd {
  /** Exit status of the runtime. */
  code: number;
  /** Number of the signal that ended it; 0 for none. */
  signal: number;
  isOutOfMemory: boolean;
}

const SIGKILL = 9;

export function containerFailure(
  end: ContainerEnd | undefined,
  { memoryMb, isReady }: { memoryMb: number; isReady: boolean },
): Failure {
  const during = isReady ? 'while it answered' : 'while it loaded the model';
  if (end?.isOutOfMemory) {
    return {
      code: 'out-of-memory',
      detail: `The function needed more than ${memoryMb.toLocaleString('en')} MB ${during}. ${onLambda('signal: killed')}`,
      next: 'Raise memoryMb in models.json, or use a smaller model.',
    };
  }
  const code = isReady ? 'worker-died' : 'init-failed';
  if (!end) return { code, detail: `The container was removed, or the Docker engine ended, ${during}.` };
  const signal = end.signal || (end.code > 128 ? end.code - 128 : 0);
  if (signal === SIGKILL) return { code, detail: `The container was killed by another program ${during}.` };
  const how = signal > 0 ? `signal ${signal}` : `exit status ${end.code}`;
  return { code, detail: `The runtime ended with ${how} ${during}. ${onLambda(how)}` };
}

function onLambda(how: string): string {
  return `On AWS Lambda: Runtime.ExitError, "Runtime exited with error: ${how}".`;
}

export function initTooLong(ms: number): string {
  return `The model was not loaded within ${ms / 1000} s. AWS Lambda ends an initialisation after 10 s and runs it again within the first request, where it counts against its time limit.`;
}
