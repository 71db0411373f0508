import * as vscode from 'vscode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { chooseDeployment } from './pick.ts';

export async function openPlayground(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Open Playground'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  (await editor.playgrounds()).open(project, { model, deployment });
  return ok(undefined);
}

/** Sends the editor's selection (the line where nothing is selected) to a deployment and shows the answer beside it. */
export async function predictSelection(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const text = editor.selectedText();
  if (text === undefined || text.trim() === '') {
    return fail('no-selection', vscode.l10n.t('There is no text to predict.'), {
      next: vscode.l10n.t('Select some text in an editor first.'),
    });
  }
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Predict Selection'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  return (await editor.playgrounds()).predictText(project, { model, deployment }, text);
}
