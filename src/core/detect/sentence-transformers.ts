import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isFields, readFields, readJson, textOf } from './transformers-config.ts';

/** What a folder of SentenceTransformers is made of. */
export interface SentenceModules {
  /** Folder of the transformer itself. */
  transformer: string;
  /** Folders of the other modules that have weights. */
  weighted: string[];
  /** Names of functions that loading imports, `torch.nn.modules.activation.Tanh`. */
  functions: string[];
  /** Classes of the model's own repository, `custom_module.Pooler`. */
  classes: string[];
  /** Of sentence-transformers, as the folder names it. */
  version?: string;
  transformersVersion?: string;
}

const OWN = 'sentence_transformers.';
const WEIGHTED = new Set(['Dense', 'LayerNorm', 'CNN', 'LSTM', 'WeightedLayerPooling']);
const OTHER_MEDIA = /(?:CLIP|Image|Audio)/;
const SPARSE = /(?:SpladePooling|SparseAutoEncoder|SparseStaticEmbedding|MLMTransformer)$/;
const MODULES_LIMIT = 20;

/** Undefined where the folder is none of SentenceTransformers. */
export async function sentenceModules(folder: string): Promise<Outcome<SentenceModules> | undefined> {
  const modules = await readJson(path.join(folder, 'modules.json'));
  if (!Array.isArray(modules)) return undefined;
  const found: SentenceModules = {
    transformer: '',
    weighted: [],
    functions: [],
    classes: [],
    ...(await versions(folder)),
  };
  for (const module of modules.slice(0, MODULES_LIMIT)) {
    const fields = isFields(module) ? module : {};
    const type = textOf(fields, 'type');
    const place = placeOf(folder, fields['path']);
    if (type === undefined || place === undefined) return damaged(folder);
    const kind = type.slice(type.lastIndexOf('.') + 1);
    if (OTHER_MEDIA.test(kind)) return notYet(folder, `reads images or audio (${kind}), which come later`);
    if (SPARSE.test(kind)) return notYet(folder, `makes sparse embeddings (${kind})`);
    if (kind === 'StaticEmbedding' || kind === 'WordEmbeddings') return notYet(folder, `has no transformer (${kind})`);
    if (!type.startsWith(OWN)) found.classes.push(type);
    if (found.transformer === '') found.transformer = place;
    else if (WEIGHTED.has(kind)) found.weighted.push(place);
    if (kind === 'Dense') {
      const activation = textOf(await readFields(path.join(place, 'config.json')), 'activation_function');
      if (activation !== undefined) found.functions.push(activation);
    }
  }
  return found.transformer === '' ? damaged(folder) : ok(found);
}

/** From a file that somebody else wrote: it names folders below its own. */
function placeOf(folder: string, relative: unknown): string | undefined {
  if (typeof relative !== 'string') return undefined;
  const place = path.join(folder, relative);
  return place === folder || place === `${folder}${path.sep}` || place.startsWith(folder + path.sep)
    ? place.replace(/[\\/]+$/, '')
    : undefined;
}

async function versions(folder: string): Promise<Pick<SentenceModules, 'version' | 'transformersVersion'>> {
  const named = (await readFields(path.join(folder, 'config_sentence_transformers.json')))?.['__version__'];
  const fields = isFields(named) ? named : undefined;
  const version = textOf(fields, 'sentence_transformers');
  const transformersVersion = textOf(fields, 'transformers');
  return {
    ...(version === undefined ? {} : { version }),
    ...(transformersVersion === undefined ? {} : { transformersVersion }),
  };
}

function damaged(folder: string): Outcome<never> {
  return fail('model-damaged', `modules.json in ${path.basename(folder)} is damaged.`, {
    why: 'It does not list the modules of a SentenceTransformers model with their types and folders.',
    next: 'Save the model again with model.save(folder).',
  });
}

function notYet(folder: string, what: string): Outcome<never> {
  return fail(
    'model-not-supported',
    `${path.basename(folder)} ${what}; this version of Nimbus does not run it by itself.`,
    {
      why: 'Of SentenceTransformers Nimbus runs models of text that make dense embeddings.',
      next: 'Put it into a folder with a handler.py that defines load(path) and predict(model, input), and deploy that folder.',
    },
  );
}
