/** Which slimming steps a model can do without what they remove: found out once for what is installed, in a build. */
import { createHash, randomUUID } from 'node:crypto';
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { places } from '../places.ts';
import type { Shell } from '../shell.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import { build, type BuildRequest } from './builder.ts';
import { DECIDED } from './dockerfile.ts';
import type { Engine } from './engine.ts';
import { fileIn } from './file-in.ts';

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

/** On an image: what was decided for it, JSON. */
export const SLIMMING_LABEL = 'nimbus.slimming';

export function keptSteps(decided: readonly SlimmingStep[]): string[] {
  return decided.filter(({ kept }) => kept).map(({ step }) => step);
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

/** Remembers a decision, but for one that nothing was found out for: of a model that does not answer in the build. */
export async function rememberSlimming(identity: string, decided: readonly SlimmingStep[]): Promise<void> {
  if (isUndecided(decided)) return;
  await mkdir(path.dirname(fileOf(identity)), { recursive: true });
  await writeFileAtomic(fileOf(identity), JSON.stringify(decided));
}

export function isUndecided(decided: readonly SlimmingStep[]): boolean {
  return decided.every(({ kept }) => !kept);
}

/** Decides in a build of its own, of which nothing is left. Errors: as of `build`. */
export async function decideSlimming(
  request: BuildRequest,
  engine: Engine,
  shell: Shell,
): Promise<Outcome<SlimmingStep[]>> {
  // Those that find the same are else one image, which the first to end would take away from the others.
  const labels = { ...request.labels, 'nimbus.deciding': randomUUID() };
  const built = await build({ ...request, labels }, engine, shell);
  if (!built.ok) return built;
  const { docker } = engine;
  try {
    return ok(JSON.parse((await fileIn(docker, built.value, DECIDED)) ?? '[]') as SlimmingStep[]);
  } finally {
    // Its layers that the image itself is built from stay in the builder's cache.
    await docker
      .getImage(built.value)
      .remove({ force: true })
      .catch(() => undefined);
  }
}

function fileOf(identity: string): string {
  return path.join(places().cache, 'images', 'slimming', `${identity}.json`);
}
