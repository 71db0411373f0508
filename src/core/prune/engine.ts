/** Containers and images on the engine that Nimbus made, and that nothing uses any more. */
import type Docker from 'dockerode';
import { HOST_LABEL, PROJECT_LABEL } from '../host/container-worker.ts';
import { READING_LABEL } from '../image/file-in.ts';
import { repositoryOf } from '../image/image.ts';
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
  /** How references begin whose versions are just being made. */
  making: readonly string[];
}

export async function unusedOnEngine(docker: Docker, scope: EngineScope): Promise<PruneItem[]> {
  const containers = await docker.listContainers({ all: true, size: true } as Docker.ContainerListOptions);
  const left = containers.filter((one) => isLeft(one, scope));
  const held = new Set(containers.filter((one) => !left.includes(one)).map(({ ImageID }) => ImageID));
  return [
    ...left.map((one): PruneItem => {
      const { SizeRw } = one as typeof one & { SizeRw?: number };
      const about = one.Labels['nimbus.deployment'] ?? 'read from an image';
      return { kind: 'containers', id: one.Id, name: `${one.Id.slice(0, 12)} (${about})`, bytes: SizeRw ?? 0 };
    }),
    ...(await unusedImages(docker, scope, held)),
  ];
}

function isLeft({ Labels, State, Created }: Docker.ContainerInfo, { own, deadMarks }: EngineScope): boolean {
  const mark = Labels[PROJECT_LABEL];
  if (mark === undefined) {
    return Labels[READING_LABEL] !== undefined && State === 'created' && Date.now() / 1000 - Created > READING_SECONDS;
  }
  // One of a host on another machine that uses this engine too has another mark, or is not known here.
  if (mark === own.mark) return Labels[HOST_LABEL] !== own.hostId;
  // A host of that project may just start one.
  const isOver = State === 'exited' || State === 'dead';
  return isOver && deadMarks.includes(mark);
}

async function unusedImages(
  docker: Docker,
  { projects, used, making }: EngineScope,
  held: ReadonlySet<string>,
): Promise<PruneItem[]> {
  const repositories = new Set(projects.map((id) => repositoryOf(id)));
  const images = await docker.listImages({ sharedSize: true } as Docker.ListImagesOptions);
  const found: PruneItem[] = [];
  for (const { Id, RepoTags, Size, SharedSize } of images) {
    if (held.has(Id) || used.has(Id)) continue;
    const names = RepoTags ?? [];
    const ours = names.filter((name) => repositories.has(name.slice(0, name.lastIndexOf(':'))));
    const unused = ours.filter((name) => !used.has(name) && !making.some((prefix) => name.startsWith(prefix)));
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
