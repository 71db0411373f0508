import { createBirpc } from 'birpc';
import type { PlaygroundExtension, PlaygroundPage } from '../src/shared/playground.ts';

/** What the editor gives a webview page; it can be acquired once. */
export interface EditorApi {
  postMessage(message: unknown): void;
  getState(): unknown;
  setState(state: unknown): void;
}

/**
 * The extension, as functions. Most of them wait for a person or for a model and so have no time limit here: sending
 * ends by the deployment's own limits or by Cancel.
 */
export function connect(editor: EditorApi, page: PlaygroundPage): PlaygroundExtension {
  return createBirpc<PlaygroundExtension, PlaygroundPage>(page, {
    post: (message) => editor.postMessage(message),
    on: (receive) => window.addEventListener('message', (event: MessageEvent<unknown>) => receive(event.data)),
    timeout: -1,
  });
}
