import path from 'node:path';
import * as vscode from 'vscode';
import { adopt } from '../../core/cloud/adopt.ts';
import { whatGoesWith } from '../../core/cloud/removal.ts';
import { detectModel } from '../../core/deploy.ts';
import type { ModelFields } from '../../core/models/edit.ts';
import { lacksStack, readWhole } from '../../core/models/stacks.ts';
import type { RemovePlan } from '../../core/targets/plan.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { CloudRemoved, StackPlace } from '../../shared/states.ts';
import { accountOf, cloudChoice } from '../cloud/account.ts';
import { findGhosts, isStillThere } from '../cloud/ghosts.ts';
import { keyStore } from '../cloud/keys.ts';
import { lookAtAws } from '../cloud/look.ts';
import { typedName } from '../consent.ts';
import { chooseModelPath } from '../deploying/choose-path.ts';
import type { Editor } from '../editor.ts';
import { operate } from '../operate.ts';
import { selectedInterpreter } from '../python-extension.ts';
import { BACK, choose } from '../quick.ts';
import { placeText, type FoundGhost, type Project } from '../store/project.ts';
import { ghostOf, isGhostNode, type GhostNode } from '../tree/nodes.ts';
import { rowOf } from '../tree/rows.ts';

interface ChosenGhost {
  /** By whose account it was found. */
  project: Project;
  ghost: FoundGhost;
}

/** Takes a deployment over into models.json; asks which file the model is, where no models.json of the window says it. */
export async function adoptGhost(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const title = vscode.l10n.t('Adopt');
  const chosen = await chooseGhost(editor, given, title);
  if (!chosen.ok) return chosen;
  const { ghost } = chosen.value;
  const name = keyText(ghost);
  const project = await chooseProject(editor, ghost, vscode.l10n.t('Adopt {0}', name));
  if (!project) return cancelled();
  const { folder, models } = project;
  const model = Object.hasOwn(models, ghost.model) ? undefined : await askModel(editor, project, ghost);
  if (model?.ok === false) return model;
  const adopted = await adopt(ghost, ghost, { folder, models, ...(model ? { model: model.value } : {}) });
  if (!adopted.ok) return adopted;
  const { model: of, deployment } = ghost;
  await lookAtAws(editor, project, [{ model: of, deployment }]);
  void vscode.window.showInformationMessage(vscode.l10n.t('{0} is in models.json.', name));
  return ok({ model: of, deployment });
}

/** Deletes one from AWS after asking, and looks whether it is gone. models.json did not have it, and stays as it is. */
export async function deleteFromAws(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const title = vscode.l10n.t('Delete From AWS');
  const chosen = await chooseGhost(editor, given, title);
  if (!chosen.ok) return chosen;
  const { project, ghost } = chosen.value;
  const { model, deployment, stack, region } = ghost;
  const declared = { target: 'lambda' as const, account: ghost.account, region };
  const { profile } = cloudChoice(editor, project.folder);
  const account = await accountOf(profile === undefined ? {} : { profile }, declared, project.folder);
  if (!account.ok) return account;
  const agreed = await typedName(stack, {
    warning: vscode.l10n.t('Delete {0} from AWS?', stack),
    detail: [
      vscode.l10n.t(
        "No models.json of this window has it: it may be a colleague's, or of another project, and serve somebody now.",
      ),
      whatGoesWith(ghost),
      vscode.l10n.t('Nothing brings it back.'),
    ],
    goOn: vscode.l10n.t('Delete…'),
    title: vscode.l10n.t('Delete {0} from account {1}, {2}', stack, ghost.account, region),
    prompt: vscode.l10n.t('Type the name of the stack, {0}, to delete it.', stack),
  });
  if (!agreed) return cancelled();
  // Somebody may have taken it over meanwhile.
  const still = await stillGhost(editor, ghost, title);
  if (!still.ok) return still;
  const plan: RemovePlan = {
    kind: 'remove',
    project: project.folder,
    model,
    deployment,
    dropModel: false,
    isUndeclared: true,
    cloud: { ...account.value, stack },
  };
  const removed = await operate(editor, project, plan);
  if (!removed.ok) return removed;
  const { apiKey } = (removed.value.result ?? {}) as CloudRemoved;
  if (apiKey) {
    const { forgetKey } = await import('../../core/cloud/keys.ts');
    await forgetKey(apiKey, keyStore(editor.extension.secrets));
  }
  if (await isStillThere(editor, project, ghost)) {
    return fail('still-there', vscode.l10n.t('AWS still has the stack {0}.', stack), {
      next: vscode.l10n.t('Refresh, and see its events in the CloudFormation console.'),
    });
  }
  void vscode.window.showInformationMessage(
    vscode.l10n.t('{0} is gone from account {1}, {2}.', stack, ghost.account, region),
  );
  return ok({ stack });
}

