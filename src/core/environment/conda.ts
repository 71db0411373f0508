/** Conda's environments, and what in them no image can have. No conda is run: it tells everything in files. */
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { condaSpec } from './project-files.ts';

/** Folders below the user's home that conda, mamba and their installers use. */
const ROOTS = [
  'miniconda3',
  'anaconda3',
  'miniforge3',
  'mambaforge',
  'micromamba',
  'opt/miniconda3',
  'opt/anaconda3',
  '.local/share/mamba',
  '.conda',
  'AppData/Local/miniconda3',
  'AppData/Local/anaconda3',
  'AppData/Local/miniforge3',
];
/** Environments that are offered at most: each is asked for its packages. */
const LIMIT = 50;

/** Folders of environments that conda, mamba or micromamba made, each once, sorted within its place. */
export async function condaEnvironments(env: NodeJS.ProcessEnv): Promise<string[]> {
  const home = env['HOME'] ?? env['USERPROFILE'];
  const given = (name: string): string[] =>
    (env[name] ?? '').split(path.delimiter).filter((one) => path.isAbsolute(one));
  const roots = [
    ...given('MAMBA_ROOT_PREFIX'),
    ...given('CONDA_EXE').map((file) => path.dirname(path.dirname(file))),
    ...(home === undefined ? [] : ROOTS.map((name) => path.join(home, name))),
  ];
  const listed = home === undefined ? [] : await linesOf(path.join(home, '.conda', 'environments.txt'));
  const holders = [
    ...given('CONDA_ENVS_PATH'),
    ...given('CONDA_ENVS_DIRS'),
    ...roots.map((root) => path.join(root, 'envs')),
  ];
  const inside = await Promise.all(holders.map(foldersIn));
  const found = new Set<string>();
  for (const folder of [...inside.flat(), ...listed, ...roots]) {
    if (found.size < LIMIT && (await isConda(folder))) found.add(folder);
  }
  return [...found];
}

async function linesOf(file: string): Promise<string[]> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => path.isAbsolute(line));
}

async function foldersIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch(() => []);
  return names
    .toSorted()
    .slice(0, LIMIT)
    .map((name) => path.join(folder, name));
}

export async function isConda(folder: string): Promise<boolean> {
  return (await stat(path.join(folder, 'conda-meta')).catch(() => undefined))?.isDirectory() ?? false;
}

/** Whether an interpreter is that of a conda environment, by where it lies. */
export async function isCondaPython(python: string): Promise<boolean> {
  const folder = path.dirname(python);
  return isConda(process.platform === 'win32' ? folder : path.dirname(folder));
}

export interface CondaPackage {
  name: string;
  version: string;
  /** `conda-forge`. */
  channel: string;
}

export interface CondaReport {
  prefix: string;
  /** Asked for by name, and no Python distribution: an image cannot have them. */
  refused: CondaPackage[];
  /** No Python distribution either, and brought along by others: wheels carry such libraries in themselves. */
  libraries: CondaPackage[];
}

/** Python itself and what installs packages: every image has its own. */
const OWN = new Set(['python', 'pip', 'setuptools', 'wheel', 'conda', 'mamba', 'micromamba', 'uv']);
const DISTRIBUTION = /(?:^|\/)site-packages\/[^/]+\.(?:dist-info|egg-info)(?:\/|$)/;
/** A package's own file; large ones list some ten thousand files. */
const META_BYTES = 32 * 1024 * 1024;
const AT_ONCE = 16;

/** What an environment has of conda alone: packages of `conda-meta` that are no Python distribution. */
export async function condaOnly(prefix: string): Promise<CondaReport> {
  const folder = path.join(prefix, 'conda-meta');
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.json')).toSorted();
  const asked = new Set(await specsOf(path.join(folder, 'history')));
  const report: CondaReport = { prefix, refused: [], libraries: [] };
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const metas = await Promise.all(names.slice(at, at + AT_ONCE).map((name) => readMeta(path.join(folder, name))));
    for (const meta of metas) {
      if (!meta || OWN.has(meta.name) || meta.isDistribution) continue;
      const { name, version, channel } = meta;
      (meta.isAsked || asked.has(name) ? report.refused : report.libraries).push({ name, version, channel });
    }
  }
  return report;
}

interface Meta extends CondaPackage {
  isDistribution: boolean;
  isAsked: boolean;
}

async function readMeta(file: string): Promise<Meta | undefined> {
  try {
    if ((await stat(file)).size > META_BYTES) return undefined;
    const meta = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown> | null;
    const text = (key: string): string => (typeof meta?.[key] === 'string' ? (meta[key] as string) : '');
    const files = Array.isArray(meta?.['files']) ? (meta['files'] as unknown[]) : [];
    // conda and mamba write one text and a history; rattler, which pixi is built on, a list and an empty history.
    const spec = text('requested_spec');
    const specs = Array.isArray(meta?.['requested_specs']) ? meta['requested_specs'] : [];
    return {
      name: text('name'),
      version: text('version'),
      // `https://conda.anaconda.org/conda-forge/linux-64` -> `conda-forge`, as also without the platform and with a
      // slash at its end; a private one may hold a token.
      channel: text('channel')
        .replace(/\/+$/, '')
        .replace(/\/(?:linux|osx|win|noarch)[^/]*$/, '')
        .replace(/^.*\//, ''),
      isDistribution: files.some((one) => typeof one === 'string' && DISTRIBUTION.test(one)),
      isAsked: (spec !== '' && spec !== 'None') || specs.length > 0,
    };
  } catch {
    return undefined;
  }
}

/** Names that people asked conda for, of the environment's own history. */
async function specsOf(history: string): Promise<string[]> {
  const text = await readFile(history, 'utf8').catch(() => '');
  return [...text.matchAll(/^# (?:update|install) specs: \[(.*)\]$/gm)].flatMap((line) =>
    [...line[1]!.matchAll(/['"]([^'"]+)['"]/g)].flatMap((spec) => condaSpec(spec[1]!)?.name ?? []),
  );
}

/** Why an image cannot have what the environment has of conda alone; undefined where it can. */
export function condaRefusal({
  prefix,
  refused,
}: CondaReport): { what: string; why: string; next: string } | undefined {
  if (refused.length === 0) return undefined;
  const listed = refused.map(({ name, version, channel }) => `${name} ${version}${channel ? ` (${channel})` : ''}`);
  const one = refused.length === 1;
  return {
    what: `${one ? 'One package' : `${refused.length} packages`} of the conda environment ${path.basename(prefix)} cannot be in an image: ${listed.join(', ')}.`,
    why: `An image is built of wheels of a package index, and ${one ? 'it is' : 'they are'} in conda only.`,
    next: `Where the model needs ${one ? 'it' : 'them'}, take a package of the index that carries the same; else remove ${one ? 'it' : 'them'} from the environment.`,
  };
}
