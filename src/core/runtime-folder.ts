import { existsSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

let found: string | undefined;

/**
 * Absolute path of the Python runtime's folder: `runtime` beside the bundle (or beside the folder of its chunks), and
 * `infra/runtime` where the sources run unbundled. Throws where the installation is incomplete.
 */
export function runtimeFolder(): string {
  found ??= findUpward(path.dirname(fileURLToPath(import.meta.url)));
  return found;
}

function findUpward(start: string): string {
  for (let folder = start; ; folder = path.dirname(folder)) {
    for (const inside of ['runtime', path.join('infra', 'runtime')]) {
      const runtime = path.join(folder, inside);
      if (existsSync(path.join(runtime, 'pickle_reader.py'))) return runtime;
    }
    if (path.dirname(folder) === folder) throw new Error(`No Python runtime beside or above ${start}`);
  }
}