/**
 * That nothing in the window has it: its files say so now, and the view still lists it. Errors: as of `lacksStack`; it is gone, or
 * taken over.
 */
async function stillGhost(editor: Editor, place: StackPlace, title: string): Promise<Outcome<ChosenGhost>> {
  for (const { folder } of editor.store.projects) {
    const lacking = await lacksStack(folder, place);
    if (!lacking.ok) return lacking;
  }
  const node = editor.ghosts().find((one) => placeText(one) === placeText(place));
  const ghost = node && ghostOf(node);
  if (ghost) return ok({ project: node.project, ghost });
  return fail('no-ghost', vscode.l10n.t('{0}: {1} is gone, or in a models.json now.', title, place.stack));
}

/** That of a row; else AWS is asked what there is, and the user chooses. */
async function chooseGhost(editor: Editor, given: unknown, title: string): Promise<Outcome<ChosenGhost>> {
  await editor.store.reached();
  if (isGhostNode(given)) return stillGhost(editor, given, title);
  const { projects } = editor.store;
  for (const { folder } of projects) {
    const read = await readWhole(folder);
    if (!read.ok) return read;
  }
  const looking = { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Asking AWS what is there') };
  const found = await vscode.window.withProgress(looking, () =>
    Promise.all(projects.map((project) => findGhosts(editor, project))),
  );
  const failures = found.flatMap((one) => (one.ok ? [] : [one]));
  const nodes = editor.ghosts();
  if (nodes.length === 0) {
    if (failures[0]) return failures[0];
    return fail('no-ghost', vscode.l10n.t('{0}: AWS has no deployment that no models.json here has.', title));
  }
  // What the others have can be chosen all the same.
  for (const { error } of failures) editor.log.warn([error.what, error.why].filter(Boolean).join(' '));
  const chosen = await choose<GhostNode>({
    title,
    placeholder: vscode.l10n.t('Which deployment in AWS?'),
    items: nodes.map((value) => {
      const { label, description } = rowOf(value);
      return { label: `$(cloud) ${label}`, description, detail: value.stack, value };
    }),
  });
  return chosen === undefined || chosen === BACK ? cancelled() : stillGhost(editor, chosen, title);
}

/** Whose models.json is to have it: the only one that has its model, else the user's choice of these, else of all. */
async function chooseProject(editor: Editor, { model }: FoundGhost, title: string): Promise<Project | undefined> {
  const { projects } = editor.store;
  const having = projects.filter((project) => Object.hasOwn(project.models, model));
  const [first, ...others] = having.length > 0 ? having : projects;
  if (!first || others.length === 0) return first;
  const items = [first, ...others].map((value) => ({
    label: path.basename(value.folder),
    description: vscode.workspace.asRelativePath(value.folder, false),
    value,
  }));
  const chosen = await choose<Project>({
    title,
    placeholder: vscode.l10n.t("Into which project's models.json?"),
    items,
  });
  return chosen === BACK ? undefined : chosen;
}

/** AWS does not say which file it was made from. */
async function askModel(editor: Editor, { folder }: Project, { model }: FoundGhost): Promise<Outcome<ModelFields>> {
  const file = await chooseModelPath(editor, {
    title: vscode.l10n.t('Which file or folder is the model {0} here?', model),
    take: vscode.l10n.t('Adopt'),
  });
  if (!file.ok) return file;
  const pythonExtension = await selectedInterpreter(folder, editor.log);
  return detectModel({
    project: folder,
    path: file.value,
    trustedProject: vscode.workspace.isTrusted,
    ...(pythonExtension === undefined ? {} : { pythonExtension }),
  });
}
