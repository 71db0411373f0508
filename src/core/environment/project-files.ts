/** What the files of a project say of packages: requirements.txt, pyproject.toml, environment.yml, .python-version. */
import path from 'node:path';
import { isFile, readStart } from '../detect/folder.ts';
import { parseRequirements } from '../detect/requirements.ts';
import { parseRequirement } from './requirement.ts';

/** Bytes that are read of each file; real ones have some kilobytes. */
const SIZE_LIMIT = 1024 * 1024;

export interface Stated {
  /** Absolute path of the file that says it. */
  file: string;
  /** A plain PEP 508 requirement. */
  requirement: string;
  /** Installed by conda: of the same name it need not be the same package. */
  conda?: true;
}

export interface FolderFacts {
  stated: Stated[];
  /** Specifiers for Python itself, with the file. */
  python: { file: string; versions: string }[];
  /** Of environment.yml. */
  condaName?: string;
  /** Files that are damaged, with why. */
  unreadable: { file: string; why: string }[];
}

const READERS: [name: string, read: (text: string, file: string, facts: FolderFacts) => void | Promise<void>][] = [
  ['requirements.txt', readRequirements],
  ['pyproject.toml', readPyproject],
  ['environment.yml', readEnvironment],
  ['environment.yaml', readEnvironment],
  ['.python-version', readPythonVersion],
];

export async function readFolder(folder: string): Promise<FolderFacts> {
  const facts: FolderFacts = { stated: [], python: [], unreadable: [] };
  for (const [name, read] of READERS) {
    const file = path.join(folder, name);
    if (!(await isFile(file))) continue;
    try {
      await read(await readStart(file, SIZE_LIMIT), file, facts);
    } catch (error) {
      facts.unreadable.push({ file, why: (error as Error).message.split('\n')[0]! });
    }
  }
  return facts;
}

/** Name of the conda environment that the nearest environment.yml names, in these folders. */
export async function condaNameIn(folders: readonly string[]): Promise<string | undefined> {
  for (const folder of folders) {
    const { condaName } = await readFolder(folder);
    if (condaName !== undefined) return condaName;
  }
  return undefined;
}

function readRequirements(text: string, file: string, facts: FolderFacts): void {
  for (const requirement of parseRequirements(text).requirements) facts.stated.push({ file, requirement });
}

/** `.python-version` of pyenv and uv: `3.12`, `3.12.4`, or the name of an environment, which says nothing. */
function readPythonVersion(text: string, file: string, facts: FolderFacts): void {
  const version = /^(?:cpython-)?(3\.\d+(?:\.\d+)?)\b/m.exec(text.trim())?.[1];
  if (version !== undefined) facts.python.push({ file, versions: exactly(version) });
}

type Table = Record<string, unknown>;

function tableIn(value: unknown, ...keys: string[]): Table {
  let found: unknown = value;
  for (const key of keys) found = isTable(found) ? found[key] : undefined;
  return isTable(found) ? found : {};
}

function isTable(value: unknown): value is Table {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one): one is string => typeof one === 'string') : [];
}

async function readPyproject(text: string, file: string, facts: FolderFacts): Promise<void> {
  // Loaded where there is such a file: most hosts never need it.
  const { parse } = await import('smol-toml');
  const document = parse(text);
  const project = tableIn(document, 'project');
  for (const requirement of textsIn(project['dependencies'])) facts.stated.push({ file, requirement });
  if (typeof project['requires-python'] === 'string')
    facts.python.push({ file, versions: project['requires-python'].replaceAll(/\s/g, '') });
  for (const [name, value] of Object.entries(tableIn(document, 'tool', 'poetry', 'dependencies'))) {
    // Of several for different platforms the first says as much as any.
    const first: unknown = Array.isArray(value) ? value[0] : value;
    const { version, optional } = isTable(first) ? first : { version: first, optional: false };
    if (optional === true) continue;
    const versions = typeof version === 'string' ? poetryVersions(version) : '';
    if (name === 'python') facts.python.push({ file, versions });
    else facts.stated.push({ file, requirement: `${name}${versions}` });
  }
}

