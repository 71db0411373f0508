import path from 'node:path';
import * as vscode from 'vscode';
import type { PreparedDeploy } from '../../core/deploy.ts';
import { keyOf } from '../../core/environment/lock-file.ts';
import { lockModel, remarksOn, type LockedModel } from '../../core/lock-model.ts';
import { modelPath } from '../../core/models/paths.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { prepare } from '../deploying/prepare.ts';
import type { Editor } from '../editor.ts';
import { packagesSetting } from '../packages-setting.ts';
import { chooseModel, type ChosenModel } from './pick.ts';

/** Writes the exact versions of a model's packages into its lock, for this machine's platform, and opens it there. */
export async function lock(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseModel(editor, given, vscode.l10n.t('Lock Packages'));
  if (!chosen.ok) return chosen;
  const prepared = await prepareModel(editor, chosen.value);
  if (!prepared.ok) return prepared;
  const locked = await withProgress(editor, chosen.value.model, prepared.value);
  if (!locked.ok) return locked;
  for (const remark of remarksOn(locked.value)) {
    editor.log.warn(remark);
    void vscode.window.showWarningMessage(remark);
  }
  await show(locked.value);
  return ok(locked.value.file);
}

async function prepareModel(
  editor: Editor,
  { project, model, deployment }: ChosenModel,
): Promise<Outcome<PreparedDeploy>> {
  const spec = project.spec(model);
  if (!spec) return fail('not-declared', vscode.l10n.t('{0} is not in models.json.', model));
  const deployed = deployment ?? Object.keys(spec.deployments ?? {})[0];
  return prepare(editor, project, {
    path: path.normalize(modelPath(project.folder, spec)),
    name: model,
    ...(deployed === undefined ? {} : { deployment: deployed }),
  });
}

/** Resolving takes seconds, or minutes where an index is slow: it is shown, and can be cancelled. */
async function withProgress(editor: Editor, model: string, prepared: PreparedDeploy): Promise<Outcome<LockedModel>> {
  const title = vscode.l10n.t('Locking the packages of {0}', model);
  return vscode.window.withProgress(
    { location: vscode.ProgressLocation.Notification, title, cancellable: true },
    async (progress, cancellation) => {
      const abort = new AbortController();
      cancellation.onCancellationRequested(() => abort.abort());
      return lockModel(prepared, {
        packages: packagesSetting(),
        allowCuda: false,
        env: process.env,
        signal: abort.signal,
        onSection: (section) => progress.report({ message: keyOf(section) }),
        log: (line) => editor.log.info(line),
      });
    },
  );
}

/** Opens the lock at the section that was made. */
async function show({ file, sections }: LockedModel): Promise<void> {
  const document = await vscode.workspace.openTextDocument(vscode.Uri.file(file));
  const offset = document.getText().indexOf(`# === ${keyOf(sections[0]!)}`);
  const at = document.positionAt(Math.max(offset, 0));
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at), preview: false });
}
