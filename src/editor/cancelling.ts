import * as vscode from 'vscode';
import { cancelDeletes, type Operation } from '../shared/states.ts';

/**
 * Asks before an operation is cancelled whose cancelling deletes something; it goes on until that is answered. True where
 * nothing is to be asked.
 */
export async function agreedToCancel(operation: Operation | undefined): Promise<boolean> {
  const stack = operation && cancelDeletes(operation);
  if (!operation || stack === undefined) return true;
  const remove: vscode.MessageItem = { title: vscode.l10n.t('Cancel and Delete') };
  const keep: vscode.MessageItem = { title: vscode.l10n.t('Keep Deploying'), isCloseAffordance: true };
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Cancel the deploy of {0}?', operation.model),
    {
      modal: true,
      detail: vscode.l10n.t(
        'The stack {0} has never served. Cancelling deletes what is there of it. Until you answer, the deploy goes on.',
        stack,
      ),
    },
    remove,
    keep,
  );
  return chosen === remove;
}
