/** Where the host runs from: a copy of its own, since an editor deletes the folders of old extension versions. */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { places } from '../places.ts';
import { VERSION } from './identity.ts';

/** A copy that no host has used for so long is removed. A running host touches its own each day. */
const UNUSED_MS = 30 * 24 * 3600_000;

/** What to give Node so that it runs the host: the copy of the bundle, or the sources where this runs unbundled. */
export async function hostProgram(): Promise<string[]> {
  const here = fileURLToPath(import.meta.url);
  if (here.endsWith('.ts')) return [path.join(path.dirname(here), 'main.ts')];
  const dist = bundleFolder(path.dirname(here));
  const copy = await copyBundle(dist, path.join(places().data, 'host'));
  return [path.join(copy, 'host.js')];
}

/** The folder that holds the bundled host, from a file of the bundle or one of its chunks. */
function bundleFolder(start: string): string {
  for (const folder of [start, path.dirname(start)]) if (existsSync(path.join(folder, 'host.js'))) return folder;
  throw new Error(`no host.js beside ${start}`);
}

/** Copies the host's bundle with the Python runtime, once per version and content; says where the copy is. */
export async function copyBundle(dist: string, into: string): Promise<string> {
  const parts = ['host.js', 'chunks', 'runtime', 'deployer'].filter((name) => existsSync(path.join(dist, name)));
  const hash = createHash('sha256');
  for (const file of await filesOf(dist, parts)) {
    // CDK's megabytes are told apart by their size: reading them would make each start of a host wait.
    const isLarge = file.startsWith(`deployer${path.sep}`);
    const facts = isLarge ? String((await stat(path.join(dist, file))).size) : await readFile(path.join(dist, file));
    hash.update(`${file}\0`).update(facts);
  }
  const folder = path.join(into, `${VERSION}-${hash.digest('hex').slice(0, 12)}`);
  if (existsSync(folder)) {
    await touch(folder);
    return folder;
  }
  const temporary = `${folder}.${randomUUID()}`;
  await mkdir(temporary, { recursive: true });
  for (const part of parts) {
    await cp(path.join(dist, part), path.join(temporary, part), {
      recursive: true,
      filter: (source) => !source.endsWith('.map') && !source.includes('__pycache__'),
    });
  }
  await writeFile(path.join(temporary, 'package.json'), JSON.stringify({ type: 'module', version: VERSION }));
  try {
    await rename(temporary, folder);
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    // Another window made the same copy in the same moment.
    if (!existsSync(folder)) throw error;
  }
  await sweepCopies(into, folder);
  return folder;
}

/** Says that a copy is in use. */
export async function touch(folder: string): Promise<void> {
  const now = new Date();
  await utimes(folder, now, now).catch(() => undefined);
}

async function filesOf(dist: string, parts: string[]): Promise<string[]> {
  const files: string[] = [];
  for (const part of parts) {
    const facts = await stat(path.join(dist, part));
    if (facts.isFile()) files.push(part);
    else
      for (const name of await readdir(path.join(dist, part), { recursive: true })) files.push(path.join(part, name));
  }
  const wanted: string[] = [];
  for (const file of files.filter((one) => !one.endsWith('.map') && !one.includes('__pycache__')).sort()) {
    if ((await stat(path.join(dist, file))).isFile()) wanted.push(file);
  }
  return wanted;
}

async function sweepCopies(into: string, current: string): Promise<void> {
  for (const name of await readdir(into)) {
    const folder = path.join(into, name);
    if (folder === current) continue;
    const facts = await stat(folder).catch(() => undefined);
    if (facts && Date.now() - facts.mtimeMs > UNUSED_MS) await rm(folder, { recursive: true, force: true });
  }
}
