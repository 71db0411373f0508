/** Writes all that an image is made from as a folder that builds it without Nimbus. */
import { createWriteStream } from 'node:fs';
import { chmod, mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { bodyOf } from '../environment/lock-file.ts';
import type { PackageSettings } from '../environment/packages.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { EjectedFolder } from '../../shared/states.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { Shell } from '../shell.ts';
import type { Base } from './bases.ts';
import { dockerfile, IMAGE_FUNCTION, IMAGE_RUNTIME } from './dockerfile.ts';
import { ejectingName } from './eject-folder.ts';
import { ejectedEvent, ejectedReadme } from './ejected-texts.ts';
import type { Engine } from './engine.ts';
import { filesIn } from './file-in.ts';
import { allPins, type BuiltImage } from './image.ts';
import { pipFiles } from './pip-files.ts';
import type { ImageLocks } from './plan.ts';
import type { ImageSettings } from './settings.ts';
import { keptSteps, SLIMMING_LABEL, type SlimmingStep } from './slimming.ts';
import { listTree } from './tree.ts';

export interface EjectRequest extends DeploymentKey {
  /** Absolute path. */
  folder: string;
  image: BuiltImage & { base: Base };
  locks: ImageLocks;
  /** Names of the variables that the function reads. */
  env: readonly string[];
  memoryMb: number;
  timeoutSeconds: number;
  /** Folder of image/slim.py. */
  runtime: string;
  settings: ImageSettings;
  packages: PackageSettings;
  /** Of `lambda`: the CDK project of its stack, text by relative path. */
  cdk?: Readonly<Record<string, string>>;
}

/** Everybody may read: AWS Lambda runs an image as a user of its own choice. */
const FILE_MODE = 0o644;
const FOLDER_MODE = 0o755;

/** Whether the folder is there already. Errors: something is in it. */
export async function checkEmpty(folder: string): Promise<Outcome<boolean>> {
  const entries = await readdir(folder).catch((error: NodeJS.ErrnoException) => error);
  if (Array.isArray(entries)) return entries.length === 0 ? ok(true) : notEmpty(folder, 'There are files in it.');
  if (entries.code === 'ENOENT') return ok(false);
  return notEmpty(folder, entries.code === 'ENOTDIR' ? 'It is a file.' : entries.message);
}

function notEmpty(folder: string, why: string): Outcome<never> {
  return fail('eject-not-empty', `${folder} is no empty folder.`, {
    why,
    next: 'Name a folder that does not exist yet, or an empty one: nothing is overwritten.',
  });
}

/** Does some work with a folder of that name, which is not there yet, and removes what is left of it afterwards. */
export type WithFolder = <T>(folder: string, work: () => Promise<T>) => Promise<T>;

/**
 * The folder is there with all of its files, or as it was before. Errors: something is in it; the image is gone; the
 * disk; cancelled.
 */
export async function ejectImage(
  request: EjectRequest,
  engine: Engine,
  withFolder: WithFolder,
  shell: Shell,
): Promise<Outcome<EjectedFolder>> {
  const { folder } = request;
  const empty = await checkEmpty(folder);
  if (!empty.ok) return empty;
  // A rename puts it in its place. A folder that is there stays the same one: it may be the shell's, a link, a disk.
  const own = ejectingName();
  const temporary = empty.value ? path.join(folder, own) : `${folder}${own}`;
  try {
    return await withFolder(temporary, async () => {
      await mkdir(path.dirname(folder), { recursive: true });
      const remarks = await write(request, temporary, engine, shell);
      if (!remarks.ok) return remarks;
      if (shell.signal.aborted) return cancelled();
      shell.stage('folder', { detail: folder });
      const files = await listTree(temporary);
      if (empty.value) await placeIn(temporary, folder);
      else await rename(temporary, folder);
      const bytes = files.reduce((sum, one) => sum + one.bytes, 0);
      return ok({ folder, files: files.map((one) => one.path).toSorted(), bytes, remarks: remarks.value });
    });
  } catch (error) {
    if (shell.signal.aborted) return cancelled();
    const { code, message, statusCode } = error as NodeJS.ErrnoException & { statusCode?: number };
    if (statusCode === 404) {
      return fail('image-gone', `The image ${request.image.reference} is gone.`, {
        next: 'Redeploy the model, which builds it again.',
      });
    }
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return notEmpty(folder, message);
    if (code === undefined) throw error;
    return fail('eject-failed', `${folder} cannot be written.`, {
      why: message,
      next: 'Choose another place, or make room and room to write there; nothing was left of it.',
    });
  }
}

/** Moves what is in a folder one up. Where one cannot be moved, none is. */
async function placeIn(temporary: string, folder: string): Promise<void> {
  if ((await readdir(folder)).length > 1)
    throw Object.assign(new Error('There are files in it.'), { code: 'ENOTEMPTY' });
  const moved: string[] = [];
  try {
    for (const name of await readdir(temporary)) {
      await rename(path.join(temporary, name), path.join(folder, name));
      moved.push(name);
    }
  } catch (error) {
    for (const name of moved) await rm(path.join(folder, name), { recursive: true, force: true });
    throw error;
  }
}

async function write(
  request: EjectRequest,
  into: string,
  { docker }: Engine,
  shell: Shell,
): Promise<Outcome<string[]>> {
  const { model, image, locks, runtime, settings } = request;
  const put = async (relative: string, text: string): Promise<void> => {
    const file = await open(into, relative);
    await writeFile(file, text);
    await chmod(file, FILE_MODE);
  };
  const facts = await docker.getImage(image.id).inspect();
  const { Labels: labels = {}, WorkingDir: workingFolder } = facts.Config;
  shell.stage('image', { detail: image.id.slice(7, 19) });
  await filesIn(
    docker,
    image.id,
    [IMAGE_RUNTIME, IMAGE_FUNCTION],
    async (inImage, content) => {
      // The build makes byte code of its own.
      const isByteCode = inImage.includes('/__pycache__/') && inImage.startsWith(IMAGE_RUNTIME.slice(1));
      if (isByteCode) return;
      const top = inImage.startsWith(IMAGE_RUNTIME.slice(1)) ? 'runtime' : 'function';
      const file = await open(into, `${top}/${inImage}`);
      await pipeline(content, createWriteStream(file), { signal: shell.signal });
      await chmod(file, FILE_MODE);
    },
    shell.signal,
  );
  const { packages, remarks } = withoutPasswords(request.packages);
  const pip = await pipFiles(packages, locks.lock);
  if (!pip.ok) return pip;
  const { configuration, certificates } = pip.value;
  const decided = JSON.parse(labels[SLIMMING_LABEL] ?? '[]') as SlimmingStep[];
  const text = dockerfile({
    model,
    base: image.base,
    workingFolder: workingFolder || IMAGE_FUNCTION,
    labels: ownLabels(labels),
    steps: keptSteps(decided),
    isCompilerAllowed: settings.allowCompiler ?? false,
    buildArguments: Object.keys(settings.buildArguments ?? {}),
    hasPipSettings: configuration !== undefined,
    hasCertificates: certificates !== undefined,
  });
  const functionDocument = JSON.parse(
    await readFile(path.join(into, 'function', IMAGE_FUNCTION.slice(1), 'function.json'), 'utf8'),
  ) as { examples?: { input: unknown }[] };
  await put('Dockerfile', text);
  await put('.dockerignore', '*\n!build\n!function\n!runtime\n**/__pycache__\n**/.DS_Store\n');
  await put('build/requirements.txt', `${bodyOf(allPins(locks.lock, locks.client))}\n`);
  await put('build/slim.py', await readFile(path.join(runtime, 'image/slim.py'), 'utf8'));
  if (configuration !== undefined) await put('build/pip.conf', configuration);
  if (certificates !== undefined) await put('build/certificates.pem', certificates);
  await put('event.json', ejectedEvent(functionDocument.examples?.[0]?.input));
  for (const [file, text] of Object.entries(request.cdk ?? {})) await put(file, text);
  const parts = { ...request, version: labels['nimbus.version'] ?? '', hasPipSettings: configuration !== undefined };
  await put(
    'README.md',
    ejectedReadme({ ...parts, hasCertificates: certificates !== undefined, hasCdk: request.cdk !== undefined }),
  );
  return ok(remarks);
}

/** Those of the base are the base's again. */
function ownLabels(labels: Record<string, string>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => name.startsWith('nimbus.')));
}

