import * as vscode from 'vscode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { isGhostNode, type GhostNode } from '../tree/nodes.ts';
import { chooseDeployment } from './pick.ts';

/** Opens a deployment's log, following it; at the lines of one request where its id is given. */
export async function showLogs(editor: Editor, given: unknown, requestId: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Show Logs'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const logs = await editor.logs();
  return logs.show(
    { project, key: { model, deployment } },
    typeof requestId === 'string' ? { id: requestId } : undefined,
  );
}

/** Opens the log file of an operation: a path, or the row of a deployment whose last operation failed. */
export async function showOperationLog(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  let file = typeof given === 'string' ? given : isGhostNode(given) ? removalLog(given) : undefined;
  if (file === undefined && !isGhostNode(given)) {
    const fits = (_: unknown, one: Parameters<NonNullable<Fits>>[1]): boolean =>
      one.project.operation(one) !== undefined;
    const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Show Operation Log'), fits);
    if (!chosen.ok) return chosen;
    file = chosen.value.project.operation(chosen.value)?.logFile;
  }
  if (file === undefined) return fail('no-operation', vscode.l10n.t('No operation ran there since the window opened.'));
  await vscode.window.showTextDocument(vscode.Uri.file(file));
  return ok(undefined);
}

/** Of the removal of a stack that models.json does not declare. */
function removalLog(node: GhostNode): string | undefined {
  return node.project.removalOf(node)?.logFile;
}

type Fits = Parameters<typeof chooseDeployment>[3];
