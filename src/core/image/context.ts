/** What the builder gets to see, as one tar archive: the same bytes for the same files, whoever makes it and when. */
import { readFile } from 'node:fs/promises';
import { createReadStream } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { Readable } from 'node:stream';
import { pack, type Pack } from 'tar-stream';
import { listTree } from './tree.ts';

/** One file of a context; `path` with `/`, relative to the context. */
export type ContextEntry = { path: string } & ({ text: string } | { file: string; bytes: number });

/** Everybody may read: AWS Lambda runs an image as a user of its own choice. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** All files below a folder or of one file, at `at` in the context. Links were resolved when the snapshot was taken. */
export async function entriesOf(place: string, at: string): Promise<ContextEntry[]> {
  return (await listTree(place)).map(({ path: relative, file, bytes }) => ({
    path: relative === '' ? at : `${at}/${relative}`,
    file,
    bytes,
  }));
}

/** A stream of the archive; sorted, of user 0, of the first of January 1970. */
export function contextArchive(entries: readonly ContextEntry[]): Readable {
  const archive = pack();
  void writeAll(archive, entries).catch((error: Error) => archive.destroy(error));
  return archive as unknown as Readable;
}

async function writeAll(archive: Pack, entries: readonly ContextEntry[]): Promise<void> {
  const common = { uid: 0, gid: 0, uname: '', gname: '', mtime: new Date(0) };
  const folders = new Set<string>();
  for (const entry of entries.toSorted((one, other) => (one.path < other.path ? -1 : 1))) {
    for (const folder of foldersOf(entry.path)) {
      if (folders.has(folder)) continue;
      folders.add(folder);
      archive.entry({ ...common, name: `${folder}/`, type: 'directory', mode: FOLDER_MODE });
    }
    const header = { ...common, name: entry.path, type: 'file' as const, mode: FILE_MODE };
    if ('text' in entry) {
      archive.entry(header, entry.text);
    } else {
      await pipeline(createReadStream(entry.file), archive.entry({ ...header, size: entry.bytes }));
    }
  }
  archive.finalize();
}

function foldersOf(file: string): string[] {
  const parts = path.posix.dirname(file).split('/');
  return parts[0] === '.' ? [] : parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

/** A file of the runtime that the build runs, as a text entry. */
export async function textEntry(file: string, at: string): Promise<ContextEntry> {
  return { path: at, text: await readFile(file, 'utf8') };
}
