import type { Problem } from '../../shared/contract.ts';

/** Every problem that the host itself answers; those of the handler come from the runtime as they are. */
export const PROBLEMS = {
  forbidden: { status: 403, title: 'Not allowed' },
  'bad-request': { status: 400, title: 'Not an HTTP request' },
  'not-found': { status: 404, title: 'Not found' },
  'payload-too-large': { status: 413, title: 'The payload is too large' },
  'too-many-requests': { status: 429, title: 'Too many requests' },
  'headers-too-large': { status: 431, title: 'Headers too large' },
  'handler-failed': { status: 500, title: 'The model failed' },
  'internal-error': { status: 500, title: 'Nimbus itself failed' },
  'worker-died': { status: 502, title: 'The worker died' },
  'out-of-memory': { status: 502, title: 'Out of memory' },
  'init-failed': { status: 502, title: 'The model could not be loaded' },
  stopped: { status: 503, title: 'Stopped' },
  starting: { status: 503, title: 'Still starting' },
  'timed-out': { status: 504, title: 'Timed out' },
} as const satisfies Record<string, { status: number; title: string }>;

export type ProblemCode = keyof typeof PROBLEMS;

/** Why a request got no answer of the handler. */
export interface Failure {
  code: ProblemCode;
  detail: string;
  next?: string;
  lastLines?: string[];
}

export function problem(failure: Failure, requestId: string): Problem {
  const { status, title } = PROBLEMS[failure.code];
  return {
    type: `urn:nimbus:problem:${failure.code}`,
    title,
    status,
    detail: failure.detail,
    requestId,
    ...(failure.next === undefined ? {} : { next: failure.next }),
    ...(failure.lastLines?.length ? { lastLines: failure.lastLines } : {}),
  };
}