/** Makes the folders above a file, and says where it is. Throws where it would be outside. */
async function open(into: string, relative: string): Promise<string> {
  const file = path.join(into, relative);
  if (!file.startsWith(into + path.sep)) throw new Error(`${relative} leads out of the folder`);
  const parts = path.dirname(path.relative(into, file)).split(path.sep);
  for (const depth of parts.keys()) {
    const folder = path.join(into, ...parts.slice(0, depth + 1));
    await mkdir(folder, { recursive: true });
    if (((await stat(folder)).mode & 0o777) !== FOLDER_MODE) await chmod(folder, FOLDER_MODE);
  }
  return file;
}

/** As it was given where it has no credentials. */
function addressOf(url: string): string {
  // pip takes a proxy without a scheme too.
  if (!/^\w[\w+.-]*:\/\//.test(url) || !URL.canParse(url)) return url.replace(/^(\w[\w+.-]*:\/\/)?.*@/, '$1');
  const parsed = new URL(url);
  if (parsed.username === '' && parsed.password === '' && parsed.search === '') return url;
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  return parsed.href;
}

/** Addresses of indexes and proxies without what only this user may know. */
function withoutPasswords(settings: PackageSettings): { packages: PackageSettings; remarks: string[] } {
  const remarks: string[] = [];
  const plain = (url: string): string => {
    const address = addressOf(url);
    if (address === url) return url;
    remarks.push(`build/pip.conf names ${address} without its credentials: give them to pip where it is built.`);
    return address;
  };
  const { indexUrl, extraIndexUrls, proxy, torchCpuIndexUrl } = settings;
  const packages = {
    ...settings,
    ...(indexUrl === undefined ? {} : { indexUrl: plain(indexUrl) }),
    ...(extraIndexUrls === undefined ? {} : { extraIndexUrls: extraIndexUrls.map((one) => plain(one)) }),
    ...(proxy === undefined ? {} : { proxy: plain(proxy) }),
    ...(torchCpuIndexUrl === undefined ? {} : { torchCpuIndexUrl: plain(torchCpuIndexUrl) }),
  };
  return { packages, remarks };
}
