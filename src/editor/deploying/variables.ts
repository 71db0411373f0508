import * as vscode from 'vscode';
import type { DeployPlan } from '../../core/targets/plan.ts';
import { projectId } from '../../core/places.ts';
import { askText, BACK } from '../quick.ts';

/** Where a variable's value is kept. */
function placeOf(project: string, name: string): string {
  return `env/${projectId(project)}/${name}`;
}

/** Values that the user gave before, or that this process has. */
export async function knownValues(
  secrets: vscode.SecretStorage,
  project: string,
  names: readonly string[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const name of names) {
    const value = process.env[name] ?? (await secrets.get(placeOf(project, name)));
    if (value !== undefined) found[name] = value;
  }
  return found;
}

/**
 * Gives a plan the values of the variables that the model names and that this process does not have: those the user
 * gave before, kept in the editor's secret storage, and asks for the others. False where the user cancelled.
 */
export async function fillVariables(secrets: vscode.SecretStorage, plan: DeployPlan): Promise<boolean> {
  const missing = (plan.spec.env ?? []).filter((name) => plan.env[name] === undefined);
  for (const [index, name] of missing.entries()) {
    const place = placeOf(plan.project, name);
    let value = await secrets.get(place);
    if (value === undefined) {
      const answer = await askText({
        title: vscode.l10n.t('Value of {0} for {1}', name, plan.model),
        prompt: vscode.l10n.t('Kept in the secret storage of this editor, never in a file of the project'),
        password: true,
        step: index + 1,
        totalSteps: missing.length,
      });
      if (answer === undefined || answer === BACK) return false;
      value = answer;
      await secrets.store(place, value);
    }
    plan.env[name] = value;
  }
  return true;
}
