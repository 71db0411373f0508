/** What a model was made with, as far as the model itself and the files around it say. Nothing of it is run. */
import path from 'node:path';
import type { Framework } from '../../shared/spec.ts';
import type { Detection } from '../detect/detection.ts';
import { isRequirement } from '../detect/requirements.ts';
import { capturedOf, specifierOf, type Captured } from './captured.ts';
import { withoutPassword } from './packages.ts';
import { readFolder, statedFor, type FolderFacts, type Stated } from './project-files.ts';
import { fits, parseRequirement } from './requirement.ts';

export interface Capture {
  captured: Captured[];
  /** What an interpreter must have: what the model asks for, and what a file in its own folder does. */
  needs: string[];
  /** What an environment for the model is made from: the same in the versions that are known of it. */
  requirements: string[];
  /** Name of the conda environment that an environment.yml names. */
  condaName?: string;
  /** Files beside or above the model that could not be read, with why. */
  unreadable: string[];
}

/** Where the versions of a framework's models stand, and where the other packages are found that they need. */
const SOURCES: Record<Framework, { versions: string; names: string }> = {
  spacy: { versions: 'meta.json', names: 'meta.json' },
  sklearn: { versions: '_sklearn_version in FILE', names: 'names in FILE' },
  transformers: { versions: 'config.json', names: 'config.json' },
  torch: { versions: 'FILE', names: 'kind of FILE' },
  onnx: { versions: 'opset of FILE', names: 'kind of FILE' },
  xgboost: { versions: 'version in FILE', names: 'kind of FILE' },
  lightgbm: { versions: 'version in FILE', names: 'kind of FILE' },
  custom: { versions: 'requirements.txt', names: 'requirements.txt' },
};

/** What a framework always brings along and its models depend on: its version counts where a project pins it. */
const COMPANIONS: Record<Framework, readonly string[]> = {
  spacy: ['numpy', 'thinc'],
  sklearn: ['numpy', 'scipy', 'joblib'],
  transformers: ['numpy', 'tokenizers', 'safetensors', 'huggingface-hub'],
  torch: [],
  onnx: ['numpy'],
  xgboost: ['numpy', 'scipy'],
  lightgbm: ['numpy', 'scipy'],
  custom: [],
};

/**
 * Packages whose version the model itself names, and which are asked for from that version on, since newer ones read it
 * too: what it was made with is that very version.
 */
const MADE_WITH: Partial<Record<Framework, readonly string[]>> = {
  transformers: ['transformers', 'sentence-transformers'],
  xgboost: ['xgboost'],
};

/**
 * By package another one whose wheel has a library that the first takes from the system: LightGBM needs libgomp.so.1
 * (https://lightgbm.readthedocs.io/en/stable/Installation-Guide.html), which neither AWS's base images nor python-slim have.
 * The build of an image links it, see `lend` of image/slim.py.
 */
const LENDERS: Readonly<Record<string, string>> = { lightgbm: 'scikit-learn' };

/** Folders above the model that are looked into, up to the project's own. */
const DEPTH = 20;

/**
 * The model's own word comes first, then that of the nearest file. A file in the model's own folder is the model's:
 * all that it names is needed. One in a folder that holds more than the model, or above, only tells the versions of
 * what is needed anyway.
 */
export async function capture(
  detection: Pick<Detection, 'framework' | 'path' | 'requirements' | 'captured'>,
  { project, isFolder }: { project: string; isFolder: boolean },
): Promise<Capture> {
  const facts = new Facts(detection, project);
  const producers = (detection.captured ?? []).filter(({ kind }) => kind === 'producer');
  const python: Captured[] = [];
  const unreadable: string[] = [];
  let condaName: string | undefined;
  for (const folder of foldersFrom(detection.path, project, isFolder)) {
    const found = await readFolder(folder);
    for (const stated of found.stated) facts.take(stated, isFolder && folder === detection.path);
    python.push(...pythonOf(found, project));
    unreadable.push(...found.unreadable.map(({ file, why }) => `${relative(project, file)}: ${why}`));
    condaName ??= found.condaName;
  }
  return {
    captured: [
      ...facts.known.values(),
      ...producers,
      python[0] ?? capturedOf('python', '', path.basename(detection.path)),
    ],
    needs: [...facts.asked.values()].flat(),
    requirements: [...[...facts.known.values()].flatMap((one) => facts.requirementsFor(one)), ...facts.lenders],
    ...(condaName === undefined ? {} : { condaName }),
    unreadable,
  };
}

/** What is known of each package so far; the first word on one counts, a more exact one of the same meaning later too. */
class Facts {
  readonly known = new Map<string, Captured>();
  /** Requirements of the model itself by package: several where they differ by platform or Python. */
  readonly asked = new Map<string, string[]>();
  readonly #pinned = new Set<string>();
  readonly #made = new Set<string>();
  readonly #companions: readonly string[];
  readonly #project: string;
  readonly #takesAddresses: boolean;

