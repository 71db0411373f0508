import { opendir, open, stat } from 'node:fs/promises';
import path from 'node:path';

/** A folder is never listed further than this: it may be a data set with millions of files. */
export const ENTRIES_LIMIT = 1000;

export interface Listing {
  files: string[];
  folders: string[];
  /** There are more than were looked at. */
  more: boolean;
}

/** Names in a folder, 1,000 at most, sorted. Links count as what they point at. */
export async function peek(folder: string): Promise<Listing> {
  const listing: Listing = { files: [], folders: [], more: false };
  let count = 0;
  for await (const entry of await opendir(folder)) {
    if (++count > ENTRIES_LIMIT) {
      listing.more = true;
      break;
    }
    const isFolder = entry.isSymbolicLink() ? await isDirectory(path.join(folder, entry.name)) : entry.isDirectory();
    (isFolder ? listing.folders : listing.files).push(entry.name);
  }
  listing.files.sort();
  listing.folders.sort();
  return listing;
}

export async function isFile(file: string): Promise<boolean> {
  return (await stat(file).catch(() => undefined))?.isFile() ?? false;
}

async function isDirectory(folder: string): Promise<boolean> {
  return (await stat(folder).catch(() => undefined))?.isDirectory() ?? false;
}

/** The first bytes of a file as text: enough for every configuration, never the whole of a wrongly named data file. */
export async function readStart(file: string, limit = 16 * 1024 * 1024): Promise<string> {
  return (await readBytes(file, limit)).toString('utf8');
}

export async function readBytes(file: string, limit: number): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const size = Math.min((await handle.stat()).size, limit);
    const buffer = Buffer.alloc(size);
    const { bytesRead } = await handle.read(buffer, 0, size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}
