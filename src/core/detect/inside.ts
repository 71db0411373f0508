/** What a folder may hold that is a model by itself, told by names alone: for saying so, never for deciding what it is. */
import path from 'node:path';
import { isFile, peek } from './folder.ts';
import { detectMarkers, isMarkedFile } from './markers.ts';

const MARKERS: ReadonlySet<string> = new Set(detectMarkers.files);
/** A project may have a great many folders. */
const FOLDERS_LIMIT = 100;

/** Paths in `folder`, with `/`: files with a model's ending, folders with a model's files; `depth` folders deep. */
export async function modelsInside(folder: string, depth: number): Promise<string[]> {
  const { files, folders } = await peek(folder);
  const found = files.filter((file) => isMarkedFile(file));
  for (const name of folders.slice(0, FOLDERS_LIMIT)) {
    const below = path.join(folder, name);
    if (name.startsWith('.') || name === 'node_modules' || (await isFile(path.join(below, 'pyvenv.cfg')))) continue;
    const inside = await peek(below).catch(() => undefined);
    if (inside?.files.some((file) => MARKERS.has(file))) found.push(`${name}/`);
    else if (inside && depth > 1) found.push(...(await modelsInside(below, depth - 1)).map((one) => `${name}/${one}`));
  }
  return found;
}
