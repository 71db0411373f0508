import { randomBytes } from 'node:crypto';
import { mkdir, readdir, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isRequirement } from '../detect/requirements.ts';
import { run } from '../process.ts';
import type { Shell } from '../shell.ts';
import { buildVariables, pipSteps, uvSteps, type Step } from './commands.ts';
import type { EnvironmentLock, EnvironmentPlan } from './environment.ts';
import { explainFailure, withoutPassword } from './failures.ts';
import { bodyOf, lockHash, type LockSection } from './lock-file.ts';
import { makeLock, writeLock } from './lock.ts';
import { COMPLETE, environmentsFolder, lockedKey, managedPython } from './managed.ts';
import { packageVariables, torchIndexOf } from './packages.ts';
import { findUv } from './uv.ts';

type CreatePlan = Extract<EnvironmentPlan, { kind: 'create' }>;

export interface Created {
  python: string;
  /** Why no lock could be made on the way, where one was to be. */
  withoutLock?: string;
}

/** The stage's name in an operation. */
export const STAGE = 'environment';
/** A killed builder's lock is taken over after this many milliseconds. */
const LOCK_STALE_MS = 10_000;
/** Between looks at a lock that another process holds, ms. */
const LOCK_POLL_MS = 250;
/** What killed builders of other environments left is swept after a day, so that no running one is touched. */
const LEFTOVER_MS = 24 * 60 * 60 * 1000;
const TEMPORARY = '.tmp-';

/**
 * Makes a managed environment, or answers at once with the complete one that is there. It is made beside its place and
 * moved there when it is complete, so that a half-made one is never used; one process makes it while others wait.
 * Cancelling ends every process that it started. Errors: a step failed (cause, last lines), cancelled.
 */
export async function createEnvironment(plan: CreatePlan, shell: Shell): Promise<Outcome<Created>> {
  const refused = plan.requirements.find((one) => !isRequirement(one));
  if (refused !== undefined) {
    return fail('environment-requirement', `${JSON.stringify(refused)} is not a requirement.`, {
      why: 'A requirement is a package name with versions, as in scikit-learn==1.5.2.',
      next: 'Correct the requirements of the model.',
    });
  }
  const existing = await managedPython(plan.key);
  if (existing !== undefined) {
    // No deployment names it until the deploy has ended: what cleans up meanwhile sees it as new.
    await touch(path.join(environmentsFolder(), plan.key));
    return ok({ python: existing });
  }
  try {
    await mkdir(environmentsFolder(), { recursive: true });
    return await inTurn(plan.key, shell, () => build(plan, shell));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === undefined) throw error;
    return { ok: false, error: explainFailure('Making the environment', (error as Error).message) };
  }
}

async function touch(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => undefined);
}

/** One process makes an environment while others wait; answers with one that is complete by then. */
async function inTurn(key: string, shell: Shell, make: () => Promise<Outcome<Created>>): Promise<Outcome<Created>> {
  const release = await takeLock(key, shell);
  if (!release) return cancelled();
  try {
    const made = await managedPython(key);
    return made === undefined ? await make() : ok({ python: made });
  } finally {
    await release().catch(() => {});
  }
}

/** Undefined where cancelled while waiting. */
async function takeLock(key: string, shell: Shell): Promise<(() => Promise<void>) | undefined> {
  const target = path.join(environmentsFolder(), key);
  for (let waiting = false; ; waiting = true) {
    if (shell.signal.aborted) return undefined;
    try {
      // Losing it spoils nothing: each builder has a folder of its own, and the first complete one stays.
      return await lockfile.lock(target, { realpath: false, stale: LOCK_STALE_MS, onCompromised: () => {} });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    }
    if (!waiting) shell.stage(STAGE, { detail: 'Another Nimbus is making this environment' });
    await delay(LOCK_POLL_MS, undefined, { signal: shell.signal }).catch(() => {});
  }
}

