/** The Dockerfiles that images were built from, on this machine: an image itself does not hold its own. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { places } from '../places.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';

/** `id`: `sha256:…`. */
export async function keepDockerfile(id: string, text: string): Promise<void> {
  const file = fileOf(id);
  await mkdir(path.dirname(file), { recursive: true });
  await writeFileAtomic(file, text);
}

/** Error: the image was built elsewhere, or the cache was emptied. */
export async function keptDockerfile(id: string): Promise<Outcome<string>> {
  const text = await readFile(fileOf(id), 'utf8').catch(() => undefined);
  if (text !== undefined) return ok(text);
  return fail('dockerfile-gone', 'The Dockerfile of this image is no longer on this machine.', {
    next: 'Build the image again, which takes what is built already from the cache.',
  });
}

function fileOf(id: string): string {
  return path.join(places().cache, 'images', 'dockerfiles', `${id.replaceAll(/[^0-9a-f]/g, '')}.Dockerfile`);
}
