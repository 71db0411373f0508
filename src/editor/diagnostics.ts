import * as vscode from 'vscode';
import type { FileProblem, ModelsDocument } from '../core/models/document.ts';
import { modelsFileUri, problemOf } from './models-file.ts';
import type { Store } from './store/store.ts';

/**
 * Shows what is wrong with models.json in the Problems view. While the file is open VS Code's JSON support reports
 * syntax and schema by itself, live: then only what it cannot know is added (merge conflicts, old and newer formats, misspelt fields,
 * which its schema allows).
 */
export function showDiagnostics(store: Store): vscode.Disposable {
  const collection = vscode.languages.createDiagnosticCollection('nimbus');
  const update = (): void => {
    collection.clear();
    for (const { folder, document } of store.projects) {
      const uri = modelsFileUri(folder);
      const isSchemas = document.kind === 'invalid' || document.kind === 'ok';
      const misspelt = ((document.kind === 'ok' && document.misspelt) || []).map((one) =>
        diagnostic(one, vscode.DiagnosticSeverity.Warning, 'misspelt'),
      );
      const found = [...(isSchemas && isOpen(uri) ? [] : diagnosticsOf(document)), ...misspelt];
      if (found.length > 0) collection.set(uri, found);
    }
  };
  const isModelsFile = (uri: vscode.Uri): boolean =>
    store.projects.some(({ folder }) => modelsFileUri(folder).toString() === uri.toString());
  const isLegacy = (uri: vscode.Uri): boolean =>
    store.projects.some(
      ({ folder, document }) => document.kind === 'legacy' && modelsFileUri(folder).toString() === uri.toString(),
    );
  update();
  return vscode.Disposable.from(
    collection,
    store.onDidChange((change) => {
      if (change.kind === 'list' || change.kind === 'projects') update();
    }),
    vscode.workspace.onDidOpenTextDocument(({ uri }) => isModelsFile(uri) && update()),
    vscode.workspace.onDidCloseTextDocument(({ uri }) => isModelsFile(uri) && update()),
    vscode.languages.registerCodeActionsProvider(
      { pattern: '**/models.json' },
      { provideCodeActions: ({ uri }) => (isLegacy(uri) ? [migration(uri)] : []) },
      { providedCodeActionKinds: [vscode.CodeActionKind.QuickFix] },
    ),
  );
}

const SOURCE = 'Nimbus';

function diagnosticsOf(document: ModelsDocument): vscode.Diagnostic[] {
  const passive = document.kind === 'legacy' || document.kind === 'newer';
  const later = (document.kind === 'ok' && document.later) || [];
  const problems = 'problems' in document ? document.problems : later;
  const first = problemOf(document);
  const ranges = problems.length > 0 ? problems : first ? [{ ...first, endLine: first.line, endColumn: 1 }] : [];
  const severity = passive
    ? vscode.DiagnosticSeverity.Information
    : later.length > 0
      ? vscode.DiagnosticSeverity.Warning
      : vscode.DiagnosticSeverity.Error;
  return ranges.map((one) => diagnostic(one, severity, document.kind));
}

function diagnostic(
  { line, column, endLine, endColumn, message }: FileProblem,
  severity: vscode.DiagnosticSeverity,
  code: string,
): vscode.Diagnostic {
  const made = new vscode.Diagnostic(new vscode.Range(line, column, endLine, endColumn), message, severity);
  made.source = SOURCE;
  made.code = code;
  return made;
}

function isOpen(uri: vscode.Uri): boolean {
  return vscode.workspace.textDocuments.some((document) => document.uri.toString() === uri.toString());
}

function migration(uri: vscode.Uri): vscode.CodeAction {
  const title = vscode.l10n.t('Migrate models.json');
  const action = new vscode.CodeAction(title, vscode.CodeActionKind.QuickFix);
  action.command = { command: 'nimbus.migrateModelsFile', title, arguments: [uri] };
  action.diagnostics = vscode.languages.getDiagnostics(uri).filter(({ source }) => source === SOURCE);
  action.isPreferred = true;
  return action;
}
