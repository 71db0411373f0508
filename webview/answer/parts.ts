import type { Score, Span, Token } from '../../src/shared/contract.ts';
import { isRecord, isScores, isSentences, isSpanGroups, isSpans, isTokens } from './guards.ts';

export type Scalar = string | number | boolean | null;

export interface Classification {
  /** One, or any number where labels do not exclude each other. */
  labels: Scalar[];
  scores?: Score[];
  scoreKind?: 'probability' | 'decision';
}

/** One thing that a result says, in the form people read it. */
export type Part =
  | { kind: 'entities'; entities: Span[] }
  | { kind: 'spans'; group: string; spans: Span[] }
  | { kind: 'classification'; classification: Classification }
  | { kind: 'categories'; scores: Score[] }
  | { kind: 'values'; values: Record<string, Scalar> }
  | { kind: 'scalar'; value: Scalar }
  | { kind: 'sentences'; sentences: { start: number; end: number }[] }
  | { kind: 'tokens'; tokens: Token[] }
  | { kind: 'json'; value: unknown };

/**
 * The parts of a result, chosen by which of the contract's fields it has, in reading order. A field whose value is not
 * as the contract says is shown as JSON. Of what the contract does not name, single values are listed by name (the
 * cluster of a clusterer), and the rest is JSON.
 */
export function partsOf(result: unknown): Part[] {
  if (!isRecord(result))
    return [isScalar(result) ? { kind: 'scalar', value: result } : { kind: 'json', value: result }];
  const rest = { ...result };
  const parts: Part[] = [];
  const take = (...names: string[]): void => names.forEach((name) => delete rest[name]);

  if (isSpans(result['entities'])) {
    parts.push({ kind: 'entities', entities: result['entities'] });
    take('entities');
  }
  if (isSpanGroups(result['spans'])) {
    for (const [group, spans] of Object.entries(result['spans'])) parts.push({ kind: 'spans', group, spans });
    take('spans');
  }
  const classification = classificationOf(result);
  if (classification) {
    parts.push({ kind: 'classification', classification });
    take(labelField(result), ...(classification.scores ? ['scores', 'scoreKind'] : []));
  }
  if (isScores(result['categories'])) {
    parts.push({ kind: 'categories', scores: result['categories'] });
    take('categories');
  }
  if (typeof result['value'] === 'number') {
    parts.push({ kind: 'values', values: { value: result['value'] } });
    take('value');
  }
  if (isNumbers(result['values'])) {
    parts.push({ kind: 'values', values: result['values'] });
    take('values');
  }
  if (isSentences(result['sentences'])) {
    parts.push({ kind: 'sentences', sentences: result['sentences'] });
    take('sentences');
  }
  if (isTokens(result['tokens'])) {
    parts.push({ kind: 'tokens', tokens: result['tokens'] });
    take('tokens');
  }
  const single = Object.entries(rest).filter((entry): entry is [string, Scalar] => isScalar(entry[1]));
  if (single.length > 0) {
    parts.push({ kind: 'values', values: Object.fromEntries(single) });
    take(...single.map(([name]) => name));
  }
  if (Object.keys(rest).length > 0 || parts.length === 0) parts.push({ kind: 'json', value: rest });
  return parts;
}

function classificationOf(result: Record<string, unknown>): Classification | undefined {
  const field = labelField(result);
  const labels = field === 'labels' ? result[field] : [result[field]];
  if (!Array.isArray(labels) || !labels.every(isScalar)) return undefined;
  if (!isScores(result['scores'])) return { labels };
  return {
    labels,
    scores: result['scores'],
    scoreKind: result['scoreKind'] === 'decision' ? 'decision' : 'probability',
  };
}

/** A mixture's cluster is shown as a label is, with the probabilities of the others. */
function labelField(result: Record<string, unknown>): 'label' | 'labels' | 'cluster' {
  if ('label' in result) return 'label';
  return 'cluster' in result && isScores(result['scores']) ? 'cluster' : 'labels';
}

function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isNumbers(value: unknown): value is Record<string, number> {
  return isRecord(value) && Object.values(value).every((one) => typeof one === 'number');
}
