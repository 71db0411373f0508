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
}

function folder(): string {
  return path.join(places().data, 'projects');
}

/** Remembers where a project is. To be called by its host. */
export async function noteProject(project: string): Promise<void> {
  await mkdir(folder(), { recursive: true, mode: 0o700 });
  const file = path.join(folder(), `${projectId(project)}.json`);
  const [own, above] = await Promise.all([stat(project), stat(path.dirname(project))]);
  const note: Note = { folder: project, ...(own.dev === above.dev ? {} : { isDisk: true }) };
  await writeFileAtomic(file, `${JSON.stringify(note)}\n`, { mode: 0o600 });
}

interface Note {
  folder: string;
  /** It is the top of a file system. */
  isDisk?: true;
}

/** All that ever had a host. */
export async function knownProjects(): Promise<KnownProject[]> {
  const names = await readdir(folder()).catch(() => []);
  const ids = [...new Set(names.flatMap((name) => /^([0-9a-f]{16})\.(?:key|json)$/.exec(name)?.[1] ?? []))];
  return Promise.all(ids.map((id) => lookAt(id)));
}

async function lookAt(id: string): Promise<KnownProject> {
  try {
    const found = JSON.parse(await readFile(path.join(folder(), `${id}.json`), 'utf8')) as Partial<Note>;
    if (typeof found.folder !== 'string') return { id, state: 'unknown' };
    return { id, folder: found.folder, state: await stateOf(found.folder, found.isDisk ?? false) };
  } catch {
    return { id, state: 'unknown' };
  }
}

/** A disk that is not mounted leaves an empty folder in its place, or takes that away, and those above. */
async function stateOf(project: string, isDisk: boolean): Promise<KnownProject['state']> {
  try {
    return (await readdir(project)).length > 0 ? 'there' : 'unknown';
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT' || isDisk) return 'unknown';
  }
  const above = await readdir(path.dirname(project)).catch(() => []);
  return above.length > 0 ? 'gone' : 'unknown';
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
