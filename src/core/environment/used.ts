/** For which models managed environments were used, and when last: so that who cleans up knows what a folder is. */
import { readFile, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { COMPLETE, environmentsFolder } from './managed.ts';

/** In an environment; when it was changed is when the environment was last used. */
const USED = 'nimbus-used.json';

interface Use {
  /** Absolute path of the project's folder. */
  project: string;
  model: string;
}

/** Of a complete environment. */
export interface AboutEnvironment {
  /** `3.12.4`. */
  python: string;
  /** As they were asked for. */
  requirements: string[];
  uses: Use[];
  usedAt: Date;
}

/** Notes that a worker of a model runs on this interpreter, where it is a managed environment's. Never rejects. */
export async function noteUse(interpreter: string, { project, model }: Use): Promise<void> {
  const [key = '', ...rest] = path.relative(environmentsFolder(), interpreter).split(path.sep);
  if (key === '..' || rest.length === 0 || path.isAbsolute(key)) return;
  const file = path.join(environmentsFolder(), key, USED);
  const uses = await usesIn(file);
  const isKnown = uses.some((one) => one.project === project && one.model === model);
  const now = new Date();
  // In its place: a new file would make the folder look new, which is then kept for a day.
  const noted = isKnown
    ? utimes(file, now, now)
    : writeFile(file, `${JSON.stringify([...uses, { project, model }], undefined, 2)}\n`);
  await noted.catch(() => undefined);
}

/** Undefined where the environment is not complete. */
export async function aboutEnvironment(folder: string): Promise<AboutEnvironment | undefined> {
  const read = (name: string): Promise<string> => readFile(path.join(folder, name), 'utf8').catch(() => '');
  const [facts, settings] = await Promise.all([read(COMPLETE), read('pyvenv.cfg')]);
  const python = /^version(?:_info)?\s*=\s*(\d+(?:\.\d+)*)/m.exec(settings)?.[1];
  const requirements = listIn(facts, 'requirements');
  if (python === undefined || requirements === undefined) return undefined;
  const file = path.join(folder, USED);
  // Without a worker ever: a deploy touches the folder.
  const changed = await stat(file).catch(() => stat(folder).catch(() => undefined));
  return { python, requirements, uses: await usesIn(file), usedAt: changed?.mtime ?? new Date(0) };
}

function listIn(json: string, field: string): string[] | undefined {
  try {
    const found = (JSON.parse(json) as Record<string, unknown> | null)?.[field];
    return Array.isArray(found) ? found.map(String) : undefined;
  } catch {
    return undefined;
  }
}

async function usesIn(file: string): Promise<Use[]> {
  try {
    const found = JSON.parse(await readFile(file, 'utf8')) as unknown;
    return Array.isArray(found) ? found.filter((one) => isUse(one)) : [];
  } catch {
    return [];
  }
}

function isUse(value: unknown): value is Use {
  const { project, model } = (value ?? {}) as Partial<Record<keyof Use, unknown>>;
  return typeof project === 'string' && typeof model === 'string';
}
