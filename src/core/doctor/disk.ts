import { statfs } from 'node:fs/promises';
import { formatBytes } from '../../shared/bytes.ts';
import { places } from '../places.ts';
import type { LookedFor } from './engine.ts';
import type { Found } from './finding.ts';

/** A build of PyTorch's image has its packages thrice: downloaded, installed, and in a layer, about 2 GB each. */
const ENOUGH_BYTES = 6e9;
/** Less does not hold the environment of scikit-learn and what installing it needs. */
const LEAST_BYTES = 1e9;

/** Where environments are made, and where an engine of this machine keeps its images. */
export async function checkDisk(env: NodeJS.ProcessEnv, engine: LookedFor): Promise<Found[]> {
  const own = await spaceAt('environments and caches', places(env).cache);
  if (!engine.ok || !engine.value.isLocal) return [own];
  const { DockerRootDir: folder } = (await engine.value.docker.info()) as { DockerRootDir?: string };
  if (folder === undefined) return [own];
  return [own, await spaceAt('images', folder)];
}

async function spaceAt(what: string, folder: string): Promise<Found> {
  let free: number;
  try {
    const { bavail, bsize } = await statfs(folder);
    free = bavail * bsize;
  } catch (error) {
    // The engine's folder is the administrator's, or lies in a virtual machine.
    return { state: 'unknown', what: `For ${what} at ${folder} it cannot be told.`, why: (error as Error).message };
  }
  return spaceFound(free, `${formatBytes(free)} for ${what} at ${folder}`);
}

/** `free` in bytes. */
export function spaceFound(free: number, what: string): Found {
  if (free >= ENOUGH_BYTES) return { state: 'ok', what };
  return {
    state: free < LEAST_BYTES ? 'problem' : 'warning',
    what,
    why: `An image with PyTorch takes about ${formatBytes(ENOUGH_BYTES)} while it is built.`,
    next: 'nimbus prune frees what no deployment uses; docker system prune what no container does.',
  };
}
