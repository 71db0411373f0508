import * as vscode from 'vscode';
import { detectMarkers, foldersMarkedBy } from '../../core/detect/markers.ts';
import { NEVER_SEARCHED } from '../store/store.ts';

/** Files that give their folder away as one that may be a model. */
export const MARKER_GLOB = `**/{${[...detectMarkers.files, ...detectMarkers.alone.flat().map((ending) => `*${ending}`)].join(',')}}`;
/** Matches at most; with more, every folder is offered. */
const SEARCH_LIMIT = 5000;

/** Folders of the workspace that may be a model; undefined where there are too many. */
export async function findModelFolders(limit = SEARCH_LIMIT, glob = MARKER_GLOB): Promise<vscode.Uri[] | undefined> {
  const marked = await vscode.workspace.findFiles(glob, NEVER_SEARCHED, limit);
  if (marked.length >= limit) return undefined;
  const [first] = marked;
  return first ? foldersMarkedBy(marked.map((uri) => uri.path)).map((folder) => first.with({ path: folder })) : [];
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
    // A folder that is one for a file's sake is not listed beside that file.
    findModelFolders(SEARCH_LIMIT, `**/{${detectMarkers.files.join(',')}}`),
  ]);
  const all = [...files, ...others, ...usual, ...(folders ?? [])];
  return [...new Set(all.map(({ fsPath }) => fsPath))].toSorted();
}
