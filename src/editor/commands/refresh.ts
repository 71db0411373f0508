import * as vscode from 'vscode';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';

/** Reads models.json again, reaches for hosts that ended, and asks AWS what is there, declared or not. */
export async function refresh(editor: Editor): Promise<void> {
  await editor.store.refresh();
  editor.refreshView();
  if (!vscode.workspace.isTrusted) return;
  const { lookAtAws } = await import('../cloud/look.ts');
  const { findAllGhosts } = await import('../cloud/ghosts.ts');
  const failures = await Promise.all([
    ...editor.store.projects.map((project) => lookAtAws(editor, project)),
    findAllGhosts(editor),
  ]);
  const failed = failures.find((error) => error !== undefined);
  if (failed) showError(editor.log, failed);
}
