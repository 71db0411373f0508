import { readFileSync } from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import type { Consent, PickleGlobal, Risk } from './detect/detection.ts';
import { places, projectId } from './places.ts';

/**
 * What the user allowed to run, per project. Kept in the user's own folder, never in the project: a repository must
 * not bring its own consent with it.
 */
function consentFile(project: string): string {
  return path.join(places().data, 'consents', `${projectId(project)}.json`);
}

/** The consents given for this project so far; none where the file is missing or damaged. */
export function readConsents(project: string): Consent[] {
  try {
    const found: unknown = JSON.parse(readFileSync(consentFile(project), 'utf8'));
    return Array.isArray(found) ? (found as Consent[]) : [];
  } catch {
    return [];
  }
}

/** Adds consents to the project's; the same one twice is kept once. */
export async function rememberConsents(project: string, given: readonly Consent[]): Promise<void> {
  if (given.length === 0) return;
  await locked(project, async (file) => {
    const all = readConsents(project);
    for (const one of given) if (!all.some((other) => same(one, other))) all.push(one);
    await writeFileAtomic(file, JSON.stringify(all, undefined, 2), { mode: 0o600 });
  });
}

/** One at a time over all processes. */
async function locked<T>(project: string, work: (file: string) => Promise<T>): Promise<T> {
  const file = consentFile(project);
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await lockfile.lock(folder, {
    lockfilePath: `${file}.lock`,
    retries: { retries: 50, minTimeout: 10, maxTimeout: 100 },
  });
  try {
    return await work(file);
  } finally {
    await release();
  }
}

/** Takes back all that was agreed to for the project; answers with what it was. */
export async function forgetConsents(project: string): Promise<Consent[]> {
  return locked(project, async (file) => {
    const all = readConsents(project);
    await rm(file, { force: true });
    return all;
  });
}

/** Whether the user trusts the project's own code: its handlers, modules and Pythons. */
export function trustsProject(project: string): boolean {
  return isCovered({ kind: 'code', files: [] }, readConsents(project));
}

/** Whether loading something of this risk was agreed to. `unreadable` never is. */
export function isCovered(risk: Risk, consents: readonly Consent[]): boolean {
  const asked = consentFor(risk);
  return risk.kind === 'none' || (asked !== undefined && consents.some((given) => same(given, asked)));
}

/** The consent that would allow a risk; undefined where none is needed or none can be given. */
export function consentFor(risk: Risk): Consent | undefined {
  switch (risk.kind) {
    case 'none':
    case 'unreadable':
      return undefined;
    case 'code':
      return risk.hash === undefined ? { kind: 'code' } : { kind: 'code', hash: risk.hash, names: risk.files };
    case 'unknown-globals':
    case 'dangerous-globals':
      return { kind: risk.kind, hash: risk.hash, names: namesOf(risk.globals) };
    default:
      return risk satisfies never;
  }
}

/**
 * Whether the user is asked to type the model's name: no flag and no single click agrees to what reaches the system, or
 * to code that came with a model.
 */
export function asksForName(risk: Risk): boolean {
  return risk.kind === 'dangerous-globals' || (risk.kind === 'code' && risk.hash !== undefined);
}

function namesOf(globals: readonly PickleGlobal[]): string[] {
  return globals.flatMap(({ name, danger }) => (danger === 'known' ? [] : [name]));
}

function same(one: Consent, other: Consent): boolean {
  return one.kind === other.kind && one.hash === other.hash;
}
