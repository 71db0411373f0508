import nodeModule from 'node:module';
import path from 'node:path';
import { places } from './places.ts';

/** Of Node 22.8 and newer; unknown to the types of the oldest Node that runs Nimbus. */
type Caching = { enableCompileCache?: (folder: string) => unknown };

/** Where Node keeps what it compiled, in a folder that only this user writes to: what lies there runs. */
export function compiledFolder(): string {
  return path.join(places().cache, 'compiled');
}

/** What is imported from now on is compiled once per version: a good part of a short command's time. */
export function keepCompiled(): void {
  (nodeModule as Caching).enableCompileCache?.(compiledFolder());
}
