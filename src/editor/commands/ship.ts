import path from 'node:path';
import * as vscode from 'vscode';
import { parsePushTarget } from '../../core/image/push-target.ts';
import type { EjectPlan, PushPlan } from '../../core/targets/plan.ts';
import { formatBytes } from '../../shared/bytes.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { EjectedFolder, PushedImage } from '../../shared/states.ts';
import type { Editor } from '../editor.ts';
import { imageSetting } from '../image-setting.ts';
import { operateInFront } from '../operate.ts';
import { packagesSetting } from '../packages-setting.ts';
import { askText } from '../quick.ts';
import type { Project } from '../store/project.ts';
import { chooseImage } from './images.ts';

/** Sends the image of a deployment to a registry, which the user names. */
export async function pushToRegistry(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseImage(editor, given, vscode.l10n.t('Push to Registry'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const key = { model, deployment };
  const version = project.status(key)?.version.slice(0, 12) ?? '';
  const to = await askRepository(editor, project, key, version);
  if (to === undefined) return cancelled();
  const plan: PushPlan = { kind: 'push', project: project.folder, model, deployment, to };
  const title = vscode.l10n.t('Pushing the image of {0}', model);
  const outcome = await operateInFront(editor, project, plan, title);
  if (!outcome.ok) return outcome;
  const { result } = outcome.value;
  if (!result || !('reference' in result)) throw new Error('a push has no reference');
  void sayPushed(model, result);
  return ok(result);
}

/** The last one of this deployment stands there already. */
async function askRepository(
  editor: Editor,
  project: Project,
  key: DeploymentKey,
  version: string,
): Promise<string | undefined> {
  const { workspaceState } = editor.extension;
  const place = `nimbus.repository ${project.folder}#${keyText(key)}`;
  const answer = await askText({
    title: vscode.l10n.t('Push {0} to a Registry', keyText(key)),
    value: workspaceState.get<string>(place) ?? '',
    placeholder: `registry.example/team/${key.model}:${version}`,
    prompt: vscode.l10n.t('The repository. Without a tag the version is its tag: {0}', version),
    check: (text) => {
      const target = parsePushTarget(text, version);
      return target.ok ? undefined : [target.error.why, target.error.next].filter(Boolean).join(' ');
    },
  });
  if (typeof answer !== 'string') return undefined;
  await workspaceState.update(place, answer);
  return answer;
}

async function sayPushed(model: string, { reference, tag, layers, sentLayers, sentBytes }: PushedImage): Promise<void> {
  const sent =
    sentLayers === 0
      ? vscode.l10n.t('it was there already')
      : vscode.l10n.t('{0} of {1} layers sent, {2}', sentLayers, layers, formatBytes(sentBytes, vscode.env.language));
  const copy = vscode.l10n.t('Copy Digest');
  const text = vscode.l10n.t('{0} is pushed as {1}: {2}.', model, tag, sent);
  if ((await vscode.window.showInformationMessage(text, copy)) === copy)
    await vscode.env.clipboard.writeText(reference);
}

/** Writes all that the image of a deployment is made from to a folder that builds it without Nimbus. */
export async function eject(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseImage(editor, given, vscode.l10n.t('Eject'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const folder = await askFolder(project, model);
  if (folder === undefined) return cancelled();
  const plan: EjectPlan = {
    kind: 'eject',
    project: project.folder,
    model,
    deployment,
    folder,
    settings: imageSetting(),
    packages: packagesSetting(),
  };
  const title = vscode.l10n.t('Ejecting the image of {0}', model);
  const outcome = await operateInFront(editor, project, plan, title);
  if (!outcome.ok) return outcome;
  const { result } = outcome.value;
  if (!result || !('files' in result)) throw new Error('an eject has no files');
  for (const remark of result.remarks) void vscode.window.showWarningMessage(remark);
  void sayEjected(model, result);
  return ok(result);
}

/** An empty folder is taken as it is; in another one a folder of the model's name is made. */
async function askFolder(project: Project, model: string): Promise<string | undefined> {
  const answer = await vscode.window.showOpenDialog({
    title: vscode.l10n.t('Eject {0}: Where Its Folder Goes', model),
    openLabel: vscode.l10n.t('Eject Here'),
    defaultUri: vscode.Uri.file(project.folder),
    canSelectFiles: false,
    canSelectFolders: true,
    canSelectMany: false,
  });
  const chosen = answer?.[0];
  if (!chosen) return undefined;
  const entries = await vscode.workspace.fs.readDirectory(chosen);
  return entries.length === 0 ? chosen.fsPath : path.join(chosen.fsPath, model);
}

async function sayEjected(model: string, { folder, files, bytes }: EjectedFolder): Promise<void> {
  const readme = vscode.l10n.t('Open README');
  const size = formatBytes(bytes, vscode.env.language);
  const text = vscode.l10n.t('{0} is in {1}: {2} files, {3}.', model, folder, files.length, size);
  if ((await vscode.window.showInformationMessage(text, readme)) !== readme) return;
  await vscode.commands.executeCommand('markdown.showPreview', vscode.Uri.file(path.join(folder, 'README.md')));
}
