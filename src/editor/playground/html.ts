import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';
import { pageDocument } from './page.ts';

/** What a playground's panel may load: nothing from elsewhere. */
export function panelOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extension, 'dist', 'webview')] };
}

/** The playground's page for a panel. */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
  const address = (file: string): string => webview.asWebviewUri(vscode.Uri.joinPath(folder, file)).toString();
  return pageDocument({
    script: address('playground.js'),
    style: address('playground.css'),
    source: webview.cspSource,
    nonce: randomBytes(16).toString('base64url'),
    title: vscode.l10n.t('Playground'),
  });
}
