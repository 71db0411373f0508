import path from 'node:path';
import * as vscode from 'vscode';
import { modelPath } from '../../core/models/paths.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Consent } from '../../core/detect/detection.ts';
import type { CloudAccount } from '../../core/cloud/account.ts';
import type { PreparedDeploy } from '../../core/deploy.ts';
import type { DeployPlan } from '../../core/targets/plan.ts';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import { operate } from '../operate.ts';
import { chooseInterpreter } from '../deploying/interpreters.ts';
import { prepare, type Wanted } from '../deploying/prepare.ts';
import { review } from '../deploying/review.ts';
import { chooseModelPath } from '../deploying/choose-path.ts';
import { fillVariables } from '../deploying/variables.ts';
import { askConsent, remember } from '../consent.ts';
import type { Project } from '../store/project.ts';

/**
 * Deploys what the Explorer's selection, a dropped file or a model's row names; asks for it where nothing does. All
 * questions come first, then the operations run side by side.
 */
export async function deploy(editor: Editor, given: unknown, selection: unknown): Promise<Outcome<unknown>> {
  const wanted = await wantedOf(editor, given, selection);
  if (!wanted.ok) return wanted;
  const ready: Ready[] = [];
  let failed: Outcome<never> | undefined;
  for (const one of wanted.value) {
    const planned = await planOf(editor, { ...one, taken: ready.map(({ plan }) => plan) });
    if (planned.ok) ready.push(planned.value);
    else if (wanted.value.length === 1) return planned;
    else {
      failed ??= planned;
      showError(editor.log, planned.error);
    }
  }
  const outcomes = await Promise.all(ready.map((one) => run(editor, one)));
  for (const outcome of outcomes.slice(1)) if (!outcome.ok) showError(editor.log, outcome.error);
  return outcomes[0] ?? failed ?? cancelled();
}

/** Deploys a model for which no interpreter was found by itself: the user chooses one first. */
export async function deployWithChosen(editor: Editor, wanted: Wanted): Promise<Outcome<unknown>> {
  const project = wanted.project ?? (await editor.store.projectOf(wanted.path));
  const chosen = await chooseInterpreter(editor, { project, wanted });
  if (!chosen.ok) return chosen;
  const { deploy: prepared, environment } = chosen.value;
  const planned = await reviewedPlan(editor, project, wanted, { ...prepared, environments: [environment] });
  return planned.ok ? run(editor, planned.value) : planned;
}

/** A deploy with nothing left to ask. */
interface Ready {
  project: Project;
  plan: DeployPlan;
  /** Agreed to for it just now. */
  consent: Consent[];
  /** Of a deploy to AWS Lambda. */
  account?: CloudAccount;
}

/** Everything that is asked before the operation starts. */
async function planOf(editor: Editor, wanted: Wanted): Promise<Outcome<Ready>> {
  const project = wanted.project ?? (await editor.store.projectOf(wanted.path));
  if (!(await agreedToHome(project))) return cancelled();
  const prepared = await prepare(editor, project, wanted);
  return prepared.ok ? reviewedPlan(editor, project, wanted, prepared.value) : prepared;
}

async function reviewedPlan(
  editor: Editor,
  project: Project,
  wanted: Wanted,
  prepared: PreparedDeploy,
): Promise<Outcome<Ready>> {
  const reviewed = await review(editor, project, wanted, prepared);
  if (!reviewed.ok) return reviewed;
  const { answers, deploy: final, account } = reviewed.value;
  const consent = await askConsent(final, answers.name ?? final.name);
  if (!consent) return cancelled();
  const plan = final.plan({ ...answers, consent });
  if (!(await fillVariables(editor.extension.secrets, plan))) return cancelled();
  return ok({ project, plan, consent, ...(account ? { account } : {}) });
}

/** The home folder holds everything else: it becomes a project only where that is meant. */
async function agreedToHome({ folder, document }: Project): Promise<boolean> {
  const { isHome } = await import('../../core/models/paths.ts');
  if (document.kind !== 'absent' || !isHome(folder)) return true;
  const goOn = vscode.l10n.t('Make It a Project');
  const chosen = await vscode.window.showWarningMessage(
    vscode.l10n.t('This makes your home folder a project of Nimbus.'),
    {
      modal: true,
      detail: vscode.l10n.t("models.json would be written to {0}. Or open the project's own folder first.", folder),
    },
    goOn,
  );
  return chosen === goOn;
}

async function run(editor: Editor, { project, plan, consent, account }: Ready): Promise<Outcome<unknown>> {
  // Who went on with other work while it ran keeps the focus.
  let busyElsewhere = false;
  const working = vscode.window.onDidChangeTextEditorSelection(() => (busyElsewhere = true));
  const key: DeploymentKey = { model: plan.model, deployment: plan.deployment };
  void editor.reveal(project, key);
  try {
    const outcome = account
      ? await (await import('../deploying/lambda.ts')).deployToLambda(editor, project, plan, account)
      : await operate(editor, project, plan);
    await remember(project.folder, consent, outcome);
    if (!outcome.ok) return outcome;
  } finally {
    working.dispose();
  }
  void editor.reveal(project, key);
  // It took minutes; the playground is offered instead.
  if (account) return ok(key);
  const openAfter = vscode.workspace.getConfiguration('nimbus').get('playground.openAfterDeploy', true);
  if (openAfter) (await editor.playgrounds()).open(project, key, { preserveFocus: busyElsewhere });
  return ok(key);
}

async function wantedOf(editor: Editor, given: unknown, selection: unknown): Promise<Outcome<Wanted[]>> {
  const uris = Array.isArray(selection) && selection.length > 0 ? (selection as unknown[]) : [given];
  const files = uris.filter((one) => one instanceof vscode.Uri);
  const elsewhere = files.find((uri) => uri.scheme !== 'file');
  if (elsewhere) {
    return fail('not-on-disk', vscode.l10n.t('{0} is not a file on this machine.', elsewhere.path), {
      next: vscode.l10n.t('Save it to disk and deploy it from there.'),
    });
  }
  if (files.length > 0) return ok(files.map((uri) => ({ path: uri.fsPath })));
  const declared = declaredBy(editor, given);
  if (declared) return ok([declared]);
  const chosen = await chooseModelPath(editor);
  return chosen.ok ? ok([{ path: chosen.value }]) : chosen;
}

/** What a row of the Models view names. */
function declaredBy(editor: Editor, given: unknown): Wanted | undefined {
  if (typeof given !== 'object' || given === null || !('model' in given) || !('project' in given)) return undefined;
  const project = editor.store.projects.find((one) => one === given.project);
  const spec = project?.spec(String(given.model));
  if (!project || !spec) return undefined;
  const names = 'deployment' in given ? [String(given.deployment)] : project.deploymentNames(String(given.model));
  return {
    path: path.normalize(modelPath(project.folder, spec)),
    project,
    name: String(given.model),
    ...(names.length === 1 ? { deployment: names[0]! } : {}),
  };
}