async function build(plan: CreatePlan, shell: Shell): Promise<Outcome<Created>> {
  const variables = await packageVariables(plan.packages ?? {}, buildVariables(process.env));
  if (!variables.ok) return variables;
  const locked: Outcome<Locked> = plan.lock ? ok({ lock: plan.lock }) : await lockFirst(plan, shell);
  if (!locked.ok) return locked;
  const { lock, section, withoutLock } = locked.value;
  const parts = { lock, variables: variables.value };
  // Who has the lock already makes that one under its own key.
  const key = section && lock ? lockedKey(plan.key, lock.hash) : plan.key;
  const make = (): Promise<Outcome<Created>> => installed(plan, { key, ...parts }, shell);
  const made = await (key === plan.key ? make() : inTurn(key, shell, make));
  if (made.ok && section && plan.lockTo) {
    const written = await writeLock(plan.lockTo.file, [section], { replace: false });
    shell.log(written.ok ? `Wrote ${plan.lockTo.file}` : `${written.error.what} ${written.error.why ?? ''}`);
  }
  return made.ok && withoutLock !== undefined ? ok({ ...made.value, withoutLock }) : made;
}

/** In its turn. A machine that slept may have lost that to another process, whose environment is then taken. */
async function installed(plan: CreatePlan, installation: Installation, shell: Shell): Promise<Outcome<Created>> {
  const { key } = installation;
  await sweep(key);
  const failed = await install(plan, installation, shell);
  if (failed && shell.signal.aborted) return failed;
  const python = await managedPython(key);
  if (python !== undefined) return ok({ python });
  if (failed) return failed;
  throw new Error(`An environment was made without an interpreter: ${key}`);
}

/**
 * Failures that would end the installation too, whatever it is made from. What cannot be reached is none: it may be the
 * index that only PyTorch is locked from.
 */
const FATAL = /^(?:cancelled|certificates-unreadable|environment-(?:disk-full|killed))$/;

interface Locked extends Pick<Created, 'withoutLock'> {
  lock?: EnvironmentLock;
  /** To be written. */
  section?: LockSection;
}

/** The exact versions that will be installed, such as an image can have too; none where there can be no lock. */
async function lockFirst(plan: CreatePlan, shell: Shell): Promise<Outcome<Locked>> {
  if (!plan.lockTo || plan.requirements.length === 0) return ok({});
  shell.stage(STAGE, { detail: 'Resolving exact versions' });
  const { platform, python } = plan.lockTo;
  const { requirements, packages = {} } = plan;
  const made = await makeLock(
    { platform, python, requirements, packages, allowCuda: false },
    {
      uv: await uvOf(plan),
      python: plan.base,
      env: process.env,
      signal: shell.signal,
      log: (line) => shell.log(line),
    },
  );
  if (made.ok) {
    const { pins, torchCpu } = made.value;
    return ok({ lock: { hash: lockHash(made.value), text: bodyOf(pins), torchCpu }, section: made.value });
  }
  if (FATAL.test(made.error.code)) return made;
  const { what, why = '' } = made.error;
  shell.log(`Without a lock: ${what} ${why}`);
  // What uv printed, in several lines, is for the log.
  return ok({ withoutLock: why === '' || why.includes('\n') ? what : `${what} ${why}` });
}

interface Installation {
  key: string;
  lock: EnvironmentLock | undefined;
  variables: NodeJS.ProcessEnv;
}

async function install(
  plan: CreatePlan,
  { key, lock, variables }: Installation,
  shell: Shell,
): Promise<Outcome<never> | undefined> {
  const place = path.join(environmentsFolder(), key);
  const folder = `${place}${TEMPORARY}${randomBytes(4).toString('hex')}`;
  const locked = `${folder}.lock.txt`;
  try {
    if (lock) await writeFile(locked, `${lock.text}\n`);
    const env = lock?.torchCpu ? withTorchIndex(variables, torchIndexOf(plan.packages ?? {})) : variables;
    for (const step of await stepsOf(plan, folder, lock ? locked : undefined)) {
      const failed = await take(step, env, shell);
      if (failed) return failed;
    }
    const facts = {
      base: plan.base,
      tool: plan.tool,
      requirements: plan.requirements.map((one) => withoutPassword(one)),
      ...(lock ? { lock: lock.hash } : {}),
      madeAt: new Date().toISOString(),
    };
    await writeFile(path.join(folder, COMPLETE), `${JSON.stringify(facts, undefined, 2)}\n`);
    await put(folder, key);
    return undefined;
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
    await rm(locked, { force: true });
  }
}

