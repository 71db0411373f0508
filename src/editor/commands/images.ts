import path from 'node:path';
import * as vscode from 'vscode';
import { modelPath } from '../../core/models/paths.ts';
import { buildPlanOf } from '../../core/targets/plan.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { TARGETS, type DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus, ImageMade, ImageStatus } from '../../shared/states.ts';
import { askConsent, remember } from '../consent.ts';
import { prepare } from '../deploying/prepare.ts';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import { operateInFront } from '../operate.ts';
import type { Project } from '../store/project.ts';
import { chooseDeployment, chooseModel, type Chosen, type ChosenModel } from './pick.ts';

const DOCKER = TARGETS.find((target) => target === 'docker')!;

/** Builds the image of a model without giving it an endpoint. */
export async function buildImage(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseModel(editor, given, vscode.l10n.t('Build Image'));
  if (!chosen.ok) return chosen;
  const { project, model } = chosen.value;
  const spec = project.spec(model);
  if (!spec) return fail('not-declared', vscode.l10n.t('{0} is not in models.json.', model));
  const deployment = await chooseImageDeployment(chosen.value);
  if (deployment === undefined) return cancelled();
  const prepared = await prepare(editor, project, {
    path: path.normalize(modelPath(project.folder, spec)),
    project,
    name: model,
    target: DOCKER,
    deployment,
  });
  if (!prepared.ok) return prepared;
  const consent = await askConsent(prepared.value, model);
  if (!consent) return cancelled();
  const title = vscode.l10n.t('Building the image of {0}', model);
  const outcome = await operateInFront(editor, project, buildPlanOf(prepared.value.plan({ consent })), title);
  await remember(project.folder, consent, outcome);
  if (!outcome.ok) return outcome;
  const { result } = outcome.value;
  if (!result || !('isCached' in result)) throw new Error('a build made no image');
  void sayBuilt(editor, project, { model, deployment }, result);
  return ok(result);
}

/**
 * The row's own, else the only one that runs an image, or the user's choice of several; without any, what a deploy to
 * Docker would call it. Undefined where the user cancelled.
 */
async function chooseImageDeployment({ project, model, deployment }: ChosenModel): Promise<string | undefined> {
  const declared = Object.entries(project.spec(model)?.deployments ?? {}).filter(([, { target }]) => target === DOCKER);
  const names = declared.map(([name]) => name);
  if (deployment !== undefined && names.includes(deployment)) return deployment;
  if (names.length <= 1) return names[0] ?? DOCKER;
  return vscode.window.showQuickPick(names, {
    title: vscode.l10n.t('Build Image of {0}', model),
    placeHolder: vscode.l10n.t('Of which deployment? Each has an image of its own.'),
  });
}

async function sayBuilt(
  editor: Editor,
  project: Project,
  key: DeploymentKey,
  { image, isCached }: ImageMade,
): Promise<void> {
  const size = formatBytes(image.bytes, vscode.env.language);
  const text = isCached
    ? vscode.l10n.t('The image of {0} is unchanged: {1}, {2}.', key.model, size, image.id.slice(7, 19))
    : vscode.l10n.t('The image of {0} is built: {1}, {2}.', key.model, size, image.id.slice(7, 19));
  const report = vscode.l10n.t('Show Report');
  if ((await vscode.window.showInformationMessage(text, report)) !== report) return;
  const shown = await showReport(editor, project, key, image);
  if (!shown.ok) showError(editor.log, shown.error);
}

/** Opens the Dockerfile that the image of a deployment was built from, to be read. */
export async function openDockerfile(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseImage(editor, given, vscode.l10n.t('Open Dockerfile'));
  if (!chosen.ok) return chosen;
  return (await editor.dockerfiles()).show(chosen.value, chosen.value.image.id);
}

/** Shows what the image of a deployment holds, and whether a zip could hold it. */
export async function showImageReport(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseImage(editor, given, vscode.l10n.t('Show Image Report'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment, image } = chosen.value;
  return showReport(editor, project, { model, deployment }, image);
}

async function showReport(
  editor: Editor,
  project: Project,
  key: DeploymentKey,
  image: ImageStatus,
): Promise<Outcome<void>> {
  const { openEngine } = await import('../../core/image/engine.ts');
  const { imageReport } = await import('../../core/image/report.ts');
  const engine = await openEngine();
  if (!engine.ok) return engine;
  const found = await imageReport(engine.value.docker, image);
  if (!found.ok) return found;
  (await editor.reports()).show(project, key, { kind: 'image', image: found.value });
  return ok(undefined);
}

/** A deployment that runs an image: the one of the row, the only one, or the user's choice. */
export async function chooseImage(
  editor: Editor,
  given: unknown,
  title: string,
): Promise<Outcome<Chosen & { image: ImageStatus }>> {
  const runsImage = (status: DeploymentStatus | undefined): boolean => status?.image !== undefined;
  const chosen = await chooseDeployment(editor, given, title, runsImage);
  if (!chosen.ok) return chosen;
  const image = chosen.value.project.status(chosen.value)?.image;
  if (image) return ok({ ...chosen.value, image });
  return fail('no-image', vscode.l10n.t('{0}: {1} runs no image.', title, chosen.value.model), {
    next: vscode.l10n.t('Deploy the model to Docker.'),
    action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
  });
}
