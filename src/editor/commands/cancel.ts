import * as vscode from 'vscode';
import { cancelled, fail, type Outcome } from '../../shared/outcome.ts';
import { agreedToCancel } from '../cancelling.ts';
import type { Editor } from '../editor.ts';
import { chooseDeployment } from './pick.ts';

/** Cancels what runs for a deployment. */
export async function cancelOperation(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const title = vscode.l10n.t('Cancel Operation');
  const chosen = await chooseDeployment(
    editor,
    given,
    title,
    (_status, one) => one.project.operation(one)?.state === 'running',
  );
  if (!chosen.ok) return chosen;
  const { project } = chosen.value;
  const operation = project.operation(chosen.value);
  if (operation?.state !== 'running') return fail('no-operation', vscode.l10n.t('Nothing runs there any more.'));
  if (!(await agreedToCancel(operation))) return cancelled();
  const host = await project.host();
  return host.ok ? host.value.api.cancel(operation.id) : host;
}
