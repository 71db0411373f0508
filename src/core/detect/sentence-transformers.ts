import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { isFile } from './folder.ts';
import {
  isFields,
  isSequenceToSequence,
  readFields,
  readJson,
  SENTENCE_CONFIGURATIONS,
  textOf,
} from './transformers-config.ts';

/** What a folder of SentenceTransformers is made of. */
export interface SentenceModules {
  /** Folder of the transformer itself. */
  transformer: string;
  /** Folders of all modules: each has a configuration that may name code. */
  folders: string[];
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
  torchVersion?: string;
}

const OWN = 'sentence_transformers.';
/** Modules that load nothing but numbers, with the Python modules that define them. Another one may load anything. */
const KINDS: Record<string, string> = {
  Transformer: 'transformer',
  Pooling: 'pooling',
  Dense: 'dense',
  Normalize: 'normalize',
  Dropout: 'dropout',
  LayerNorm: 'layer_norm',
  CNN: 'cnn',
  LSTM: 'lstm',
  WeightedLayerPooling: 'weighted_layer_pooling',
  WordWeights: 'word_weights',
};
/** Where the library has or had its modules. */
const PACKAGES = ['models', 'base.modules', 'sentence_transformer.modules'].map((name) => OWN + name);
/** Kinds by the names that versions 2 to 6 of the library give them. */
const TYPES = new Map(
  Object.entries(KINDS).flatMap(([kind, file]) =>
    PACKAGES.flatMap((name) =>
      [kind, `${kind}.${kind}`, `${file}.${kind}`].map((one): [string, string] => [`${name}.${one}`, kind]),
    ),
  ),
);
const WEIGHTED = new Set(['Dense', 'LayerNorm', 'CNN', 'LSTM', 'WeightedLayerPooling']);
const PLAIN = new Set(['Transformer', 'Pooling', 'Dense', 'Normalize']);
const OTHER_MEDIA = /(?:CLIP|Image|Audio)/;
const SPARSE = /(?:SpladePooling|SparseAutoEncoder|SparseStaticEmbedding|MLMTransformer)$/;
/** They name further modules by import paths of their own. */
const ROUTERS = new Set(['Router', 'Asym']);
const MODULES_LIMIT = 20;
const SENTENCE = 'sentence_embedding';
/** In a transformer's settings: what the library passes on to `from_pretrained`, which can be told to unpickle. */
const PASSED_ON = ['model_args', 'model_kwargs', 'tokenizer_args', 'processor_kwargs', 'config_args', 'config_kwargs'];
/** Of that, what says how to compute; the library itself ignores trust_remote_code. */
const HARMLESS: Record<string, RegExp> = {
  dtype: /^"(?:torch\.)?\w+"$/,
  torch_dtype: /^"(?:torch\.)?\w+"$/,
  attn_implementation: /^"(?:eager|sdpa|flash_attention_2)"$/,
  trust_remote_code: /^(?:true|false)$/,
  padding_side: /^"(?:left|right)"$/,
  truncation_side: /^"(?:left|right)"$/,
  model_max_length: /^\d+$/,
  add_pooling_layer: /^(?:true|false)$/,
};
/** Undefined where the folder is none of SentenceTransformers. */
export async function sentenceModules(folder: string): Promise<Outcome<SentenceModules> | undefined> {
  const file = path.join(folder, 'modules.json');
  const modules = await readJson(file);
  // Python may read what cannot be read here.
  if (modules === undefined && (await isFile(file))) return damaged(folder);
  if (!Array.isArray(modules)) return undefined;
  if (modules.length > MODULES_LIMIT) return damaged(folder);
  const found: SentenceModules = {
    transformer: '',
    folders: [],
    weighted: [],
    functions: [],
    classes: [],
    plain: await isPlain(folder, modules),
    ...(await versions(folder)),
  };
  for (const module of modules) {
    const fields = isFields(module) ? module : {};
    const type = textOf(fields, 'type');
    const place = placeOf(folder, fields['path']);
    if (type === undefined || place === undefined) return damaged(folder);
    const kind = type.slice(type.lastIndexOf('.') + 1);
    const isFirst = found.folders.length === 0;
    const refused = unsupported(folder, type, kind, isFirst) ?? (await passesOn(folder, place));
    if (refused) return refused;
    found.folders.push(place);
    if (!type.startsWith(OWN)) found.classes.push(type);
    if (isFirst) found.transformer = place;
    else if (WEIGHTED.has(kind)) found.weighted.push(place);
    if (kind === 'Dense') {
      const activation = textOf(await readFields(path.join(place, 'config.json')), 'activation_function');
      if (activation !== undefined) found.functions.push(activation);
    }
  }
  return found.transformer === '' ? damaged(folder) : ok(found);
}

