import path from 'node:path';
import type { Subject } from './detector.ts';
import { isFile } from './folder.ts';

/** Formats that Nimbus knows by name and does not run yet, so that its answer can say so. */
const BY_EXTENSION: Record<string, string> = {
  '.onnx': 'an ONNX model',
  '.safetensors': 'a safetensors file of weights without the model around it',
  '.h5': 'a Keras model',
  '.keras': 'a Keras model',
  '.pb': 'a TensorFlow model',
  '.tflite': 'a TensorFlow Lite model',
  '.gguf': 'a GGUF language model',
  '.ubj': 'an XGBoost model',
  '.cbm': 'a CatBoost model',
  '.skops': 'a skops file',
};

const BY_FILE: Record<string, string> = {
  'saved_model.pb': 'a TensorFlow model',
  'pytorch_model.bin': 'weights of a Hugging Face model without its config.json',
  'model.safetensors': 'weights of a Hugging Face model without its config.json',
  MLmodel: 'an MLflow model',
  'model.onnx': 'an ONNX model',
};

/** `an ONNX model`; undefined where the subject is nothing of the kind. */
export async function laterFormat(subject: Subject): Promise<string | undefined> {
  if (subject.kind === 'file') return BY_EXTENSION[path.extname(subject.path).toLowerCase()];
  for (const [name, format] of Object.entries(BY_FILE)) {
    if (await isFile(path.join(subject.path, name))) return format;
  }
  return undefined;
}
