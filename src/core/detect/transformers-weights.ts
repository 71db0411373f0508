import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isFile, readBytes } from './folder.ts';
import { isFields, readFields } from './transformers-config.ts';

/** A header of safetensors may be this long, as the format's own library has it. */
const HEADER_LIMIT = 100_000_000;
const SHARDS_LIMIT = 10_000;

/** In the order in which transformers looks for them. */
const WEIGHTS = [
  'model.safetensors',
  'model.safetensors.index.json',
  'pytorch_model.bin',
  'pytorch_model.bin.index.json',
];

/** Weights of other libraries, which a text model is sometimes published with alone. */
const FOREIGN: Record<string, string> = {
  'tf_model.h5': 'TensorFlow',
  'flax_model.msgpack': 'Flax',
  'rust_model.ot': 'Rust',
};

/** The names of the files with weights that a folder's model is loaded from; empty where there are none. */
export async function weightFiles(folder: string): Promise<Outcome<string[]>> {
  for (const name of WEIGHTS) {
    if (!(await isFile(path.join(folder, name)))) continue;
    const files = name.endsWith('.index.json') ? await shards(folder, name) : ok([name]);
    if (!files.ok) return files;
    for (const file of files.value) {
      const problem = await checkFile(folder, file);
      if (problem) return problem;
    }
    return files;
  }
  return ok([]);
}

/** `TensorFlow`, where a folder has weights of it and none of PyTorch. */
export async function foreignWeights(folder: string): Promise<string | undefined> {
  for (const [name, library] of Object.entries(FOREIGN)) if (await isFile(path.join(folder, name))) return library;
  return undefined;
}

async function shards(folder: string, index: string): Promise<Outcome<string[]>> {
  const map = (await readFields(path.join(folder, index)))?.['weight_map'];
  const names = isFields(map) ? [...new Set(Object.values(map))] : [];
  const valid = names.filter((one): one is string => typeof one === 'string' && /^[\w.-]+$/.test(one));
  if (valid.length === 0 || valid.length !== names.length || valid.length > SHARDS_LIMIT) {
    return fail('model-damaged', `${index} in ${path.basename(folder)} is damaged.`, {
      why: 'It does not say which files of this folder hold the weights.',
      next: 'Save the model again with save_pretrained, or download it again.',
    });
  }
  const missing: string[] = [];
  for (const name of valid) if (!(await isFile(path.join(folder, name)))) missing.push(name);
  if (missing.length === 0) return ok(valid.sort());
  const shown = `${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ', …' : ''}`;
  return fail(
    'weights-missing',
    `${path.basename(folder)} lacks ${missing.length} of its ${valid.length} files of weights.`,
    {
      why: `${index} names ${shown}, which ${missing.length === 1 ? 'is' : 'are'} not there.`,
      next: 'Copy or download the missing files into the folder.',
    },
  );
}

async function checkFile(folder: string, name: string): Promise<Outcome<never> | undefined> {
  const file = path.join(folder, name);
  const start = await readBytes(file, 64);
  if (start.toString('latin1').startsWith('version https://git-lfs')) {
    return fail('weights-missing', `${name} in ${path.basename(folder)} is only a pointer to the weights.`, {
      why: 'The repository was cloned without Git LFS, which holds the weights themselves.',
      next: 'Run git lfs pull in the repository, or download the file again.',
    });
  }
  if (!name.endsWith('.safetensors')) return undefined;
  const why = await whatIsWrong(file);
  if (why === undefined) return undefined;
  return fail('model-damaged', `${name} in ${path.basename(folder)} is damaged.`, {
    why,
    next: 'Save the model again with save_pretrained, or download the file again.',
  });
}

/**
 * Reads the header of a safetensors file: a length of 8 bytes, then JSON that says where each tensor is. Answers with
 * what is wrong; undefined for nothing.
 */
async function whatIsWrong(file: string): Promise<string | undefined> {
  const { size } = await stat(file);
  const notOne = 'It does not begin like a safetensors file.';
  if (size < 8) return size === 0 ? 'It is empty.' : notOne;
  const length = (await readBytes(file, 8)).readBigUInt64LE();
  if (length > HEADER_LIMIT) return notOne;
  if (Number(length) + 8 > size) return `It has ${size.toLocaleString('en')} bytes and ends inside its header.`;
  const header = parse((await readBytes(file, Number(length) + 8)).subarray(8).toString('utf8'));
  if (header === undefined) return 'Its header is not JSON.';
  const tensors = Object.entries(header).filter(([name]) => name !== '__metadata__');
  let end = 0;
  for (const [name, tensor] of tensors) {
    const offsets = isFields(tensor) ? tensor['data_offsets'] : undefined;
    const last = Array.isArray(offsets) ? (offsets[1] as unknown) : undefined;
    if (typeof last !== 'number') return `Its header does not say where ${name.slice(0, 100)} is.`;
    end = Math.max(end, last);
  }
  const whole = Number(length) + 8 + end;
  if (whole === size) return undefined;
  return `It has ${size.toLocaleString('en')} bytes; its header speaks of ${whole.toLocaleString('en')}.`;
}

function parse(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
