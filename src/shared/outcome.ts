/**
 * An expected failure, meant for people. It is a plain value, so that it crosses processes and the webview as it is.
 * Bugs are thrown instead.
 */
export interface UserError {
  /** Stable identifier, e.g. `models-file-invalid`; also the last part of a problem's `type`. */
  code: string;
  /** What happened, one sentence. */
  what: string;
  /** Why, where known. May hold the last lines of a log. */
  why?: string;
  /** What the user can do next. */
  next?: string;
  /** A command of the editor that does it. */
  action?: { label: string; command: string; args?: unknown[] };
}

export type Outcome<T> = { ok: true; value: T } | { ok: false; error: UserError };

export function ok<T>(value: T): Outcome<T> {
  return { ok: true, value };
}

export function fail(code: string, what: string, more: Omit<UserError, 'code' | 'what'> = {}): Outcome<never> {
  return { ok: false, error: { code, what, ...more } };
}

/** Cancelling is not a failure that needs showing: callers end quietly on this code. */
export const CANCELLED = 'cancelled';

export function cancelled(what = 'Cancelled.'): Outcome<never> {
  return fail(CANCELLED, what);
}
