import * as vscode from 'vscode';
import { usualSides } from '../../core/compare/sides.ts';
import { modelPath } from '../../core/models/paths.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import type { Editor } from '../editor.ts';
import { rowOf } from '../tree/rows.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Opens the playground on two deployments of a model, side by side. A row of a deployment is one of them. */
export async function compareDeployments(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const title = vscode.l10n.t('Compare Deployments');
  await editor.store.reached();
  const first = await chooseFirst(editor, given, title);
  if (!first.ok) return first;
  const others = siblings(first.value).filter(({ deployment }) => deployment !== first.value.deployment);
  if (others.length === 0) {
    return fail('one-deployment', vscode.l10n.t('{0} has no second deployment to compare with.', first.value.model), {
      next: vscode.l10n.t('Deploy it with Docker as well, or under another name.'),
      action: {
        label: vscode.l10n.t('Deploy Model'),
        command: 'nimbus.deploy',
        args: pathOf(first.value),
      },
    });
  }
  const second = await chooseSecond(first.value, others, title);
  if (!second.ok) return second;
  const { project, model, deployment } = first.value;
  const compared = { model, deployment: second.value };
  (await editor.playgrounds()).open(project, { model, deployment }, { compared });
  return ok(undefined);
}

/** Of a model's row, and of a model with two deployments, the usual one; else the user's choice. */
async function chooseFirst(editor: Editor, given: unknown, title: string): Promise<Outcome<Chosen>> {
  const all = editor.store.deployments().map(({ project, key }) => ({ project, ...key }));
  const several = all.filter((one) => siblings(one).length > 1);
  const key = given as Partial<Chosen> | undefined;
  const meant = (key?.model === undefined ? several : several.filter(({ model }) => model === key.model)).filter(
    ({ project }) => typeof key?.project !== 'object' || project === key.project,
  );
  const [one] = meant;
  const isOneModel = one && meant.every(({ project, model }) => project === one.project && model === one.model);
  const usual = isOneModel && key?.deployment === undefined ? usualSides(siblings(one)) : undefined;
  if (one && usual) return ok({ project: one.project, model: one.model, deployment: usual[0] });
  // Where no model has two, what is said about the chosen one tells how to get there.
  const fits = (chosen: Chosen): boolean => several.length === 0 || siblings(chosen).length > 1;
  return chooseDeployment(editor, given, title, (status, chosen) => status !== undefined && fits(chosen));
}

async function chooseSecond(
  first: Chosen,
  others: readonly DeploymentStatus[],
  title: string,
): Promise<Outcome<string>> {
  const usual = usualSides(siblings(first));
  const [one, other] = usual ?? [];
  const partner = first.deployment === one ? other : first.deployment === other ? one : undefined;
  if (partner !== undefined) return ok(partner);
  if (others.length === 1) return ok(others[0]!.deployment);
  const { project, model } = first;
  const picked = await vscode.window.showQuickPick(
    others.map(({ deployment }) => {
      const row = rowOf({ kind: 'deployment', project, model, deployment });
      return { label: `$(${row.icon}) ${deployment}`, description: row.description, deployment };
    }),
    { title, placeHolder: vscode.l10n.t('Compare {0} with which deployment?', `${model}/${first.deployment}`) },
  );
  return picked ? ok(picked.deployment) : cancelled();
}

/** The model, as the Explorer names it. */
function pathOf({ project, model }: Chosen): vscode.Uri[] {
  const spec = project.spec(model);
  return spec ? [vscode.Uri.file(modelPath(project.folder, spec))] : [];
}

/** Every deployment of the model, this one among them. */
function siblings({ project, model }: Chosen): DeploymentStatus[] {
  return project.statuses().filter((status) => status.model === model);
}
