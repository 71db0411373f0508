import * as vscode from 'vscode';

/**
 * An endpoint's URL as the user's own machine reaches it, for copying: in a remote window the port is forwarded. The
 * extension itself calls the URL as it is.
 */
export async function externalUrl(url: string): Promise<string> {
  const external = await vscode.env.asExternalUri(vscode.Uri.parse(url));
  return external.toString(true).replace(/\/$/, '');
}
