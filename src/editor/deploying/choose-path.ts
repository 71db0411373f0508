import path from 'node:path';
import * as vscode from 'vscode';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { findModelFiles } from '../explorer/candidates.ts';
import { BACK, choose, type Choice } from '../quick.ts';

/** Asks which file or folder is meant, by default to deploy it: those of the workspace that look like a model, or any other. */
export async function chooseModelPath(
  editor: Editor,
  { title, take }: { title: string; take: string } = {
    title: vscode.l10n.t('Deploy Model'),
    take: vscode.l10n.t('Deploy'),
  },
): Promise<Outcome<string>> {
  await editor.store.opened();
  const found = await vscode.window.withProgress(
    { location: vscode.ProgressLocation.Window, title: vscode.l10n.t('Looking for models') },
    () => findModelFiles(),
  );
  if (found.length > 0) {
    const browse = { label: vscode.l10n.t('$(folder-opened) Browse…'), value: '' };
    const items: Choice<string>[] = found.map((file) => ({
      label: path.basename(file),
      description: folderOf(file),
      value: file,
    }));
    const chosen = await choose<string>({
      title,
      placeholder: vscode.l10n.t('Which model?'),
      items: [...items, browse],
    });
    if (chosen === undefined || chosen === BACK) return cancelled();
    if (chosen !== '') return ok(chosen);
  }
  const folder = vscode.workspace.workspaceFolders?.[0]?.uri;
  const chosen = await vscode.window.showOpenDialog({
    title,
    openLabel: take,
    canSelectFiles: true,
    canSelectFolders: true,
    ...(folder ? { defaultUri: folder } : {}),
  });
  return chosen?.[0] ? ok(chosen[0].fsPath) : cancelled();
}

/** The folder that a file is in, as it is written within the workspace. */
function folderOf(file: string): string {
  const folder = path.dirname(file);
  const isRoot = vscode.workspace.workspaceFolders?.some(({ uri }) => uri.fsPath === folder) ?? false;
  return isRoot ? '' : vscode.workspace.asRelativePath(folder);
}
