import type { Readable } from 'node:stream';
import type Docker from 'dockerode';
import { extract } from 'tar-stream';

/** The text of a file of an image, of which nothing runs; undefined where there is none. Throws what the engine says. */
export async function fileIn(docker: Docker, image: string, file: string): Promise<string | undefined> {
  let archive: Readable | undefined;
  const container = await docker.createContainer({ Image: image, Entrypoint: ['/none'], Cmd: [] });
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
