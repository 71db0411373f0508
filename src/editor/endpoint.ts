import * as vscode from 'vscode';

/**
 * An endpoint's URL as the user's own machine reaches it, for copying: in a remote window the port is forwarded. Where
 * the editor knows no way to it (a browser's window whose server forwards no ports), the URL on the extension's machine.
 * The extension itself calls the URL as it is.
 */
export async function externalUrl(url: string): Promise<string> {
  const here = vscode.Uri.parse(url);
  const external = await vscode.env.asExternalUri(here).then(undefined, () => here);
  return external.toString(true).replace(/\/$/, '');
}