  constructor(detection: Pick<Detection, 'framework' | 'path' | 'requirements' | 'captured'>, project: string) {
    this.#project = project;
    this.#takesAddresses = detection.framework === 'custom';
    this.#companions = COMPANIONS[detection.framework];
    const { versions, names } = sourcesOf(detection);
    for (const text of detection.requirements) {
      const parsed = parseRequirement(text);
      if (!parsed) continue;
      this.#ask(parsed.name, text);
      const isMade = MADE_WITH[detection.framework]?.includes(parsed.name) ?? false;
      const made = isMade ? /^>=(\d+(?:\.\d+)*)$/.exec(parsed.versions)?.[1] : undefined;
      if (made !== undefined) {
        this.known.set(parsed.name, capturedOf(parsed.name, `==${made}`, versions));
        this.#made.add(parsed.name);
      } else if (!this.known.has(parsed.name))
        this.known.set(
          parsed.name,
          capturedOf(parsed.name, parsed.versions, parsed.versions === '' ? names : versions),
        );
    }
    for (const fact of detection.captured ?? []) {
      // One that is a package too (skl2onnx) is none that the model needs: a project that pins it says nothing of that.
      if (fact.kind === 'producer') continue;
      const before = this.known.get(fact.package);
      if (before === undefined || isBetter(fact, before)) this.known.set(fact.package, fact);
    }
  }

  /** `isOwn`: the file lies in the model's own folder. */
  take(stated: Stated, isOwn: boolean): void {
    const said = statedFor(stated);
    if (!said || !isRequirement(stated.requirement)) return;
    const { name, versions } = said;
    const before = this.known.get(name);
    const isAsked = isOwn && !stated.conda;
    const counts = before !== undefined || this.#companions.includes(name) || isAsked;
    if (!counts) return;
    // An address in a file that came along with a model could build anything; a handler.py is code that was agreed to.
    if (isAsked && stated.requirement.includes('@') && !this.#takesAddresses) return;
    if (isAsked && !this.asked.has(name)) this.#ask(name, stated.requirement);
    const fact = capturedOf(name, versions, relative(this.#project, stated.file));
    // Who keeps a model may know that it runs with other versions than it was made with.
    const isOtherwise = isAsked && before?.kind === 'exact' && fact.versions !== '' && !fits(before.versions, versions);
    if (before && !isBetter(fact, before) && !isOtherwise) return;
    this.known.set(name, fact);
    this.#pinned.add(name);
  }

  /** As it was asked for, with the version that is known. What the framework brings along is pinned where a file does. */
  requirementsFor(fact: Captured): string[] {
    const texts = this.asked.get(fact.package);
    const specifier = specifierOf(fact);
    if (!texts) return this.#pinned.has(fact.package) && specifier !== '' ? [`${fact.package}${specifier}`] : [];
    // Several, an address or a marker stay as they are.
    const [text = ''] = texts;
    if (this.#made.has(fact.package) && texts.length === 1) return [`${fact.package}${specifier}`];
    if (texts.length > 1 || specifier === '' || /[@;]/.test(text) || parseRequirement(text)?.versions !== '')
      return texts;
    return [`${text.trim()}${specifier}`];
  }

  /** Of the packages that are asked for, those that are not themselves. */
  get lenders(): string[] {
    const all = [...this.asked.keys()].flatMap((name) => LENDERS[name] ?? []);
    return [...new Set(all)].filter((name) => !this.asked.has(name));
  }

  #ask(name: string, text: string): void {
    const texts = this.asked.get(name) ?? [];
    if (!texts.includes(text)) this.asked.set(name, [...texts, text]);
  }
}

function isBetter(fact: Captured, before: Captured): boolean {
  if (before.kind === 'unknown') return fact.kind !== 'unknown';
  return before.kind === 'range' && fact.kind === 'exact' && fits(fact.versions, before.versions);
}

function sourcesOf({ framework, path: model }: Pick<Detection, 'framework' | 'path'>): {
  versions: string;
  names: string;
} {
  const file = path.basename(model);
  const { versions, names } = SOURCES[framework];
  return { versions: versions.replace('FILE', file), names: names.replace('FILE', file) };
}

function foldersFrom(model: string, project: string, isFolder: boolean): string[] {
  const folders = [isFolder ? model : path.dirname(model)];
  const within = path.relative(project, model);
  if (path.isAbsolute(within) || within.startsWith('..')) return folders;
  while (folders.length < DEPTH && folders.at(-1) !== project && path.dirname(folders.at(-1)!) !== folders.at(-1)) {
    folders.push(path.dirname(folders.at(-1)!));
  }
  return folders;
}

function pythonOf(facts: FolderFacts, project: string): Captured[] {
  return facts.python
    .filter(({ versions }) => versions !== '')
    .map(({ file, versions }) => capturedOf('python', versions, relative(project, file)));
}

function relative(project: string, file: string): string {
  const within = path.relative(project, file);
  return withoutPassword(within.startsWith('..') ? file : within.split(path.sep).join('/'));
}
