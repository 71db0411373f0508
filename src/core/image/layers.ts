/** The layers of an image as a push sees them: what each has, by the id that the engine and a registry's manifest agree on. */
import type Docker from 'dockerode';
import type { ImageLayer } from '../../shared/states.ts';
import { imageLayers } from './report.ts';

/** A layer by what is in it: `sha256:…` of its unpacked contents. */
export type LayerById = Omit<ImageLayer, 'packed'> & { diffId: string };

/** From the base up; none where the engine has the image no more. Bytes are those before compression. */
export async function layersById(docker: Docker, image: string): Promise<LayerById[]> {
  const facts = await docker
    .getImage(image)
    .inspect()
    .catch(() => undefined);
  const ids = facts?.RootFS.Layers ?? [];
  const [base, ...own] = await imageLayers(docker, image);
  // The working folder, which the Dockerfile names last, is a layer without contents.
  const above = [...own, { title: 'folder', bytes: 0 }];
  const inBase = ids.length - above.length;
  if (base === undefined || inBase < 1) return [];
  return ids.map((diffId, at) => {
    const { title, bytes } = above[at - inBase] ?? { title: base.title, bytes: Math.round(base.bytes / inBase) };
    return { diffId, bytes, ...(title === 'model' ? { isModel: true as const } : {}) };
  });
}
