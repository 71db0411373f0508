/** The project's own Python modules that a model imports: they are as much a part of the function as its files. */
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import type { Detection } from '../detect/detection.ts';
import { readStart } from '../detect/folder.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isIgnored, listFiles, stampOf, type ModelFile } from './files.ts';

/** Where modules lie in their snapshot. */
export const MODULES_FOLDER = 'modules';

/** More than these is data, not code. */
const MAX_FILES = 5000;
const MAX_BYTES = 100 * 2 ** 20;
const SOURCE_BYTES = 4 * 2 ** 20;

export interface Modules {
  /** With `relative` below `MODULES_FOLDER`; empty where the model imports nothing of the project. */
  files: ModelFile[];
  /** Absolute paths of the files and folders that they are of. */
  places: string[];
  stamp: string;
}

/**
 * Top-level names of modules that a model may import from the project, found without running anything. Of a pickle
 * those of its framework's own packages are left out: a `joblib.py` in the project must not run in the place of joblib.
 */
export async function importedNames({ risk, path: model }: Pick<Detection, 'risk' | 'path'>): Promise<string[]> {
  switch (risk.kind) {
    case 'none':
    case 'unreadable':
      return [];
    case 'unknown-globals':
    case 'dangerous-globals': {
      const own = risk.globals.filter((one) => one.danger !== 'known');
      return [...new Set(own.map(({ name }) => name.slice(0, name.indexOf('.'))))].sort();
    }
    case 'code': {
      // A published model's own code has nothing to do with the project that it was put into.
      if (risk.hash !== undefined) return [];
      const names = new Set<string>();
      for (const file of await readdir(model, { recursive: true })) {
        if (file.endsWith('.py')) for (const name of await importsOf(path.join(model, file))) names.add(name);
      }
      return [...names].sort();
    }
    default:
      return risk satisfies never;
  }
}

/**
 * The project's modules of these names, and those that they import in turn. A package counts as a whole, with its data.
 * Errors: as of `listFiles`; a folder that holds far more than code.
 */
export async function projectModules(
  names: readonly string[],
  { project, model, signal }: { project: string; model: string; signal?: AbortSignal },
): Promise<Outcome<Modules>> {
  const files: ModelFile[] = [];
  const places: string[] = [];
  const seen = new Set(names);
  const roots = await rootsOf(model, project);
  for (const name of seen) {
    for (const place of await placesOf(name, roots)) {
      // What lies in the model itself is found there first.
      if (place.startsWith(model + path.sep) || place === model) continue;
      if (!(await liesIn(place, project))) return leadsOut(place);
      const listed = await listFiles(place, project, { maxFiles: MAX_FILES, ...(signal ? { signal } : {}) });
      if (!listed.ok) return listed.error.code === 'model-too-many-files' ? tooMuch(place) : listed;
      places.push(place);
      for (const file of listed.value) {
        files.push({ ...file, relative: `${MODULES_FOLDER}/${file.relative}` });
        if (file.source.endsWith('.py')) for (const other of await importsOf(file.source)) seen.add(other);
      }
      const bytes = files.reduce((sum, file) => sum + file.size, 0);
      if (files.length > MAX_FILES || bytes > MAX_BYTES) return tooMuch(place);
    }
  }
  files.sort((one, other) => (one.relative < other.relative ? -1 : 1));
  return ok({ files, places, stamp: files.length === 0 ? '' : stampOf(files) });
}

/** Links count as what they lead to. */
async function liesIn(place: string, project: string): Promise<boolean> {
  const [target, root] = await Promise.all([realpath(place), realpath(project)]);
  return target.startsWith(root + path.sep);
}

function leadsOut(place: string): Outcome<never> {
  return fail(
    'model-link',
    `The model imports ${path.basename(place)}, which is a link that leads out of the project.`,
    {
      next: 'Replace the link by the module itself.',
    },
  );
}

/** Whether the project has a module of this top-level name. */
export async function isProjectModule(name: string, where: { project: string; model: string }): Promise<boolean> {
  return (await placesOf(name, await rootsOf(where.model, where.project))).length > 0;
}

/**
 * Folders of the project in which a model's modules are looked for, the nearest first: beside its file, where the script
 * that saved it often lies, and the project's own. Not beside a folder: a handler.py that imports torch would find a
 * model of that name there.
 */
async function rootsOf(model: string, project: string): Promise<string[]> {
  const beside = path.dirname(model);
  const isInside = beside.startsWith(project + path.sep);
  const isFolder = (await stat(model).catch(() => undefined))?.isDirectory() ?? false;
  return isInside && !isFolder ? [beside, project] : [project];
}

/** What `import name` finds in the first of these folders that has it: a package, a module, a compiled one. */
async function placesOf(name: string, roots: readonly string[]): Promise<string[]> {
  if (isIgnored(name)) return [];
  for (const root of roots) {
    const places = await placesIn(name, root);
    if (places.length > 0) return places;
  }
  return [];
}

async function placesIn(name: string, root: string): Promise<string[]> {
  const folder = path.join(root, name);
  if (await holdsPython(folder)) return [folder];
  const source = path.join(root, `${name}.py`);
  if ((await stat(source).catch(() => undefined))?.isFile()) return [source];
  const compiled = (await readdir(root)).filter((file) => file.startsWith(`${name}.`) && /\.(?:so|pyd)$/.test(file));
  return compiled.map((file) => path.join(root, file));
}

async function holdsPython(folder: string): Promise<boolean> {
  const names: string[] = await readdir(folder).catch(() => []);
  // An environment in the project has packages of everybody's.
  if (names.includes('pyvenv.cfg') || names.includes('conda-meta')) return false;
  return names.some((name) => name.endsWith('.py')) || (await holdsPackage(folder, names));
}

/** A folder without Python files of its own is still a package (PEP 420) where one below it has some. */
async function holdsPackage(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names.slice(0, 100)) {
    const inside: string[] = await readdir(path.join(folder, name)).catch(() => []);
    if (inside.some((file) => file.endsWith('.py'))) return true;
  }
  return false;
}

const IMPORT = /(?:^|[;:])[ \t]*(?:from[ \t]+([A-Za-z_]\w*)[\w. \t]*[ \t]import\b|import[ \t]+([\w.,* \t]+))/gm;
const IMPORT_CALL = /\b(?:import_module|__import__)\(\s*['"]([A-Za-z_]\w*)/g;

/** Top-level names that Python source imports, anywhere in it; a name in a text counts too. */
export function importsIn(source: string): string[] {
  const names = new Set<string>();
  const lines = source.replaceAll(/\\\r?\n/g, ' ');
  for (const [, from, list] of lines.matchAll(IMPORT)) {
    if (from !== undefined) names.add(from);
    for (const one of list?.split(',') ?? []) {
      const name = /^\s*([A-Za-z_]\w*)/.exec(one)?.[1];
      if (name !== undefined) names.add(name);
    }
  }
  for (const [, name] of lines.matchAll(IMPORT_CALL)) names.add(name!);
  return [...names];
}

async function importsOf(file: string): Promise<string[]> {
  return importsIn(await readStart(file, SOURCE_BYTES));
}

function tooMuch(place: string): Outcome<never> {
  return fail('modules-too-large', `The model imports from ${place}, which holds far more than code.`, {
    why: `Nimbus takes up to ${MAX_FILES.toLocaleString('en')} files and ${MAX_BYTES / 2 ** 20} MB of a project's modules.`,
    next: 'Move the modules that the model needs into a folder of their own.',
  });
}
