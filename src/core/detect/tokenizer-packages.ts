import path from 'node:path';
import { isFile } from './folder.ts';
import { isFields, readFields, textOf, type Fields } from './transformers-config.ts';

/** What transformers makes a tokenizer of; tokenizer.json, the quick tokenizer itself, goes before the others. */
const VOCABULARIES = ['tokenizer.json', 'vocab.txt', 'vocab.json'];
/** Models of SentencePiece; infra/runtime/nimbus_runtime/hugging_face/tokenizer_files.py has both lists, too. */
const PIECES = [
  'spiece.model',
  'sentencepiece.bpe.model',
  'sentencepiece.model',
  'spm.model',
  'tokenizer.model',
  'source.spm',
];
/** Tokenizers that are bytes or characters: they have no file. */
const WITHOUT_FILE = /^(?:ByT5|Canine|Perceiver)Tokenizer(?:Fast)?$/;
/** Packages by class that transformers imports for it alone; each has its vocabulary in one of the files above. */
const BY_CLASS: Record<string, string[]> = {
  BioGptTokenizer: ['sacremoses'],
  CpmTokenizer: ['rjieba'],
  CpmAntTokenizer: ['rjieba'],
  FlaubertTokenizer: ['sacremoses'],
  FSMTTokenizer: ['sacremoses'],
  RoFormerTokenizer: ['rjieba'],
  XLMTokenizer: ['sacremoses'],
};

/** The packages beside transformers that a folder's tokenizer needs; undefined where there is no tokenizer. */
export async function tokenizerPackages(folder: string): Promise<string[] | undefined> {
  if (await isFile(path.join(folder, 'tokenizer.json'))) return [];
  const settings = await readFields(path.join(folder, 'tokenizer_config.json'));
  const named =
    textOf(settings, 'tokenizer_class') ??
    textOf(await readFields(path.join(folder, 'config.json')), 'tokenizer_class') ??
    '';
  const pieces = await hasOne(folder, PIECES);
  if (!pieces && !(await hasOne(folder, VOCABULARIES))) return WITHOUT_FILE.test(named) ? [] : undefined;
  return [
    ...(pieces ? ['protobuf', 'sentencepiece'] : []),
    ...(named === 'BertJapaneseTokenizer' ? japanese(settings ?? {}) : (BY_CLASS[named] ?? [])),
  ];
}

async function hasOne(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (await isFile(path.join(folder, name))) return true;
  return false;
}

/** The analyser that finds words, and its dictionary. */
function japanese(settings: Fields): string[] {
  switch (settings['word_tokenizer_type']) {
    case 'mecab': {
      const options = isFields(settings['mecab_kwargs']) ? settings['mecab_kwargs'] : {};
      const dictionary = textOf(options, 'mecab_dic') ?? 'unidic_lite';
      const known = ['ipadic', 'unidic', 'unidic_lite'].includes(dictionary);
      return ['fugashi', ...(known ? [dictionary.replace('_', '-')] : [])];
    }
    case 'sudachi':
      return ['sudachipy', 'sudachidict-core'];
    case 'jumanpp':
      return ['rhoknp'];
    default:
      return [];
  }
}
