import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { Subject } from './detector.ts';
import { isFile, peek } from './folder.ts';
import { generates } from './onnx-text.ts';

/** Where a model is in what the user pointed at. */
export interface OnnxPlace {
  /** Absolute path of the .onnx file. */
  file: string;
  /** Absolute path of the folder with configuration and tokenizer: the file's own, or the one above its `onnx/`. */
  folder: string;
}

/** Files of a Hugging Face model that another framework loads: the folder is that one's, with an export beside it. */
const OTHER_WEIGHTS =
  /^(?:model.*\.safetensors|model\.safetensors\.index\.json|pytorch_model.*\.(?:bin|json)|tf_model\.h5|flax_model\.msgpack)$/;
/** Parts of models that generate text, each exported by itself. */
const PARTS = /^(?:encoder|decoder|decoder_with_past|decoder_model|encoder_model).*\.onnx$/;

/** The one ONNX model of a subject; undefined where it has none, or is another framework's. Errors: several. */
export async function findOnnx(subject: Subject): Promise<Outcome<OnnxPlace> | undefined> {
  if (subject.kind === 'file') {
    if (path.extname(subject.path).toLowerCase() !== '.onnx') return undefined;
    return ok({ file: subject.path, folder: await withConfiguration(path.dirname(subject.path)) });
  }
  const { files, folders } = await peek(subject.path);
  if (files.some((name) => OTHER_WEIGHTS.test(name))) return undefined;
  const own = await choose(subject.path, files);
  if (own) return own.ok ? ok({ file: own.value, folder: await withConfiguration(subject.path) }) : own;
  if (!folders.includes('onnx') || !files.includes('config.json')) return undefined;
  const below = path.join(subject.path, 'onnx');
  const found = await choose(below, (await peek(below)).files);
  return found && (found.ok ? ok({ file: found.value, folder: subject.path }) : found);
}

/** The folder that an export belongs to: the one above an `onnx/` that has the configuration, else its own. */
async function withConfiguration(folder: string): Promise<string> {
  const above = path.dirname(folder);
  return path.basename(folder) === 'onnx' && (await isFile(path.join(above, 'config.json'))) ? above : folder;
}

/** `model.onnx` goes before smaller copies of itself (`model_quantized.onnx`). */
async function choose(folder: string, files: string[]): Promise<Outcome<string> | undefined> {
  const models = files.filter((name) => name.toLowerCase().endsWith('.onnx'));
  const chosen = models.length === 1 ? models[0]! : models.find((name) => name === 'model.onnx');
  if (chosen !== undefined && !PARTS.test(chosen)) return ok(path.join(folder, chosen));
  if (models.length === 0) return undefined;
  const name = path.basename(folder);
  if (models.some((one) => PARTS.test(one))) {
    const parts = `Its parts are ${models.slice(0, 5).join(', ')}`;
    return generates(name === 'onnx' ? path.basename(path.dirname(folder)) : name, parts);
  }
  return fail('model-ambiguous', `${name} holds ${models.length} ONNX models.`, {
    why: `They are ${models.slice(0, 10).join(', ')}${models.length > 10 ? ' and others' : ''}.`,
    next: 'Deploy one of these files, or name the one that counts model.onnx.',
  });
}
