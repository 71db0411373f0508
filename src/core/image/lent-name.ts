/** A name on the engine that a push needs for a moment, and what else had it. */
import type Docker from 'dockerode';

export interface LentName {
  repository: string;
  tag: string;
  /** `sha256:…` of what is pushed. */
  image: string;
  /** What had the name, an image of the user's own. */
  before?: string;
  /** Names by digest that the image had. */
  known: string[];
}

/** The name as it is now; undefined where it already is the image's, so that nothing has to be given back. */
export async function lentName(
  docker: Docker,
  name: Pick<LentName, 'repository' | 'tag' | 'image'>,
): Promise<LentName | undefined> {
  const [before, known] = await Promise.all([
    idOf(docker, `${name.repository}:${name.tag}`),
    digestsOf(docker, name.image),
  ]);
  return before === name.image ? undefined : { ...name, ...(before === undefined ? {} : { before }), known };
}

/**
 * An image of the user's own that had the name gets it back. What has got it since the push keeps it. Throws what the
 * engine says.
 */
export async function giveBack(docker: Docker, { repository, tag, image, before, known }: LentName): Promise<void> {
  const name = `${repository}:${tag}`;
  if ((await idOf(docker, name)) === image) {
    const hasBefore = before !== undefined && (await idOf(docker, before)) !== undefined;
    if (hasBefore) await docker.getImage(before).tag({ repo: repository, tag });
    else await docker.getImage(name).remove({ noprune: true });
  }
  const made = (await digestsOf(docker, image)).filter(
    (one) => one.startsWith(`${repository}@`) && !known.includes(one),
  );
  for (const one of made) await docker.getImage(one).remove({ noprune: true });
}

async function idOf(docker: Docker, name: string): Promise<string | undefined> {
  return (await inspected(docker, name))?.Id;
}

/** Of an image, its names by digest: those of registries. */
async function digestsOf(docker: Docker, image: string): Promise<string[]> {
  return (await inspected(docker, image))?.RepoDigests ?? [];
}

async function inspected(docker: Docker, name: string): Promise<Docker.ImageInspectInfo | undefined> {
  try {
    return await docker.getImage(name).inspect();
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  }
}
