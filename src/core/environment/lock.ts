/** Makes the lock of one platform and Python: captured versions in, exact versions with hashes out. */
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { run } from '../process.ts';
import { buildVariables } from './commands.ts';
import { NEEDLESS, TORCH_PACKAGES } from './cuda.ts';
import { explainFailure } from './failures.ts';
import {
  keyOf,
  lockText,
  normalRequirements,
  pinsFrom,
  readLock,
  refusedForImage,
  type LockSection,
  type Pin,
} from './lock-file.ts';
import { hasCudaBuilds, PLATFORMS, type LockPlatform } from './lock-platform.ts';
import { environmentsFolder } from './managed.ts';
import { packageVariables, splitCredentials, torchIndexOf, withoutPassword, type PackageSettings } from './packages.ts';
import { parseRequirement } from './requirement.ts';

export interface LockRequest {
  platform: LockPlatform;
  /** `3.12`. */
  python: string;
  requirements: readonly string[];
  packages: PackageSettings;
  /** PyTorch as the ordinary index has it, which brings CUDA along on Linux: for this machine only, never an image. */
  allowCuda: boolean;
  /**
   * Where a package has no wheel its source will do, whose own program uv may run to learn what it needs; who installs
   * from the lock compiles it.
   */
  allowSources?: boolean;
}

export interface LockTools {
  /** How uv is called: its own path, or a Python with `-m uv`. */
  uv: readonly string[];
  /** Any interpreter that works: uv starts one, whatever Python the lock is for. */
  python: string;
  env: NodeJS.ProcessEnv;
  signal?: AbortSignal;
  log(line: string): void;
}

/** Name of the index that only PyTorch is taken from. */
const TORCH_INDEX = 'nimbus-torch';

/**
 * Resolves without installing anything; nothing is written but below the user's cache. Errors: an address among the
 * requirements, no version with a wheel for this platform and Python, CUDA packages, the index not reachable.
 */
export async function makeLock(request: LockRequest, tools: LockTools): Promise<Outcome<LockSection>> {
  const address = request.requirements.find((one) => /^[^;]*@/.test(one));
  if (address !== undefined) {
    return fail('lock-address', `${withoutPassword(address)} cannot be locked.`, {
      why: 'A lock holds versions of a package index with their hashes, and this is an address.',
      next: 'Name a version of an index, as in name==1.0; a private index is a setting (nimbus.packages.indexUrl).',
    });
  }
  const fromTorchIndex = hasCudaBuilds(request.platform) && !request.allowCuda && torchIndexOf(request.packages) !== '';
  let compiled = await compile(request, tools, fromTorchIndex ? torchIn(request.requirements) : []);
  if (!compiled.ok) return compiled;
  const brought = compiled.value.map(({ name }) => name).filter((name) => TORCH_PACKAGES.includes(name));
  // Brought along by another package it came from the ordinary index: asked for by name it comes from its own.
  if (fromTorchIndex && brought.some((name) => !torchIn(request.requirements).includes(name))) {
    compiled = await compile(request, tools, [...new Set([...torchIn(request.requirements), ...brought])]);
    if (!compiled.ok) return compiled;
  }
  const pins = compiled.value;
  const section: LockSection = {
    platform: request.platform,
    python: request.python,
    requires: normalRequirements(request.requirements),
    torchCpu: fromTorchIndex && brought.length > 0,
    pins,
  };
  const refused = request.allowCuda ? undefined : refusedForImage(section);
  if (refused !== undefined) {
    return fail('lock-cuda', `The lock for ${keyOf(section)} is refused.`, {
      why: refused,
      next:
        torchIndexOf(request.packages) === ''
          ? `Name the index of PyTorch without CUDA (nimbus.packages.torchCpuIndexUrl, NIMBUS_TORCH_CPU_INDEX_URL), or lock for this machine only with --allow-cuda.`
          : 'Take a package without CUDA in its place, or lock for this machine only with --allow-cuda.',
    });
  }
  return ok(section);
}

function torchIn(requirements: readonly string[]): string[] {
  const names = new Set(requirements.flatMap((one) => parseRequirement(one)?.name ?? []));
  return TORCH_PACKAGES.filter((name) => names.has(name));
}

async function compile(request: LockRequest, tools: LockTools, torch: readonly string[]): Promise<Outcome<Pin[]>> {
  const wheels = await resolve({ ...request, allowSources: false }, tools, torch);
  const isForSources = !wheels.ok && request.allowSources && wheels.error.code === 'environment-no-package';
  return isForSources ? resolve(request, tools, torch) : wheels;
}

