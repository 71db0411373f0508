import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of Nimbus, from the nearest package.json: the extension's, the npm package's or that of a copied host. */
export const VERSION = findVersion(path.dirname(fileURLToPath(import.meta.url)));

function findVersion(start: string): string {
  for (let folder = start; ; folder = path.dirname(folder)) {
    try {
      const { version } = JSON.parse(readFileSync(path.join(folder, 'package.json'), 'utf8')) as { version?: string };
      if (version) return version;
    } catch {
      // Not here: further up.
    }
    if (path.dirname(folder) === folder) throw new Error(`no package.json with a version above ${start}`);
  }
}

/** Whether version `one` is newer than `other`, by their numbers. */
export function isNewer(one: string, other: string): boolean {
  const numbers = (version: string): number[] => version.split(/[.+-]/).slice(0, 3).map(Number);
  const [a, b] = [numbers(one), numbers(other)];
  for (let index = 0; index < 3; index++) {
    const difference = (a[index] || 0) - (b[index] || 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}
