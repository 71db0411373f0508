/** Sends an image to a registry, by way of the engine. */
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { formatBytes } from '../../shared/bytes.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { PushedImage } from '../../shared/states.ts';
import type { Shell } from '../shell.ts';
import type { FoundLogin } from './credentials.ts';
import type { Engine } from './engine.ts';
import { lentName, type LentName } from './lent-name.ts';
import { pushFailure } from './push-failure.ts';
import type { PushTarget } from './push-target.ts';

export interface PushRequest {
  /** `sha256:…`. */
  image: string;
  target: PushTarget;
  login: FoundLogin;
}

/** One line of the engine's answer. */
interface EngineEvent {
  status?: string;
  id?: string;
  progressDetail?: { current?: number; total?: number };
  aux?: { Digest?: string };
  error?: string;
  errorDetail?: { message?: string };
}

/** A plain manifest of one image, which is all that AWS Lambda takes. */
const MANIFESTS = new Set([
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
]);

/** Does some work for which the engine has a name that is given back afterwards. */
export type WithName = <T>(name: LentName, work: () => Promise<T>) => Promise<T>;

/**
 * Pushes, and answers with the digest once the registry has it. Leaves no other names on the engine than there were.
 * Errors: the image is gone; the registry refuses, cannot be reached, is full; what it got is no plain image; cancelled.
 */
export async function pushImage(
  request: PushRequest,
  { docker }: Engine,
  withName: WithName,
  shell: Shell,
): Promise<Outcome<PushedImage>> {
  const { image, target, login } = request;
  const { repository, tag } = target;
  if (shell.signal.aborted) return cancelled();
  try {
    const lent = await lentName(docker, { repository, tag, image });
    if (!lent) return await pushNamed(request, docker, shell);
    return await withName(lent, async () => {
      await docker.getImage(image).tag({ repo: repository, tag });
      return pushNamed(request, docker, shell);
    });
  } catch (error) {
    return pushFailure((error as Error).message, target, login.from);
  }
}

/** Of an image that has the name. */
async function pushNamed(
  { image, target, login }: PushRequest,
  docker: Engine['docker'],
  shell: Shell,
): Promise<Outcome<PushedImage>> {
  const { repository, tag } = target;
  const name = `${repository}:${tag}`;
  const sent = await send(docker.getImage(name), { target, login }, shell);
  if (!sent.ok) return sent;
  const { digest, ...layers } = sent.value;
  shell.stage('manifest', { detail: digest });
  const plain = await checkManifest(docker.getImage(`${repository}@${digest}`), login, shell);
  if (!plain.ok) return plain;
  return ok({ reference: `${repository}@${digest}`, tag: name, image, at: new Date().toISOString(), ...layers });
}

type Sent = Pick<PushedImage, 'sentLayers' | 'sentBytes' | 'layers'> & { digest: string };

async function send(
  named: ReturnType<Engine['docker']['getImage']>,
  { target, login }: Omit<PushRequest, 'image'>,
  shell: Shell,
): Promise<Outcome<Sent>> {
  const progress = new Progress(shell);
  try {
    const answer = await named.push({ authconfig: login.login, abortSignal: shell.signal });
    let digest: string | undefined;
    // A push that fails ends its answer as one that succeeds does: only what it says tells them apart.
    for await (const line of createInterface({ input: answer as Readable })) {
      const event = JSON.parse(line) as EngineEvent;
      const error = event.errorDetail?.message ?? event.error;
      if (error !== undefined) return pushFailure(error, target, login.from);
      digest = event.aux?.Digest ?? digest;
      progress.update(event);
    }
    if (shell.signal.aborted) return cancelled();
    if (digest === undefined) return pushFailure('The engine ended without a digest.', target, login.from);
    return ok({ digest, ...progress.sum });
  } catch (error) {
    if (shell.signal.aborted) return cancelled();
    return pushFailure((error as Error).message, target, login.from);
  }
}

/** Asks the registry, through the engine, what it has now. */
async function checkManifest(
  pushed: ReturnType<Engine['docker']['getImage']>,
  { login }: FoundLogin,
  shell: Shell,
): Promise<Outcome<void>> {
  let type: string;
  try {
    const found = (await pushed.distribution({ authconfig: login })) as { Descriptor: { mediaType: string } };
    type = found.Descriptor.mediaType;
  } catch (error) {
    // Some credentials may push and not pull.
    shell.log(`what the registry has cannot be looked at: ${(error as Error).message}`);
    return ok(undefined);
  }
  shell.log(`the registry has ${type}`);
  if (MANIFESTS.has(type)) return ok(undefined);
  return fail('push-index', 'The registry did not get a plain image, which AWS Lambda does not take.', {
    why: `It got ${type}.`,
    next: 'Turn off the containerd image store of the engine (Docker Desktop: Settings, General), redeploy the model, and push again.',
  });
}

interface Layer {
  state: 'waiting' | 'sending' | 'sent' | 'there';
  current: number;
  total: number;
}

/** What is known of the layers, told as the stage's detail. */
class Progress {
  readonly #shell: Shell;
  readonly #layers = new Map<string, Layer>();

  constructor(shell: Shell) {
    this.#shell = shell;
  }

  get sum(): Omit<Sent, 'digest'> {
    const all = [...this.#layers.values()];
    const sent = all.filter(({ state }) => state === 'sent');
    return { layers: all.length, sentLayers: sent.length, sentBytes: bytesOf(sent) };
  }

  update({ status, id, progressDetail }: EngineEvent): void {
    if (status === undefined || id === undefined) return;
    const retry = /^Retrying in (\d+) seconds?/.exec(status);
    if (retry) {
      this.#shell.stage('layers', { detail: `the registry fails; another try in ${retry[1]} s` });
      return;
    }
    const layer = this.#layers.get(id) ?? { state: 'waiting', current: 0, total: 0 };
    this.#layers.set(id, layer);
    const { total = layer.total, current = layer.current } = progressDetail ?? {};
    if (status === 'Pushing') Object.assign(layer, { state: 'sending', total, current: Math.min(current, total) });
    else if (status === 'Pushed') this.#end(id, layer, 'sent');
    else if (status === 'Layer already exists' || status.startsWith('Mounted from')) this.#end(id, layer, 'there');
    this.#tell();
  }

  #end(id: string, layer: Layer, state: 'sent' | 'there'): void {
    if (layer.state === state) return;
    Object.assign(layer, { state, current: layer.total });
    this.#shell.log(`layer ${id}: ${state === 'sent' ? `sent, ${formatBytes(layer.total, 'en')}` : 'there already'}`);
  }

  #tell(): void {
    const all = [...this.#layers.values()];
    const there = all.filter(({ state }) => state === 'there').length;
    const sending = all.filter(({ state }) => state === 'sending' || state === 'sent');
    const current = sending.reduce((sum, layer) => sum + layer.current, 0);
    const sent =
      sending.length === 0 ? '' : `, ${formatBytes(current, 'en')} of ${formatBytes(bytesOf(sending), 'en')} sent`;
    this.#shell.stage('layers', { detail: `${all.length} layers, ${there} there already${sent}` });
  }
}

function bytesOf(layers: readonly Layer[]): number {
  return layers.reduce((sum, { total }) => sum + total, 0);
}
