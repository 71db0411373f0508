/** Failures of the calls that update a function. */
import { cancelled, fail, type Outcome } from '../../shared/outcome.ts';
import { asking } from './errors.ts';

/**
 * The outcome of calls about one function. Errors: it is gone; somebody else changes it; it cannot have the image; too many
 * calls; cancelled; else as of `asking`.
 */
export function askingFunction<T>(
  functionName: string,
  signal: AbortSignal | undefined,
  work: () => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  return asking(async () => {
    try {
      return await work();
    } catch (error) {
      if (signal?.aborted && (error as Error).name === 'AbortError') return cancelled();
      const failure = functionFailure(functionName, error as Error);
      if (failure) return failure;
      throw error;
    }
  });
}

/** That of which AWS says that another update came before, or runs. */
export function isConflict(error: unknown): boolean {
  const { name } = error as Error;
  return name === 'PreconditionFailedException' || name === 'ResourceConflictException';
}

export function functionGone(functionName: string, why?: string): Outcome<never> {
  return fail('function-gone', `AWS Lambda has no function ${functionName}.`, {
    ...(why === undefined ? {} : { why }),
    next: 'It was deleted outside of Nimbus: remove the deployment, and deploy again.',
  });
}

export function changedMeanwhile(functionName: string, why?: string): Outcome<never> {
  return fail('function-busy', `Something else changes ${functionName} at the same time.`, {
    ...(why === undefined ? {} : { why }),
    next: 'Wait until it has ended, and try again. What serves was not touched.',
  });
}

function functionFailure(functionName: string, error: Error): Outcome<never> | undefined {
  const { name, message: why } = error;
  if (name === 'ResourceNotFoundException') return functionGone(functionName, why);
  if (isConflict(error) || /CodeSHA256 .* is different/i.test(why)) return changedMeanwhile(functionName, why);
  if (name === 'InvalidParameterValueException' && /image/i.test(why)) {
    return fail('image-refused', 'AWS Lambda does not take the image.', {
      why,
      next: 'Push it again, as one plain image of the architecture of the function.',
    });
  }
  // After the tries of the SDK itself.
  if (name === 'TooManyRequestsException' || name === 'ThrottlingException') {
    return fail('throttled', 'AWS refused a call because there were too many.', {
      why,
      next: 'Try again in a minute.',
    });
  }
  return undefined;
}
