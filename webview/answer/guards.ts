import type { Score, Span, Token } from '../../src/shared/contract.ts';

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

function isSpan(value: unknown): value is Span {
  return isRange(value) && typeof value['label'] === 'string';
}

function isToken(value: unknown): value is Token {
  return isRange(value) && typeof value['text'] === 'string';
}

function isScore(value: unknown): value is Score {
  return isRecord(value) && typeof value['score'] === 'number' && value['label'] !== undefined;
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
