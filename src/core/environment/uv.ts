import { stat } from 'node:fs/promises';
import path from 'node:path';
import { pathFolders } from './candidates.ts';

/** Absolute path of uv on the PATH; it makes environments several times faster than pip. */
export async function findUv(env: NodeJS.ProcessEnv): Promise<string | undefined> {
  for (const folder of pathFolders(env, process.platform)) {
    const file = path.join(folder, process.platform === 'win32' ? 'uv.exe' : 'uv');
    const facts = await stat(file).catch(() => undefined);
    if (facts?.isFile()) return file;
  }
  return undefined;
}
