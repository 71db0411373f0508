import * as vscode from 'vscode';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
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

function everyDeployment(editor: Editor): Chosen[] {
  return editor.store.deployments().map(({ project, key }) => ({ project, ...key }));
}

/** The deployments that a row or a plain key names: one, or all of a model; undefined where it names none. */
function named(editor: Editor, given: unknown): Chosen[] | undefined {
  if (typeof given !== 'object' || given === null || !('model' in given)) return undefined;
  const { model } = given;
  const folder = 'project' in given ? folderOf(given.project) : undefined;
  const deployment = 'deployment' in given ? given.deployment : undefined;
  return everyDeployment(editor).filter(
    (one) =>
      one.model === model &&
      (deployment === undefined || one.deployment === deployment) &&
      (folder === undefined || one.project.folder === folder),
  );
}

function folderOf(project: unknown): string | undefined {
  if (typeof project === 'string') return project;
  return typeof project === 'object' && project !== null && 'folder' in project ? String(project.folder) : undefined;
}
