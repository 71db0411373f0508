import { readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import lockfile from 'proper-lockfile';
import writeFileAtomic from 'write-file-atomic';
import type { Consent, Risk } from './detect/detection.ts';
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
  const file = consentFile(project);
  const folder = path.dirname(file);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const release = await lockfile.lock(folder, {
    lockfilePath: `${file}.lock`,
    retries: { retries: 50, minTimeout: 10, maxTimeout: 100 },
  });
  try {
    const all = readConsents(project);
    const missing = given.filter((one) => !all.some((other) => same(one, other)));
    if (missing.length > 0)
      await writeFileAtomic(file, JSON.stringify([...all, ...missing], undefined, 2), { mode: 0o600 });
  } finally {
    await release();
  }
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
      return { kind: 'code', ...(risk.hash === undefined ? {} : { hash: risk.hash }) };
    case 'unknown-globals':
    case 'dangerous-globals':
      return { kind: risk.kind, hash: risk.hash };
    default:
      return risk satisfies never;
  }
}

function same(one: Consent, other: Consent): boolean {
  return one.kind === other.kind && one.hash === other.hash;
}
