import { stat } from 'node:fs/promises';
import path from 'node:path';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { toName } from '../models/names.ts';
import type { Detection, PickleGlobal, Risk } from './detection.ts';
import type { Detector, Subject } from './detector.ts';
import { isFile, peek, readStart } from './folder.ts';
import { sha256 } from './pickle-risk.ts';
import { isRequirement } from './requirements.ts';
import { callsOf } from './spacy-config.ts';
import { folderHash } from './transformers-code.ts';

/** A folder written by `nlp.to_disk` or `spacy train`, or the parent of one, or a spaCy package. */
export const spacy: Detector = {
  looksFor: 'a spaCy pipeline (a folder with config.cfg and meta.json, or the parent of one)',
  async detect(subject) {
    const found = await pipelineFolder(subject);
    if (found === undefined) return undefined;
    return typeof found === 'string' ? describe(subject, found) : found;
  },
};

const FILES = new Set(['config.cfg', 'meta.json']);
/** What `spacy train` writes, the better one first. */
const TRAINED = ['model-best', 'model-last'];

async function pipelineFolder(subject: Subject): Promise<string | Outcome<never> | undefined> {
  if (subject.kind === 'file') {
    const parent = path.dirname(subject.path);
    return FILES.has(path.basename(subject.path)) && (await isPipeline(parent)) ? parent : undefined;
  }
  const folder = subject.path;
  if (await isPipeline(folder)) return folder;
  for (const name of TRAINED) {
    if (await isPipeline(path.join(folder, name))) return path.join(folder, name);
  }
  return (await packagedPipeline(folder)) ?? onlyPipelineIn(folder);
}

async function isPipeline(folder: string): Promise<boolean> {
  return (await isFile(path.join(folder, 'config.cfg'))) && (await isFile(path.join(folder, 'meta.json')));
}

/** A package as `spacy package` lays it out: `en_core/meta.json` names the folder `en_core/en_core-1.0`. */
async function packagedPipeline(folder: string): Promise<string | undefined> {
  const meta = await readMeta(path.join(folder, 'meta.json'));
  if (!meta?.lang || !meta.name || !meta.version) return undefined;
  const name = `${meta.lang}_${meta.name}`;
  const inner = `${name}-${meta.version}`;
  // From a file that somebody else wrote: it names folders, and leads nowhere else.
  if (name !== path.basename(name) || inner !== path.basename(inner)) return undefined;
  for (const candidate of [path.join(folder, inner), path.join(folder, name, inner)]) {
    if (await isPipeline(candidate)) return candidate;
  }
  return undefined;
}

async function onlyPipelineIn(folder: string): Promise<string | Outcome<never> | undefined> {
  const pipelines: string[] = [];
  for (const name of (await peek(folder)).folders) {
    if (await isPipeline(path.join(folder, name))) pipelines.push(name);
  }
  if (pipelines.length < 2) return pipelines[0] && path.join(folder, pipelines[0]);
  return fail('model-ambiguous', `${path.basename(folder)} holds ${pipelines.length} spaCy pipelines.`, {
    why: `They are ${pipelines.slice(0, 10).join(', ')}${pipelines.length > 10 ? ' and others' : ''}.`,
    next: 'Deploy one of these folders.',
  });
}

interface Meta {
  lang?: string;
  name?: string;
  version?: string;
  description?: string;
  spacyVersion?: string;
  pipeline: string[];
  requirements: string[];
}

