/** From a snapshot of a model to the image that AWS Lambda would run. */
import path from 'node:path';
import { bodyOf, refusedForImage, type LockSection } from '../environment/lock-file.ts';
import type { PackageSettings } from '../environment/packages.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Base } from './bases.ts';
import { build } from './builder.ts';
import { entriesOf, textEntry, type ContextEntry } from './context.ts';
import { dockerfile, IMAGE_FUNCTION } from './dockerfile.ts';
import type { Engine } from './engine.ts';
import { pipFiles } from './pip-files.ts';
import type { ImagePlatform } from './plan.ts';
import type { ImageSettings } from './settings.ts';

export interface ImageRequest extends DeploymentKey {
  projectId: string;
  version: string;
  platform: ImagePlatform;
  /** `3.12`. */
  python: string;
  base: Base;
  lock: LockSection;
  /** AWS's runtime client, for a base without one. */
  client?: LockSection;
  /** Absolute paths in snapshots. */
  modelPath: string;
  modulesPath?: string;
  isCustom: boolean;
  /** The function's document, but for where its files are. */
  document: Record<string, unknown>;
  /** Folder of nimbus_runtime. */
  runtime: string;
  settings: ImageSettings;
  packages: PackageSettings;
}

/** What is known of an image that was built. */
export interface BuiltImage {
  /** `sha256:…`. */
  id: string;
  reference: string;
  bytes: number;
  python: string;
  platform: ImagePlatform;
  /** What it starts: entrypoint and command. */
  entrypoint: string[];
}

/** How the references of a deployment's images begin; what follows is the version. Only a tag may hold any name. */
export function referencePrefix(projectId: string, { model, deployment }: DeploymentKey): string {
  return `${repositoryOf(projectId)}:${model}.${deployment}.`;
}

export function repositoryOf(projectId: string): string {
  return `nimbus/${projectId}`;
}

/** What is removed from packages: see image/slim.py. */
const STEPS = ['installers', 'tests', 'sources', 'strip'];

/** Errors: CUDA packages, a build that fails or is cancelled. */
export async function buildImage(request: ImageRequest, engine: Engine, shell: Shell): Promise<Outcome<BuiltImage>> {
  const refused = request.settings.allowCuda ? undefined : refusedForImage(request.lock);
  if (refused !== undefined) {
    return fail('image-cuda', 'The image would hold CUDA packages.', {
      why: refused,
      next: 'Make the lock again with nimbus lock, which takes PyTorch without CUDA; or allow them (nimbus.image.allowCuda).',
    });
  }
  const context = await imageContext(request, STEPS);
  if (!context.ok) return context;
  const { projectId, version, base, settings } = request;
  const tag = `${referencePrefix(projectId, request)}${version.slice(0, 12)}`;
  const built = await build(
    {
      context: context.value,
      tag,
      platform: DOCKER_PLATFORMS[request.platform],
      buildArguments: { ...settings.buildArguments, BASE: base.reference },
      ...(settings.network === undefined ? {} : { network: settings.network }),
      labels: {},
    },
    engine,
    shell,
  );
  if (!built.ok) return built;
  const facts = await engine.docker.getImage(built.value).inspect();
  const { Entrypoint = [], Cmd = [] } = facts.Config;
  const image: BuiltImage = {
    id: facts.Id,
    reference: tag,
    bytes: facts.Size,
    python: request.python,
    platform: request.platform,
    entrypoint: [...[Entrypoint ?? []].flat(), ...(Cmd ?? [])],
  };
  shell.stage('image', { detail: `${formatBytes(image.bytes, 'en')}, ${image.id.slice(7, 19)}` });
  return ok(image);
}

const DOCKER_PLATFORMS: Record<ImagePlatform, string> = {
  'linux-x86_64': 'linux/amd64',
  'linux-arm64': 'linux/arm64',
};

/** All that the builder sees; the same for the same. */
export async function imageContext(request: ImageRequest, steps: readonly string[]): Promise<Outcome<ContextEntry[]>> {
  const { model, version, base, lock, client, modelPath, modulesPath, runtime, settings, document } = request;
  const pip = await pipFiles(request.packages, lock);
  if (!pip.ok) return pip;
  const name = path.basename(modelPath);
  const modelPlace = `${IMAGE_FUNCTION}/${name}`;
  const text = dockerfile({
    model,
    base,
    workingFolder: request.isCustom ? modelPlace : '/var/task',
    labels: { 'nimbus.model': model, 'nimbus.version': version },
    steps,
    isCompilerAllowed: settings.allowCompiler ?? false,
    buildArguments: Object.keys(settings.buildArguments ?? {}),
    hasPipSettings: pip.value.configuration !== undefined,
    hasCertificates: pip.value.certificates !== undefined,
  });
  const functionDocument = {
    ...document,
    path: modelPlace,
    modulePaths: modulesPath === undefined ? [] : [`${IMAGE_FUNCTION}/modules`],
  };
  const pins = [...lock.pins, ...(client?.pins ?? []).filter((pin) => !lock.pins.some((one) => one.name === pin.name))];
  return ok([
    { path: 'Dockerfile', text },
    { path: 'build/requirements.txt', text: `${bodyOf(pins)}\n` },
    await textEntry(path.join(runtime, 'image/slim.py'), 'build/slim.py'),
    ...(pip.value.configuration === undefined ? [] : [{ path: 'build/pip.conf', text: pip.value.configuration }]),
    ...(pip.value.certificates === undefined ? [] : [{ path: 'build/certificates.pem', text: pip.value.certificates }]),
    ...(await entriesOf(path.join(runtime, 'nimbus_runtime'), 'runtime/nimbus_runtime')),
    { path: 'function/function.json', text: JSON.stringify(functionDocument) },
    ...(await entriesOf(modelPath, `function/${name}`)),
    ...(modulesPath === undefined ? [] : await entriesOf(modulesPath, 'function/modules')),
  ]);
}
