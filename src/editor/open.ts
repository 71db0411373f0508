import * as vscode from 'vscode';
import type { Editor } from './editor.ts';
import { Store } from './store/store.ts';
import type { Node } from './tree/nodes.ts';
import { ModelsTree } from './tree/provider.ts';

/** The parts of a window's Nimbus, composed. */
export interface Opened {
  editor: Editor;
  tree: ModelsTree;
  /** Starts what only watches: diagnostics, menus' context keys, the terminal's `nimbus` command. */
  finish(): Promise<void>;
}

export function openEditor(
  extension: vscode.ExtensionContext,
  log: vscode.LogOutputChannel,
  view: vscode.TreeView<Node>,
  redraw: vscode.EventEmitter<Node | undefined>,
): Opened {
  const store = new Store(extension.workspaceState, extension.secrets, log);
  const tree = new ModelsTree(store);
  const selection = followSelection();
  extension.subscriptions.push(
    store,
    tree,
    tree.onDidChangeTreeData((node) => redraw.fire(node)),
    selection,
  );
  const editor: Editor = {
    extension,
    log,
    store,
    refreshView: () => tree.refresh(),
    ghosts: () => tree.nodes.ghosts(),
    reveal: async (project, key) => {
      if (view.visible) await view.reveal(tree.nodes.deployment(project, key), { select: true, focus: false });
    },
    selectedText: selection.text,
    playgrounds: lazily(async () => {
      const { Playgrounds } = await import('./playground/playgrounds.ts');
      return new Playgrounds(editor);
    }),
    reports: lazily(async () => {
      const { Reports } = await import('./reports/reports.ts');
      const reports = new Reports(editor);
      extension.subscriptions.push(reports);
      return reports;
    }),
    dockerfiles: lazily(async () => {
      const { Dockerfiles } = await import('./reports/dockerfiles.ts');
      const dockerfiles = new Dockerfiles();
      extension.subscriptions.push(dockerfiles);
      return dockerfiles;
    }),
    drifts: lazily(async () => {
      const { Drifts } = await import('./reports/drifts.ts');
      const drifts = new Drifts();
      extension.subscriptions.push(drifts);
      return drifts;
    }),
    logs: lazily(async () => {
      const { Logs } = await import('./logs/logs.ts');
      const logs = new Logs(editor);
      extension.subscriptions.push(logs);
      return logs;
    }),
  };
  extension.subscriptions.push(
    store.onDidEndUnseen(async ({ project, operation }) => {
      const { tellUnseen } = await import('./deploying/unseen.ts');
      await tellUnseen(editor, project, operation);
    }),
  );
  return { editor, tree, finish: () => finish(editor, view) };
}

async function finish(editor: Editor, view: vscode.TreeView<Node>): Promise<void> {
  const { extension, store, log } = editor;
  await store.opened();
  const [
    { watchDeployments },
    { watchWalkthrough },
    { showDiagnostics },
    { watchModelFolders },
    { installShim },
    { watchAws },
  ] = await Promise.all([
    import('./contexts.ts'),
    import('./walkthrough.ts'),
    import('./diagnostics.ts'),
    import('./explorer/context.ts'),
    import('./shim.ts'),
    import('./cloud/watch.ts'),
  ]);
  extension.subscriptions.push(
    watchDeployments(store),
    watchWalkthrough(store),
    showDiagnostics(store),
    watchModelFolders(),
    watchAws({
      projects: () => store.projects,
      onDidChange: store.onDidChange,
      isVisible: () => view.visible,
      onDidChangeVisibility: view.onDidChangeVisibility,
      isFocused: () => vscode.window.state.focused,
      onDidChangeFocus: vscode.window.onDidChangeWindowState,
      look: async (project) => {
        try {
          const { lookAtAws } = await import('./cloud/look.ts');
          await lookAtAws(editor, project);
        } catch (bug) {
          log.error('Nimbus could not look at AWS:', bug instanceof Error ? bug : String(bug));
        }
      },
      now: Date.now,
    }),
  );
  await installShim(extension);
}

/** The last text editor stays the one that a selection is taken from while a panel without text is in front. */
function followSelection(): vscode.Disposable & { text(): string | undefined } {
  let last = vscode.window.activeTextEditor;
  const subscription = vscode.window.onDidChangeActiveTextEditor((active) => {
    if (active && active.document.uri.scheme !== 'output') last = active;
  });
  return {
    dispose: () => subscription.dispose(),
    text: () => {
      if (!last || last.document.isClosed) return undefined;
      const { document, selection } = last;
      return document.getText(selection.isEmpty ? document.lineAt(selection.active.line).range : selection);
    },
  };
}

/** Makes a part once, when it is first asked for. */
function lazily<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
