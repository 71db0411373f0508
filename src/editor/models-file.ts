import path from 'node:path';
import * as vscode from 'vscode';
import { MODELS_FILE, type ModelsDocument } from '../core/models/document.ts';

export function modelsFileUri(folder: string): vscode.Uri {
  return vscode.Uri.file(path.join(folder, MODELS_FILE));
}

/** What is wrong with models.json in one sentence, and where (both zero-based); undefined where nothing is. */
export function problemOf(document: ModelsDocument): { message: string; line: number; column: number } | undefined {
  switch (document.kind) {
    case 'absent':
    case 'ok':
      return undefined;
    case 'invalid':
      return document.problems[0];
    case 'conflict':
      return document.problems[0];
    case 'newer':
      return {
        message: vscode.l10n.t('Written by a newer Nimbus (version {0}): shown, never changed.', document.version),
        line: 0,
        column: 0,
      };
    case 'legacy':
      return { message: vscode.l10n.t('Written by an older Nimbus: migrate it to go on.'), line: 0, column: 0 };
    default:
      return document satisfies never;
  }
}

/** The command of a row that opens models.json where its problem is. */
export function openModelsFileAt(folder: string, document: ModelsDocument): vscode.Command {
  const { line, column } = problemOf(document) ?? { line: 0, column: 0 };
  const selection = new vscode.Range(line, column, line, column);
  return {
    command: 'vscode.open',
    title: vscode.l10n.t('Open models.json'),
    arguments: [modelsFileUri(folder), { selection }],
  };
}
