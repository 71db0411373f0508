import { createHash, type Hash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { listFiles, type ModelFile } from '../host/files.ts';
import { MODELS_FILE } from '../models/document.ts';
import type { Risk } from './detection.ts';
import { isFile } from './folder.ts';
import { isFields, readFields, readJson, SENTENCE_CONFIGURATIONS } from './transformers-config.ts';

/** Where `auto_map` may name classes of the model's own repository. */
const MAPPED = ['config.json', 'tokenizer_config.json', 'preprocessor_config.json', 'processor_config.json'];
/** What decides what is loaded. */
const DECIDING = [...MAPPED, 'modules.json', 'config_sentence_transformers.json', ...SENTENCE_CONFIGURATIONS];
/** What Python runs or loads as it is. */
const CODE = /\.(?:py|pyc|pyd|so|dylib|dll)$/i;

/** Bytes of a file that is read as a whole: a stream takes longer to open than such a file to read. */
const AT_ONCE = 1 << 20;

export interface OwnCode {
  /** What was found of the model: its own folder, and those of its modules. */
  folders: readonly string[];
  /** Classes that are named elsewhere, as `module.Class`. */
  classes: readonly string[];
  /** Absolute paths of the files with weights, which were looked at by themselves. */
  weights: readonly string[];
}

/**
 * The code of its own repository that loading a model needs (what `trust_remote_code` is about); undefined where it
 * needs none. Errors: the code is somewhere else; a file of the folder cannot be read.
 *
 * Its hash covers the whole folder but the weights: the code may run any file of it, by `exec` or as a module. So
 * retraining does not ask again, and everything else does.
 */
export async function ownCode(
  folder: string,
  { folders, classes, weights }: OwnCode,
): Promise<Outcome<Risk | undefined>> {
  const named: { name: string; from: string }[] = classes.map((name) => ({ name, from: folder }));
  for (const from of new Set([folder, ...folders])) {
    for (const file of MAPPED) {
      for (const name of mapped(await readFields(path.join(from, file)))) named.push({ name, from });
    }
  }
  if (named.length === 0) return ok(undefined);
  const elsewhere = named.find(({ name }) => name.includes('--'));
  if (elsewhere !== undefined) {
    return fail('code-missing', `${path.basename(folder)} needs code that is in another repository.`, {
      why: `Its configuration names ${elsewhere.name}; Nimbus loads models from their own folder and downloads nothing.`,
      next: 'Copy the Python files of that repository into the folder, and take the part up to -- away from auto_map.',
    });
  }
  for (const { name, from } of named) {
    const file = `${name.split('.')[0]}.py`;
    // The library looks beside the configuration, or in the model's own folder, as it is older or newer.
    if ((await isFile(path.join(from, file))) || (await isFile(path.join(folder, file)))) continue;
    return fail('code-missing', `${path.basename(folder)} needs code of its own, and ${file} is not there.`, {
      why: 'Its configuration names classes that are not part of transformers.',
      next: `Copy ${file} and the Python files that it imports into the folder.`,
    });
  }
  const files = await filesOf(folder);
  if (!files.ok) return files;
  const apart = new Set(weights.map((file) => nameIn(folder, path.relative(folder, file))));
  const hash = await hashOf(files.value.filter(({ relative }) => !apart.has(relative)));
  const code = files.value.map(({ relative }) => relative.slice(relative.indexOf('/') + 1));
  return ok({ kind: 'code', files: code.filter((name) => CODE.test(name)), hash });
}

/** Of all files of a folder, as a copy for a worker has them. */
export async function folderHash(folder: string): Promise<Outcome<string>> {
  const files = await filesOf(folder);
  return files.ok ? ok(await hashOf(files.value)) : files;
}

async function hashOf(files: readonly ModelFile[]): Promise<string> {
  const hash = createHash('sha256');
  for (const file of files) await add(hash, file);
  return hash.digest('hex');
}

/**
 * Configurations that cannot be read here, where Python may still read them (it takes NaN for JSON): what they name
 * would run unseen. Config.json of the model itself is judged elsewhere, with the same result.
 */
export async function brokenConfiguration(folders: readonly string[]): Promise<Outcome<never> | undefined> {
  for (const folder of new Set(folders)) {
    for (const name of DECIDING) {
      const file = path.join(folder, name);
      if (!(await isFile(file)) || (await readJson(file)) !== undefined) continue;
      return fail('model-damaged', `${name} in ${path.basename(folder)} is damaged.`, {
        why: 'It is not JSON, or too large to be a configuration.',
        next: 'Save the model again with save_pretrained, or download the file again.',
      });
    }
  }
  return undefined;
}

/** As a snapshot has them: what is never copied is never run, and differs from copy to copy. */
async function filesOf(folder: string): Promise<Outcome<ModelFile[]>> {
  // Whether its links may be followed is decided when it is copied.
  const all = await listFiles(folder, path.parse(folder).root);
  // A model that is the whole project is copied without it.
  return all.ok ? ok(all.value.filter(({ relative }) => relative !== nameIn(folder, MODELS_FILE))) : all;
}

function nameIn(folder: string, relative: string): string {
  return [path.basename(folder), ...relative.split(path.sep)].join('/');
}

async function add(hash: Hash, { relative, source, size }: ModelFile): Promise<void> {
  const content = createHash('sha256');
  if (size <= AT_ONCE) content.update(await readFile(source));
  else await pipeline(createReadStream(source), content);
  // The folder's own name is no part of it: a copy has another one.
  hash.update(`${relative.slice(relative.indexOf('/') + 1)}\0${content.digest('hex')}\n`);
}

function mapped(fields: Record<string, unknown> | undefined): string[] {
  const map = fields?.['auto_map'];
  const values = isFields(map) ? Object.values(map) : [map];
  // A tokenizer has two classes, of which one may be null.
  return values.flat().filter((one): one is string => typeof one === 'string');
}
