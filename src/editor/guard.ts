import * as vscode from 'vscode';
import { CANCELLED, fail, type Outcome, type UserError } from '../shared/outcome.ts';

/** Longer reasons (the last lines of a log) are for the log, not for a notification. */
const LONGEST_REASON = 200;

/** Commands of the editor itself that an error's button may run. */
const OTHER_ACTIONS = new Set(['vscode.open', 'workbench.trust.manage']);

/**
 * Runs what a command does and shows how it failed: an expected failure as a notification with its action, a bug as a
 * bug; cancelling is silent. In an untrusted workspace a command that runs or changes something of it does not run.
 * Answers with the outcome, so that who calls the command by code can read it.
 */
export async function guarded(
  log: vscode.LogOutputChannel,
  command: { id: string; trusted: boolean },
  work: () => Promise<Outcome<unknown> | void>,
): Promise<Outcome<unknown> | undefined> {
  try {
    const outcome = command.trusted && !vscode.workspace.isTrusted ? untrusted() : await work();
    if (outcome && !outcome.ok && outcome.error.code !== CANCELLED) showError(log, outcome.error);
    return outcome ?? undefined;
  } catch (bug) {
    if (bug instanceof vscode.CancellationError) return undefined;
    const ended = await hostEnded(bug);
    if (ended) {
      showError(log, ended.error);
      return ended;
    }
    showBug(log, command.id, bug);
    return { ok: false, error: { code: 'bug', what: bug instanceof Error ? bug.message : String(bug) } };
  }
}

/** What it means that a call to a host was rejected since the host ended meanwhile; undefined for every other error. */
export async function hostEnded(error: unknown): Promise<{ ok: false; error: UserError } | undefined> {
  const { ConnectionClosed } = await import('../core/host/rpc.ts');
  if (!(error instanceof ConnectionClosed)) return undefined;
  const what = vscode.l10n.t('The function host of this project ended.');
  return { ok: false, error: { code: 'host-ended', what, next: vscode.l10n.t('Run the command again.') } };
}

function untrusted(): Outcome<never> {
  return fail('untrusted-workspace', vscode.l10n.t('This workspace is not trusted, so Nimbus runs nothing in it.'), {
    next: vscode.l10n.t('Trust the workspace first.'),
    action: { label: vscode.l10n.t('Manage Trust'), command: 'workbench.trust.manage' },
  });
}

/** Shows an expected failure without waiting for the answer: what happened, why, what to do next, and its button. */
export function showError(log: vscode.LogOutputChannel, error: UserError): void {
  log.warn([error.what, error.why, error.next].filter(Boolean).join(' '));
  const reason = error.why && error.why.length <= LONGEST_REASON && !error.why.includes('\n') ? error.why : undefined;
  const message = [error.what, reason, error.next].filter(Boolean).join(' ');
  void offer(log, message, error.action);
}

/** The error of a failed operation, whose log is offered where nothing better is. */
export function withLog(error: UserError, logFile: string): UserError {
  if (error.action) return error;
  return {
    ...error,
    action: { label: vscode.l10n.t('Show Log'), command: 'nimbus.showOperationLog', args: [logFile] },
  };
}

/** The page of AWS's console that an error names becomes its button: a notification makes no link of an address. */
export function withConsole(error: UserError): UserError {
  const url = /https:\/\/[\w-]+\.console\.\S+/.exec(error.next ?? '')?.[0];
  if (error.action || url === undefined) return error;
  return { ...error, action: { label: vscode.l10n.t('Open AWS Console'), command: 'vscode.open', args: [url] } };
}

function showBug(log: vscode.LogOutputChannel, command: string, bug: unknown): void {
  log.error(`${command} failed by a bug in Nimbus:`, bug instanceof Error ? bug : String(bug));
  const text = bug instanceof Error ? `${bug.name}: ${bug.message}` : String(bug);
  void offer(log, vscode.l10n.t('This is a bug in Nimbus: {0}', text));
}

async function offer(log: vscode.LogOutputChannel, message: string, action?: UserError['action']): Promise<void> {
  const openLog = vscode.l10n.t('Show Log');
  const buttons = [...new Set([...(action ? [action.label] : []), openLog])];
  const chosen = await vscode.window.showErrorMessage(message, ...buttons);
  if (chosen === undefined) return;
  if (chosen !== action?.label) log.show(true);
  else await guarded(log, { id: action.command, trusted: false }, () => runAction(action));
}

/**
 * Runs the command of an error's button. Errors come from other processes too, so only Nimbus's own commands and
 * a few of the editor's are allowed.
 */
export async function runAction(action: NonNullable<UserError['action']>): Promise<void> {
  if (!action.command.startsWith('nimbus.') && !OTHER_ACTIONS.has(action.command)) {
    throw new Error(`an error may not run the command ${action.command}`);
  }
  await vscode.commands.executeCommand(action.command, ...(action.args ?? []));
}
