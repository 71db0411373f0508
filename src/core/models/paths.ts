import { existsSync, realpathSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { ModelSpec } from '../../shared/spec.ts';
import { MODELS_FILE } from './document.ts';

/**
 * The project that a folder belongs to: its nearest ancestor (or itself) with a models.json, else itself. Absolute. A
 * models.json of the home folder is for the home folder alone: it would else take over every project without one.
 */
export function findProject(startFolder: string): string {
  const start = path.resolve(startFolder);
  for (let folder = start; ; folder = path.dirname(folder)) {
    if (folder !== start && isHome(folder)) return start;
    if (existsSync(path.join(folder, MODELS_FILE))) return folder;
    if (path.dirname(folder) === folder) return start;
  }
}

/**
 * The project to deploy a model in: that of the current folder, but where that has no models.json and the model lies
 * in a project that has one, the model's.
 */
export function projectToDeployIn(currentFolder: string, model: string): string {
  const current = findProject(currentFolder);
  const own = findProject(path.dirname(path.resolve(currentFolder, model)));
  const isProject = (folder: string): boolean => existsSync(path.join(folder, MODELS_FILE));
  return !isProject(current) && isProject(own) ? own : current;
}

/** Whether a folder is the user's home folder. */
export function isHome(folder: string): boolean {
  return realFolder(folder) === realFolder(os.homedir());
}

/** Absolute path of a declared model. */
export function modelPath(project: string, spec: Pick<ModelSpec, 'path'>): string {
  return path.resolve(project, spec.path);
}

/**
 * How models.json writes a path: relative with `/` for what lies in the project; else absolute, which works on this
 * machine only (`portable: false`). A link's own place counts, not where it points; but a project and a model that
 * were reached on two ways (one of them through a link) still find each other.
 */
export function portablePath(project: string, absolute: string): { path: string; portable: boolean } {
  const inside = within(project, absolute) ?? within(realFolder(project), absolute) ?? withinReal(project, absolute);
  if (inside !== undefined) return { path: inside, portable: true };
  return { path: slashes(path.resolve(absolute)), portable: false };
}

function withinReal(project: string, absolute: string): string | undefined {
  // The last part stays unresolved: a link in the project may point at a model elsewhere.
  const resolved = path.resolve(absolute);
  return within(realFolder(project), path.join(realFolder(path.dirname(resolved)), path.basename(resolved)));
}

/** Undefined where `absolute` is not inside of `folder`; `.` for the folder itself. */
function within(folder: string, absolute: string): string | undefined {
  const relative = path.relative(folder, absolute);
  if (path.isAbsolute(relative) || relative === '..' || relative.startsWith(`..${path.sep}`)) return undefined;
  return slashes(relative) || '.';
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder);
  } catch {
    return path.resolve(folder);
  }
}

function slashes(text: string): string {
  return path.sep === '/' ? text : text.replaceAll(path.sep, '/');
}
