import type { TensorValue } from '../../src/shared/contract.ts';
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
    case 'answers': {
      const [best] = part.answers;
      return best ? `${best.answer || 'no answer'} ${format.score(best.score)}` : 'no answer';
    }
    case 'fills':
      return part.masks.map((fills) => fills[0]?.token.trim() || 'nothing').join(' · ');
    case 'texts':
      return part.texts.length > 1
        ? several(part.texts.length, 'text', 'texts', part.texts.slice(0, 1))
        : part.texts[0]!.trim() || 'an empty text';
    case 'similarities': {
      const best = part.similarities.toSorted((a, b) => b.score - a.score)[0];
      return best ? `nearest: ${format.score(best.score)} ${best.text}` : 'no sentences';
    }
    case 'vector':
      return `${part.name} of ${several(part.vector.length, 'dimension', 'dimensions')}: ${vectorLine(part.vector, format)}`;
    case 'tensors':
      return tensorsLine(part.tensors, format);
    case 'outputs':
      return part.outputs.map(({ labels }) => labels.map(String).join(' ')).join(', ');
    case 'cluster':
      return part.cluster.cluster === -1 ? 'noise' : `cluster ${part.cluster.cluster}`;
    case 'outlier':
      return `${part.outlier ? 'outlier' : 'not an outlier'}${part.score === undefined ? '' : ` ${format.number(part.score)}`}`;
    case 'ranking':
      return `score ${format.number(part.score)}`;
    case 'density':
      return `log density ${format.number(part.density)}`;
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

function vectorLine(vector: readonly Scalar[], format: Format): string {
  const first = vector
    .slice(0, 4)
    .map((one) => (one === null ? 'missing' : typeof one === 'number' ? format.brief(one) : String(one)));
  return `${first.join(' · ')}${vector.length > 4 ? ' …' : ''}`;
}

function tensorsLine(tensors: Readonly<Record<string, TensorValue>>, format: Format): string {
  const named = Object.entries(tensors).map(
    ([name, { dtype, shape }]) => `${name} ${dtype} [${shape.map(format.count).join(', ')}]`,
  );
  return named.join(', ') || 'no tensors';
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
