/** What a failed handler or initialisation says: `{"errorType", "errorMessage", "stackTrace": [...]}`, as AWS Lambda has it. */
import type { Failure } from './problems.ts';

/** Lines of a stack, or of a worker's output, that are kept to explain a failure. */
export const LAST_LINES = 20;

interface PythonError {
  errorType?: unknown;
  errorMessage?: unknown;
  stackTrace?: unknown;
}

function pythonError(payload: Buffer): PythonError {
  try {
    const parsed: unknown = JSON.parse(payload.toString());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** `ValueError: no such column`, from the payload of an `E` or `F` frame. */
export function describeError(payload: Buffer): string {
  const { errorType, errorMessage } = pythonError(payload);
  return `${String(errorType ?? 'Error')}: ${String(errorMessage ?? 'no message')}`;
}

/** Of an `F` frame; `next` where the runtime knows what to do about it. */
export function initFailure(payload: Buffer, next?: unknown): Failure {
  return {
    code: 'init-failed',
    detail: describeError(payload),
    ...(typeof next === 'string' ? { next } : {}),
    lastLines: traceLines(payload),
  };
}

function traceLines(payload: Buffer): string[] {
  const { stackTrace } = pythonError(payload);
  return Array.isArray(stackTrace)
    ? stackTrace.flatMap((part) => String(part).trimEnd().split('\n')).slice(-LAST_LINES)
    : [];
}