/** Undefined where the file is missing or is not a JSON object. Fields of another type than expected are left out. */
async function readMeta(file: string): Promise<Meta | undefined> {
  let value: unknown;
  try {
    value = JSON.parse(await readStart(file));
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const fields = value as Record<string, unknown>;
  const text = (key: string): Record<string, string> | undefined => {
    const found = fields[key];
    const name = key === 'spacy_version' ? 'spacyVersion' : key;
    return typeof found === 'string' && found.trim() !== '' ? { [name]: found.trim() } : undefined;
  };
  const texts = (key: string): string[] => {
    const found = fields[key];
    return Array.isArray(found) ? found.filter((item): item is string => typeof item === 'string') : [];
  };
  return {
    ...text('lang'),
    ...text('name'),
    ...text('version'),
    ...text('description'),
    ...text('spacy_version'),
    pipeline: texts('pipeline'),
    requirements: texts('requirements'),
  };
}

/** What spaCy's tokenizers of these languages need beside spaCy, by their names in config.cfg. */
const TOKENIZERS: Record<string, string[]> = {
  'spacy.ja.JapaneseTokenizer': ['sudachipy', 'sudachidict_core'],
  'spacy.ko.KoreanTokenizer': ['natto-py'],
  'spacy.th.ThaiTokenizer': ['pythainlp'],
  'spacy.vi.VietnameseTokenizer': ['pyvi'],
};
/** By the segmenter of spaCy's Chinese tokenizer; `char` needs nothing. */
const SEGMENTERS: Record<string, string[]> = { jieba: ['jieba'], pkuseg: ['spacy-pkuseg'] };

function ofLanguage(config: string): string[] {
  const tokenizer = /^\s*@tokenizers\s*=\s*"(spacy\.\w+\.\w+)"/m.exec(config)?.[1] ?? '';
  const segmenter = /^\s*segmenter\s*=\s*"(\w+)"/m.exec(config)?.[1] ?? '';
  return (tokenizer === 'spacy.zh.ChineseTokenizer' ? SEGMENTERS[segmenter] : TOKENIZERS[tokenizer]) ?? [];
}

async function describe(subject: Subject, folder: string): Promise<Outcome<Detection>> {
  const meta = await readMeta(path.join(folder, 'meta.json'));
  if (!meta) {
    return fail(
      'model-damaged',
      `${path.basename(folder)} looks like a spaCy pipeline, and its meta.json is damaged.`,
      {
        why: 'meta.json is not a JSON object.',
        next: 'Save the pipeline again with nlp.to_disk.',
      },
    );
  }
  const name = [meta.lang, meta.name].filter(Boolean).join('_') || 'pipeline';
  const parts = meta.pipeline.length > 0 ? ` (${meta.pipeline.join(', ')})` : '';
  const risk = await riskOf(folder);
  if (!risk.ok) return risk;
  const config = await readStart(path.join(folder, 'config.cfg'));
  const madeWith = /\d+(?:\.\d+)+/.exec(meta.spacyVersion ?? '')?.[0];
  return ok({
    framework: 'spacy',
    path: folder,
    suggestedName: toName(suggestion(subject)),
    summary: `spaCy pipeline ${name}${parts}${madeWith ? `, made with spaCy ${madeWith}` : ''}${await whichOfTwo(subject, folder)}`,
    ...(meta.description === undefined ? {} : { description: meta.description }),
    requirements: [`spacy${meta.spacyVersion ?? ''}`, ...meta.requirements, ...ofLanguage(config)].filter(
      // An address in a model's own file would be built, and so run, by whoever installs it.
      (one) => isRequirement(one) && !one.includes('@'),
    ),
    risk: risk.value,
  });
}

/** The folder that the user chose; `model-best` says nothing: then the one around it. */
function suggestion(subject: Subject): string {
  const chosen = subject.kind === 'folder' ? subject.path : path.dirname(subject.path);
  const base = path.basename(chosen);
  return (TRAINED.includes(base) && path.basename(path.dirname(chosen))) || base;
}

/** Where `spacy train` left two pipelines, which of them this is. */
async function whichOfTwo(subject: Subject, folder: string): Promise<string> {
  const taken = path.basename(folder);
  const other = TRAINED.find((name) => name !== taken);
  if (folder === subject.path || !TRAINED.includes(taken)) return '';
  return (await isPipeline(path.join(path.dirname(folder), other!)))
    ? `; ${taken} is taken, ${other} is beside it`
    : '';
}

const CONFIG_LIMIT = 16 * 1024 * 1024;

/**
 * spaCy stores weights as msgpack, arrays and JSON, and takes code only from installed packages: the files of a
 * pipeline run nothing, `*.py` files beside them included. But its config.cfg says which of the functions of those
 * packages are called, and with what. Components that wrap PyTorch read their weights by torch.load, which unpickles
 * where PyTorch is older than 2.6 or thinc does not forbid it; others may be told to run code.
 */
async function riskOf(folder: string): Promise<Outcome<Risk>> {
  const file = path.join(folder, 'config.cfg');
  if ((await stat(file)).size > CONFIG_LIMIT) {
    return fail('model-damaged', `config.cfg in ${path.basename(folder)} is too large to be a configuration.`, {
      next: 'Save the pipeline again with nlp.to_disk.',
    });
  }
  const { foreign, runsOwnCode } = callsOf(await readStart(file, CONFIG_LIMIT));
  const globals = foreign.map((name): PickleGlobal => ({ name, danger: 'unknown', meaning: meaningOf(name) }));
  if (runsOwnCode) {
    const hash = await folderHash(folder);
    if (!hash.ok) return hash;
    const meaning = 'runs Python code that came with the pipeline';
    return ok({
      kind: 'dangerous-globals',
      globals: [{ name: 'trust_remote_code', danger: 'dangerous', meaning }, ...globals],
      hash: hash.value,
    });
  }
  if (globals.length === 0) return ok({ kind: 'none' });
  return ok({ kind: 'unknown-globals', globals, hash: sha256(foreign.join('\n')) });
}

function meaningOf(name: string): string {
  if (/torch|transformer/i.test(name)) return 'reads its weights with torch.load, which can hold a pickle';
  if (name.startsWith('source ')) return 'loads another pipeline, which was not looked at';
  return "is no part of spaCy: an installed package's function, called as the pipeline says";
}
