import * as vscode from 'vscode';
import { findModelFolders, MARKER_GLOB } from './candidates.ts';

/** Milliseconds of quiet before the folders are looked for again: a checkout changes thousands of files. */
const SETTLE_MS = 1000;

/**
 * Tells the Explorer's menus which folders may be models, since menus cannot ask code. Before the first search, and
 * where there are too many, every folder is offered; the command looks closely in any case.
 */
export function watchModelFolders(): vscode.Disposable {
  let timer: NodeJS.Timeout | undefined;
  const later = (): void => {
    clearTimeout(timer);
    timer = setTimeout(() => void update(), SETTLE_MS);
  };
  const watcher = vscode.workspace.createFileSystemWatcher(MARKER_GLOB, false, true, false);
  void update();
  return vscode.Disposable.from(
    watcher,
    watcher.onDidCreate(later),
    watcher.onDidDelete(later),
    vscode.workspace.onDidChangeWorkspaceFolders(later),
    { dispose: () => clearTimeout(timer) },
  );
}

async function update(): Promise<void> {
  const folders = await findModelFolders();
  // A menu's `resourcePath` is one or the other, by platform and kind of window.
  const paths = (folders ?? []).flatMap(({ path, fsPath }) => [path, fsPath]);
  await vscode.commands.executeCommand('setContext', 'nimbus.modelFolders', paths);
  await vscode.commands.executeCommand('setContext', 'nimbus.scanned', folders !== undefined);
}
