import * as vscode from 'vscode';
import { registerCommands } from './editor/commands/commands.ts';
import type { Opened } from './editor/open.ts';
import { dropToDeploy } from './editor/tree/drop.ts';
import type { Node } from './editor/tree/nodes.ts';

/**
 * Registers what VS Code asks for. Everything behind it is loaded when it is first asked for, or right after
 * activation. This file must stay one file when it is bundled, since each further one costs more to load than all of its
 * code: what it imports is imported by nothing else.
 */
export function activate(extension: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('Nimbus', { log: true });
  const redraw = new vscode.EventEmitter<Node | undefined>();
  let opened: Opened | undefined;
  let opening: Promise<Opened> | undefined;
  const open = (): Promise<Opened> => (opening ??= load());
  const load = async (): Promise<Opened> => {
    const { openEditor } = await import('./editor/open.ts');
    return (opened = openEditor(extension, log, view, redraw));
  };
  const view = vscode.window.createTreeView<Node>('nimbus.models', {
    treeDataProvider: {
      onDidChangeTreeData: redraw.event,
      getChildren: async (node) => (await open()).tree.getChildren(node),
      // The view has rows only after it was open.
      getTreeItem: (node) => opened!.tree.getTreeItem(node),
      getParent: (node) => opened!.tree.getParent(node),
      resolveTreeItem: (item, node) => opened!.tree.resolveTreeItem(item, node),
    },
    dragAndDropController: dropToDeploy,
    showCollapseAll: true,
    canSelectMany: false,
  });
  extension.subscriptions.push(
    log,
    redraw,
    view,
    ...registerCommands(log, async () => (await open()).editor),
    vscode.window.registerWebviewPanelSerializer('nimbus.playground', {
      deserializeWebviewPanel: async (panel, state) =>
        (await (await open()).editor.playgrounds()).restore(panel, state),
    }),
  );
  setImmediate(() => void afterActivation(log, open));
}

/** What nobody waits for. */
async function afterActivation(log: vscode.LogOutputChannel, open: () => Promise<Opened>): Promise<void> {
  try {
    await (await open()).finish();
  } catch (error) {
    log.error('Nimbus could not finish its start:', error instanceof Error ? error : String(error));
  }
}
