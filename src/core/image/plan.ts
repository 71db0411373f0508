/** What an image is made from: decided before anything is built, and put in order before the build. */
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { condaOnly, condaRefusal } from '../environment/conda.ts';
import type { EnvironmentPlan, Probe } from '../environment/environment.ts';
import { makeLock, writeLock } from '../environment/lock.ts';
import { howToCallUv } from '../environment/uv.ts';
import { keyOf, lockHash, readLock, type LockSection } from '../environment/lock-file.ts';
import { minorOf, type LockPlatform } from '../environment/lock-platform.ts';
import { isCurrent } from '../environment/lock-status.ts';
import type { PackageSettings } from '../environment/packages.ts';
import { places } from '../places.ts';
import type { Shell } from '../shell.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { baseFor, IMAGE_PYTHONS, USUAL_PYTHON, type Base } from './bases.ts';
import type { ImageSettings } from './settings.ts';

export type ImagePlatform = Extract<LockPlatform, 'linux-x86_64' | 'linux-arm64'>;

export interface ImagePlan {
  platform: ImagePlatform;
  /** `3.12`. */
  python: string;
  base: Base;
  /** Where the lock is, or will be. */
  lockFile: string;
  requirements: readonly string[];
  settings: ImageSettings;
  /** May hold passwords: in memory only. */
  packages: PackageSettings;
}

/** AWS's runtime client, for bases without one. */
const CLIENT = 'awslambdaric==4.2.2';

/** The Python of an image: what models.json says, else the interpreter's own minor version where there is a base of it. */
export function imagePython(declared: string | undefined, version: string | undefined): string {
  if (declared !== undefined) return minorOf(declared);
  const own = version && minorOf(version);
  return own !== undefined && IMAGE_PYTHONS.includes(own) ? own : USUAL_PYTHON;
}

/** For which of AWS Lambda's processors an image is. Errors: the setting names another. */
function imagePlatform({ architecture }: ImageSettings): Outcome<ImagePlatform> {
  const wanted = architecture ?? (process.arch === 'arm64' ? 'arm64' : 'x86_64');
  if (wanted === 'x86_64' || wanted === 'arm64') return ok(`linux-${wanted}` as const);
  return fail('image-architecture', `AWS Lambda has no processors of the architecture ${wanted}.`, {
    next: 'Set nimbus.image.architecture or NIMBUS_ARCHITECTURE to x86_64 or arm64.',
  });
}

/** Errors: there is no base for this Python; as of `imagePlatform`. */
export function planImage(wish: Omit<ImagePlan, 'base' | 'platform'>): Outcome<ImagePlan> {
  const { settings, python } = wish;
  const platform = imagePlatform(settings);
  if (!platform.ok) return platform;
  const base = baseFor(python, { images: settings.baseImages, mirror: settings.registryMirror });
  return base.ok ? ok({ ...wish, platform: platform.value, base: base.value }) : base;
}

function clientLockFile(): string {
  return path.join(places().cache, 'images', 'runtime-client.lock');
}

/** What the build installs, exactly. */
export interface ImageLocks {
  lock: LockSection;
  client?: LockSection;
  /** Of all that an image is made from beside the model and the runtime: 64 hexadecimal digits. */
  identity: string;
}

/** The locks of the image, where they are there and current: no interpreter is asked. Errors: a lock cannot be read. */
export async function knownLocks(plan: ImagePlan): Promise<Outcome<ImageLocks | undefined>> {
  const found: LockSection[] = [];
  for (const wanted of wantedBy(plan)) {
    const known = await knownSection(plan, wanted);
    if (!known.ok) return known;
    if (!known.value) return ok(undefined);
    found.push(known.value);
  }
  return ok(identified(plan, found[0]!, found[1]));
}

/**
 * The lock's section for the image, made where it is not there or was made for other requirements. `python`:
 * the model's own interpreter, which uv starts. Errors: as of `makeLock` and `writeLock`; uv is not there; the interpreter's
 * conda environment has what no image can have.
 */
export async function imageLocks(plan: ImagePlan, python: Probe, shell: Shell): Promise<Outcome<ImageLocks>> {
  const refusal = python.conda === undefined ? undefined : condaRefusal(await condaOnly(python.conda));
  if (refusal) {
    const { what, why, next } = refusal;
    return fail('image-conda', what, { why, next: `${next} Or deploy with another Python (--python).` });
  }
  const [wanted, wantedClient] = wantedBy(plan);
  const own = await section(plan, wanted!, python, shell);
  if (!own.ok) return own;
  await mkdir(path.dirname(clientLockFile()), { recursive: true });
  const client = wantedClient && (await section(plan, wantedClient, python, shell));
  if (client && !client.ok) return client;
  return ok(identified(plan, own.value, client?.value));
}

