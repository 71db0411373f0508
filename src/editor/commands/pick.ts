import * as vscode from 'vscode';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { CloudStatus, DeploymentStatus } from '../../shared/states.ts';
import type { Editor } from '../editor.ts';
import type { Project } from '../store/project.ts';
import { rowOf } from '../tree/rows.ts';

/** A deployment with the project it is in. */
export interface Chosen extends DeploymentKey {
  project: Project;
}

/**
 * The deployment that a command is about: the row or key it was given, else the only one there is, else the user's
 * choice. `fits` leaves out those that the command has nothing to do for.
 */
export async function chooseDeployment(
  editor: Editor,
  given: unknown,
  title: string,
  fits: (status: DeploymentStatus | undefined, chosen: Chosen) => boolean = (status) => status !== undefined,
): Promise<Outcome<Chosen>> {
  // Right after the window opened, or its extension host ended, nothing is known of any deployment yet.
  await editor.store.reached();
  const found = named(editor, given);
  if (found?.length === 1) return ok(found[0]!);
  if (found?.length === 0) {
    return fail('deployment-gone', vscode.l10n.t('{0}: this deployment is gone.', title), {
      next: vscode.l10n.t('Refresh shows what there is.'),
      action: { label: vscode.l10n.t('Refresh'), command: 'nimbus.refresh' },
    });
  }
  const all = found ?? everyDeployment(editor);
  const fitting = all.filter((one) => fits(one.project.status(one), one));
  if (fitting.length === 0) {
    return fail('no-deployment', vscode.l10n.t('{0}: there is no deployment to choose.', title), {
      next: vscode.l10n.t('Deploy a model first.'),
      action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
    });
  }
  if (fitting.length === 1) return ok(fitting[0]!);
  const picked = await vscode.window.showQuickPick(
    fitting.map((chosen) => {
      const row = rowOf({ kind: 'deployment', ...chosen });
      return { label: `$(${row.icon}) ${chosen.model}/${chosen.deployment}`, description: row.description, chosen };
    }),
    { title, placeHolder: vscode.l10n.t('Which deployment?'), matchOnDescription: true },
  );
  return picked ? ok(picked.chosen) : cancelled();
}

/** A deployment that is on AWS. */
export interface ChosenOnAws extends Chosen {
  cloud: CloudStatus;
}

/** As `chooseDeployment`, of those on AWS. */
export async function chooseOnAws(editor: Editor, given: unknown, title: string): Promise<Outcome<ChosenOnAws>> {
  const isOnAws = (status: DeploymentStatus | undefined): boolean => status?.cloud !== undefined;
  const chosen = await chooseDeployment(editor, given, title, isOnAws);
  if (!chosen.ok) return chosen;
  const cloud = chosen.value.project.status(chosen.value)?.cloud;
  if (cloud) return ok({ ...chosen.value, cloud });
  return fail('not-on-aws', vscode.l10n.t('{0}: {1} is not on AWS.', title, keyText(chosen.value)));
}

/** A model that models.json declares; of one of its deployments, where a row says which. */
export interface ChosenModel {
  project: Project;
  model: string;
  deployment?: string;
}

/** The declared model that a command is about: the row or key it was given, else the only one, else the user's choice. */
export async function chooseModel(editor: Editor, given: unknown, title: string): Promise<Outcome<ChosenModel>> {
  await editor.store.opened();
  const all: ChosenModel[] = editor.store.projects.flatMap((project) =>
    Object.keys(project.models).map((model) => ({ project, model })),
  );
  const key = keyIn(given);
  const fitting = all.filter((one) => !key || isOf(key, one));
  if (fitting.length === 0) {
    const what = key
      ? vscode.l10n.t('{0}: {1} is not in models.json.', title, String(key.model))
      : vscode.l10n.t('{0}: there is no model to choose.', title);
    return fail(key ? 'not-declared' : 'no-model', what, {
      next: vscode.l10n.t('Deploy a model first.'),
      action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
    });
  }
  const deployment = key?.deployment === undefined ? {} : { deployment: String(key.deployment) };
  if (fitting.length === 1) return ok({ ...fitting[0]!, ...deployment });
  const picked = await vscode.window.showQuickPick(
    fitting.map((chosen) => {
      const { path: where, framework } = chosen.project.models[chosen.model]!;
      return { label: chosen.model, description: `${framework} · ${where}`, chosen };
    }),
    { title, placeHolder: vscode.l10n.t('Which model?'), matchOnDescription: true },
  );
  return picked ? ok({ ...picked.chosen, ...deployment }) : cancelled();
}

function everyDeployment(editor: Editor): Chosen[] {
  return editor.store.deployments().map(({ project, key }) => ({ project, ...key }));
}

/** The deployments that a row or a plain key names: one, or all of a model; undefined where it names none. */
function named(editor: Editor, given: unknown): Chosen[] | undefined {
  const key = keyIn(given);
  return (
    key &&
    everyDeployment(editor).filter(
      (one) => isOf(key, one) && (key.deployment === undefined || one.deployment === key.deployment),
    )
  );
}

/** What a row or a plain key says: a model, perhaps its deployment and the folder of its project. */
interface Key {
  model: unknown;
  deployment: unknown;
  folder: string | undefined;
}

function keyIn(given: unknown): Key | undefined {
  if (typeof given !== 'object' || given === null || !('model' in given)) return undefined;
  const folder = 'project' in given ? folderOf(given.project) : undefined;
  return { model: given.model, deployment: 'deployment' in given ? given.deployment : undefined, folder };
}

function isOf({ model, folder }: Key, one: { project: Project; model: string }): boolean {
  return one.model === model && (folder === undefined || one.project.folder === folder);
}

function folderOf(project: unknown): string | undefined {
  if (typeof project === 'string') return project;
  return typeof project === 'object' && project !== null && 'folder' in project ? String(project.folder) : undefined;
}
