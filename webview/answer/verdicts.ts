import { html, nothing, type TemplateResult } from 'lit-html';
import { barsInOrder, barTable, scoreBars } from './bars.ts';
import type { Cluster } from './parts.ts';
import type { AnswerView } from './view.ts';

const CLUSTERS = ['cluster', 'clusters'] as const;

/** One number or word, and what it means: the answers that are short enough to be read at once. */
function verdict(headline: string, meaning: unknown): TemplateResult {
  return html`<p class="headline number">${headline}</p>
    ${meaning === nothing ? nothing : html`<p class="muted">${meaning}</p>`}`;
}

/** Density-based clusterers put what belongs to no cluster into -1. */
export function clusterPart({ cluster, distances, scores }: Cluster, view: AnswerView): TemplateResult {
  const chosen = new Set([String(cluster)]);
  const shared = { rows: CLUSTERS, chosen };
  const nearest = (distances ?? [])
    .map((score, index) => ({ label: index, score }))
    .toSorted((a, b) => a.score - b.score);
  return html`<div class="part">
    ${cluster === -1 ? verdict('Noise', 'It belongs to no cluster (-1).') : verdict(`Cluster ${cluster}`, nothing)}
    ${
      distances?.length
        ? barTable(
            {
              ...shared,
              part: 'distances',
              bars: barsInOrder(nearest),
              what: 'distance to the centre',
              write: view.format.number,
            },
            view,
          )
        : nothing
    }
    ${scores?.length ? barTable({ ...shared, part: 'components', bars: scoreBars(scores), what: 'probability' }, view) : nothing}
  </div>`;
}

export function outlierPart(outlier: boolean, score: number | undefined, view: AnswerView): TemplateResult {
  const meaning =
    score === undefined
      ? nothing
      : html`score <b class="value" title=${score}>${view.format.number(score)}</b> · below 0 is an outlier, from 0 up
          is not`;
  return html`<div class="part">${verdict(outlier ? 'Outlier' : 'Not an outlier', meaning)}</div>`;
}

export function rankingPart(score: number, view: AnswerView): TemplateResult {
  return html`<div class="part">
    ${verdict(view.format.number(score), 'Ranking score: the higher the better. It has no unit, and compares inputs only with each other.')}
  </div>`;
}

export function densityPart(density: number, view: AnswerView): TemplateResult {
  return html`<div class="part">
    ${verdict(view.format.number(density), 'Logarithm of the density: the higher, the more usual the input.')}
  </div>`;
}
