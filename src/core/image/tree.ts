import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';

export interface TreeFile {
  /** Below the root, with `/`; '' where the root itself is a file. */
  path: string;
  /** Absolute path. */
  file: string;
  bytes: number;
}

/** The files of a folder, or the one file, without Python's caches. */
export async function listTree(root: string): Promise<TreeFile[]> {
  const facts = await stat(root);
  if (!facts.isDirectory()) return [{ path: '', file: root, bytes: facts.size }];
  const found: TreeFile[] = [];
  const walk = async (folder: string, below: string): Promise<void> => {
    for (const entry of await readdir(folder, { withFileTypes: true })) {
      if (entry.name === '__pycache__') continue;
      const file = path.join(folder, entry.name);
      const relative = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await walk(file, relative);
      else if (entry.isFile()) found.push({ path: relative, file, bytes: (await stat(file)).size });
    }
  };
  await walk(root, '');
  return found;
}
