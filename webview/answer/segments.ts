import type { Span } from '../../src/shared/contract.ts';

/**
 * Positions in UTF-16 of code point offsets: Python counts code points, JavaScript's strings are UTF-16. An offset
 * beyond the text is its end.
 */
export function utf16Positions(text: string): (codePoint: number) => number {
  const positions: number[] = [];
  let at = 0;
  for (const point of text) {
    positions.push(at);
    at += point.length;
  }
  return (codePoint) => positions[codePoint] ?? at;
}

/** A span with its place in the text in UTF-16, and its line among those that overlap. */
export interface PlacedSpan {
  label: string;
  id?: string;
  score?: number;
  from: number;
  to: number;
  /** 0 for the first; spans of the same level do not overlap. */
  level: number;
}

export interface Segment {
  text: string;
  /** The spans that cover the whole segment, by level. */
  spans: PlacedSpan[];
  /** Those of them that start here. */
  starts: PlacedSpan[];
}

/** Places spans, the longer one below where two start together. Empty ones are left out. */
export function placeSpans(text: string, spans: readonly Span[]): PlacedSpan[] {
  const position = utf16Positions(text);
  const ends: number[] = [];
  return spans
    .map((span) => ({ ...span, from: position(span.start), to: position(span.end) }))
    .filter((span) => span.to > span.from)
    .sort((a, b) => a.from - b.from || b.to - a.to)
    .map(({ label, id, score, from, to }) => {
      const free = ends.findIndex((end) => end <= from);
      const level = free === -1 ? ends.length : free;
      ends[level] = to;
      return { label, from, to, level, ...(id !== undefined && { id }), ...(typeof score === 'number' && { score }) };
    });
}

/** Cuts a text at every start and end of a span. The segments' texts together are the text. */
export function segmentsOf(text: string, spans: readonly PlacedSpan[]): Segment[] {
  const cuts = [...new Set([0, text.length, ...spans.flatMap((span) => [span.from, span.to])])].sort((a, b) => a - b);
  const opening = [...spans].sort((a, b) => a.from - b.from);
  let next = 0;
  let open: PlacedSpan[] = [];
  const segments: Segment[] = [];
  for (let index = 0; index + 1 < cuts.length; index++) {
    const from = cuts[index]!;
    open = open.filter((span) => span.to > from);
    const starts: PlacedSpan[] = [];
    while (next < opening.length && opening[next]!.from === from) starts.push(opening[next++]!);
    open = [...open, ...starts].sort((a, b) => a.level - b.level);
    segments.push({ text: text.slice(from, cuts[index + 1]), spans: open, starts });
  }
  return segments;
}

export function overlap(spans: readonly PlacedSpan[]): boolean {
  return spans.some((span) => span.level > 0);
}

/** Every label once with how often it occurs, in the order of `known` (the model's own), then of first appearance. */
export function countLabels(spans: readonly { label: string }[], known: readonly string[] = []): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { label } of spans) counts.set(label, (counts.get(label) ?? 0) + 1);
  const rank = new Map(known.map((label, index) => [label, index]));
  return new Map([...counts].sort(([a], [b]) => (rank.get(a) ?? known.length) - (rank.get(b) ?? known.length)));
}

/** The lowest and the highest score of each label that has scores. */
export function scoreRanges(spans: readonly { label: string; score?: number }[]): Map<string, [number, number]> {
  const ranges = new Map<string, [number, number]>();
  for (const { label, score } of spans) {
    if (typeof score !== 'number') continue;
    const [low, high] = ranges.get(label) ?? [score, score];
    ranges.set(label, [Math.min(low, score), Math.max(high, score)]);
  }
  return ranges;
}
