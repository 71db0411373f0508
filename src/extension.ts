import * as vscode from 'vscode';
import { registerCommands } from './editor/commands/commands.ts';
import { lazily, type Editor } from './editor/editor.ts';
import { Store } from './editor/store/store.ts';
import { dropToDeploy } from './editor/tree/drop.ts';
import { ModelsTree } from './editor/tree/provider.ts';

/** Composes the parts and registers them. What they do is loaded when it is first asked for. */
export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Nimbus', { log: true });
  const store = new Store(extension.workspaceState, log);
  const tree = new ModelsTree(store);
  const view = vscode.window.createTreeView('nimbus.models', {
    treeDataProvider: tree,
    dragAndDropController: dropToDeploy,
    showCollapseAll: true,
    canSelectMany: false,
  });
  let lastText: vscode.TextEditor | undefined = vscode.window.activeTextEditor;
  const editor: Editor = {
    extension,
    log,
    store,
    refreshView: () => tree.refresh(),
    reveal: async (project, key) => {
      if (view.visible) await view.reveal(tree.nodes.deployment(project, key), { select: true, focus: false });
    },
    selectedText: () => {
      if (!lastText || lastText.document.isClosed) return undefined;
      const { document, selection } = lastText;
      return document.getText(selection.isEmpty ? document.lineAt(selection.active.line).range : selection);
    },
    playgrounds: lazily(async () => {
      const { Playgrounds } = await import('./editor/playground/playgrounds.ts');
      return new Playgrounds(editor);
    }),
    logs: lazily(async () => {
      const { Logs } = await import('./editor/logs/logs.ts');
      const logs = new Logs(editor);
      extension.subscriptions.push(logs);
      return logs;
    }),
  };
  extension.subscriptions.push(
    log,
    store,
    tree,
    view,
    ...registerCommands(editor),
    vscode.window.onDidChangeActiveTextEditor((active) => {
      // A webview in front has no text editor; the one before it stays the one that a selection is taken from.
      if (active && active.document.uri.scheme !== 'output') lastText = active;
    }),
    vscode.window.registerWebviewPanelSerializer('nimbus.playground', {
      deserializeWebviewPanel: async (panel, state) => (await editor.playgrounds()).restore(panel, state),
    }),
  );
  setImmediate(() => void afterActivation(editor));
}

/** What nobody waits for. */
async function afterActivation({ extension, log, store }: Editor): Promise<void> {
  try {
    await store.opened();
    const [{ watchDeployments }, { showDiagnostics }, { watchModelFolders }, { installShim }] = await Promise.all([
      import('./editor/contexts.ts'),
      import('./editor/diagnostics.ts'),
      import('./editor/explorer/context.ts'),
      import('./editor/shim.ts'),
    ]);
    extension.subscriptions.push(watchDeployments(store), showDiagnostics(store), watchModelFolders());
    await installShim(extension);
  } catch (error) {
    log.error('Nimbus could not finish its start:', error instanceof Error ? error : String(error));
  }
}
