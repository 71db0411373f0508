import * as vscode from 'vscode';
import { modelPath } from '../../core/models/paths.ts';
import type { EnvironmentPlan } from '../../core/environment/environment.ts';
import type { PreparedDeploy } from '../../core/deploy.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { askConsent, remember } from '../consent.ts';
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
  const { project, model } = chosen.value;
  const interpreter = project.status(chosen.value)?.interpreter;
  // Where models.json names a version the interpreter stays only as long as it is of that one.
  const keep = interpreter !== undefined && project.spec(model)?.pythonVersion === undefined;
  const request = keep ? { ...wanted.value, interpreter } : wanted.value;
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
  const consent = await askConsent(prepared, prepared.name);
  if (!consent) return cancelled();
  const plan = prepared.plan({ consent, ...(environment ? { environment } : {}) });
  if (!(await fillVariables(editor.extension.secrets, plan))) return cancelled();
  const outcome = await operate(editor, project, plan);
  await remember(project.folder, consent, outcome);
  return outcome;
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
