import path from 'node:path';
import type { Subject } from './detector.ts';
import { isFile, peek } from './folder.ts';

/** Formats that Nimbus knows by name and does not run yet, so that its answer can say so. */
const BY_EXTENSION: Record<string, string> = {
  '.safetensors': 'a safetensors file of weights without the model around it',
  '.h5': 'a Keras model',
  '.keras': 'a Keras model',
  '.pb': 'a TensorFlow model',
  '.tflite': 'a TensorFlow Lite model',
  '.gguf': 'a GGUF language model',
  '.cbm': 'a CatBoost model',
};

/** Kinds of files that are always a model, so that a folder with one is that model's. */
const ALONE = new Set(['.keras', '.gguf', '.cbm', '.tflite', '.h5']);

const BY_FILE: Record<string, string> = {
  'saved_model.pb': 'a TensorFlow model',
  'pytorch_model.bin': 'weights of a Hugging Face model without its config.json',
  'model.safetensors': 'weights of a Hugging Face model without its config.json',
  MLmodel: 'an MLflow model',
};

/** `an ONNX model`; undefined where the subject is nothing of the kind. */
export async function laterFormat(subject: Subject): Promise<string | undefined> {
  if (subject.kind === 'file') return BY_EXTENSION[path.extname(subject.path).toLowerCase()];
  for (const [name, format] of Object.entries(BY_FILE)) {
    if (await isFile(path.join(subject.path, name))) return format;
  }
  // A folder around one such file, as a download leaves it.
  const { files } = await peek(subject.path);
  const inside = files.find((name) => ALONE.has(path.extname(name).toLowerCase()));
  return inside === undefined ? undefined : BY_EXTENSION[path.extname(inside).toLowerCase()];
}
