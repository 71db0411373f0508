import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
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

/** The command line that starts uv: from the PATH, or as a module of an interpreter. Errors: it is in neither. */
export async function howToCallUv(
  base: string,
  packages: Readonly<Record<string, string>>,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<string[]>> {
  const uv = await findUv(env);
  if (uv !== undefined) return ok([uv]);
  if (packages['uv'] !== undefined) return ok([base, '-I', '-m', 'uv']);
  return fail('uv-missing', 'This needs uv, and there is none.', {
    why: `uv resolves the exact package versions (nimbus.lock). It is neither on the PATH nor installed in ${base}.`,
    next: 'Install it (pip install uv, or https://docs.astral.sh/uv), and run it again.',
  });
}
