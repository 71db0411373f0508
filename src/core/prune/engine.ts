/** Containers and images on the engine that Nimbus made, and that nothing uses any more. */
import type Docker from 'dockerode';
import { HOST_LABEL, PROJECT_LABEL } from '../host/container-worker.ts';
import type { Engine } from '../image/engine.ts';
import { READING_LABEL, READING_MARK } from '../image/file-in.ts';
import { referencePrefix, repositoriesOn } from '../image/image.ts';
import { marksOn } from '../machine.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { PruneItem } from '../../shared/prune.ts';

/** A container that is only read from is there for a moment. */
const READING_SECONDS = 600;

export interface EngineScope {
  /** Marks of hosts that are not there any more, and the id of the one that asks for its own. */
  deadMarks: readonly string[];
  own: { mark: string; hostId: string };
  /** Whose images may go. */
  projects: readonly string[];
  /** Ids and references of images that stay. */
  used: ReadonlySet<string>;
  /** Of the project that asks: whose versions are just being made. */
  making: { projectId: string; keys: readonly DeploymentKey[] };
}

export async function unusedOnEngine(engine: Engine, scope: EngineScope): Promise<PruneItem[]> {
  const all = { all: true, size: true } as Docker.ContainerListOptions;
  const containers = await engine.docker.listContainers(all);
  const left = containers.filter(isLeft(engine, scope));
  const held = new Set(containers.filter((one) => !left.includes(one)).map(({ ImageID }) => ImageID));
  return [
    ...left.map((one): PruneItem => {
      const { SizeRw } = one as typeof one & { SizeRw?: number };
      const about = one.Labels['nimbus.deployment'] ?? 'read from an image';
      return { kind: 'containers', id: one.Id, name: `${one.Id.slice(0, 12)} (${about})`, bytes: SizeRw ?? 0 };
    }),
    ...(await unusedImages(engine, scope, held)),
  ];
}

function isLeft(engine: Engine, { own, deadMarks }: EngineScope): (one: Docker.ContainerInfo) => boolean {
  const reading = marksOn(engine, READING_MARK);
  const ours = marksOn(engine, own.mark);
  const dead = new Set(deadMarks.flatMap((mark) => marksOn(engine, mark)));
  return ({ Labels, State, Created }) => {
    const mark = Labels[PROJECT_LABEL];
    if (mark === undefined) {
      const isOurs = reading.includes(Labels[READING_LABEL] ?? '');
      return isOurs && State === 'created' && Date.now() / 1000 - Created > READING_SECONDS;
    }
    // One of a host on another machine that uses this engine too has another mark.
    if (ours.includes(mark)) return Labels[HOST_LABEL] !== own.hostId;
    // A host of that project may just start one.
    const isOver = State === 'exited' || State === 'dead';
    return isOver && dead.has(mark);
  };
}

async function unusedImages(
  engine: Engine,
  { projects, used, making }: EngineScope,
  held: ReadonlySet<string>,
): Promise<PruneItem[]> {
  const repositories = new Set(projects.flatMap((id) => repositoriesOn(engine, id)));
  const prefixes = repositoriesOn(engine, making.projectId).flatMap((repository) =>
    making.keys.map((key) => referencePrefix(repository, key)),
  );
  const images = await engine.docker.listImages({ sharedSize: true } as Docker.ListImagesOptions);
  const found: PruneItem[] = [];
  for (const { Id, RepoTags, Size, SharedSize } of images) {
    if (held.has(Id) || used.has(Id)) continue;
    const names = RepoTags ?? [];
    const ours = names.filter((name) => repositories.has(name.slice(0, name.lastIndexOf(':'))));
    const unused = ours.filter((name) => !used.has(name) && !prefixes.some((prefix) => name.startsWith(prefix)));
    for (const name of unused) {
      // Under another name the image stays; only what no other image has is freed.
      const isLast = names.length === 1;
      const own = SharedSize >= 0 ? Size - SharedSize : Size;
      found.push({ kind: 'images', id: name, name: name.slice(name.lastIndexOf(':') + 1), bytes: isLast ? own : 0 });
    }
  }
  return found;
}

/** An image that is used by now is not forced away. Throws what the engine says. */
export async function removeFromEngine(docker: Docker, { kind, id }: PruneItem): Promise<void> {
  try {
    if (kind === 'containers') await docker.getContainer(id).remove({ force: true, v: true });
    else await docker.getImage(id).remove();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  }
}