async function resolve(request: LockRequest, tools: LockTools, torch: readonly string[]): Promise<Outcome<Pin[]>> {
  const variables = await packageVariables(request.packages, buildVariables(tools.env));
  if (!variables.ok) return variables;
  const index = splitCredentials(torchIndexOf(request.packages), TORCH_INDEX);
  const folder = path.join(environmentsFolder(), `lock.tmp-${randomBytes(4).toString('hex')}`);
  try {
    await mkdir(folder, { recursive: true });
    for (const [name, text] of Object.entries(lockInputs(request, torch, index.url)))
      await writeFile(path.join(folder, name), text);
    const argv = lockCommand(tools, request);
    tools.log(withoutPassword(`$ ${argv.join(' ')}`));
    const result = await run(argv, {
      cwd: folder,
      env: { ...variables.value, ...index.variables, UV_PYTHON_DOWNLOADS: 'never' },
      outputLimit: OUTPUT_LIMIT,
      ...(tools.signal ? { signal: tools.signal } : {}),
      onLine: (line, stream) => {
        if (stream === 'stderr' && !line.startsWith('warning: The requested Python version'))
          tools.log(withoutPassword(line));
      },
    });
    switch (result.kind) {
      case 'aborted':
        return cancelled('Making the lock was cancelled.');
      case 'timed-out':
        throw new Error('making a lock has no deadline');
      case 'not-started':
        return { ok: false, error: explainFailure('Resolving', result.error.message, WHAT) };
      case 'exited':
        if (result.code === 0) return pinsFrom(result.stdout);
        return {
          ok: false,
          error: explainFailure('Resolving', result.stderr.replaceAll(OTHER_PYTHON, ''), WHAT, result.killedBy),
        };
      default:
        return result satisfies never;
    }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return { ok: false, error: explainFailure('Resolving', (error as Error).message, WHAT) };
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => {});
  }
}

/** Resolving needs no interpreter of the version that is asked for. */
const OTHER_PYTHON = /^warning: The requested Python version.*\n?/gm;
const WHAT = 'The lock could not be made.';
/** 300 packages with 100 hashes each. */
const OUTPUT_LIMIT = 16 * 1024 * 1024;

/** What uv reads, by file name. Of a pyproject.toml, since only there a package can be bound to one index. */
export function lockInputs(
  { requirements }: Pick<LockRequest, 'requirements'>,
  torch: readonly string[],
  torchIndex: string,
): Record<string, string> {
  const names = new Set(requirements.flatMap((one) => parseRequirement(one)?.name ?? []));
  const all = [...requirements, ...torch.filter((name) => !names.has(name))];
  return {
    'pyproject.toml': [
      '[project]',
      'name = "nimbus-model"',
      'version = "0"',
      `dependencies = ${JSON.stringify(all)}`,
      ...(torch.length === 0
        ? []
        : [
            '[tool.uv.sources]',
            ...torch.map((name) => `${name} = { index = "${TORCH_INDEX}" }`),
            '[[tool.uv.index]]',
            `name = "${TORCH_INDEX}"`,
            `url = ${JSON.stringify(torchIndex)}`,
            'explicit = true',
          ]),
      '',
    ].join('\n'),
    'overrides.txt': [...NEEDLESS.map((name) => `${name} ; python_version < '0'`), ''].join('\n'),
  };
}

export function lockCommand(
  { uv, python: base }: Pick<LockTools, 'uv' | 'python'>,
  { platform, python, allowSources }: Pick<LockRequest, 'platform' | 'python' | 'allowSources'>,
): string[] {
  return [
    ...uv,
    'pip',
    'compile',
    'pyproject.toml',
    '--python',
    base,
    '--python-platform',
    PLATFORMS[platform],
    '--python-version',
    python,
    '--generate-hashes',
    ...(allowSources ? [] : ['--only-binary', ':all:']),
    '--override',
    'overrides.txt',
    '--no-header',
    '--no-annotate',
    '--no-emit-index-url',
    '--no-progress',
    '--color',
    'never',
  ];
}

/** Waits for another Nimbus that writes the same file. */
const RETRIES = { retries: 40, minTimeout: 50, maxTimeout: 250 };

/**
 * Puts sections into a lock file, each in the place of the one of its platform and Python; the others stay. The file
 * is the old one or the new one at every moment. Errors: the file is damaged, the disk is full or read-only.
 */
export async function writeLock(
  file: string,
  sections: readonly LockSection[],
  { replace }: { replace: boolean },
): Promise<Outcome<void>> {
  let release: (() => Promise<void>) | undefined;
  try {
    await mkdir(environmentsFolder(), { recursive: true });
    release = await lockfile.lock(file, {
      realpath: false,
      lockfilePath: path.join(environmentsFolder(), `${nameFor(file)}.lock`),
      retries: RETRIES,
      onCompromised: () => {},
    });
    const before = await readLock(file);
    if (!before.ok) return before;
    const old = before.value ?? [];
    const added = replace ? sections : sections.filter((one) => !old.some((other) => keyOf(other) === keyOf(one)));
    if (added.length === 0) return ok(undefined);
    const kept = old.filter((other) => !added.some((one) => keyOf(one) === keyOf(other)));
    const text = lockText([...kept, ...added]);
    const present = await readFile(file, 'utf8').catch(() => undefined);
    if (present !== text) await writeFileAtomic(file, text);
    return ok(undefined);
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === undefined) throw error;
    return fail(code === 'ENOSPC' ? 'disk-full' : 'lock-not-written', `${file} cannot be written.`, {
      why: message,
      next: code === 'ENOSPC' ? 'Free some space and try again.' : 'Make its folder writable, and try again.',
    });
  } finally {
    await release?.().catch(() => {});
  }
}

function nameFor(file: string): string {
  return `lock-${createHash('sha256').update(file).digest('hex').slice(0, 16)}`;
}
