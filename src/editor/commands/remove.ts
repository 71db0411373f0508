import * as vscode from 'vscode';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import { editModels, removeModel } from '../../core/models/edit.ts';
import type { RemovePlan } from '../../core/targets/plan.ts';
import type { CloudRemoved } from '../../shared/states.ts';
import { accountAgain } from '../cloud/account.ts';
import { keyStore } from '../cloud/keys.ts';
import { isInCloud, whatGoes } from '../../core/cloud/removal.ts';
import type { Editor } from '../editor.ts';
import { operate } from '../operate.ts';
import type { Project } from '../store/project.ts';
import { chooseDeployment } from './pick.ts';

/**
 * Ends a deployment after asking, or deletes the entry of a model that has none; the model's files stay in any case.
 */
export async function remove(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const entry = await undeployedEntry(editor, given);
  if (entry) return removeEntryOf(entry);
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
  const plan: RemovePlan = {
    kind: 'remove',
    project: project.folder,
    model,
    deployment,
    dropModel: answer === removeEntry,
    ...(account && isInCloud(declared) ? { cloud: { ...account.value, stack: declared.stack } } : {}),
  };
  const removed = await operate(editor, project, plan);
  if (!removed.ok) return removed;
  if (account) {
    const { forgetKey } = await import('../../core/cloud/keys.ts');
    const { apiKey } = (removed.value.result ?? {}) as CloudRemoved;
    // Of what was deleted elsewhere AWS does not know it any more.
    const known = apiKey ?? status?.cloud;
    if (known) await forgetKey(known, keyStore(editor.extension.secrets));
  }
  return ok({ model, deployment });
}

interface Entry {
  project: Project;
  model: string;
}

/** The model of a row, where it is only declared. */
async function undeployedEntry(editor: Editor, given: unknown): Promise<Entry | undefined> {
  if (typeof given !== 'object' || given === null || !('model' in given) || !('project' in given)) return undefined;
  if ('deployment' in given) return undefined;
  await editor.store.reached();
  const model = String(given.model);
  const project = editor.store.projects.find((one) => one === given.project);
  return project?.spec(model) && project.rowNames(model).length === 0 ? { project, model } : undefined;
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
