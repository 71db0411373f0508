/** What an image holds, and whether a zip could hold it: the packaging audit. */
import type Docker from 'dockerode';
import { formatBytes } from '../../shared/bytes.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { ImageStatus } from '../../shared/states.ts';
import { IMAGE_PACKAGES } from './dockerfile.ts';
import { fileIn } from './file-in.ts';
import { SLIMMING_LABEL, type SlimmingStep } from './slimming.ts';

/** Lambda developer guide, "Lambda quotas": container image code package size, 10 GB uncompressed. */
export const IMAGE_LIMIT_BYTES = 10 * 2 ** 30;
/** The same: deployment package (.zip file archive) size, 250 MB unzipped, which Lambda checks as 262,144,000 bytes. */
export const ZIP_LIMIT_BYTES = 250 * 2 ** 20;
/** C library of Lambda's own Python runtimes, which a zip runs on: Amazon Linux 2 up to 3.11, Amazon Linux 2023 from 3.12. */
const ZIP_GLIBC = { old: '2.26', new: '2.34' };

export interface ImagePackage {
  name: string;
  version: string;
  bytes: number;
  /** The oldest C library that its wheel runs with; unset for pure Python. */
  glibc?: string;
}

export interface ImageReport {
  reference: string;
  /** `sha256:…`. */
  id: string;
  bytes: number;
  /** From the base up. */
  layers: { title: string; bytes: number }[];
  /** The largest first; `zip`: why a zip cannot hold it, unset where it can. */
  packages: (ImagePackage & { zip?: string })[];
  slimming: SlimmingStep[];
  /** Bytes up to Lambda's limit for images. */
  leftBytes: number;
  zip: { bytes: number; limitBytes: number };
  verdict: 'zip' | 'container';
  why: string;
}

/** Errors: the image is gone. */
export async function imageReport(
  docker: Docker,
  { id, reference, python }: ImageStatus,
): Promise<Outcome<ImageReport>> {
  const image = docker.getImage(id);
  try {
    const [facts, history] = await Promise.all([image.inspect(), image.history() as Promise<HistoryEntry[]>]);
    const packages = (await listedPackages(docker, id)).map((one) => withZip(one, python));
    const layers = layersOf(history);
    const bytes = layers.filter(({ title }) => title !== BASE).reduce((sum, layer) => sum + layer.bytes, 0);
    return ok({
      reference,
      id,
      bytes: facts.Size,
      layers,
      packages,
      slimming: JSON.parse(facts.Config.Labels?.[SLIMMING_LABEL] ?? '[]') as SlimmingStep[],
      leftBytes: IMAGE_LIMIT_BYTES - facts.Size,
      zip: { bytes, limitBytes: ZIP_LIMIT_BYTES },
      ...verdict(bytes, packages),
    });
  } catch (error) {
    return isGone(reference, error);
  }
}

/** An image's layers and their sizes; empty where the engine has it no more. */
export async function imageLayers(docker: Docker, id: string): Promise<ImageReport['layers']> {
  const history = await (docker.getImage(id).history() as Promise<HistoryEntry[]>).catch(() => []);
  return layersOf(history);
}

/** What is installed in an image. Errors: the image is gone. */
export async function packagesInImage(
  docker: Docker,
  { id, reference }: Pick<ImageStatus, 'id' | 'reference'>,
): Promise<Outcome<ImagePackage[]>> {
  try {
    return ok(await listedPackages(docker, id));
  } catch (error) {
    return isGone(reference, error);
  }
}

async function listedPackages(docker: Docker, image: string): Promise<ImagePackage[]> {
  const listed = await fileIn(docker, image, `${IMAGE_PACKAGES}/nimbus-packages.json`);
  return JSON.parse(listed ?? '[]') as ImagePackage[];
}

function isGone(reference: string, error: unknown): Outcome<never> {
  if ((error as { statusCode?: number }).statusCode !== 404) throw error;
  return fail('image-gone', `The image ${reference} is gone.`, {
    next: 'Redeploy the model, which builds it again.',
  });
}

interface HistoryEntry {
  CreatedBy: string;
  Size: number;
}

const BASE = 'base image';
/** What the Dockerfile copies, in its order. */
const COPIED = ['packages', 'runtime', 'model'];

/** The engine tells the newest first: the last three copies are those of the Dockerfile, all else is the base's. */
function layersOf(history: readonly HistoryEntry[]): ImageReport['layers'] {
  const copies = history.filter(({ CreatedBy }) => CreatedBy.startsWith('COPY ')).slice(0, COPIED.length);
  const base = history.filter((entry) => !copies.includes(entry)).reduce((sum, { Size }) => sum + Size, 0);
  const own = copies.toReversed().map(({ Size }, index) => ({ title: COPIED[index]!, bytes: Size }));
  return [{ title: BASE, bytes: base }, ...own];
}

function withZip(one: ImagePackage, python: string): ImagePackage & { zip?: string } {
  if (one.bytes > ZIP_LIMIT_BYTES) return { ...one, zip: 'alone it is larger than a zip may be' };
  const glibc = Number(python.split('.')[1]) < 12 ? ZIP_GLIBC.old : ZIP_GLIBC.new;
  if (one.glibc === undefined || !isNewer(one.glibc, glibc)) return one;
  return { ...one, zip: `it needs glibc ${one.glibc}, and Lambda's own Python ${python} has ${glibc}` };
}

function isNewer(one: string, other: string): boolean {
  const [major = 0, minor = 0] = one.split('.').map(Number);
  const [otherMajor = 0, otherMinor = 0] = other.split('.').map(Number);
  return major > otherMajor || (major === otherMajor && minor > otherMinor);
}

function verdict(bytes: number, packages: ImageReport['packages']): Pick<ImageReport, 'verdict' | 'why'> {
  const refused = packages.filter(({ zip }) => zip !== undefined);
  if (bytes > ZIP_LIMIT_BYTES) {
    return {
      verdict: 'container',
      why: `Unzipped it has ${formatBytes(bytes, 'en')}, and a zip may have ${formatBytes(ZIP_LIMIT_BYTES, 'en')}.`,
    };
  }
  if (refused.length > 0) {
    return {
      verdict: 'container',
      why: `A zip cannot hold ${refused.map(({ name }) => name).join(', ')}: ${refused[0]!.zip}.`,
    };
  }
  return {
    verdict: 'zip',
    why: `Unzipped it has ${formatBytes(bytes, 'en')} of the ${formatBytes(ZIP_LIMIT_BYTES, 'en')} that a zip may have.`,
  };
}
