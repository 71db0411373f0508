/** What AWS Lambda itself writes into a function's log, in its plain format. */
import type { StartKind } from '../../shared/contract.ts';

/**
 * Lambda's figures of one invocation, in milliseconds and MB.
 * https://docs.aws.amazon.com/lambda/latest/dg/python-logging.html#python-logging-output
 */
export interface InvocationReport {
  /** Lambda's own, which is the `requestId` of what the function answered. */
  requestId: string;
  durationMs: number;
  billedMs: number;
  memoryMb: number;
  usedMb: number;
  /** Of the first invocation of an environment only. */
  initMs?: number;
  /** Of the first one of an environment that came from a snapshot (SnapStart). */
  restoreMs?: number;
  billedRestoreMs?: number;
  /** Where it did not end well: `timeout`, `error`, `failure`. */
  status?: string;
  /** `Runtime.OutOfMemory`, `Runtime.ExitError`. */
  errorType?: string;
}

/**
 * Of an initialisation that failed (`init`), or took longer than Lambda's ten seconds: then it is done again within the first
 * invocation, where it has as long as the function itself, and has a line only where that fails too (`invoke`).
 * https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html#runtimes-lifecycle-ib
 */
export interface InitReport {
  initMs: number;
  /** `init`, `invoke`, `snap-start`, `provisioned-concurrency`. */
  phase: string;
  /** `timeout`, `error`. */
  status?: string;
  errorType?: string;
}

export type PlatformLine =
  | { kind: 'start'; requestId: string; version: string }
  | { kind: 'end'; requestId: string }
  | { kind: 'report'; requestId: string; report: InvocationReport }
  | { kind: 'init-report'; report: InitReport }
  /** It ended without an answer: the sentence says why. */
  | { kind: 'failure'; requestId: string }
  | { kind: 'other' };

const FAILURES = [
  /^\S+ ([0-9a-f-]{36}) Task timed out after /,
  /^RequestId: ([0-9a-f-]{36}) (?:Error: |Process exited )/,
];

/** What a line of the platform says; undefined where the function wrote it. */
export function platformLine(text: string): PlatformLine | undefined {
  const start = /^START RequestId: (\S+) Version: (\S+)/.exec(text);
  if (start) return { kind: 'start', requestId: start[1]!, version: start[2]! };
  const end = /^END RequestId: (\S+)/.exec(text);
  if (end) return { kind: 'end', requestId: end[1]! };
  const report = invocationReport(text);
  if (report) return { kind: 'report', requestId: report.requestId, report };
  const init = initReport(text);
  if (init) return { kind: 'init-report', report: init };
  for (const pattern of FAILURES) {
    const failed = pattern.exec(text);
    if (failed) return { kind: 'failure', requestId: failed[1]! };
  }
  return /^(?:INIT_START|INIT_RUNTIME_DONE|RESTORE_START|RESTORE_REPORT|EXTENSION|TELEMETRY|LOGS|XRAY)\b/.test(text)
    ? { kind: 'other' }
    : undefined;
}

/** Reads a REPORT line, whose fields are apart by tabs, or by spaces where somebody copied it. */
export function invocationReport(text: string): InvocationReport | undefined {
  const requestId = /^REPORT RequestId: (\S+)/.exec(text)?.[1];
  const [durationMs, billedMs] = [milliseconds(text, 'Duration'), milliseconds(text, 'Billed Duration')];
  const [memoryMb, usedMb] = [megabytes(text, 'Memory Size'), megabytes(text, 'Max Memory Used')];
  if (requestId === undefined || durationMs === undefined || billedMs === undefined) return undefined;
  if (memoryMb === undefined || usedMb === undefined) return undefined;
  const [initMs, restoreMs] = [milliseconds(text, 'Init Duration'), milliseconds(text, 'Restore Duration')];
  const billedRestoreMs = milliseconds(text, 'Billed Restore Duration');
  return {
    requestId,
    durationMs,
    billedMs,
    memoryMb,
    usedMb,
    ...(initMs === undefined ? {} : { initMs }),
    ...(restoreMs === undefined ? {} : { restoreMs }),
    ...(billedRestoreMs === undefined ? {} : { billedRestoreMs }),
    ...statusOf(text),
  };
}

function initReport(text: string): InitReport | undefined {
  if (!text.startsWith('INIT_REPORT ')) return undefined;
  const initMs = milliseconds(text, 'Init Duration');
  if (initMs === undefined) return undefined;
  return { initMs, phase: /\bPhase: (\S+)/.exec(text)?.[1] ?? 'init', ...statusOf(text) };
}

function statusOf(text: string): { status?: string; errorType?: string } {
  const status = /\bStatus: (\S+)/.exec(text)?.[1];
  const errorType = /\bError Type: (\S+)/.exec(text)?.[1];
  return { ...(status === undefined ? {} : { status }), ...(errorType === undefined ? {} : { errorType }) };
}

/** A field's name may end with another's: `Billed Duration`, `Duration`. */
function milliseconds(text: string, field: string): number | undefined {
  return numberOf(text, field, 'ms');
}

function megabytes(text: string, field: string): number | undefined {
  return numberOf(text, field, 'MB');
}

function numberOf(text: string, field: string, unit: string): number | undefined {
  const found = new RegExp(`(?<!Billed |Init |Restore )\\b${field}: ([0-9.]+) ${unit}\\b`).exec(text)?.[1];
  return found === undefined ? undefined : Number(found);
}

/**
 * How the environment had started, by Lambda's own figures rather than by clocks of two machines. `lines` are those of the
 * request, or the last of them; `said` is what the function answered.
 *
 * A REPORT line with `Init Duration` is of the first request of an environment, which may have been initialised ahead of it:
 * certainly where that took longer than the whole request. An initialisation that Lambda does again within the request is in
 * no REPORT line; that of the first attempt is among the lines of the request.
 */
export function startOf(
  report: Pick<InvocationReport, 'initMs' | 'restoreMs'>,
  { lines, said, totalMs }: { lines: readonly string[]; said: StartKind | undefined; totalMs: number },
): StartKind {
  if (report.restoreMs !== undefined) return 'restored';
  if (report.initMs !== undefined) return totalMs < report.initMs ? 'preinitialised' : 'cold';
  if (lines.some(isOfFailedStart)) return 'cold';
  return said === 'preinitialised' ? said : 'warm';
}

/** Of an initialisation that will be done again, or was. */
export function isOfFailedStart(line: string): boolean {
  const phase = initReport(line)?.phase;
  return phase === 'init' || phase === 'invoke';
}
