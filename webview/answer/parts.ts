import type { Fill, QuestionAnswer, Score, Span, TensorValue, Token } from '../../src/shared/contract.ts';
import * as is from './guards.ts';
import { isRecord, isScalar, type Scalar } from './guards.ts';

export type { Scalar } from './guards.ts';

export interface Classification {
  /** One, or any number where labels do not exclude each other. */
  labels: Scalar[];
  scores?: Score[];
  scoreKind?: 'probability' | 'decision';
}

export interface Cluster {
  cluster: number;
  distances?: number[];
  scores?: Score[];
}

/** One thing that a result says, in the form people read it. */
export type Part =
  | { kind: 'answers'; answers: QuestionAnswer[] }
  | { kind: 'fills'; masks: Fill[][] }
  | { kind: 'texts'; texts: string[] }
  | { kind: 'similarities'; similarities: { text: string; score: number }[] }
  | { kind: 'vector'; name: 'embedding' | 'vector'; vector: Scalar[] }
  | { kind: 'tensors'; tensors: Record<string, TensorValue> }
  | { kind: 'entities'; entities: Span[] }
  | { kind: 'spans'; group: string; spans: Span[] }
  | { kind: 'classification'; classification: Classification }
  | { kind: 'outputs'; outputs: Classification[] }
  | { kind: 'categories'; scores: Score[] }
  | { kind: 'cluster'; cluster: Cluster }
  | { kind: 'outlier'; outlier: boolean; score?: number }
  | { kind: 'ranking'; score: number }
  | { kind: 'density'; density: number }
  | { kind: 'values'; values: Record<string, Scalar> }
  | { kind: 'scalar'; value: Scalar }
  | { kind: 'sentences'; sentences: { start: number; end: number }[] }
  | { kind: 'tokens'; tokens: Token[] }
  | { kind: 'json'; value: unknown };

type Result = Record<string, unknown>;
interface Found {
  parts: Part[];
  /** The fields that the parts show. */
  fields: string[];
}

/**
 * In reading order. Each answers nothing where its fields are missing or not as the contract says. `rest` lacks what was
 * found before.
 */
const FINDERS: readonly ((rest: Result, whole: Result) => Found | undefined)[] = [
  answers,
  fills,
  texts,
  similarities,
  vector,
  tensors,
  entities,
  spans,
  outputs,
  cluster,
  classification,
  categories,
  outlier,
  ranking,
  density,
  value,
  values,
  sentences,
  tokens,
];

/**
 * The parts of a result, chosen by which of the contract's fields it has, in reading order. A field whose value is not
 * as the contract says is shown as JSON. Of what the contract does not name, single values are listed by name, and the
 * rest is JSON.
 */
export function partsOf(result: unknown): Part[] {
  if (!isRecord(result))
    return [isScalar(result) ? { kind: 'scalar', value: result } : { kind: 'json', value: result }];
  const rest = { ...result };
  const parts: Part[] = [];
  for (const find of FINDERS) {
    const found = find(rest, result);
    if (!found) continue;
    parts.push(...found.parts);
    for (const field of found.fields) delete rest[field];
  }
  const single = Object.entries(rest).filter((entry): entry is [string, Scalar] => isScalar(entry[1]));
  if (single.length > 0) {
    parts.push({ kind: 'values', values: Object.fromEntries(single) });
    for (const [name] of single) delete rest[name];
  }
  if (Object.keys(rest).length > 0 || parts.length === 0) parts.push({ kind: 'json', value: rest });
  return parts;
}

function found(part: Part, ...fields: string[]): Found {
  return { parts: [part], fields };
}

function answers(result: Result): Found | undefined {
  if (!is.isQuestionAnswer(result)) return undefined;
  const { answer, score, start, end, answers: all } = result as unknown as QuestionAnswer & { answers?: unknown };
  const several = is.isQuestionAnswers(all) && all.length > 0;
  const part: Part = { kind: 'answers', answers: several ? all : [{ answer, score, start, end }] };
  return found(part, 'answer', 'score', 'start', 'end', ...(several ? ['answers'] : []));
}

function fills(result: Result): Found | undefined {
  if (is.isFills(result['fills'])) return found({ kind: 'fills', masks: [result['fills']] }, 'fills');
  return is.isMasks(result['masks']) ? found({ kind: 'fills', masks: result['masks'] }, 'masks') : undefined;
}

function texts({ text, texts: all }: Result): Found | undefined {
  if (typeof text !== 'string') return undefined;
  return is.isTexts(all) && all.length > 0
    ? found({ kind: 'texts', texts: all }, 'text', 'texts')
    : found({ kind: 'texts', texts: [text] }, 'text');
}

function similarities({ similarities: all }: Result): Found | undefined {
  return is.isSimilarities(all) ? found({ kind: 'similarities', similarities: all }, 'similarities') : undefined;
}

