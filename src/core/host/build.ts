/** The image of a version, from the copies that the version is made of. */
import type { Engine } from '../image/engine.ts';
import type { BuiltImage } from '../image/image.ts';
import type { ReadyImage } from '../image/ready.ts';
import { projectId } from '../places.ts';
import type { Shell } from '../shell.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { Surroundings } from './deployment.ts';
import { functionDocument } from './function-file.ts';
import type { Snapshot } from './snapshots.ts';
import type { VersionParts } from './version-parts.ts';
import type { VersionRequest } from './version-request.ts';

export interface ImageParts {
  ready: ReadyImage;
  snapshot: Snapshot;
  parts: VersionParts;
  runtimeHash: string;
  /** As of `ImageRequest`. */
  slimAgain?: boolean;
}

/** Errors: as of `openEngine` and `buildImage`. `isCached`: the engine had this very image for this version. */
export async function buildVersion(
  around: Surroundings,
  { model, deployment, project, spec }: Pick<VersionRequest, 'model' | 'deployment' | 'project' | 'spec'>,
  { ready: { plan, locks }, snapshot, parts, runtimeHash, slimAgain }: ImageParts,
  shell: Shell,
): Promise<Outcome<{ image: BuiltImage; isCached: boolean }>> {
  const { modules, ownCode, version, madeWith } = parts;
  const engine = await around.containers.engine();
  if (!engine.ok) return engine;
  const { buildImage, imageReference, inspected } = await import('../image/image.ts');
  const key = { model, deployment, projectId: projectId(project), version };
  const reference = imageReference(key);
  const before = (await inspected(engine.value, reference))?.Id;
  const built = await buildImage(
    {
      ...plan,
      ...locks,
      ...key,
      modelPath: snapshot.path,
      ...(modules.hash === undefined ? {} : { modulesPath: around.modulesPath(modules.hash) }),
      isCustom: spec.framework === 'custom',
      document: functionDocument({ model, deployment, version, spec, madeWith, ownCode, path: '', modulePaths: [] }),
      runtime: around.runtime,
      runtimeHash,
      ...(slimAgain ? { slimAgain } : {}),
    },
    engine.value,
    shell,
  );
  if (built.ok) return ok({ image: built.value, isCached: built.value.id === before });
  // A cancel may come when all is built.
  if (before === undefined) await remove(engine.value, reference);
  return built;
}

async function remove({ docker }: Engine, reference: string): Promise<void> {
  await docker
    .getImage(reference)
    .remove()
    .catch(() => undefined);
}
