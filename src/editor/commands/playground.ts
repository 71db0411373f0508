import * as vscode from 'vscode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
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
  await editor.store.reached();
  const statuses = editor.store.projects.flatMap((project) => project.statuses());
  if (given === undefined && statuses.length > 0 && !statuses.some(mayTakeText)) return noTextModel(statuses);
  const title = vscode.l10n.t('Predict Selection');
  const chosen = await chooseDeployment(editor, given, title, (status) => status !== undefined && mayTakeText(status));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const status = project.status(chosen.value);
  if (status && !mayTakeText(status)) return noTextModel([status]);
  return (await editor.playgrounds()).predictText(project, { model, deployment }, text);
}

/** So does one of which nothing is known: its answer will tell. */
function mayTakeText({ takesText }: DeploymentStatus): boolean {
  return takesText !== false;
}

function noTextModel(statuses: DeploymentStatus[]): Outcome<never> {
  const [only, ...others] = [...new Set(statuses.map(({ model }) => model))];
  const what =
    others.length === 0
      ? vscode.l10n.t('{0} takes no text: its inputs are rows of a table, or JSON.', only!)
      : vscode.l10n.t('No deployed model takes text: their inputs are rows of a table, or JSON.');
  return fail('takes-no-text', what, {
    next: vscode.l10n.t('Enter an input in the playground, or deploy a model that reads text.'),
    action: { label: vscode.l10n.t('Open Playground'), command: 'nimbus.openPlayground' },
  });
}
