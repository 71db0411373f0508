import * as vscode from 'vscode';

/** An endpoint's URL for copying; see `reachable`. The extension itself calls the URL as it is. */
export async function externalUrl(url: string): Promise<string> {
  // One on AWS is the same everywhere.
  if (url.startsWith('https:')) return url;
  const here = vscode.Uri.parse(url);
  return reachable(here, await vscode.env.asExternalUri(here).then(undefined, () => here));
}

/** Names under which an endpoint answers; it refuses every other. */
const LOOPBACK = new Set(['127.0.0.1', 'localhost', '[::1]']);

/**
 * In a remote window the editor forwards the port: `external` is the URL on the user's own machine. Where it can only
 * offer an address of its own server (a browser's window: `https://…/proxy/<port>/`) that one asks for a sign-in, and the
 * endpoint refuses its name: then it is the URL on the machine where the model runs, which its terminals and notebooks
 * reach.
 */
export function reachable(here: vscode.Uri, external: vscode.Uri): string {
  const { scheme, authority, path } = external;
  const isForwarded = scheme === 'http' && LOOPBACK.has(authority.replace(/:\d+$/, '')) && path === here.path;
  return (isForwarded ? external : here).toString(true).replace(/\/$/, '');
}