function vector(result: Result): Found | undefined {
  const { embedding, embeddings, vector: transformed } = result;
  if (is.isNumbers(embedding)) return found({ kind: 'vector', name: 'embedding', vector: embedding }, 'embedding');
  if (is.isScalars(transformed)) return found({ kind: 'vector', name: 'vector', vector: transformed }, 'vector');
  if (!is.isMatrix(embeddings) || embeddings.length === 0) return undefined;
  // One for each token, without a type of its own.
  const shape = [embeddings.length, embeddings[0]!.length];
  const tensor: TensorValue = { dtype: 'number', shape, data: embeddings };
  return found({ kind: 'tensors', tensors: { embeddings: tensor } }, 'embeddings');
}

function tensors({ tensors: all }: Result): Found | undefined {
  return is.isTensors(all) ? found({ kind: 'tensors', tensors: all }, 'tensors') : undefined;
}

function entities({ entities: all }: Result): Found | undefined {
  return is.isSpans(all) ? found({ kind: 'entities', entities: all }, 'entities') : undefined;
}

function spans({ spans: groups }: Result): Found | undefined {
  if (!is.isSpanGroups(groups)) return undefined;
  const parts = Object.entries(groups).map(([group, all]): Part => ({ kind: 'spans', group, spans: all }));
  return { parts, fields: ['spans'] };
}

function outputs(result: Result): Found | undefined {
  const { labels, outputs: all } = result;
  if (!is.isScalars(labels) || !Array.isArray(all) || all.length === 0 || !all.every(isRecord)) return undefined;
  const each = all.map((one) => (Object.hasOwn(one, 'label') ? classificationOf(one) : undefined));
  return each.every((one) => one !== undefined)
    ? found({ kind: 'outputs', outputs: each }, 'labels', 'outputs')
    : undefined;
}

function classification(result: Result): Found | undefined {
  const known = classificationOf(result);
  if (!known) return undefined;
  const label = Object.hasOwn(result, 'label') ? 'label' : 'labels';
  return found({ kind: 'classification', classification: known }, label, ...(known.scores ? SCORES : []));
}

const SCORES = ['scores', 'scoreKind'];

function classificationOf(result: Result): Classification | undefined {
  const labels = Object.hasOwn(result, 'label') ? [result['label']] : result['labels'];
  if (!is.isScalars(labels)) return undefined;
  const { scores, scoreKind } = result;
  if (!is.isScores(scores)) return { labels };
  return { labels, scores, scoreKind: scoreKind === 'decision' ? 'decision' : 'probability' };
}

function categories({ categories: scores }: Result): Found | undefined {
  return is.isScores(scores) ? found({ kind: 'categories', scores }, 'categories') : undefined;
}

function cluster(result: Result): Found | undefined {
  const { cluster: number, distances, scores } = result;
  if (typeof number !== 'number') return undefined;
  const part: Cluster = {
    cluster: number,
    ...(is.isNumbers(distances) && { distances }),
    ...(is.isScores(scores) && { scores }),
  };
  const more = [...(part.distances ? ['distances'] : []), ...(part.scores ? SCORES : [])];
  return found({ kind: 'cluster', cluster: part }, 'cluster', ...more);
}

function outlier({ outlier: is, score }: Result): Found | undefined {
  if (typeof is !== 'boolean') return undefined;
  return typeof score === 'number'
    ? found({ kind: 'outlier', outlier: is, score }, 'outlier', 'score')
    : found({ kind: 'outlier', outlier: is }, 'outlier');
}

/** A score beside other fields is whatever the model's author means by it. */
function ranking({ score }: Result, whole: Result): Found | undefined {
  const alone = Object.keys(whole).length === 1;
  return alone && typeof score === 'number' ? found({ kind: 'ranking', score }, 'score') : undefined;
}

function density({ density: logarithm }: Result): Found | undefined {
  return typeof logarithm === 'number' ? found({ kind: 'density', density: logarithm }, 'density') : undefined;
}

function value({ value: number }: Result): Found | undefined {
  return typeof number === 'number' ? found({ kind: 'values', values: { value: number } }, 'value') : undefined;
}

function values({ values: numbers }: Result): Found | undefined {
  const named = isRecord(numbers) && Object.values(numbers).every((one) => typeof one === 'number');
  return named ? found({ kind: 'values', values: numbers as Record<string, number> }, 'values') : undefined;
}

function sentences({ sentences: all }: Result): Found | undefined {
  return is.isSentences(all) ? found({ kind: 'sentences', sentences: all }, 'sentences') : undefined;
}

function tokens({ tokens: all }: Result): Found | undefined {
  return is.isTokens(all) ? found({ kind: 'tokens', tokens: all }, 'tokens') : undefined;
}
