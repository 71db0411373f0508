/** Which layers of an image the repository in ECR lacks, and how large they are there. */
import { formatBytes } from '../../shared/bytes.ts';
import type { ImageLayer } from '../../shared/states.ts';
import type { AwsConfig } from './aws.ts';
import { IMAGES } from './stack.ts';

/**
 * Bytes after compression of one before it. Measured of images with scikit-learn: the base 0.37, the packages 0.32. Weights
 * are numbers without a pattern and hardly get smaller.
 */
const PACKED = { packages: 0.4, model: 1 };

export interface PushSize {
  /** Of the image, and those of them that are pushed. */
  layers: number;
  lacking: number;
  /** After compression, of those that are pushed. */
  bytes: number;
  /** Some were never pushed from here: their size after compression is not known before they are. */
  isEstimate: boolean;
}

/**
 * What a push would send. `hasRepository`: else all. Layers that others pushed count as lacking. Throws as the SDK does.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchCheckLayerAvailability.html, for 100 layers at most; an image
 * has 127 at most, and those of a base are few.
 */
export async function pushSize(
  config: AwsConfig,
  layers: readonly ImageLayer[],
  hasRepository: boolean,
): Promise<PushSize> {
  const digests = layers.flatMap(({ packed }) => packed?.digest ?? []).slice(0, 100);
  const there = hasRepository && digests.length > 0 ? await available(config, digests) : new Set();
  const lacking = layers.filter(({ packed }) => packed === undefined || !there.has(packed.digest));
  return {
    layers: layers.length,
    lacking: lacking.length,
    bytes: lacking.reduce((sum, layer) => sum + packedBytes(layer), 0),
    isEstimate: lacking.some(({ packed }) => packed === undefined),
  };
}

function packedBytes({ bytes, isModel, packed }: ImageLayer): number {
  return packed?.bytes ?? Math.round(bytes * (isModel ? PACKED.model : PACKED.packages));
}

async function available(config: AwsConfig, layerDigests: string[]): Promise<Set<string | undefined>> {
  const { BatchCheckLayerAvailabilityCommand, ECRClient } = await import('@aws-sdk/client-ecr');
  const command = new BatchCheckLayerAvailabilityCommand({ repositoryName: IMAGES.repository, layerDigests });
  const { layers = [] } = await new ECRClient(config).send(command);
  return new Set(
    layers.flatMap(({ layerDigest, layerAvailability }) => (layerAvailability === 'AVAILABLE' ? [layerDigest] : [])),
  );
}

/**
 * The layers of an image that was pushed, from the base up; empty where the repository does not say. Throws as the SDK does.
 * https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_BatchGetImage.html
 */
export async function layersInRepository(
  config: AwsConfig,
  digest: string,
): Promise<NonNullable<ImageLayer['packed']>[]> {
  const { BatchGetImageCommand, ECRClient } = await import('@aws-sdk/client-ecr');
  const command = new BatchGetImageCommand({
    repositoryName: IMAGES.repository,
    imageIds: [{ imageDigest: digest }],
  });
  const { images = [] } = await new ECRClient(config).send(command);
  const { layers = [] } = JSON.parse(images[0]?.imageManifest ?? '{}') as {
    layers?: { digest: string; size: number }[];
  };
  return layers.map((layer) => ({ digest: layer.digest, bytes: layer.size }));
}

/** One line for people. `locale` is BCP 47. */
export function pushText({ layers, lacking, bytes, isEstimate }: PushSize, locale: string): string {
  if (lacking === 0) return `the repository has all of its ${layers} layers`;
  const pushed = lacking === 1 ? `1 of ${layers} layers is pushed` : `${lacking} of ${layers} layers are pushed`;
  const size = `${formatBytes(bytes, locale)} compressed`;
  return `${pushed}, ${isEstimate ? `about ${size} (an estimate: not pushed from here before)` : size}`;
}
