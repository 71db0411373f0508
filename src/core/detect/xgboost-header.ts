import { ByteFile, DamagedFile } from './byte-file.ts';
import { asObject, asTexts } from './json.ts';
import { readUbjson } from './ubjson.ts';

/** What a model saved by Booster.save_model says of itself; its trees are not read. */
export interface XgboostHeader {
  /** `2.1.0`; empty where it does not say. */
  version: string;
  /** `binary:logistic`. */
  objective: string;
  classes: number;
  features: number;
  featureNames: string[];
}

/** Where the trees are: all the bulk. */
const BULK = new Set(['gradient_booster', 'cats']);
/** JSON up to this size is read whole; of larger files only both ends, which hold everything but the trees. */
const WHOLE_BYTES = 8 << 20;
const END_BYTES = 1 << 20;

/** Undefined where the file is valid and no model of XGBoost. Rejects with DamagedFile, and as the file system does. */
export function readXgboost(file: string): Promise<XgboostHeader | undefined> {
  return ByteFile.with(file, async (bytes) => {
    const start = (await bytes.at(0, Math.min(bytes.size, 64))).toString('latin1');
    if (/^\s*\{\s*"/.test(start)) return fromJson(bytes);
    // `{`, the type of a length, the length, then the first key.
    return /^\{[iUIlL]/.test(start) ? headerOf(await readUbjson(bytes, BULK)) : undefined;
  });
}

async function fromJson(bytes: ByteFile): Promise<XgboostHeader | undefined> {
  if (bytes.size <= WHOLE_BYTES) return headerOf(parse((await bytes.at(0, bytes.size)).toString('utf8')));
  const head = (await bytes.at(0, END_BYTES)).toString('utf8');
  if (!/^\s*\{\s*"learner"\s*:/.test(head)) return undefined;
  const tail = (await bytes.at(bytes.size - END_BYTES, END_BYTES)).toString('utf8');
  const from = tail.lastIndexOf('"learner_model_param"');
  if (from < 0) throw new DamagedFile('it ends before the description that follows the trees');
  const rest = asObject(parse(`{"learner":{${tail.slice(from)}`))!;
  const names = /"feature_names"\s*:\s*(\[[^\]]*\])/.exec(head)?.[1];
  const learner = { ...asObject(rest['learner']), ...(names === undefined ? {} : { feature_names: parse(names) }) };
  return headerOf({ ...rest, learner });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new DamagedFile('it is not whole JSON');
  }
}

function headerOf(document: unknown): XgboostHeader | undefined {
  const root = asObject(document);
  const learner = asObject(root?.['learner']);
  const parameters = asObject(learner?.['learner_model_param']);
  const objective = asObject(learner?.['objective'])?.['name'];
  if (!root || !parameters || typeof objective !== 'string') return undefined;
  const version = root['version'];
  return {
    version: Array.isArray(version) && version.every(Number.isInteger) ? version.join('.') : '',
    objective,
    classes: Number(parameters['num_class']) || 0,
    features: Number(parameters['num_feature']) || 0,
    featureNames: asTexts(learner?.['feature_names']),
  };
}
