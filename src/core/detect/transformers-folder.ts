import path from 'node:path';
import { fail, type Outcome } from '../../shared/outcome.ts';
import type { Subject } from './detector.ts';
import { isFile, peek } from './folder.ts';
import { isConfig, readFields, readJson, textOf } from './transformers-config.ts';

/** Files by which people mean the folder around them. */
const MEANT =
  /^(?:config|modules|tokenizer|tokenizer_config|model\.safetensors\.index|pytorch_model\.bin\.index)\.json$|^(?:model|model-\d+-of-\d+)\.safetensors$|^pytorch_model(?:-\d+-of-\d+)?\.bin$/;

/**
 * The folder of Hugging Face that is meant: the subject, the folder around the file, or the only one in the folder (a
 * checkpoint, a downloaded snapshot). Errors: there are several.
 */
export async function modelFolder(subject: Subject): Promise<string | Outcome<never> | undefined> {
  if (subject.kind === 'file') {
    const parent = path.dirname(subject.path);
    return MEANT.test(path.basename(subject.path)) && (await isModel(parent)) ? parent : undefined;
  }
  if (await isModel(subject.path)) return subject.path;
  const snapshots = path.join(subject.path, 'snapshots');
  const inside = await modelsIn(subject.path);
  const found = inside.length > 0 ? inside : await modelsIn(snapshots).catch(() => []);
  if (found.length < 2) return found[0];
  const names = found.map((one) => path.basename(one));
  return fail('model-ambiguous', `${path.basename(subject.path)} holds ${found.length} Hugging Face models.`, {
    why: `They are ${names.slice(0, 10).join(', ')}${names.length > 10 ? ' and others' : ''}.`,
    next: 'Deploy one of these folders.',
  });
}

async function modelsIn(folder: string): Promise<string[]> {
  const found: string[] = [];
  for (const name of (await peek(folder)).folders) {
    if (await isModel(path.join(folder, name))) found.push(path.join(folder, name));
  }
  return found;
}

async function isModel(folder: string): Promise<boolean> {
  if (Array.isArray(await readJson(path.join(folder, 'modules.json')))) return true;
  if (isConfig(await readFields(path.join(folder, 'config.json')))) return true;
  if (textOf(await readFields(path.join(folder, 'adapter_config.json')), 'peft_type') !== undefined) return true;
  if (textOf(await readFields(path.join(folder, 'model_index.json')), '_class_name') !== undefined) return true;
  // Weights of this name with a configuration that cannot be read: it is meant to be one.
  return (await isFile(path.join(folder, 'config.json'))) && (await isFile(path.join(folder, 'model.safetensors')));
}
