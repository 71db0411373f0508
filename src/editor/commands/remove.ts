import * as vscode from 'vscode';
import { CANCELLED, cancelled, ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import { editModels, removeModel } from '../../core/models/edit.ts';
import type { CloudAccount } from '../../core/cloud/account.ts';
import type { RemovePlan } from '../../core/targets/plan.ts';
import { accountAgain } from '../cloud/account.ts';
import { keyStore } from '../cloud/keys.ts';
import { isInCloud, whatGoes } from '../../core/cloud/removal.ts';
import type { Editor } from '../editor.ts';
import { operate } from '../operate.ts';
import type { Project } from '../store/project.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/**
 * Ends a deployment after asking, or all of a model's with its entry, or deletes the entry of a model that has none; the model's
 * files stay in any case.
 */
export async function remove(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const entry = await modelRow(editor, given);
  const count = entry?.project.rowNames(entry.model).length;
  if (entry && count === 0) return removeEntryOf(entry);
  if (entry && count !== 1) return removeModelOf(editor, entry);
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Remove'), () => true);
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const status = project.status({ model, deployment });
  const declared = project.spec(model)?.deployments?.[deployment];
  const account = isInCloud(declared) ? await accountAgain(editor, project.folder, declared) : undefined;
  if (account?.ok === false) return account;
  const isLast = project.spec(model) !== undefined && project.deploymentNames(model).length === 1;
  const removeIt = vscode.l10n.t('Remove');
  const removeEntry = vscode.l10n.t('Also Delete Its Entry');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Remove the deployment {0} of {1}?', deployment, model),
    {
      modal: true,
      detail: [
        ...(status ? [vscode.l10n.t('{0} stops answering.', status.url)] : []),
        ...whatGoes([declared]),
        vscode.l10n.t('The files of the model stay.'),
        ...(isLast
          ? [
              vscode.l10n.t(
                '“{0}” also deletes the model from models.json: description, limits, examples.',
                removeEntry,
              ),
            ]
          : []),
      ].join(account ? '\n\n' : ' '),
    },
    removeIt,
    ...(isLast ? [removeEntry] : []),
  );
  if (answer === undefined) return cancelled();
  return removeOne(editor, chosen.value, account?.value, answer === removeEntry);
}

/** `account`: of one that is on AWS. */
async function removeOne(
  editor: Editor,
  { project, model, deployment }: Pick<Chosen, 'project' | 'model' | 'deployment'>,
  account: CloudAccount | undefined,
  dropModel: boolean,
): Promise<Outcome<unknown>> {
  const cloud = project.status({ model, deployment })?.cloud;
  const declared = project.spec(model)?.deployments?.[deployment];
  const plan: RemovePlan = {
    kind: 'remove',
    project: project.folder,
    model,
    deployment,
    dropModel,
    ...(account && isInCloud(declared) ? { cloud: { ...account, stack: declared.stack } } : {}),
  };
  const removed = await operate(editor, project, plan);
  if (!removed.ok) return removed;
  if (cloud) {
    const { forgetKey } = await import('../../core/cloud/keys.ts');
    await forgetKey(cloud, keyStore(editor.extension.secrets));
  }
  return ok({ model, deployment });
}

/** One after the other. What cannot be removed keeps the entry, and does not keep the others. */
async function removeModelOf(editor: Editor, { project, model }: Entry): Promise<Outcome<unknown>> {
  const deployments = project.rowNames(model);
  const declared = project.spec(model)?.deployments ?? {};
  const accounts = new Map<string, CloudAccount>();
  for (const name of deployments) {
    if (!isInCloud(declared[name])) continue;
    const account = await accountAgain(editor, project.folder, declared[name]);
    if (!account.ok) return account;
    accounts.set(name, account.value);
  }
  const removeAll = vscode.l10n.t('Remove All');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t(
      'Remove {0} with all its deployments ({1}) and its entry in models.json?',
      model,
      deployments.join(', '),
    ),
    {
      modal: true,
      detail: [
        ...whatGoes(deployments.map((name) => declared[name])),
        vscode.l10n.t('Its description, limits and examples go with the entry. The files of the model stay.'),
      ].join('\n\n'),
    },
    removeAll,
  );
  if (answer === undefined) return cancelled();
  const failures: UserError[] = [];
  for (const deployment of deployments) {
    const removed = await removeOne(editor, { project, model, deployment }, accounts.get(deployment), true);
    if (!removed.ok && removed.error.code === CANCELLED) return removed;
    if (!removed.ok) failures.push(removed.error);
  }
  const [first, ...others] = failures;
  if (!first) return ok({ model });
  const why = [first.why, ...others.map(({ what }) => what)].filter((text) => text !== undefined).join('\n');
  return { ok: false, error: { ...first, ...(why === '' ? {} : { why }) } };
}

interface Entry {
  project: Project;
  model: string;
}

/** The model of a model's own row. */
async function modelRow(editor: Editor, given: unknown): Promise<Entry | undefined> {
  if (typeof given !== 'object' || given === null || !('model' in given) || !('project' in given)) return undefined;
  if ('deployment' in given) return undefined;
  await editor.store.reached();
  const model = String(given.model);
  const project = editor.store.projects.find((one) => one === given.project);
  return project?.spec(model) ? { project, model } : undefined;
}

async function removeEntryOf({ project, model }: Entry): Promise<Outcome<unknown>> {
  const removeIt = vscode.l10n.t('Remove');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Remove {0} from models.json?', model),
    {
      modal: true,
      detail: vscode.l10n.t('Its description, limits and examples go with the entry. The files of the model stay.'),
    },
    removeIt,
  );
  if (answer === undefined) return cancelled();
  const edited = await editModels(project.folder, removeModel(model));
  return edited.ok ? ok({ model }) : edited;
}
