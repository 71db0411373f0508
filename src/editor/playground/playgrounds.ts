import { createBirpc } from 'birpc';
import * as vscode from 'vscode';
import type { PlaygroundExtension, PlaygroundPage } from '../../shared/playground.ts';
import type { Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import type { Project } from '../store/project.ts';
import { Bridge, type Selection } from './bridge.ts';
import { pageHtml, panelOptions } from './html.ts';

export const PLAYGROUND_VIEW_TYPE = 'nimbus.playground';

interface Opened {
  panel: vscode.WebviewPanel;
  bridge: Bridge;
}

/** The window's playground. There is one panel; opening it for another deployment switches it over. */
export class Playgrounds implements vscode.Disposable {
  readonly #editor: Editor;
  #opened: Opened | undefined;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Shows the playground of a deployment. */
  open(project: Project, key: DeploymentKey, { preserveFocus = false } = {}): void {
    if (this.#opened) {
      this.#opened.panel.reveal(undefined, preserveFocus);
      void this.#opened.bridge.show({ project, key });
      return;
    }
    this.#create({ project, key }, { viewColumn: vscode.ViewColumn.Active, preserveFocus });
  }

  /** Sends a text to a deployment in its playground, which opens beside the text and leaves the focus there. */
  async predictText(project: Project, key: DeploymentKey, text: string): Promise<Outcome<void>> {
    if (this.#opened) this.open(project, key, { preserveFocus: true });
    else this.#create({ project, key }, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    return this.#opened!.bridge.predictText(text);
  }

  /** Takes over a panel that was open before the window was reloaded. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    if (this.#opened) {
      panel.dispose();
      return;
    }
    this.#attach(panel, { samples: lastNumber(state) });
  }

  dispose(): void {
    this.#opened?.panel.dispose();
  }

  #create(selection: Selection, showOptions: { viewColumn: vscode.ViewColumn; preserveFocus: boolean }): void {
    const title = vscode.l10n.t('Playground');
    // A repeat goes on while another tab is in front, and its answers must arrive.
    const options = { retainContextWhenHidden: true };
    const panel = vscode.window.createWebviewPanel(PLAYGROUND_VIEW_TYPE, title, showOptions, options);
    this.#attach(panel, { selection, samples: 0 });
  }

  #attach(panel: vscode.WebviewPanel, options: { selection?: Selection; samples: number }): void {
    const { webview } = panel;
    const { extensionUri } = this.#editor.extension;
    const bridge = new Bridge(this.#editor, () => page, {
      ...options,
      selected: (selection) => {
        panel.title = selection ? vscode.l10n.t('Playground: {0}', selection.key.model) : vscode.l10n.t('Playground');
      },
    });
    const page = createBirpc<PlaygroundPage, PlaygroundExtension>(functionsOf(bridge), {
      post: (message) => webview.postMessage(message),
      on: (receive) => webview.onDidReceiveMessage(receive),
      // Predictions and questions to the user take as long as they take; their own limits end them.
      timeout: -1,
      eventNames: ['deployments', 'card', 'sample', 'select', 'fill'],
    });
    this.#opened = { panel, bridge };
    const subscription = this.#editor.store.onDidChange((change) => {
      if (change.kind !== 'log') void bridge.update();
    });
    panel.onDidDispose(() => {
      subscription.dispose();
      bridge.dispose();
      page.$close();
      if (this.#opened?.panel === panel) this.#opened = undefined;
    });
    panel.iconPath = {
      light: vscode.Uri.joinPath(extensionUri, 'media', 'playground-light.svg'),
      dark: vscode.Uri.joinPath(extensionUri, 'media', 'playground-dark.svg'),
    };
    webview.options = panelOptions(extensionUri);
    webview.html = pageHtml(webview, extensionUri);
  }
}

/** birpc calls functions of a plain object; the bridge is a class. */
function functionsOf(bridge: Bridge): PlaygroundExtension {
  return {
    ready: (remembered) => bridge.ready(remembered),
    select: (key) => bridge.select(key),
    send: (input) => bridge.send(input),
    repeat: (input, times) => bridge.repeat(input, times),
    cancel: () => bridge.cancel(),
    cold: () => bridge.cold(),
    start: () => bridge.start(),
    stop: () => bridge.stop(),
    copyAs: (language, input) => bridge.copyAs(language, input),
    copyText: (text) => bridge.copyText(text),
    showLogs: (requestId) => bridge.showLogs(requestId),
    runAction: (action) => bridge.runAction(action),
    editorSelection: () => bridge.editorSelection(),
  };
}

/** The highest request number that a page remembers. */
function lastNumber(state: unknown): number {
  if (typeof state !== 'object' || state === null || !('samples' in state) || !Array.isArray(state.samples)) return 0;
  return state.samples.reduce<number>((highest, sample: unknown) => {
    const number = typeof sample === 'object' && sample !== null && 'number' in sample ? Number(sample.number) : 0;
    return Math.max(highest, number || 0);
  }, 0);
}
