/** From a snapshot of a model to the image that AWS Lambda would run. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { ImageInspectInfo } from 'dockerode';
import { bodyOf, lockHash, refusedForImage, type LockSection } from '../environment/lock-file.ts';
import type { PackageSettings } from '../environment/packages.ts';
import { marksOn, ofThisMachine } from '../machine.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { formatBytes } from '../../shared/bytes.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Base } from './bases.ts';
import { build, type BuildRequest } from './builder.ts';
import { entriesOf, textEntry, type ContextEntry } from './context.ts';
import { decidingDockerfile, dockerfile, IMAGE_FUNCTION, IMAGE_RUNTIME, type DockerfileParts } from './dockerfile.ts';
import { keepDockerfile } from './dockerfile-kept.ts';
import type { Engine } from './engine.ts';
import { pipFiles } from './pip-files.ts';
import type { ImagePlatform } from './plan.ts';
import { imageLayers } from './report.ts';
import type { ImageSettings } from './settings.ts';
import {
  decideSlimming,
  isUndecided,
  keptSteps,
  knownSlimming,
  rememberSlimming,
  SLIMMING_LABEL,
  slimmingIdentity,
  type SlimmingStep,
} from './slimming.ts';

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
  /** Folder of nimbus_runtime, and the hash of what is in it. */
  runtime: string;
  runtimeHash: string;
  settings: ImageSettings;
  packages: PackageSettings;
  /** What the packages can do without is decided again: as decided before, the model did not start. */
  slimAgain?: boolean;
}

/** What is known of an image that was built. */
export interface BuiltImage {
  /** `sha256:…`. */
  id: string;
  reference: string;
  bytes: number;
  python: string;
  platform: ImagePlatform;
  /** The engine's own processors are of another architecture. */
  isEmulated?: true;
  /** What its packages can do without was decided with another version of the model. */
  isSlimmedAsBefore?: true;
  /** What it starts: entrypoint and command. */
  entrypoint: string[];
}

/** How the references of a deployment's images begin; what follows is the version. Only a tag may hold any name. */
export function referencePrefix(repository: string, { model, deployment }: DeploymentKey): string {
  return `${repository}:${model}.${deployment}.`;
}

/** The name of the image of a version. */
export function imageReference(key: DeploymentKey & { projectId: string; version: string }): string {
  return `${referencePrefix(repositoryOf(key.projectId), key)}${key.version.slice(0, 12)}`;
}

export function repositoryOf(projectId: string): string {
  return `nimbus/${ofThisMachine(projectId)}`;
}

/** All that may hold images of a project that are this machine's. */
export function repositoriesOn(engine: Pick<Engine, 'isLocal'>, projectId: string): string[] {
  return marksOn(engine, projectId).map((mark) => `nimbus/${mark}`);
}

/** Errors: CUDA packages, a build that fails or is cancelled. */
export async function buildImage(request: ImageRequest, engine: Engine, shell: Shell): Promise<Outcome<BuiltImage>> {
  const refused = request.settings.allowCuda ? undefined : refusedForImage(request.lock);
  if (refused !== undefined) {
    return fail('image-cuda', 'The image would hold CUDA packages.', {
      why: refused,
      next: 'Make the lock again with nimbus lock, which takes PyTorch without CUDA; or allow them (nimbus.image.allowCuda, NIMBUS_ALLOW_CUDA=1).',
    });
  }
  const isEmulated = !OWN_ARCHITECTURE[request.platform].test(engine.architecture);
  if (isEmulated) {
    shell.log(
      `The image is for ${request.platform}, and the engine has ${engine.architecture}: everything is emulated, and times say nothing of AWS Lambda.`,
    );
  }
  const files = await contextFiles(request);
  if (!files.ok) return files;
  const { version, base, settings, lock, client, runtimeHash } = request;
  const common = {
    platform: DOCKER_PLATFORMS[request.platform],
    buildArguments: { ...settings.buildArguments, BASE: base.reference },
    ...(settings.network === undefined ? {} : { network: settings.network }),
  };
  const identity = slimmingIdentity([lockHash(lock), client ? lockHash(client) : '', base.reference, runtimeHash]);
  const deciding: BuildRequest = {
    ...common,
    labels: {},
    context: [{ path: 'Dockerfile', text: decidingDockerfile(files.value.parts([])) }, ...files.value.entries],
  };
  const slimmed = await slimming(identity, deciding, { engine, shell, again: request.slimAgain ?? false });
  if (!slimmed.ok) return slimmed;
  const { decided, isFromBefore } = slimmed.value;
  const tag = imageReference(request);
  const recipe = dockerfile(files.value.parts(decided));
  // The version says nothing of what models.json says of the model: description, examples, limits.
  const document = JSON.stringify(request.document);
  const made = madeFrom([recipe, identity, version, document, common.platform, JSON.stringify(common.buildArguments)]);
  const there = await inspected(engine, tag);
  const isThere = there?.Config.Labels?.[MADE_FROM_LABEL] === made;
  if (isThere) shell.log(`${tag} is there already: nothing of it has changed.`);
  const built = isThere
    ? ok(there.Id)
    : await build(
        {
          ...common,
          labels: { [MADE_FROM_LABEL]: made },
          tag,
          context: [{ path: 'Dockerfile', text: recipe }, ...files.value.entries],
        },
        engine,
        shell,
      );
  if (!built.ok) return built;
  // The one that had the name may still serve, and without any nobody would find it again once it does not.
  if (there && there.Id !== built.value) {
    await nameImage(engine.docker, there.Id, `${tag}-${there.Id.slice(7, 19)}`).catch(() => undefined);
  }
  const facts = await engine.docker.getImage(built.value).inspect();
  const { Entrypoint = [], Cmd = [] } = facts.Config;
  const image: BuiltImage = {
    id: facts.Id,
    reference: tag,
    bytes: facts.Size,
    python: request.python,
    platform: request.platform,
    ...(isEmulated ? { isEmulated } : {}),
    ...(isFromBefore ? { isSlimmedAsBefore: true } : {}),
    entrypoint: [...[Entrypoint ?? []].flat(), ...(Cmd ?? [])],
  };
  // The image is there without it.
  await keepDockerfile(image.id, recipe).catch((error: unknown) => shell.log(String(error)));
  for (const { title, bytes } of await imageLayers(engine.docker, image.id)) {
    shell.log(`${formatBytes(bytes, 'en').padStart(9)}  ${title}`);
  }
  shell.stage('image', { detail: `${formatBytes(image.bytes, 'en')}, ${image.id.slice(7, 19)}` });
  return ok(image);
}

