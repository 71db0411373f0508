/** The projects of this user: what none of them uses may go, and what one that cannot be looked at uses may not. */
import { mkdir, readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import writeFileAtomic from 'write-file-atomic';
import { PROJECT_FOLDER, places, projectId } from '../places.ts';

export interface KnownProject {
  id: string;
  /** Absolute path; unset where only its id is known. */
  folder?: string;
  /** `gone`: its folder was removed. `unknown`: its disk may only not be mounted at the moment. */
  state: 'there' | 'gone' | 'unknown';
  /** Interpreters of its deployments as its host noted them; unset where it did not. */
  interpreters?: string[];
}

/** What is noted of a project, where it can be read when the project itself cannot. */
interface Note {
  folder: string;
  /** Of the disk that the folder is on, as `stat` numbers it. */
  device: string;
  interpreters: string[];
}

function folder(): string {
  return path.join(places().data, 'projects');
}

/** Remembers where a project is, and which interpreters its deployments use. To be called by its host. */
export async function noteProject(project: string, interpreters: readonly string[]): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const file = path.join(folder(), `${projectId(project)}.json`);
  const note: Note = {
    folder: project,
    device: await deviceOf(project),
    interpreters: [...new Set(interpreters)],
  };
  await writeFileAtomic(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

/** All that ever had a host. */
export async function knownProjects(): Promise<KnownProject[]> {
  const names = await readdir(folder()).catch(() => []);
  const ids = [...new Set(names.flatMap((name) => /^([0-9a-f]{16})\.(?:key|json)$/.exec(name)?.[1] ?? []))];
  return Promise.all(ids.map((id) => lookAt(id)));
}

async function lookAt(id: string): Promise<KnownProject> {
  try {
    const found = JSON.parse(await readFile(path.join(folder(), `${id}.json`), 'utf8')) as Partial<
      Record<keyof Note, unknown>
    >;
    if (typeof found.folder !== 'string') return { id, state: 'unknown' };
    const { device } = found;
    const interpreters = Array.isArray(found.interpreters) ? found.interpreters.map(String) : undefined;
    const noted = { device: typeof device === 'string' ? device : undefined, interpreters };
    return {
      id,
      folder: found.folder,
      state: await stateOf(found.folder, noted),
      ...(interpreters ? { interpreters } : {}),
    };
  } catch (error) {
    // A project has its key before its note: without one nothing was ever deployed there.
    const isNew = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return { id, state: 'unknown', ...(isNew ? { interpreters: [] } : {}) };
  }
}

/**
 * Where the disk of a missing folder is known, it was removed if what is left of its path is on that disk, and else the
 * disk is not mounted. Without it: that takes the folders above away too, or leaves an empty one. Where the disk itself is
 * the project, that one may be the project's own, and programs may have written to it meanwhile. By its number alone a
 * disk is not another one: it may get a new one each time that it is mounted.
 */
async function stateOf(
  project: string,
  { device, interpreters = [] }: { device: string | undefined; interpreters: string[] | undefined },
): Promise<KnownProject['state']> {
  try {
    const names = await readdir(project);
    if ((await deviceOf(project)) === device) return 'there';
    const isWithoutState = interpreters.length > 0 && !names.includes(PROJECT_FOLDER);
    return names.length === 0 || isWithoutState ? 'unknown' : 'there';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') return 'unknown';
  }
  if (device !== undefined) return (await deviceAbove(project)) === device ? 'gone' : 'unknown';
  const above = await readdir(path.dirname(project)).catch(() => []);
  return above.length > 0 ? 'gone' : 'unknown';
}

/** Of the nearest folder above that is there; undefined where one cannot be looked at. */
async function deviceAbove(place: string): Promise<string | undefined> {
  const above = path.dirname(place);
  try {
    return await deviceOf(above);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || above === place) return undefined;
    return deviceAbove(above);
  }
}

async function deviceOf(place: string): Promise<string> {
  return String((await stat(place, { bigint: true })).dev);
}

/** What the deployments of a project use, by its state file; undefined where that cannot be read. */
export interface Used {
  interpreters: string[];
  /** Of images: ids and references. */
  images: string[];
}

/** Whoever wrote the file: keeping too much does no harm. */
export async function usedBy(project: string): Promise<Used | undefined> {
  const file = path.join(project, PROJECT_FOLDER, 'state.json');
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ENOENT' ? { interpreters: [], images: [] } : undefined;
  }
  try {
    const { deployments = {} } = JSON.parse(text) as { deployments?: Record<string, Recorded> };
    const records = Object.values(deployments);
    return {
      interpreters: records.flatMap(({ interpreter }) => (typeof interpreter === 'string' ? [interpreter] : [])),
      images: records.flatMap(({ image }) => (image ? [image.id, image.reference].map(String) : [])),
    };
  } catch {
    return undefined;
  }
}

interface Recorded {
  interpreter?: unknown;
  image?: { id?: unknown; reference?: unknown };
}
