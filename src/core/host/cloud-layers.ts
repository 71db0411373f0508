/** What of an image's layers is known of the repository that they were pushed to from here. */
import type { AwsConfig } from '../cloud/aws.ts';
import { layersInRepository } from '../cloud/layers.ts';
import type { ImageLayer } from '../../shared/states.ts';
import type { CloudPorts } from './cloud-operations.ts';
import type { DeploymentRecord } from './state.ts';

type Ports = Pick<CloudPorts, 'around' | 'state'>;

/** The layers of an image on the engine, from the base up, with what any deployment's push has told of them. */
export async function layersOf({ around, state }: Ports, image: string): Promise<ImageLayer[]> {
  const pushed = Object.values(state.state.deployments).flatMap(({ layers = [] }) => layers);
  const known = new Map(pushed.map(({ diffId, packed }) => [diffId, packed]));
  return (await onEngine(around, image)).map(({ diffId, ...layer }) => {
    const packed = known.get(diffId);
    return packed ? { ...layer, packed } : layer;
  });
}

/** Takes down what the repository has of an image that was just pushed. Throws as the SDK does. */
export async function noteLayers(
  { around }: Pick<Ports, 'around'>,
  record: DeploymentRecord & Required<Pick<DeploymentRecord, 'image'>>,
  config: AwsConfig,
  digest: string,
): Promise<void> {
  const [here, there] = await Promise.all([onEngine(around, record.image.id), layersInRepository(config, digest)]);
  // A manifest names them in the same order.
  if (here.length === there.length) record.layers = here.map(({ diffId }, at) => ({ diffId, packed: there[at]! }));
}

async function onEngine({ containers }: Ports['around'], image: string) {
  const engine = await containers.engine();
  if (!engine.ok) return [];
  const { layersById } = await import('../image/layers.ts');
  return layersById(engine.value.docker, image);
}