/**
 * Whether the locks that the image needs are there, or uv, which makes them: known before anything is asked or built.
 * Errors: there is neither; a lock cannot be read.
 */
export async function canLock(
  plan: ImagePlan,
  environment: EnvironmentPlan,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<void>> {
  for (const wanted of wantedBy(plan)) {
    const known = await knownSection(plan, wanted);
    if (!known.ok) return known;
    if (known.value) continue;
    if (environment.kind === 'create' && environment.tool === 'uv') return ok(undefined);
    const [python, packages] =
      environment.kind === 'use' ? [environment.python, environment.probe.packages] : [environment.base, {}];
    const uv = await howToCallUv(python, packages, env);
    return uv.ok ? ok(undefined) : uv;
  }
  return ok(undefined);
}

/**
 * The locks that an image was made from, where they are still those: of `identity`. Makes and writes none. Errors: the
 * lock was changed since, or cannot be read.
 */
export async function locksOf(
  parts: Pick<ImagePlan, 'platform' | 'python' | 'base' | 'lockFile'>,
  identity: string,
): Promise<Outcome<ImageLocks>> {
  const find = async (file: string): Promise<Outcome<LockSection | undefined>> => {
    const read = await readLock(file);
    if (!read.ok) return read;
    return ok(read.value?.find((one) => one.platform === parts.platform && one.python === parts.python));
  };
  const own = await find(parts.lockFile);
  if (!own.ok) return own;
  const client = parts.base.kind === 'slim' ? await find(clientLockFile()) : ok(undefined);
  if (!client.ok) return client;
  const found = own.value && identified(parts, own.value, client.value);
  if (found?.identity === identity) return ok(found);
  return fail('lock-changed', 'The image was made from another lock than there is now.', {
    why: parts.lockFile,
    next: 'Redeploy the model, which makes the image from this one, or bring the lock of then back.',
  });
}

function identified(
  { base, platform }: Pick<ImagePlan, 'base' | 'platform'>,
  lock: LockSection,
  client: LockSection | undefined,
): ImageLocks {
  const parts = [lockHash(lock), client ? lockHash(client) : '', base.reference, platform];
  const identity = createHash('sha256').update(parts.join('\n')).digest('hex');
  return { lock, ...(client ? { client } : {}), identity };
}

interface Wanted {
  file: string;
  requirements: readonly string[];
}

/** The model's own lock, and where the base has no runtime client that one's. */
function wantedBy({ lockFile, requirements, base }: ImagePlan): Wanted[] {
  const own = { file: lockFile, requirements };
  return base.kind === 'slim' ? [own, { file: clientLockFile(), requirements: [CLIENT] }] : [own];
}

/** Undefined where it is to be made. */
async function knownSection(
  { platform, python }: ImagePlan,
  { file, requirements }: Wanted,
): Promise<Outcome<LockSection | undefined>> {
  const read = await readLock(file);
  if (!read.ok) return read;
  const known = read.value?.find((one) => one.platform === platform && one.python === python);
  return ok(known && isCurrent(known, requirements) ? known : undefined);
}

async function section(
  plan: ImagePlan,
  { file, requirements }: Wanted,
  probe: Probe,
  shell: Shell,
): Promise<Outcome<LockSection>> {
  const { platform, python, packages, settings } = plan;
  const known = await knownSection(plan, { file, requirements });
  if (!known.ok) return known;
  if (known.value) return ok(known.value);
  shell.stage('lock', { detail: keyOf({ platform, python }) });
  const uv = await howToCallUv(probe.python, probe.packages, process.env);
  if (!uv.ok) return uv;
  const made = await makeLock(
    {
      platform,
      python,
      requirements,
      packages,
      allowCuda: settings.allowCuda ?? false,
      allowSources: settings.allowCompiler ?? false,
    },
    {
      uv: uv.value,
      python: probe.python,
      env: process.env,
      signal: shell.signal,
      log: (line) => shell.log(line),
    },
  );
  if (!made.ok) return settings.allowCompiler ? made : withCompiler(made);
  const written = await writeLock(file, [made.value], { replace: true });
  return written.ok ? made : written;
}

/** Says that compiling may be allowed, where a wheel is what the lock lacks. */
function withCompiler(failed: Outcome<LockSection> & { ok: false }): Outcome<LockSection> {
  const { error } = failed;
  if (error.code !== 'environment-no-package') return failed;
  const next = `${error.next} Or allow compiling it, in a base image that has a compiler (nimbus.image.allowCompiler, NIMBUS_ALLOW_COMPILER=1).`;
  return { ok: false, error: { ...error, next } };
}
