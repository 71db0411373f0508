import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import type { ReportContent, ReportDocument, ReportRequest } from '../../shared/report-page.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import { panelOptions } from '../playground/html.ts';
import { pageDocument } from '../playground/page.ts';
import type { Project } from '../store/project.ts';

/** What the page's buttons run. */
const COMMANDS: Partial<Record<ReportRequest, string>> = {
  dockerfile: 'nimbus.openDockerfile',
  sweep: 'nimbus.memorySweep',
  report: 'nimbus.showImageReport',
  cost: 'nimbus.cost',
};

interface Opened {
  panel: vscode.WebviewPanel;
  document: ReportDocument;
}

/** Reports as pages, one of each kind for a deployment: showing it again replaces what it shows. */
export class Reports implements vscode.Disposable {
  readonly #editor: Editor;
  readonly #open = new Map<string, Opened>();

  constructor(editor: Editor) {
    this.#editor = editor;
  }

  show(project: Project, key: DeploymentKey, content: ReportContent): void {
    const name = keyText(key);
    const id = `${content.kind} ${project.folder} ${name}`;
    const document: ReportDocument = { name, locale: vscode.env.language, content };
    const known = this.#open.get(id);
    if (known) {
      known.document = document;
      void known.panel.webview.postMessage(document);
      known.panel.reveal();
      return;
    }
    const title = titleOf(content, key);
    const { extensionUri } = this.#editor.extension;
    const panel = vscode.window.createWebviewPanel(
      `nimbus.${content.kind}Report`,
      title,
      vscode.ViewColumn.Active,
      panelOptions(extensionUri),
    );
    const opened: Opened = { panel, document };
    this.#open.set(id, opened);
    panel.onDidDispose(() => this.#open.delete(id));
    panel.webview.onDidReceiveMessage((request: unknown) => {
      if (request === 'ready') void panel.webview.postMessage(opened.document);
      const command = COMMANDS[request as ReportRequest];
      if (command === undefined) return;
      const isAgain = request === 'sweep' && content.kind === 'sweep';
      void vscode.commands.executeCommand(command, { project: project.folder, ...key }, isAgain);
    });
    panel.webview.html = pageHtml(panel.webview, extensionUri, title);
  }

  dispose(): void {
    for (const { panel } of this.#open.values()) panel.dispose();
  }
}

function titleOf({ kind }: ReportContent, { model }: DeploymentKey): string {
  switch (kind) {
    case 'image':
      return vscode.l10n.t('Image: {0}', model);
    case 'sweep':
      return vscode.l10n.t('Memory Sweep: {0}', model);
    case 'cost':
      return vscode.l10n.t('Cost: {0}', model);
  }
}

function pageHtml(webview: vscode.Webview, extension: vscode.Uri, title: string): string {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
  const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  return pageDocument({
    script: address('report.js'),
    style: address('report.css'),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
    title,
  });
}
