/** What an image is made from, put in order before a version of it is made. */
import { probe } from '../environment/probe.ts';
import { packageSettings } from '../environment/packages.ts';
import type { BuiltImage } from '../image/image.ts';
import { imageLocks, type ImagePlan } from '../image/plan.ts';
import type { ReadyImage } from '../image/ready.ts';
import { imageSettings } from '../image/settings.ts';
import type { Shell } from '../shell.ts';
import type { ReadyEnvironment } from './version-request.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { ImageRecord } from './state.ts';

/** The locks that a plan asks for, made where they are not there. `python`: any interpreter. Errors: as of `imageLocks`. */
export async function readyForImage(python: string, plan: ImagePlan, shell: Shell): Promise<Outcome<ReadyEnvironment>> {
  const found = await probe(python, ['uv'], { signal: shell.signal });
  if (!found.ok) return found;
  const locks = await imageLocks(plan, found.value, shell);
  if (!locks.ok) return locks;
  return ok({ python, lock: locks.value.identity, image: { plan, locks: locks.value } });
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
