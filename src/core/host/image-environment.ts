/** What an image is made from, put in order before a version of it is made. */
import { isCondaPython } from '../environment/conda.ts';
import { probe } from '../environment/probe.ts';
import { packageSettings } from '../environment/packages.ts';
import type { BuiltImage } from '../image/image.ts';
import { imageLocks, knownLocks, type ImageLocks, type ImagePlan } from '../image/plan.ts';
import type { ReadyImage } from '../image/ready.ts';
import { imageSettings } from '../image/settings.ts';
import type { Shell } from '../shell.ts';
import type { ReadyEnvironment } from './version-request.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { ImageRecord } from './state.ts';

/** The locks that a plan asks for, made where they are not there. `python`: any interpreter. Errors: as of `imageLocks`. */
export async function readyForImage(python: string, plan: ImagePlan, shell: Shell): Promise<Outcome<ReadyEnvironment>> {
  const locks = await locksFor(python, plan, shell);
  if (!locks.ok) return locks;
  return ok({ python, lock: locks.value.identity, image: { plan, locks: locks.value } });
}

async function locksFor(python: string, plan: ImagePlan, shell: Shell): Promise<Outcome<ImageLocks>> {
  // Starting an interpreter is most of what a deploy takes where nothing has changed. One of conda may have what no image can.
  if (!(await isCondaPython(python))) {
    const known = await knownLocks(plan);
    if (!known.ok) return known;
    if (known.value) return ok(known.value);
  }
  const found = await probe(python, ['uv'], { signal: shell.signal });
  return found.ok ? imageLocks(plan, found.value, shell) : found;
}

/** What of a version's image is kept: no settings, which may hold passwords. */
export function imageRecord(image: BuiltImage, { plan }: ReadyImage): ImageRecord {
  const { base, lockFile, requirements } = plan;
  return { ...image, base, lockFile, requirements: [...requirements] };
}

/** The same again for a model that changed; settings are those of this host's own environment. */
export function planAgain(
  { platform, python, base, lockFile, requirements }: ImageRecord,
  env: NodeJS.ProcessEnv,
): ImagePlan {
  return {
    platform,
    python,
    base,
    lockFile,
    requirements,
    settings: imageSettings(env),
    packages: packageSettings(env),
  };
}
