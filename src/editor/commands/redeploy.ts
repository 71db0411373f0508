import * as vscode from 'vscode';
import { modelPath } from '../../core/models/paths.ts';
import type { DeployAnswers, PreparedDeploy } from '../../core/deploy.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { askConsent, remember } from '../consent.ts';
import { chooseInterpreter } from '../deploying/interpreters.ts';
import { prepare, type Wanted } from '../deploying/prepare.ts';
import { review } from '../deploying/review.ts';
import { accountAgain } from '../cloud/account.ts';
import { fillVariables } from '../deploying/variables.ts';
import type { Editor } from '../editor.ts';
import { operate } from '../operate.ts';
import { TARGETS } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { deployWithChosen } from './deploy.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/**
 * Deploys the model as it is now again, with the interpreter it has, else with the first that has what the model needs.
 * Asks only what needs the user's consent, and before it makes an environment.
 */
export async function redeploy(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Redeploy'), () => true);
  if (!chosen.ok) return chosen;
  const wanted = wantedOf(chosen.value);
  if (!wanted.ok) return wanted;
  const { project } = chosen.value;
  const prepared = await prepare(editor, project, wanted.value);
  if (!prepared.ok) return prepared;
  // An image brings its own packages.
  if (prepared.value.image || prepared.value.environments[0]?.plan.kind !== 'create')
    return execute(editor, chosen.value, prepared.value);
  // Packages are never installed without a question; the review is the one that says which, and offers other ways.
  const reviewed = await review(editor, project, wanted.value, prepared.value);
  return reviewed.ok ? execute(editor, chosen.value, reviewed.value.deploy, reviewed.value.answers) : reviewed;
}

/** Chooses another Python for a deployment and deploys it again with that. */
export async function selectInterpreter(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const undeployed = await undeployedModel(editor, given);
  if (undeployed) return deployWithChosen(editor, undeployed);
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Select Interpreter'), isHere);
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
  return execute(editor, chosen.value, answer.value.deploy, { environment: answer.value.environment.plan });
}

/** What the button of a deploy names that found no interpreter, where the model is not deployed yet. */
async function undeployedModel(editor: Editor, given: unknown): Promise<Wanted | undefined> {
  if (typeof given !== 'object' || given === null || !('path' in given) || !('project' in given)) return undefined;
  const project = await editor.store.open(String(given.project));
  const name = 'model' in given && typeof given.model === 'string' ? given.model : undefined;
  const deployment = 'deployment' in given && typeof given.deployment === 'string' ? given.deployment : undefined;
  if (name !== undefined && project.deploymentNames(name).includes(deployment ?? TARGETS[0])) return undefined;
  return {
    path: String(given.path),
    project,
    ...(name === undefined ? {} : { name }),
    ...(deployment === undefined ? {} : { deployment }),
  };
}

async function execute(
  editor: Editor,
  { project, model, deployment }: Chosen,
  prepared: PreparedDeploy,
  answers: DeployAnswers = {},
): Promise<Outcome<unknown>> {
  const declared = project.spec(model)?.deployments?.[deployment];
  const account = prepared.target === 'lambda' ? await accountAgain(editor, project.folder, declared) : undefined;
  if (account?.ok === false) return account;
  const consent = await askConsent(prepared, answers.name ?? prepared.name);
  if (!consent) return cancelled();
  const deploymentSpec = account && { region: account.value.region };
  const plan = prepared.plan({ ...answers, consent, ...(deploymentSpec ? { deploymentSpec } : {}) });
  if (!(await fillVariables(editor.extension.secrets, plan))) return cancelled();
  const outcome = account
    ? await (await import('../deploying/lambda.ts')).deployToLambda(editor, project, plan, account.value)
    : await operate(editor, project, plan);
  await remember(project.folder, consent, outcome);
  return outcome;
}

/** AWS Lambda runs the image's own Python. */
function isHere(status: DeploymentStatus | undefined): boolean {
  return status?.target !== 'lambda';
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
