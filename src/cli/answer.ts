import { formatMs, type Phases } from '../shared/latency.ts';
import type { Score, Span, StartKind, Token } from '../shared/contract.ts';

/** An answer as people read it in a terminal: one block per part that it knows, JSON for anything else. */
export function formatResult(result: unknown): string {
  if (typeof result !== 'object' || result === null || Array.isArray(result))
    return JSON.stringify(result, undefined, 2);
  const parts: string[] = [];
  const rest: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(result)) {
    const text = formatPart(field, value);
    if (text === undefined) rest[field] = value;
    else if (text !== '') parts.push(text);
  }
  if (Object.keys(rest).length > 0) parts.push(JSON.stringify(rest, undefined, 2));
  return parts.join('\n\n');
}

function formatPart(field: string, value: unknown): string | undefined {
  switch (field) {
    case 'label':
      return typeof value === 'object' ? undefined : String(value);
    case 'cluster':
      return typeof value === 'object' ? undefined : `cluster ${String(value)}`;
    case 'categories':
      return isList<Score>(value, 'score') ? categories(value) : undefined;
    case 'scores':
      return isList<Score>(value, 'score') ? bars(value) : undefined;
    case 'scoreKind':
      return '';
    case 'entities':
      if (Array.isArray(value) && value.length === 0) return 'no entities found';
      return isList<Span>(value, 'start') ? table(value.map((span) => [span.label, span.text])) : undefined;
    case 'tokens':
      return isList<Token>(value, 'start')
        ? table(value.map((token) => [token.text, token.pos ?? '', token.dep ?? '', token.lemma ?? '']))
        : undefined;
    case 'value':
      return typeof value === 'number' ? String(value) : undefined;
    default:
      return undefined;
  }
}

function isList<T>(value: unknown, field: keyof T): value is T[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'object' && one !== null && field in one);
}

/** Where one excludes the others their scores are shares of 1, and the highest is the answer (spaCy's `textcat`). */
function categories(scores: Score[]): string {
  const sum = scores.reduce((all, { score }) => all + score, 0);
  const [best] = scores.toSorted((one, other) => other.score - one.score);
  const isExclusive = scores.length > 1 && Math.abs(sum - 1) < 1e-3;
  return isExclusive ? `${best!.label}\n\n${bars(scores)}` : bars(scores);
}

const BAR = 24;

function bars(scores: Score[]): string {
  const bounded = scores.every(({ score }) => score >= 0 && score <= 1);
  return table(
    scores.map(({ label, score }) => [
      String(label),
      ...(bounded ? ['█'.repeat(Math.round(score * BAR)).padEnd(BAR, '░')] : []),
      score.toFixed(4),
    ]),
  );
}

/** Columns padded to their widest cell. */
export function table(rows: readonly (readonly string[])[], header?: readonly string[]): string {
  const all = header ? [header, ...rows] : rows;
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? '').length)));
  return all
    .map((row) =>
      row
        .map((cell, column) => (column === row.length - 1 ? cell : cell.padEnd(widths[column] ?? 0)))
        .join('  ')
        .trimEnd(),
    )
    .join('\n');
}

const PHASES: [keyof Phases, string][] = [
  ['connectMs', 'connect'],
  ['queueMs', 'queue'],
  ['startMs', 'start'],
  ['interpreterMs', 'interpreter'],
  ['importsMs', 'imports'],
  ['loadMs', 'load'],
  ['handlerMs', 'handler'],
  ['restMs', 'rest'],
];

/** `cold 1.24 s   interpreter 31 ms · imports 812 ms · …`; phases that did not happen are left out. */
export function formatTimings(start: StartKind | undefined, phases: Phases): string {
  const parts = PHASES.filter(([field]) => phases[field] >= 0.05).map(
    ([field, name]) => `${name} ${formatMs(phases[field])}`,
  );
  return `${start ?? 'no answer'} ${formatMs(phases.totalMs)}   ${parts.join(' · ')}`;
}
