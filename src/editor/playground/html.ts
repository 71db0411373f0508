import { randomBytes } from 'node:crypto';
import * as vscode from 'vscode';

/** What a playground's panel may load: nothing from elsewhere. */
export function panelOptions(extension: vscode.Uri): vscode.WebviewOptions {
  return { enableScripts: true, localResourceRoots: [vscode.Uri.joinPath(extension, 'dist', 'webview')] };
}

/**
 * The page around the playground's script. It reaches no network: only the extension calls endpoints. The toolkit looks
 * for the nonce of the style element that it makes in the `csp-nonce` property.
 */
export function pageHtml(webview: vscode.Webview, extension: vscode.Uri): string {
  const folder = vscode.Uri.joinPath(extension, 'dist', 'webview');
  const script = webview.asWebviewUri(vscode.Uri.joinPath(folder, 'playground.js'));
  const style = webview.asWebviewUri(vscode.Uri.joinPath(folder, 'playground.css'));
  const nonce = randomBytes(16).toString('base64url');
  const policy = [
    `default-src 'none'`,
    `script-src 'nonce-${nonce}'`,
    `style-src ${webview.cspSource} 'nonce-${nonce}'`,
    `font-src ${webview.cspSource}`,
    `img-src ${webview.cspSource}`,
    `connect-src 'none'`,
    `form-action 'none'`,
    `base-uri 'none'`,
  ].join('; ');
  return `<!DOCTYPE html>
<html lang="${escapeAttribute(vscode.env.language)}">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta property="csp-nonce" content="${nonce}">
<link rel="stylesheet" href="${style.toString()}">
<title>${escapeAttribute(vscode.l10n.t('Playground'))}</title>
</head>
<body>
<div id="app"></div>
<script type="module" nonce="${nonce}" src="${script.toString()}"></script>
</body>
</html>
`;
}

function escapeAttribute(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
