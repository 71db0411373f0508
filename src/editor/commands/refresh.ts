import * as vscode from 'vscode';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import type { Project } from '../store/project.ts';

/** Reads models.json again and reaches for hosts that ended. */
export async function refresh(editor: Editor): Promise<void> {
  await editor.store.refresh();
  editor.refreshView();
  await Promise.all(editor.store.projects.map((project) => lookAtAws(editor, project)));
}

/** Has AWS asked what a project's deployments there are now; their rows change where they are something else. */
async function lookAtAws(editor: Editor, project: Project): Promise<void> {
  const there = project.deploymentsOn('lambda');
  if (there.length === 0 || !vscode.workspace.isTrusted) return;
  const host = await project.host();
  if (!host.ok) return;
  const { awsEnvironment } = await import('../cloud/account.ts');
  const variables = awsEnvironment(editor, project.folder);
  const asked = await Promise.all(there.map((key) => host.value.api.look(key, variables)));
  const failed = asked.find((one) => !one.ok && one.error.code !== 'not-deployed');
  if (failed && !failed.ok) showError(editor.log, failed.error);
}
