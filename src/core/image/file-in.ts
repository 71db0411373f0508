import path from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';
import { ofThisMachine } from '../machine.ts';

/** Carried by containers that are never started: their files are read. Its value is this mark, of the machine that reads. */
export const READING_LABEL = 'nimbus.reading';
export const READING_MARK = 'true';

function readOnly(image: string): Docker.ContainerCreateOptions {
  return { Image: image, Entrypoint: ['/none'], Cmd: [], Labels: { [READING_LABEL]: ofThisMachine(READING_MARK) } };
}

/** The text of a file of an image, of which nothing runs; undefined where there is none. Throws what the engine says. */
export async function fileIn(docker: Docker, image: string, file: string): Promise<string | undefined> {
  let archive: Readable | undefined;
  const container = await docker.createContainer(readOnly(image));
  try {
    archive = (await container.getArchive({ path: file })) as Readable;
    const entries = extract();
    archive.pipe(entries);
    for await (const entry of entries) {
      const chunks: Buffer[] = [];
      for await (const chunk of entry) chunks.push(chunk as Buffer);
      return Buffer.concat(chunks).toString();
    }
    return undefined;
  } catch (error) {
    if ((error as { statusCode?: number }).statusCode === 404) return undefined;
    throw error;
  } finally {
    // What is left of it would keep this process alive.
    archive?.destroy();
    await container.remove({ force: true });
  }
}

/**
 * Hands every file below some folders of an image to `take`, with its path from the root, without a leading slash.
 * Nothing of it runs. Throws what the engine says, and where the signal comes.
 */
export async function filesIn(
  docker: Docker,
  image: string,
  folders: readonly string[],
  take: (path: string, content: Readable) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const container = await docker.createContainer(readOnly(image));
  try {
    for (const folder of folders) {
      const archive = (await container.getArchive({ path: folder })) as Readable;
      const entries = extract();
      // Destroying the one ends the other, and the loop with it.
      pipeline(archive, entries, { signal }).catch(() => undefined);
      const above = path.posix.dirname(folder);
      for await (const entry of entries) {
        if (entry.header.type === 'file') {
          await take(path.posix.join(above, entry.header.name).slice(1), entry as unknown as Readable);
        }
        entry.resume();
      }
      signal.throwIfAborted();
    }
  } finally {
    await container.remove({ force: true });
  }
}
