import type { Fill, QuestionAnswer, Score, Span, TensorValue, Token } from '../../src/shared/contract.ts';

// A custom model may answer anything under the contract's names, so every value is checked before it is drawn.

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isRange(value: unknown): value is Record<string, unknown> & { start: number; end: number } {
  return (
    isRecord(value) &&
    Number.isInteger(value['start']) &&
    Number.isInteger(value['end']) &&
    (value['start'] as number) >= 0 &&
    (value['end'] as number) >= (value['start'] as number)
  );
}

function isListOf<T>(value: unknown, test: (one: unknown) => one is T): value is T[] {
  return Array.isArray(value) && value.every(test);
}

export type Scalar = string | number | boolean | null;

export function isScalar(value: unknown): value is Scalar {
  return value === null || ['string', 'number', 'boolean'].includes(typeof value);
}

function isSpan(value: unknown): value is Span {
  const score = isRecord(value) ? value['score'] : undefined;
  return isRange(value) && typeof value['label'] === 'string' && (score === undefined || typeof score === 'number');
}

function isToken(value: unknown): value is Token {
  return isRange(value) && typeof value['text'] === 'string';
}

function isScore(value: unknown): value is Score {
  return isRecord(value) && typeof value['score'] === 'number' && value['label'] !== undefined;
}

export function isQuestionAnswer(value: unknown): value is QuestionAnswer {
  return isRange(value) && typeof value['answer'] === 'string' && typeof value['score'] === 'number';
}

export function isQuestionAnswers(value: unknown): value is QuestionAnswer[] {
  return isListOf(value, isQuestionAnswer);
}

function isFill(value: unknown): value is Fill {
  return (
    isRecord(value) &&
    typeof value['token'] === 'string' &&
    typeof value['text'] === 'string' &&
    typeof value['score'] === 'number'
  );
}

export function isFills(value: unknown): value is Fill[] {
  return isListOf(value, isFill);
}

export function isMasks(value: unknown): value is Fill[][] {
  return isListOf(value, isFills);
}

export function isTexts(value: unknown): value is string[] {
  return isListOf(value, (one): one is string => typeof one === 'string');
}

export function isNumbers(value: unknown): value is number[] {
  return isListOf(value, (one): one is number => typeof one === 'number');
}

/** Rows of numbers, as many in each. */
export function isMatrix(value: unknown): value is number[][] {
  return isListOf(value, isNumbers) && value.every((row) => row.length === value[0]!.length);
}

export function isScalars(value: unknown): value is Scalar[] {
  return isListOf(value, isScalar);
}

function isSimilarity(value: unknown): value is { text: string; score: number } {
  return isRecord(value) && typeof value['text'] === 'string' && typeof value['score'] === 'number';
}

export function isSimilarities(value: unknown): value is { text: string; score: number }[] {
  return isListOf(value, isSimilarity);
}

function isTensor(value: unknown): value is TensorValue {
  if (!isRecord(value) || typeof value['dtype'] !== 'string' || !isNumbers(value['shape'])) return false;
  return isNested(value['data'], value['shape']);
}

/** Whether lists are nested as a shape says, looked at along the first of each only: an answer may be megabytes. */
function isNested(data: unknown, [size, ...inner]: readonly number[]): boolean {
  if (size === undefined) return true;
  return Array.isArray(data) && data.length === size && (size === 0 || isNested(data[0], inner));
}

export function isTensors(value: unknown): value is Record<string, TensorValue> {
  return isRecord(value) && Object.values(value).every(isTensor);
}

export function isSpans(value: unknown): value is Span[] {
  return isListOf(value, isSpan);
}

export function isSpanGroups(value: unknown): value is Record<string, Span[]> {
  return isRecord(value) && Object.values(value).every(isSpans);
}

export function isSentences(value: unknown): value is { start: number; end: number }[] {
  return isListOf(value, isRange);
}

export function isTokens(value: unknown): value is Token[] {
  return isListOf(value, isToken);
}

export function isScores(value: unknown): value is Score[] {
  return isListOf(value, isScore);
}
