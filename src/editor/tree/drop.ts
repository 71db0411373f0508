import * as vscode from 'vscode';

const URI_LIST = 'text/uri-list';

/** Files and folders that are dropped on the Models view are deployed. */
export const dropToDeploy: vscode.TreeDragAndDropController<unknown> = {
  dropMimeTypes: [URI_LIST],
  dragMimeTypes: [],
  async handleDrop(_target, data) {
    const text = await data.get(URI_LIST)?.asString();
    const uris = parseUriList(text ?? '').map((uri) => vscode.Uri.parse(uri, true));
    if (uris.length > 0) await vscode.commands.executeCommand('nimbus.deploy', uris[0], uris);
  },
};

/** RFC 2483: one URI per line, lines with # are comments. */
export function parseUriList(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
}
