import { createBirpc } from 'birpc';
import * as vscode from 'vscode';
import type { PlaygroundExtension, PlaygroundPage } from '../../shared/playground.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import { soon } from '../soon.ts';
import type { Project } from '../store/project.ts';
import { Bridge, type Selection } from './bridge.ts';
import { History } from './history.ts';
import { pageHtml, panelOptions } from './html.ts';

export const PLAYGROUND_VIEW_TYPE = 'nimbus.playground';

interface Opened {
  panel: vscode.WebviewPanel;
  bridge: Bridge;
}

/** The window's playground. There is one panel; opening it for another deployment switches it over. */
export class Playgrounds implements vscode.Disposable {
  readonly #editor: Editor;
  /** Outlives the panel. */
  readonly #history = new History();
  #opened: Opened | undefined;

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  /** Shows the playground of a deployment, compared with another one where that is said. */
  open(
    project: Project,
    key: DeploymentKey,
    { preserveFocus = false, compared }: { preserveFocus?: boolean; compared?: DeploymentKey } = {},
  ): void {
    const other = compared && { project, key: compared };
    if (this.#opened) {
      this.#opened.panel.reveal(undefined, preserveFocus);
      void this.#opened.bridge.show({ project, key }, other);
      return;
    }
    this.#create({ project, key }, { viewColumn: vscode.ViewColumn.Active, preserveFocus }, other);
  }

  /**
   * Sends a text to a deployment in its playground, which opens beside the text and leaves the focus there; it takes the
   * focus where it needs more than the text, as the labels of a model that takes them with each.
   */
  async predictText(project: Project, key: DeploymentKey, text: string): Promise<Outcome<void>> {
    if (this.#opened) {
      const { panel, bridge } = this.#opened;
      const overText = panel.viewColumn === vscode.window.activeTextEditor?.viewColumn;
      panel.reveal(overText ? vscode.ViewColumn.Beside : undefined, true);
      await bridge.show({ project, key });
    } else this.#create({ project, key }, { viewColumn: vscode.ViewColumn.Beside, preserveFocus: true });
    const opened = this.#opened!;
    try {
      if (!(await opened.bridge.predictText(text))) opened.panel.reveal();
    } catch (error) {
      if (this.#opened === opened) throw error;
      return cancelled(); // the user closed it meanwhile
    }
    return ok(undefined);
  }

  /** Takes over a panel that was open before the window was reloaded. */
  restore(panel: vscode.WebviewPanel, state: unknown): void {
    if (this.#opened) {
      panel.dispose();
      return;
    }
    this.#history.restore(state);
    this.#attach(panel);
  }

  dispose(): void {
    this.#opened?.panel.dispose();
  }

  #create(
    selection: Selection,
    showOptions: { viewColumn: vscode.ViewColumn; preserveFocus: boolean },
    compared?: Selection,
  ): void {
    const title = vscode.l10n.t('Playground');
    // A repeat goes on while another tab is in front, and its answers must arrive.
    const options = { retainContextWhenHidden: true };
    const panel = vscode.window.createWebviewPanel(PLAYGROUND_VIEW_TYPE, title, showOptions, options);
    this.#attach(panel, selection, compared);
  }

  #attach(panel: vscode.WebviewPanel, selection?: Selection, compared?: Selection): void {
    const { webview } = panel;
    const { extensionUri } = this.#editor.extension;
    const bridge = new Bridge(this.#editor, () => page, {
      ...(selection ? { selection } : {}),
      ...(compared ? { compared } : {}),
      history: this.#history,
      selected: (chosen) => {
        panel.title = chosen ? vscode.l10n.t('Playground: {0}', chosen.key.model) : vscode.l10n.t('Playground');
      },
    });
    const page = createBirpc<PlaygroundPage, PlaygroundExtension>(functionsOf(bridge), {
      post: (message) => webview.postMessage(message),
      on: (receive) => webview.onDidReceiveMessage(receive),
      // Predictions and questions to the user take as long as they take; their own limits end them.
      timeout: -1,
      eventNames: ['deployments', 'card', 'sample', 'waiting', 'select', 'compare'],
    });
    this.#opened = { panel, bridge };
    const update = soon(() => void bridge.update());
    const subscription = this.#editor.store.onDidChange((change) => {
      if (change.kind !== 'log') update();
    });
    panel.onDidDispose(() => {
      subscription.dispose();
      update.dispose();
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
    send: (input, options) => bridge.send(input, options),
    repeat: (input, times, options) => bridge.repeat(input, times, options),
    compare: (key) => bridge.compare(key),
    cancel: () => bridge.cancel(),
    cold: (key) => bridge.cold(key),
    start: () => bridge.start(),
    stop: () => bridge.stop(),
    copyAs: (language, input) => bridge.copyAs(language, input),
    copyText: (text) => bridge.copyText(text),
    showLogs: (request, key) => bridge.showLogs(request, key),
    runAction: (action) => bridge.runAction(action),
    editorSelection: () => bridge.editorSelection(),
  };
}
