import type { Sample } from '../../src/shared/latency.ts';
import { shorten, type Format } from '../format.ts';
import { partsOf, type Part, type Scalar } from './parts.ts';

/** What came back, as one short line: for the history and for being read out. */
export function summary(sample: Sample, format: Format): string {
  if (sample.problem) return shorten(sample.problem.detail || sample.problem.title, 80);
  if (sample.status < 200 || sample.status >= 300) return `status ${sample.status || 'none'}`;
  const part = partsOf(sample.result)[0];
  return part ? shorten(summaryOf(part, format), 80) : '';
}

function summaryOf(part: Part, format: Format): string {
  switch (part.kind) {
    case 'entities':
      return several(part.entities.length, 'entity', 'entities', part.entities.map(named));
    case 'spans':
      return several(part.spans.length, 'span', 'spans', part.spans.map(named));
    case 'classification': {
      const { labels, scores } = part.classification;
      const scoreOf = new Map(scores?.map((one) => [String(one.label), one.score]));
      const named = labels.map((label) => {
        const score = scoreOf.get(String(label));
        return score === undefined ? String(label) : `${label} ${format.score(score)}`;
      });
      return named.join(', ') || 'no label';
    }
    case 'categories': {
      const best = part.scores.toSorted((a, b) => b.score - a.score)[0];
      return best ? `${best.label} ${format.score(best.score)}` : 'no categories';
    }
    case 'values':
      return Object.entries(part.values)
        .map(([name, value]) => (name === 'value' ? plain(value, format) : `${name} ${plain(value, format)}`))
        .join(', ');
    case 'scalar':
      return plain(part.value, format);
    case 'sentences':
      return several(part.sentences.length, 'sentence', 'sentences');
    case 'tokens':
      return several(part.tokens.length, 'token', 'tokens');
    case 'json':
      return JSON.stringify(part.value) ?? '';
  }
}

function plain(value: Scalar, format: Format): string {
  return typeof value === 'number' ? format.number(value) : String(value);
}

function named(span: { text?: string; label: string }): string {
  return span.text ? `${span.text} ${span.label}` : span.label;
}

function several(count: number, one: string, many: string, names: readonly string[] = []): string {
  if (count === 0) return `no ${many}`;
  const first = names.slice(0, 3).join(', ');
  return `${count} ${count === 1 ? one : many}${first ? `: ${first}` : ''}`;
}
