import * as vscode from 'vscode';
import { modelPath } from '../../core/models/paths.ts';
import type { EnvironmentPlan } from '../../core/environment/environment.ts';
import type { PreparedDeploy } from '../../core/deploy.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { askConsent } from '../consent.ts';
import { chooseInterpreter } from '../deploying/interpreters.ts';
import { prepare, type Wanted } from '../deploying/prepare.ts';

import { fillVariables } from '../deploying/variables.ts';
import type { Editor } from '../editor.ts';
import { operate } from '../operate.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Deploys the model as it is now again, with the interpreter it has; asks only what needs the user's consent. */
export async function redeploy(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Redeploy'), () => true);
  if (!chosen.ok) return chosen;
  const wanted = wantedOf(chosen.value);
  if (!wanted.ok) return wanted;
  const interpreter = chosen.value.project.status(chosen.value)?.interpreter;
  const request = interpreter === undefined ? wanted.value : { ...wanted.value, interpreter };
  const prepared = await prepare(editor, chosen.value.project, request);
  return prepared.ok ? execute(editor, chosen.value, prepared.value) : prepared;
}

/** Chooses another Python for a deployment and deploys it again with that. */
export async function selectInterpreter(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Select Interpreter'), () => true);
  if (!chosen.ok) return chosen;
  const { project } = chosen.value;
  const wanted = wantedOf(chosen.value);
  if (!wanted.ok) return wanted;
  const inUse = project.status(chosen.value)?.interpreter;
  const answer = await chooseInterpreter(editor, {
    project,
    wanted: wanted.value,
    ...(inUse === undefined ? {} : { inUse }),
  });
  if (!answer.ok) return answer;
  return execute(editor, chosen.value, answer.value.deploy, answer.value.environment.plan);
}

async function execute(
  editor: Editor,
  { project }: Chosen,
  prepared: PreparedDeploy,
  environment?: EnvironmentPlan,
): Promise<Outcome<unknown>> {
  const consent = await askConsent(project.folder, prepared, prepared.name);
  if (!consent) return cancelled();
  const plan = prepared.plan({ consent, ...(environment ? { environment } : {}) });
  if (!(await fillVariables(editor.extension.secrets, plan))) return cancelled();
  return operate(editor, project, plan);
}

function wantedOf({ project, model, deployment }: Chosen): Outcome<Wanted> {
  const spec = project.spec(model);
  if (!spec) {
    return fail('not-declared', vscode.l10n.t('{0} is not in models.json.', model), {
      next: vscode.l10n.t('Deploy its file or folder.'),
      action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
    });
  }
  return ok({ path: modelPath(project.folder, spec), project, name: model, deployment });
}
