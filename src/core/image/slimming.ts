/** Which slimming steps a model can do without what they remove: found out once for what is installed, in a build. */
import { createHash } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Readable } from 'node:stream';
import { extract } from 'tar-stream';
import writeFileAtomic from 'write-file-atomic';
import { places } from '../places.ts';
import type { Shell } from '../shell.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import { build, type BuildRequest } from './builder.ts';
import { DECIDED } from './dockerfile.ts';
import type { Engine } from './engine.ts';

export interface SlimmingStep {
  /** As of image/slim.py. */
  step: string;
  /** Bytes of all packages before and after it. */
  before: number;
  after: number;
  /** The model answers its examples without what it removes. */
  kept: boolean;
  /** Why it is not kept. */
  why?: string;
}

/** What was decided for `identity`; undefined where nothing was yet. */
export async function knownSlimming(identity: string): Promise<SlimmingStep[] | undefined> {
  const text = await readFile(fileOf(identity), 'utf8').catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as SlimmingStep[]);
}

/** Identity of a decision: of what is installed, of the base, and of what decides. */
export function slimmingIdentity(parts: readonly string[]): string {
  return createHash('sha256').update(parts.join('\n')).digest('hex').slice(0, 32);
}

/** Decides in a build of its own, of which nothing is left, and remembers it. Errors: as of `build`. */
export async function decideSlimming(
  identity: string,
  request: BuildRequest,
  engine: Engine,
  shell: Shell,
): Promise<Outcome<SlimmingStep[]>> {
  const built = await build(request, engine, shell);
  if (!built.ok) return built;
  const { docker } = engine;
  const image = docker.getImage(built.value);
  try {
    const container = await docker.createContainer({ Image: built.value, Cmd: ['true'] });
    try {
      const archive = (await container.getArchive({ path: DECIDED })) as Readable;
      const decided = JSON.parse(await onlyFile(archive)) as SlimmingStep[];
      await mkdir(path.dirname(fileOf(identity)), { recursive: true });
      await writeFileAtomic(fileOf(identity), JSON.stringify(decided));
      return ok(decided);
    } finally {
      await container.remove({ force: true });
    }
  } finally {
    // Its layers that the image itself is built from stay in the builder's cache.
    await image.remove({ force: true }).catch(() => undefined);
  }
}

function fileOf(identity: string): string {
  return path.join(places().cache, 'images', 'slimming', `${identity}.json`);
}

/** The text of the one file of a tar archive. */
async function onlyFile(archive: Readable): Promise<string> {
  const parts = extract();
  archive.pipe(parts);
  for await (const entry of parts) {
    const chunks: Buffer[] = [];
    for await (const chunk of entry) chunks.push(chunk as Buffer);
    return Buffer.concat(chunks).toString();
  }
  throw new Error('the engine sent an empty archive');
}
