/** Whether the lock beside a model can be used for an interpreter. */
import path from 'node:path';
import type { UserError } from '../../shared/outcome.ts';
import type { EnvironmentLock, EnvironmentPlan, Probe } from './environment.ts';
import { bodyOf, keyOf, lockFileOf, lockHash, normalRequirements, readLock, type LockSection } from './lock-file.ts';
import { minorOf, platformOf } from './lock-platform.ts';
import { lockedKey } from './managed.ts';
import { withoutPassword, type PackageSettings } from './packages.ts';
import { fits, mismatches } from './requirement.ts';

export interface LockContext {
  /** Absolute path, whether it is there or not. */
  file: string;
  sections: LockSection[];
  /** Why what is there cannot be used. */
  error?: UserError;
  /** What a lock for the model is made from. */
  requirements: readonly string[];
  /** How people name the model on the command line. */
  argument: string;
}

export async function lockContext(
  model: string,
  { requirements, project }: { requirements: readonly string[]; project: string },
): Promise<LockContext> {
  const file = await lockFileOf(model);
  const read = await readLock(file);
  const within = path.relative(project, model);
  return {
    file,
    sections: read.ok ? (read.value ?? []) : [],
    ...(read.ok ? {} : { error: read.error }),
    requirements,
    argument: within.startsWith('..') ? model : within || '.',
  };
}

export type LockStatus =
  | { kind: 'current' | 'stale'; section: LockSection }
  /** There is no section for this platform and Python. */
  | { kind: 'none' }
  | { kind: 'damaged'; error: UserError };

export function lockStatus(context: LockContext, probe: Probe): LockStatus {
  if (context.error) return { kind: 'damaged', error: context.error };
  const platform = platformOf(probe);
  const python = minorOf(probe.version);
  const section = context.sections.find((one) => one.platform === platform && one.python === python);
  if (!section) return { kind: 'none' };
  return { kind: isCurrent(section, context.requirements) ? 'current' : 'stale', section };
}

export function isCurrent(section: LockSection, requirements: readonly string[]): boolean {
  return JSON.stringify(section.requires) === JSON.stringify(normalRequirements(requirements));
}

/** Why the lock is not used, where it should have been; undefined where there is nothing to say. */
export function lockProblem(context: LockContext, probe: Probe): string | undefined {
  const status = lockStatus(context, probe);
  if (status.kind === 'damaged') {
    return [status.error.what, status.error.why, 'It is not used.', status.error.next].filter(Boolean).join(' ');
  }
  if (status.kind !== 'stale') return undefined;
  const { section } = status;
  const wanted = normalRequirements(context.requirements);
  const gone = section.requires.filter((one) => !wanted.includes(one));
  const added = wanted.filter((one) => !section.requires.includes(one));
  const differs = [
    ...(gone.length > 0 ? [`it was made for ${gone.join(', ')}`] : []),
    ...(added.length > 0 ? [`the model asks for ${added.join(', ')}`] : []),
  ].join(', and ');
  return withoutPassword(
    `${path.basename(context.file)} is out of date for ${keyOf(section)}: ${differs}. It is not used; renew it with: ${renewCommand(context, section)}`,
  );
}

/** Hash of the section that is current for an interpreter. */
export function currentLock(context: LockContext, probe: Probe): string | undefined {
  const status = lockStatus(context, probe);
  return status.kind === 'current' ? lockHash(status.section) : undefined;
}

/** Packages that a message names before it counts the others. */
const NAMED = 4;

/**
 * Where an interpreter that is there already has other versions than the lock that is current for it; undefined where it
 * has none, or there is no such lock. `except`: packages that something was said of already.
 */
export function lockDifference(
  context: LockContext,
  probe: Probe,
  except: ReadonlySet<string> = new Set(),
): string | undefined {
  const status = lockStatus(context, probe);
  if (status.kind !== 'current' || !probe.installed) return undefined;
  const pins = status.section.pins
    .filter(({ name }) => !INSTALLERS.has(name) && !except.has(name))
    .map(({ name, version, marker }) => `${name}==${version}${marker === '' ? '' : ` ; ${marker}`}`);
  const differing = mismatches(pins, probe.installed, { python: probe.version, platform: process.platform })
    .map(({ package: name, required, installed }) => ({ name, installed, locked: required.slice('=='.length) }))
    // The same release, built for something else: `2.9.0+cpu` for 2.9.0.
    .filter(({ installed, locked }) => installed === undefined || !fits(locked, `==${installed}`));
  if (differing.length === 0) return undefined;
  const named = differing
    .slice(0, NAMED)
    .map(({ name, installed, locked }) => `${name} is ${installed ?? 'not installed'}, not ${locked}`);
  const more = differing.length > NAMED ? `; ${differing.length - NAMED} more differ` : '';
  return `This Python is not as ${path.basename(context.file)} has it: ${named.join('; ')}${more}. Take the managed environment, or install what the lock names.`;
}

/** What installs is no part of what a model answers, and of no probe. */
const INSTALLERS = new Set(['pip', 'uv', 'setuptools', 'wheel']);

export function renewCommand(
  { argument }: Pick<LockContext, 'argument'>,
  { platform, python }: Pick<LockSection, 'platform' | 'python'>,
): string {
  const quoted = /[^\w@%+=:,./-]/.test(argument) ? JSON.stringify(argument) : argument;
  return `nimbus lock ${quoted} --platform ${platform} --python ${python}`;
}

type CreatePlan = Extract<EnvironmentPlan, { kind: 'create' }>;

/** The same plan, made from the lock where it is current, or with a lock made on the way where there is none. */
export function withLock(
  plan: CreatePlan,
  probe: Probe,
  { lock, packages }: { lock?: LockContext; packages?: PackageSettings },
): CreatePlan {
  const settings = packages && Object.keys(packages).length > 0 ? { packages } : {};
  const status = lock && lockStatus(lock, probe);
  if (!lock || !status) return { ...plan, ...settings };
  if (status.kind === 'current') {
    const { section } = status;
    const used: EnvironmentLock = {
      hash: lockHash(section),
      text: bodyOf(section.pins),
      torchCpu: section.torchCpu,
    };
    return { ...plan, ...settings, key: lockedKey(plan.key, used.hash), lock: used };
  }
  const platform = platformOf(probe);
  // pip resolves for the machine that it runs on, and tells no hashes.
  const canLock = status.kind === 'none' && platform !== undefined && plan.tool === 'uv';
  const lockTo = { file: lock.file, platform: platform!, python: minorOf(probe.version) };
  return { ...plan, ...settings, ...(canLock ? { lockTo } : {}) };
}
