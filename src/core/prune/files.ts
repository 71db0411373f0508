/** Folders and files of this user that nothing uses any more. */
import { randomBytes } from 'node:crypto';
import { lstat, readdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { environmentsFolder } from '../environment/managed.ts';
import { aboutEnvironment, type AboutEnvironment } from '../environment/used.ts';
import { places } from '../places.ts';
import type { PruneItem } from '../../shared/prune.ts';
import type { KnownProject } from './projects.ts';

const DAY_MS = 24 * 3600_000;
/** A deploy that makes an environment now is in no state file yet. */
const FRESH_MS = DAY_MS;
/** A running host touches its own copy each day. */
const UNUSED_COPY_MS = 2 * DAY_MS;
/** Between the time and the kind: `2026-11-26T01-02-03-004Z-deploy-sentiment-docker.log`. */
const OPERATION_LOG = /^\d{4}-\d\d-\d\dT[\d-]+Z-[a-z]+-(.+)\.log$/;

/** `used`: interpreters of all deployments. */
export async function unusedEnvironments(used: readonly string[]): Promise<PruneItem[]> {
  const found: PruneItem[] = [];
  for (const place of await foldersIn(environmentsFolder())) {
    if (place.name.includes('.') || (await isYounger(place.path, FRESH_MS))) continue;
    if (used.some((python) => python.startsWith(place.path + path.sep))) continue;
    const about = await aboutEnvironment(place.path);
    const known = about ? described(about) : { name: place.name };
    found.push({ kind: 'environments', id: place.path, ...known, bytes: await bytesOf(place.path) });
  }
  return found;
}

/** Packages and models that are named of an environment. */
const NAMED = 3;

/** `Python 3.12.4 for flowers, reviews in shop`, `scikit-learn==1.5.2, numpy==2.1, last used 2026-11-20`. */
function described({ python, requirements, uses, usedAt }: AboutEnvironment): Pick<PruneItem, 'name' | 'detail'> {
  const projects = [...new Set(uses.map(({ project }) => project))];
  const whose = projects.map((project) => {
    const models = uses.filter((one) => one.project === project).map(({ model }) => model);
    return `${shortList(models)} in ${path.basename(project)}`;
  });
  return {
    name: `Python ${python}${whose.length > 0 ? ` for ${shortList(whose)}` : ''}`,
    detail: `${shortList(requirements)}, last used ${usedAt.toISOString().slice(0, 10)}`,
  };
}

function shortList(names: readonly string[]): string {
  const more = names.length - NAMED;
  return `${names.slice(0, NAMED).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
}

/** Copies of older hosts, and what killed builders of environments left. `own`: the folder that this host runs from. */
export async function unusedPrograms(own: string): Promise<PruneItem[]> {
  const copies = await foldersIn(path.join(places().data, 'host'));
  const halves = (await foldersIn(environmentsFolder())).filter(({ name }) => name.includes('.tmp-'));
  const found: PruneItem[] = [];
  for (const [place, age] of [
    ...copies.map((one) => [one, UNUSED_COPY_MS] as const),
    ...halves.map((one) => [one, FRESH_MS] as const),
  ]) {
    if (own === place.path || own.startsWith(place.path + path.sep) || (await isYounger(place.path, age))) continue;
    found.push({ kind: 'programs', id: place.path, name: place.name, bytes: await bytesOf(place.path) });
  }
  return found;
}

/** Of operations of this project's deployments that are gone, and all of projects that are. */
export async function unusedLogs(
  own: { id: string; deployments: readonly string[] },
  projects: readonly KnownProject[],
): Promise<PruneItem[]> {
  const { logs } = places();
  const found: PruneItem[] = [];
  const folder = path.join(logs, own.id);
  for (const name of await readdir(folder).catch(() => [])) {
    const about = OPERATION_LOG.exec(name)?.[1];
    if (about === undefined || own.deployments.includes(about)) continue;
    const file = path.join(folder, name);
    found.push({ kind: 'logs', id: file, name, bytes: await bytesOf(file) });
  }
  for (const { id, folder: project = id, state } of projects) {
    const place = path.join(logs, id);
    if (state !== 'gone' || id === own.id || (await lstat(place).catch(() => undefined)) === undefined) continue;
    found.push({ kind: 'logs', id: place, name: project, bytes: await bytesOf(place) });
  }
  return found;
}

/** How operations of a deployment are named in their logs. */
export function inLogs({ model, deployment }: { model: string; deployment: string }): string {
  return `${model}-${deployment}`;
}

export async function removePlace({ kind, id }: PruneItem): Promise<void> {
  if (kind === 'environments' && (await isYounger(id, FRESH_MS))) throw new Error('A deploy uses it by now.');
  // Half of an environment must not look like a whole one: under this name none is used, and the next look finds it.
  const place = kind === 'environments' ? `${id}.tmp-${randomBytes(4).toString('hex')}` : id;
  if (place !== id) await rename(id, place);
  await rm(place, { recursive: true, maxRetries: 3 });
}

async function foldersIn(folder: string): Promise<{ name: string; path: string }[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  return entries.filter((one) => one.isDirectory()).map(({ name }) => ({ name, path: path.join(folder, name) }));
}

async function isYounger(place: string, ms: number): Promise<boolean> {
  const facts = await lstat(place).catch(() => undefined);
  return facts === undefined || Date.now() - facts.mtimeMs < ms;
}

/** A file with several names counts with each: uv links files of its cache into environments. */
async function bytesOf(place: string): Promise<number> {
  const facts = await lstat(place).catch(() => undefined);
  if (!facts) return 0;
  if (!facts.isDirectory()) return facts.nlink > 1 ? 0 : facts.size;
  let sum = 0;
  for (const name of await readdir(place).catch(() => [])) sum += await bytesOf(path.join(place, name));
  return sum;
}