function unsupported(folder: string, type: string, kind: string, isFirst: boolean): Outcome<never> | undefined {
  if (OTHER_MEDIA.test(kind)) return notYet(folder, `reads images or audio (${kind}), which come later`);
  if (SPARSE.test(kind)) return notYet(folder, `makes sparse embeddings (${kind})`);
  if (kind === 'StaticEmbedding' || kind === 'WordEmbeddings') return notYet(folder, `has no transformer (${kind})`);
  // Of the model's own repository: all that it does is asked about.
  if (!type.startsWith(OWN)) return undefined;
  if (ROUTERS.has(kind)) return notYet(folder, `chooses between several models (${kind})`);
  if (TYPES.get(type) === undefined) return notYet(folder, `has a module that Nimbus does not know (${type})`);
  // Only the weights of the first are looked at as a transformer's.
  if ((kind === 'Transformer') !== isFirst) return notYet(folder, `does not begin with its only transformer (${kind})`);
  return undefined;
}

/**
 * Settings by which the library would load other files than those that were looked at, or in another way. Asked of
 * every model: whether the library loads it is for the runtime to say.
 */
async function passesOn(folder: string, place: string): Promise<Outcome<never> | undefined> {
  for (const name of SENTENCE_CONFIGURATIONS) {
    const settings = (await readFields(path.join(place, name))) ?? {};
    for (const key of PASSED_ON) {
      const passed = isFields(settings[key]) ? settings[key] : {};
      const odd = Object.entries(passed).find(([one, value]) => !isHarmless(one, value));
      if (odd) return notYet(folder, `asks for ${odd[0].slice(0, 80)} in ${key} of ${name}`);
    }
  }
  return undefined;
}

function isHarmless(key: string, value: unknown): boolean {
  return Object.hasOwn(HARMLESS, key) && HARMLESS[key]!.test(JSON.stringify(value));
}

/** infra/runtime/nimbus_runtime/hugging_face/sentences.py decides by the same. */
async function isPlain(folder: string, modules: unknown[]): Promise<boolean> {
  const kinds: string[] = [];
  for (const module of modules) {
    const type = textOf(isFields(module) ? module : undefined, 'type') ?? '';
    const place = placeOf(folder, isFields(module) ? module['path'] : undefined);
    const kind = TYPES.get(type);
    if (kind === undefined || !PLAIN.has(kind) || place === undefined) return false;
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
      for (const name of SENTENCE_CONFIGURATIONS) {
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

async function versions(
  folder: string,
): Promise<Pick<SentenceModules, 'version' | 'transformersVersion' | 'torchVersion'>> {
  const named = (await readFields(path.join(folder, 'config_sentence_transformers.json')))?.['__version__'];
  const fields = isFields(named) ? named : undefined;
  const version = textOf(fields, 'sentence_transformers');
  const transformersVersion = textOf(fields, 'transformers');
  const torchVersion = textOf(fields, 'pytorch');
  return {
    ...(version === undefined ? {} : { version }),
    ...(transformersVersion === undefined ? {} : { transformersVersion }),
    ...(torchVersion === undefined ? {} : { torchVersion }),
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
