import * as vscode from 'vscode';
import type { DeploymentKey } from '../shared/spec.ts';
import { cancelDeletes } from '../shared/states.ts';
import type { Project } from './store/project.ts';

/**
 * Asks before an operation is cancelled whose cancelling deletes something; it goes on until that is answered. True where
 * nothing is to be asked.
 */
export async function agreedToCancel(project: Project, key: DeploymentKey): Promise<boolean> {
  const operation = project.operation(key);
  const stack = operation && cancelDeletes(operation);
  if (stack === undefined) return true;
  const remove: vscode.MessageItem = { title: vscode.l10n.t('Cancel and Delete') };
  const keep: vscode.MessageItem = { title: vscode.l10n.t('Keep Deploying'), isCloseAffordance: true };
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('Cancel the deploy of {0}?', key.model),
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
