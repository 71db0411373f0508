import { existsSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import { MODELS_FILE } from '../../core/models/document.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Editor } from '../editor.ts';
import { problemOf, modelsFileUri } from '../models-file.ts';
import type { Project } from '../store/project.ts';

/** Opens models.json at the model that the row names, or at the file's first problem. */
export async function openModelsFile(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseProject(editor, given, ({ folder }) => existsSync(path.join(folder, MODELS_FILE)));
  if (!chosen.ok) return chosen;
  const project = chosen.value;
  const document = await vscode.workspace.openTextDocument(modelsFileUri(project.folder));
  const problem = problemOf(project.document);
  const model = typeof given === 'object' && given !== null && 'model' in given ? String(given.model) : undefined;
  const offset = model === undefined ? -1 : document.getText().search(new RegExp(`"${model}"\\s*:`));
  const at = offset >= 0 ? document.positionAt(offset) : new vscode.Position(problem?.line ?? 0, problem?.column ?? 0);
  await vscode.window.showTextDocument(document, { selection: new vscode.Range(at, at) });
  return ok(undefined);
}

/** Turns the bare array of an early Nimbus into today's models.json, and opens it. */
export async function migrateModelsFile(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseProject(editor, given, ({ document }) => document.kind === 'legacy');
  if (!chosen.ok) return chosen;
  const { migrateLegacy } = await import('../../core/models/edit.ts');
  const migrated = await migrateLegacy(chosen.value.folder);
  if (!migrated.ok) return migrated;
  await vscode.window.showTextDocument(modelsFileUri(chosen.value.folder));
  return migrated;
}

/** The project that a row or a models.json's path names, else the only one that fits, else the user's choice. */
async function chooseProject(
  editor: Editor,
  given: unknown,
  fits: (project: Project) => boolean,
): Promise<Outcome<Project>> {
  await editor.store.opened();
  const folder = folderOf(given);
  const projects = editor.store.projects.filter((project) =>
    folder === undefined ? fits(project) : project.folder === folder,
  );
  if (projects.length === 0) {
    return fail('no-models-file', vscode.l10n.t('There is no {0} to open.', MODELS_FILE), {
      next: vscode.l10n.t('Deploying a model makes one.'),
      action: { label: vscode.l10n.t('Deploy Model'), command: 'nimbus.deploy' },
    });
  }
  if (projects.length === 1) return ok(projects[0]!);
  const picked = await vscode.window.showQuickPick(
    projects.map((project) => ({ label: path.basename(project.folder), description: project.folder, project })),
    { placeHolder: vscode.l10n.t('Which project?') },
  );
  return picked ? ok(picked.project) : cancelled();
}

function folderOf(given: unknown): string | undefined {
  if (typeof given === 'string') return path.dirname(given);
  if (given instanceof vscode.Uri) return path.dirname(given.fsPath);
  if (typeof given !== 'object' || given === null || !('project' in given)) return undefined;
  const { project } = given;
  return typeof project === 'object' && project !== null && 'folder' in project ? String(project.folder) : undefined;
}
