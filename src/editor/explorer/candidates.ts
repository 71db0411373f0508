import path from 'node:path';
import * as vscode from 'vscode';
import { detectMarkers } from '../../core/detect/markers.ts';
import { NEVER_SEARCHED } from '../store/store.ts';

/** Files that give their folder away as one that may be a model. */
export const MARKER_GLOB = `**/{${detectMarkers.files.join(',')}}`;
/** Matches at most; with more, every folder is offered. */
const SEARCH_LIMIT = 5000;

/** Folders of the workspace that may be a model, and the folder above a `model-best` or an `onnx`; undefined where there are too many. */
export async function findModelFolders(limit = SEARCH_LIMIT): Promise<vscode.Uri[] | undefined> {
  const marked = await vscode.workspace.findFiles(MARKER_GLOB, NEVER_SEARCHED, limit);
  if (marked.length >= limit) return undefined;
  const folders = new Map<string, vscode.Uri>();
  for (const marker of marked) {
    const folder = vscode.Uri.joinPath(marker, '..');
    folders.set(folder.toString(), folder);
    if (/^(?:model-(?:best|last)|onnx)$/.test(path.posix.basename(folder.path))) {
      const above = vscode.Uri.joinPath(folder, '..');
      folders.set(above.toString(), above);
    }
  }
  return [...folders.values()];
}

/** Absolute paths of the workspace's files and folders that look like a model, for a person to choose from. */
export async function findModelFiles(): Promise<string[]> {
  const { extensions, named, exact } = detectMarkers;
  const [files, others, usual, folders] = await Promise.all([
    vscode.workspace.findFiles(`**/*{${extensions.join(',')}}`, NEVER_SEARCHED, SEARCH_LIMIT),
    vscode.workspace.findFiles(
      `**/*{${named.words.join(',')}}*{${named.extensions.join(',')}}`,
      NEVER_SEARCHED,
      SEARCH_LIMIT,
    ),
    vscode.workspace.findFiles(`**/{${exact.join(',')}}`, NEVER_SEARCHED, SEARCH_LIMIT),
    findModelFolders(),
  ]);
  const all = [...files, ...others, ...usual, ...(folders ?? [])];
  return [...new Set(all.map(({ fsPath }) => fsPath))].toSorted();
}
