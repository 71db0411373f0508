import assert from 'node:assert/strict';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import schema from '../../media/models.schema.json' with { type: 'json' };
import { modelsFile, run } from './host-window.ts';

const uri = vscode.Uri.file(modelsFile);

/** Nimbus's own diagnostics of models.json, once they are as `expected` says. */
async function diagnostics(expected: (found: vscode.Diagnostic[]) => boolean): Promise<vscode.Diagnostic[]> {
  const ours = (): vscode.Diagnostic[] =>
    vscode.languages.getDiagnostics(uri).filter(({ source }) => source === 'Nimbus');
  return new Promise((resolve) => {
    const look = (): void => {
      if (!expected(ours())) return;
      subscription.dispose();
      resolve(ours());
    };
    const subscription = vscode.languages.onDidChangeDiagnostics(look);
    look();
  });
}

/** Shows the file once the editor has read what is on disk now; it may still hold an earlier text. */
async function showAsOnDisk(): Promise<void> {
  const { document } = await vscode.window.showTextDocument(uri);
  while (document.getText() !== readFileSync(modelsFile, 'utf8')) {
    await new Promise((resolve) => {
      const once = vscode.workspace.onDidChangeTextDocument((change) => {
        once.dispose();
        resolve(change);
      });
    });
  }
}

describe('models.json in the window', () => {
  afterEach(async () => {
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
    rmSync(modelsFile, { force: true });
    await diagnostics((found) => found.length === 0);
  });

  it('has diagnostics with line and column while it is no good', async () => {
    writeFileSync(
      modelsFile,
      '{\n  "version": 1,\n  "models": {\n    "Bad Name": { "path": "a", "framework": "custom" }\n  }\n}\n',
    );
    const [problem] = await diagnostics((found) => found.length > 0);
    assert.equal(problem!.range.start.line, 3);
    assert.equal(problem!.severity, vscode.DiagnosticSeverity.Error);
  });

  it('has a warning where it needs a newer Nimbus', async () => {
    writeFileSync(
      modelsFile,
      '{\n  "version": 1,\n  "models": {\n    "vision": { "path": "a", "framework": "caff" }\n  }\n}\n',
    );
    const [problem, ...more] = await diagnostics((found) => found.length > 0);
    assert.deepEqual([problem!.range.start.line, more.length], [3, 0]);
    assert.equal(problem!.severity, vscode.DiagnosticSeverity.Warning);
    assert.match(problem!.message, /"framework" of "vision" is "caff".*update Nimbus/);
  });

  it('is opened at its first problem', async () => {
    writeFileSync(modelsFile, '{\n  "version": 1\n  "models": {}\n}\n');
    await diagnostics((found) => found.length > 0);
    assert.equal((await run('nimbus.openModelsFile')).ok, true);
    assert.equal(vscode.window.activeTextEditor!.selection.active.line, 1);
  });

  it('of an early Nimbus is migrated by its quick fix', async () => {
    writeFileSync(
      modelsFile,
      JSON.stringify([{ modelName: 'old', modelType: 'sklearn', modelPathOrName: 'a.pkl', description: 'x' }]),
    );
    const [legacy] = await diagnostics((found) => found.length > 0);
    assert.equal(legacy!.severity, vscode.DiagnosticSeverity.Information);
    await showAsOnDisk();
    const fixes = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      uri,
      legacy!.range,
    );
    const fix = fixes.find(({ command }) => command?.command === 'nimbus.migrateModelsFile')!.command!;
    assert.deepEqual(await run(fix.command, ...fix.arguments!), { ok: true, value: { changed: true } });
    const migrated = JSON.parse(readFileSync(modelsFile, 'utf8'));
    assert.deepEqual(migrated.models.old, { path: 'a.pkl', framework: 'sklearn', description: 'x' });
  });

  it('is completed and explained by its schema', async () => {
    const text = '{\n  "version": 1,\n  "models": { "a": { "path": "a", "framework": "custom",  } }\n}\n';
    writeFileSync(modelsFile, text);
    await showAsOnDisk();
    const { document } = vscode.window.activeTextEditor!;
    const labels = async (offset: number): Promise<string[]> => {
      const position = document.positionAt(offset);
      const { items } = await vscode.commands.executeCommand<vscode.CompletionList>(
        'vscode.executeCompletionItemProvider',
        uri,
        position,
      );
      return items.map(({ label }) => (typeof label === 'string' ? label : label.label).replaceAll('"', ''));
    };
    // The JSON extension starts with the first document of JSON, and reads the schema after that.
    while (!(await labels(text.indexOf(',  }') + 2)).includes('memoryMb')) await setTimeout(100);
    const frameworks = await labels(text.indexOf('custom') + 2);
    for (const one of ['sklearn', 'spacy', 'transformers']) assert.ok(frameworks.includes(one), frameworks.join());
    const [hover] = await vscode.commands.executeCommand<vscode.Hover[]>(
      'vscode.executeHoverProvider',
      uri,
      document.positionAt(text.indexOf('"framework"') + 2),
    );
    const said = hover!.contents.map((one) => (typeof one === 'string' ? one : one.value)).join('\n');
    // It is Markdown, with its punctuation escaped.
    assert.ok(said.replaceAll('\\', '').includes(schema.definitions.model.properties.framework.description), said);
  });
});
