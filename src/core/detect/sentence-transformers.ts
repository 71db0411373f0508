import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isFields, isSequenceToSequence, readFields, readJson, textOf } from './transformers-config.ts';

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
  /** Nimbus runs it without the library: only the usual modules, used in the usual way. */
  plain: boolean;
  /** Of sentence-transformers, as the folder names it. */
  version?: string;
  transformersVersion?: string;
}

const OWN = 'sentence_transformers.';
const WEIGHTED = new Set(['Dense', 'LayerNorm', 'CNN', 'LSTM', 'WeightedLayerPooling']);
const PLAIN = new Set(['Transformer', 'Pooling', 'Dense', 'Normalize']);
const OTHER_MEDIA = /(?:CLIP|Image|Audio)/;
const SPARSE = /(?:SpladePooling|SparseAutoEncoder|SparseStaticEmbedding|MLMTransformer)$/;
const MODULES_LIMIT = 20;
const SENTENCE = 'sentence_embedding';
/** Where a transformer's module keeps its settings, by its age and kind. */
const CONFIGURATIONS = ['bert_', 'roberta_', 'distilbert_', 'camembert_', 'albert_', 'xlm-roberta_', 'xlnet_', ''].map(
  (name) => `sentence_${name}config.json`,
);

/** Undefined where the folder is none of SentenceTransformers. */
export async function sentenceModules(folder: string): Promise<Outcome<SentenceModules> | undefined> {
  const modules = await readJson(path.join(folder, 'modules.json'));
  if (!Array.isArray(modules)) return undefined;
  const found: SentenceModules = {
    transformer: '',
    weighted: [],
    functions: [],
    classes: [],
    plain: await isPlain(folder, modules),
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

/** infra/runtime/nimbus_runtime/hugging_face/sentences.py decides by the same. */
async function isPlain(folder: string, modules: unknown[]): Promise<boolean> {
  const kinds: string[] = [];
  for (const module of modules) {
    const type = textOf(isFields(module) ? module : undefined, 'type') ?? '';
    const place = placeOf(folder, isFields(module) ? module['path'] : undefined);
    const kind = type.slice(type.lastIndexOf('.') + 1);
    if (!type.startsWith(OWN) || !PLAIN.has(kind) || place === undefined) return false;
    if (await isUnusual(kind, place)) return false;
    kinds.push(kind);
  }
  const [first, second, ...rest] = kinds;
  const pooledOnce = first === 'Transformer' && second === 'Pooling';
  return pooledOnce && rest.every((kind) => kind === 'Dense' || kind === 'Normalize');
}

async function isUnusual(kind: string, place: string): Promise<boolean> {
  const config = await readFields(path.join(place, 'config.json'));
  switch (kind) {
    case 'Transformer': {
      if (config?.['is_encoder_decoder'] === true || isSequenceToSequence(config)) return true;
      for (const name of CONFIGURATIONS) {
        const settings = await readFields(path.join(place, name));
        if (settings) return (settings['transformer_task'] ?? 'feature-extraction') !== 'feature-extraction';
      }
      return false;
    }
    case 'Pooling':
      return config?.['include_prompt'] === false;
    case 'Dense':
      return config?.['use_residual'] === true || (config?.['module_input_name'] ?? SENTENCE) !== SENTENCE;
    default:
      return false;
  }
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