/** Poetry's own way to write versions (https://python-poetry.org/docs/dependency-specification/), as PEP 440. */
export function poetryVersions(text: string): string {
  // Alternatives have no form in PEP 440.
  if (text.includes('||')) return '';
  return text
    .split(',')
    .map((one) => poetryVersion(one.trim()))
    .filter((one) => one !== '')
    .join(',');
}

function poetryVersion(text: string): string {
  const [, sign = '', version = ''] = /^(\^|~(?!=)|[<>=!~]=?=?)?\s*v?(.+)$/.exec(text) ?? [];
  if (version === '' || version === '*') return '';
  if (sign !== '^' && sign !== '~') return `${sign || '=='}${version}`;
  const numbers = version.split('.').map((part) => Number.parseInt(part, 10) || 0);
  const firstSet = numbers.findIndex((number) => number > 0);
  const caret = firstSet === -1 ? numbers.length - 1 : firstSet;
  const at = sign === '^' ? caret : Math.min(1, numbers.length - 1);
  const next = numbers.slice(0, at + 1).map((number, index) => (index === at ? number + 1 : number));
  return `>=${version},<${next.join('.')}`;
}

/** Where the name on conda's channels is another than on PyPI. */
const CONDA_NAMES: Record<string, string> = {
  pytorch: 'torch',
  'pytorch-cpu': 'torch',
  'py-xgboost': 'xgboost',
  'py-xgboost-cpu': 'xgboost',
  'spacy-model-en_core_web_sm': 'en-core-web-sm',
};

async function readEnvironment(text: string, file: string, facts: FolderFacts): Promise<void> {
  const { parse } = await import('yaml');
  const document: unknown = parse(text);
  if (!isTable(document)) return;
  if (typeof document['name'] === 'string') facts.condaName = document['name'];
  const dependencies = Array.isArray(document['dependencies']) ? (document['dependencies'] as unknown[]) : [];
  for (const dependency of dependencies) {
    if (isTable(dependency)) {
      for (const requirement of textsIn(dependency['pip'])) {
        if (parseRequirements(requirement).requirements.length > 0) facts.stated.push({ file, requirement });
      }
      continue;
    }
    const spec = typeof dependency === 'string' ? condaSpec(dependency) : undefined;
    if (!spec) continue;
    if (spec.name === 'python') facts.python.push({ file, versions: spec.versions });
    else {
      const name = Object.hasOwn(CONDA_NAMES, spec.name) ? CONDA_NAMES[spec.name]! : spec.name;
      facts.stated.push({ file, requirement: `${name}${spec.versions}`, conda: true });
    }
  }
}

/**
 * `conda-forge::numpy=1.26.4=py311h64a7726_0`, as conda writes what is asked for
 * (https://docs.conda.io/projects/conda/en/stable/user-guide/concepts/pkg-specs.html), with versions as PEP 440.
 */
export function condaSpec(text: string): { name: string; versions: string } | undefined {
  const plain = text
    .replace(/^.*::/, '')
    .replace(/\[.*\]$/, '')
    .trim();
  const [, name, rest = ''] = /^([A-Za-z0-9_.-]+?)\s*(?:([=<>!~ ].*))?$/.exec(plain) ?? [];
  if (name === undefined) return undefined;
  const spec = rest.trim();
  const fuzzy = /^=\s*([^=<>!,|\s]+)(?:[=\s].*)?$/.exec(spec)?.[1];
  const versions =
    fuzzy !== undefined
      ? exactly(fuzzy)
      : /[|]/.test(spec)
        ? ''
        : spec.replace(/^(==[^=]+)=.*$/, '$1').replaceAll(/\s/g, '');
  return { name: name.toLowerCase(), versions };
}

/** `1.26` stands for every 1.26.x, `1.26.4` for that one. */
function exactly(version: string): string {
  const plain = version.replace(/\.?\*$/, '');
  if (plain === '') return '';
  return plain.split('.').length >= 3 ? `==${plain}` : `==${plain}.*`;
}

/** Name and specifiers, where it counts at all. */
export function statedFor({ requirement }: Stated): { name: string; versions: string } | undefined {
  const parsed = parseRequirement(requirement);
  return parsed && { name: parsed.name, versions: parsed.versions };
}