/** A complete environment that is at its place by now stays: a worker may run in it. */
async function put(folder: string, key: string): Promise<void> {
  const place = path.join(environmentsFolder(), key);
  const aside = `${folder}.old`;
  if ((await managedPython(key)) !== undefined) return;
  try {
    // One that lost its mark or its interpreter. Moved before it is looked at, so that none is removed that came after.
    await rename(place, aside);
    if ((await managedPython(path.basename(aside))) !== undefined) await rename(aside, place);
  } catch (error) {
    if (!['ENOENT', ...OCCUPIED].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
  } finally {
    await rm(aside, { recursive: true, force: true, maxRetries: 5 });
  }
  try {
    await rename(folder, place);
  } catch (error) {
    const isOccupied = OCCUPIED.includes((error as NodeJS.ErrnoException).code ?? '');
    if (!isOccupied || (await managedPython(key)) === undefined) throw error;
  }
}

/** Of a rename to where a folder is; the last two on Windows. */
const OCCUPIED = ['ENOTEMPTY', 'EEXIST', 'EPERM', 'EACCES'];

function withTorchIndex(env: NodeJS.ProcessEnv, index: string): NodeJS.ProcessEnv {
  const beside = (name: string): string => [env[name], index].filter(Boolean).join(' ');
  return index === ''
    ? env
    : { ...env, UV_INDEX: beside('UV_INDEX'), PIP_EXTRA_INDEX_URL: beside('PIP_EXTRA_INDEX_URL') };
}

async function stepsOf(plan: CreatePlan, folder: string, locked: string | undefined): Promise<Step[]> {
  const { base, requirements } = plan;
  const recipe = {
    base,
    folder,
    requirements,
    platform: process.platform,
    ...(locked === undefined ? {} : { locked }),
  };
  return plan.tool === 'pip' ? pipSteps(recipe) : uvSteps(await uvOf(plan), recipe);
}

async function uvOf(plan: CreatePlan): Promise<string[]> {
  const uv = await findUv(process.env);
  return uv === undefined ? [plan.base, '-I', '-m', 'uv'] : [uv];
}

async function take(step: Step, env: NodeJS.ProcessEnv, shell: Shell): Promise<Outcome<never> | undefined> {
  shell.stage(STAGE, { detail: withoutPassword(step.title) });
  shell.log(withoutPassword(`$ ${step.argv.join(' ')}`));
  const result = await run(step.argv, {
    // uv reads the settings of the project that it runs in, and a repository must not choose where packages come from.
    cwd: environmentsFolder(),
    env,
    signal: shell.signal,
    onLine: (line) => shell.log(withoutPassword(line)),
  });
  switch (result.kind) {
    case 'aborted':
      return cancelled('Making the environment was cancelled.');
    case 'timed-out':
      throw new Error('a step has no deadline');
    case 'not-started':
      return { ok: false, error: explainFailure(step.title, result.error.message) };
    case 'exited':
      if (result.code === 0 || step.optional) return undefined;
      return {
        ok: false,
        error: explainFailure(step.title, `${result.stdout}\n${result.stderr}`, undefined, result.killedBy),
      };
    default:
      return result satisfies never;
  }
}

/** Removes what killed builders left. The lock on `key` is held: nobody else makes that one. */
async function sweep(key: string): Promise<void> {
  for (const name of await readdir(environmentsFolder())) {
    if (!name.includes(TEMPORARY)) continue;
    const folder = path.join(environmentsFolder(), name);
    const age = Date.now() - ((await stat(folder).catch(() => undefined))?.mtimeMs ?? Date.now());
    // A process of the killed builder may still write there for a moment: what cannot be removed now is left for later.
    if (name.startsWith(`${key}${TEMPORARY}`) || age > LEFTOVER_MS) {
      await rm(folder, { recursive: true, force: true }).catch(() => {});
    }
  }
}