/** What was decided before; else, or `again`, what a build finds out. */
async function slimming(
  identity: string,
  deciding: BuildRequest,
  { engine, shell, again }: { engine: Engine; shell: Shell; again: boolean },
): Promise<Outcome<{ decided: SlimmingStep[]; isFromBefore: boolean }>> {
  const known = await knownSlimming(identity);
  if (known && !again) return ok({ decided: known, isFromBefore: true });
  const found = await decideSlimming(deciding, engine, shell);
  if (!found.ok) return found;
  await rememberSlimming(identity, found.value);
  return ok({ decided: known && isUndecided(found.value) ? known : found.value, isFromBefore: false });
}

/** On an image: a hash of all that it is made from. */
const MADE_FROM_LABEL = 'nimbus.made-from';

function madeFrom(parts: readonly string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex');
}

export async function nameImage(docker: Engine['docker'], id: string, reference: string): Promise<void> {
  const colon = reference.lastIndexOf(':');
  await docker.getImage(id).tag({ repo: reference.slice(0, colon), tag: reference.slice(colon + 1) });
}

/** Undefined where there is none of that name, and where the engine does not answer: the build then says why. */
export async function inspected({ docker }: Engine, reference: string): Promise<ImageInspectInfo | undefined> {
  return docker
    .getImage(reference)
    .inspect()
    .catch(() => undefined);
}

export const DOCKER_PLATFORMS: Record<ImagePlatform, string> = {
  'linux-x86_64': 'linux/amd64',
  'linux-arm64': 'linux/arm64',
};

/** As engines call the processors that run an image as they are. */
const OWN_ARCHITECTURE: Record<ImagePlatform, RegExp> = {
  'linux-x86_64': /^(?:x86_64|amd64)$/,
  'linux-arm64': /^(?:aarch64|arm64)$/,
};

/** What is installed: the model's packages, and AWS's runtime client where the base has none. */
export function allPins(lock: LockSection, client: LockSection | undefined): LockSection['pins'] {
  return [...lock.pins, ...(client?.pins ?? []).filter((pin) => !lock.pins.some((one) => one.name === pin.name))];
}

interface ContextFiles {
  entries: ContextEntry[];
  /** What the Dockerfile is made from, for what was decided about slimming. */
  parts(decided: readonly SlimmingStep[]): DockerfileParts;
}

/** All that the builder sees but the Dockerfile; the same for the same. */
async function contextFiles(request: ImageRequest): Promise<Outcome<ContextFiles>> {
  const { model, version, base, lock, client, modelPath, modulesPath, runtime, settings, document } = request;
  const pip = await pipFiles(request.packages, lock);
  if (!pip.ok) return pip;
  const { configuration, certificates } = pip.value;
  const name = path.basename(modelPath);
  const modelPlace = `${IMAGE_FUNCTION}/${name}`;
  const functionDocument = {
    ...document,
    path: modelPlace,
    modulePaths: modulesPath === undefined ? [] : [`${IMAGE_FUNCTION}/modules`],
  };
  const pins = allPins(lock, client);
  return ok({
    parts: (decided) => ({
      model,
      base,
      workingFolder: request.isCustom ? modelPlace : IMAGE_FUNCTION,
      labels: {
        'nimbus.model': model,
        'nimbus.version': version,
        [SLIMMING_LABEL]: JSON.stringify(decided),
      },
      steps: keptSteps(decided),
      isCompilerAllowed: settings.allowCompiler ?? false,
      buildArguments: Object.keys(settings.buildArguments ?? {}),
      hasPipSettings: configuration !== undefined,
      hasCertificates: certificates !== undefined,
    }),
    entries: [
      { path: 'build/requirements.txt', text: `${bodyOf(pins)}\n` },
      await textEntry(path.join(runtime, 'image/slim.py'), 'build/slim.py'),
      ...(configuration === undefined ? [] : [{ path: 'build/pip.conf', text: configuration }]),
      ...(certificates === undefined ? [] : [{ path: 'build/certificates.pem', text: certificates }]),
      ...(await entriesOf(path.join(runtime, 'nimbus_runtime'), `runtime${IMAGE_RUNTIME}/nimbus_runtime`)),
      { path: `function${IMAGE_FUNCTION}/function.json`, text: JSON.stringify(functionDocument) },
      ...(await entriesOf(modelPath, `function${IMAGE_FUNCTION}/${name}`)),
      ...(modulesPath === undefined ? [] : await entriesOf(modulesPath, `function${IMAGE_FUNCTION}/modules`)),
    ],
  });
}
