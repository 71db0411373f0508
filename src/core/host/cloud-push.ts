/** Sends the image of a deploy to the repository in ECR, and keeps what is known of its layers there. */
import type { AwsConfig } from '../cloud/aws.ts';
import { layersInRepository } from '../cloud/layers.ts';
import { loginTo } from '../cloud/repository.ts';
import type { Shell } from '../shell.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import type { ImageLayer } from '../../shared/states.ts';
import { pushedTag, type Deploy } from './cloud-change.ts';
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

/** The digest of the manifest that ECR has. Errors: as of `loginTo` and of a push. */
export async function pushTo(
  ports: Pick<CloudPorts, 'around' | 'shipping'>,
  { deploy, repository, config }: { deploy: Deploy; repository: string; config: AwsConfig },
  shell: Shell,
): Promise<Outcome<string>> {
  shell.stage('push');
  const login = await loginTo(config, repository);
  if (!login.ok) return login;
  const { record } = deploy;
  const target = { repository, tag: pushedTag(deploy), registry: repository.slice(0, repository.indexOf('/')) };
  const inStage: Shell = { ...shell, stage: (_name, change) => shell.stage('push', change) };
  const pushed = await ports.shipping.send({ image: record.image.id, target, login: login.value }, inStage);
  if (!pushed.ok) return pushed;
  const { reference, layers, sentLayers } = pushed.value;
  shell.stage('push', { detail: `${sentLayers} of ${layers} layers sent` });
  const digest = reference.slice(reference.indexOf('@') + 1);
  await noteLayers(ports, record, config, digest).catch((error: unknown) =>
    shell.log(`how large the layers are in the repository is not known: ${String(error)}`),
  );
  return ok(digest);
}

/** Takes down what the repository has of an image that was just pushed. Throws as the SDK does. */
async function noteLayers(
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
