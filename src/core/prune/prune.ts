/** Frees what Nimbus made and nothing uses any more; never what it did not make, and never the engine's own caches. */
import path from 'node:path';
import type { Engine } from '../image/engine.ts';
import { places, projectId } from '../places.ts';
import type { Prunable, PruneItem, PruneResult } from '../../shared/prune.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Outcome } from '../../shared/outcome.ts';
import { inLogs, removePlace, unusedEnvironments, unusedLogs, unusedPrograms } from './files.ts';
import { knownProjects, usedBy, type KnownProject } from './projects.ts';

/** What the host that prunes knows, at each moment that it is asked. */
export interface PruneScope {
  project: string;
  /** Every deployment that it knows, with what it uses. */
  deployments(): readonly (DeploymentKey & { interpreter: string; image?: { id: string; reference: string } })[];
  /** Whose versions are just being made. */
  making(): readonly DeploymentKey[];
  engine(): Promise<Outcome<Engine>>;
  /** Its containers carry both. */
  own: { mark: string; hostId: string };
  /** The mark of containers of a project of this user, where no host of it lives. */
  deadMark(id: string): Promise<string | undefined>;
  /** Folder that it runs from. */
  program: string;
}

/** Removes nothing. */
export async function findPrunable(scope: PruneScope): Promise<Prunable> {
  const id = projectId(scope.project);
  const projects = await knownProjects();
  const remarks: string[] = [];
  const own: KnownProject = { id, folder: scope.project, state: 'there', interpreters: [] };
  const known = await Promise.all(
    [own, ...projects.filter((one) => one.id !== id && one.state !== 'gone')].map(async (one) => ({
      ...one,
      used: one.state === 'there' ? await usedBy(one.folder!) : undefined,
    })),
  );
  const unreadable = known.filter(({ used }) => used === undefined);
  const items: PruneItem[] = [];
  const images = known.flatMap(({ used }) => used?.images ?? []);
  items.push(...(await onEngine(scope, { id, projects, used: images }, remarks)));
  remarks.push(...unreadableTexts(unreadable));
  if (unreadable.every(({ interpreters }) => interpreters)) {
    const interpreters = [
      ...known.flatMap((one) => one.used?.interpreters ?? one.interpreters ?? []),
      ...scope.deployments().map(({ interpreter }) => interpreter),
    ];
    items.push(...(await unusedEnvironments(interpreters)));
  }
  const deployments = [...scope.deployments(), ...scope.making()].map((one) => inLogs(one));
  items.push(...(await unusedPrograms(scope.program)), ...(await unusedLogs({ id, deployments }, projects)));
  return { items: items.toSorted((one, other) => other.bytes - one.bytes), remarks };
}

/** By name: a disk can be mounted then, and whoever removed a project knows what is meant. */
function unreadableTexts(projects: readonly KnownProject[]): string[] {
  const notes = path.join(places().data, 'projects');
  const noted = projects.filter(({ folder, interpreters }) => interpreters && folder !== undefined);
  const others = projects.filter(({ interpreters }) => !interpreters);
  const named = (some: readonly KnownProject[]): string =>
    `${some.length === 1 ? 'A project' : `${some.length} projects`} of yours cannot be looked at for now (${some
      .slice(0, NAMED)
      .map(({ id, folder }) => folder ?? id)
      .join(', ')}${some.length > NAMED ? ' and others' : ''})`;
  return [
    ...(noted.length > 0
      ? [`${named(noted)}: what is used there stays. Of one that is gone for good, remove its files in ${notes}.`]
      : []),
    ...(others.length > 0
      ? [
          `${named(others)}: environments stay, since they may be used there. Run nimbus list in each, or, of one that is gone for good, remove its files in ${notes}.`,
        ]
      : []),
  ];
}

/** Projects that a remark names. */
const NAMED = 5;

async function onEngine(
  scope: PruneScope,
  { id, projects, used }: { id: string; projects: readonly KnownProject[]; used: readonly string[] },
  remarks: string[],
): Promise<PruneItem[]> {
  const engine = await scope.engine();
  if (!engine.ok) {
    remarks.push(`Containers and images stay: ${engine.error.what}`);
    return [];
  }
  const { unusedOnEngine } = await import('./engine.ts');
  const marks = await Promise.all(projects.filter((one) => one.id !== id).map((one) => scope.deadMark(one.id)));
  const images = scope.deployments().flatMap(({ image }) => (image ? [image.id, image.reference] : []));
  return unusedOnEngine(engine.value, {
    own: scope.own,
    deadMarks: marks.filter((one) => one !== undefined),
    projects: [id, ...projects.filter(({ state }) => state === 'gone').map((one) => one.id)],
    used: new Set([...images, ...used]),
    making: { projectId: id, keys: scope.making() },
  });
}

/** Whether a deploy that began after the look makes, or has made, a version of this image. */
async function isNeededByNow({ id: reference }: PruneItem, scope: PruneScope): Promise<boolean> {
  const { referencePrefix, repositoryOf } = await import('../image/image.ts');
  const repository = repositoryOf(projectId(scope.project));
  return (
    scope.deployments().some(({ image }) => image?.reference === reference) ||
    scope.making().some((key) => reference.startsWith(referencePrefix(repository, key)))
  );
}

/** Removes those of the items that are still unused. What fails does not keep the others. */
export async function prune(items: readonly PruneItem[], scope: PruneScope): Promise<PruneResult> {
  const now = await findPrunable(scope);
  const wanted = new Set(items.map((one) => keyOf(one)));
  const result: PruneResult = { removed: [], failed: [] };
  const engine = await scope.engine();
  const { removeFromEngine } = await import('./engine.ts');
  // Containers first: they hold images.
  const order = now.items.toSorted(
    (one, other) => Number(other.kind === 'containers') - Number(one.kind === 'containers'),
  );
  for (const item of order.filter((one) => wanted.has(keyOf(one)))) {
    try {
      if (item.kind === 'images' && (await isNeededByNow(item, scope))) throw new Error('A deploy uses it by now.');
      if (item.kind !== 'containers' && item.kind !== 'images') await removePlace(item);
      else if (engine.ok) await removeFromEngine(engine.value.docker, item);
      result.removed.push(item);
    } catch (error) {
      result.failed.push({ item, why: (error as Error).message });
    }
  }
  return result;
}

function keyOf({ kind, id }: PruneItem): string {
  return `${kind} ${id}`;
}
