import * as vscode from 'vscode';
import type { Outcome } from '../shared/outcome.ts';
import type { Operation } from '../shared/states.ts';
import type { Plan } from '../core/targets/plan.ts';
import type { DeploymentKey } from '../shared/spec.ts';
import { agreedToCancel } from './cancelling.ts';
import type { Editor } from './editor.ts';
import { runAction, withLog } from './guard.ts';
import type { Project } from './store/project.ts';
import { progressText, stepText } from './tree/rows.ts';

/**
 * Runs a plan to its end. Progress shows in the deployment's own row and in the status bar, never in front of what the
 * user does meanwhile. A failure offers the operation's log.
 */
export async function operate(editor: Editor, project: Project, plan: Plan): Promise<Outcome<Operation>> {
  return run(editor, project, plan, { location: vscode.ProgressLocation.Window, title: plan.model }, progressText);
}

/** As `operate`, for what the user waits for: progress is a notification, which can cancel it. */
export async function operateInFront(
  editor: Editor,
  project: Project,
  plan: Plan,
  title: string,
): Promise<Outcome<Operation>> {
  const options = { location: vscode.ProgressLocation.Notification, title };
  return run(editor, project, plan, options, (operation) => stepText(operation, Date.now()));
}

async function run(
  editor: Editor,
  project: Project,
  plan: Plan,
  options: vscode.ProgressOptions,
  textOf: (operation: Operation) => string | undefined,
): Promise<Outcome<Operation>> {
  const key = { model: plan.model, deployment: plan.deployment };
  // Not every one is known any more once it has ended.
  let logFile: string | undefined;
  const outcome = await untilEnd(project, plan, (running, isCancellable) =>
    vscode.window.withProgress({ ...options, cancellable: isCancellable }, async (progress, cancellation) => {
      const cancelling = new Promise<undefined>((resolve) => {
        cancellation.onCancellationRequested(() => resolve(undefined));
      });
      const tell = (): void => {
        const operation = project.operationOf(plan);
        logFile = operation?.logFile ?? logFile;
        const message = operation?.state === 'running' ? textOf(operation) : undefined;
        if (message !== undefined) progress.report({ message });
      };
      const listening = editor.store.onDidChange((change) => {
        if (change.kind !== 'log' && change.kind !== 'projects' && change.project === project) tell();
      });
      const clock = setInterval(tell, 1000);
      tell();
      try {
        return await Promise.race([running, cancelling]);
      } finally {
        clearInterval(clock);
        listening.dispose();
      }
    }),
  );
  if (outcome.ok && (plan.kind === 'deploy' || plan.kind === 'redeploy') && project.status(key)?.state === 'stopped')
    void sayStopped(project, key);
  if (outcome.ok || logFile === undefined) return outcome;
  return { ok: false, error: withLog(outcome.error, logFile) };
}

/** Shows progress until the plan has come to its end, or the user wants to cancel it: then again, unless it was cancelled. */
async function untilEnd(
  project: Project,
  plan: Plan,
  show: (running: Promise<Outcome<Operation>>, isCancellable: boolean) => Thenable<Outcome<Operation> | undefined>,
): Promise<Outcome<Operation>> {
  const abort = new AbortController();
  const running = project.execute(plan, abort.signal);
  for (;;) {
    const ended = await show(running, !abort.signal.aborted);
    if (ended) return ended;
    if (await agreedToCancel(project.operationOf(plan))) abort.abort();
  }
}

/** A deploy opens no route that the user closed. */
async function sayStopped(project: Project, key: DeploymentKey): Promise<void> {
  const start = vscode.l10n.t('Start');
  const text = vscode.l10n.t('{0} is deployed and stays stopped, as it was.', key.model);
  const chosen = await vscode.window.showInformationMessage(text, start);
  if (chosen === start)
    await runAction({ label: start, command: 'nimbus.start', args: [{ project: project.folder, ...key }] });
}
