import { html, svg, nothing, type TemplateResult } from 'lit-html';
import type { Score } from '../../src/shared/contract.ts';
import type { Classification } from './parts.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const MOST_SCORES = 10;

export interface ScoreBar {
  label: string;
  score: number;
  /** Fractions of the whole width. */
  x: number;
  width: number;
}

/**
 * Bars from the highest score down. Probabilities start at the left and fill the width at 1; other scores (decision
 * values) start at zero, wherever the largest of them puts it.
 */
export function scoreBars(scores: readonly Score[]): ScoreBar[] {
  const sorted = scores.toSorted((a, b) => b.score - a.score);
  const low = Math.min(0, ...sorted.map((one) => one.score));
  const high = Math.max(
    sorted.every((one) => one.score >= 0 && one.score <= 1) ? 1 : 0,
    ...sorted.map((one) => one.score),
  );
  const range = high - low || 1;
  return sorted.map(({ label, score }) => ({
    label: String(label),
    score,
    x: (Math.min(0, score) - low) / range,
    width: Math.abs(score) / range,
  }));
}

/** A classifier's answer: the label, or the labels, and the scores of all classes. */
export function classificationPart({ labels, scores, scoreKind }: Classification, view: AnswerView): TemplateResult {
  const named = labels.map(String);
  const head =
    named.length === 0
      ? html`<p class="muted">No label applies.</p>`
      : html`<p class="headline" dir="auto">${named.join(', ')}</p>`;
  if (!scores) return html`<div class="part">${head}</div>`;
  const known = new Set(scores.map((one) => String(one.label)));
  return html`<div class="part">
    ${named.length > 0 && named.every((label) => known.has(label)) ? nothing : head}
    ${scoreTable('classes', scoreKind === 'decision' ? 'decision value' : 'probability', scores, view, new Set(named))}
  </div>`;
}

/** Categories each have a score of their own: they need not add up to 1. */
export function categoriesPart(scores: readonly Score[], view: AnswerView): TemplateResult {
  if (scores.length === 0) return html`<p class="muted">No categories.</p>`;
  return html`<div class="part">${scoreTable('categories', 'score, each on its own', scores, view)}</div>`;
}

function scoreTable(
  part: string,
  what: string,
  scores: readonly Score[],
  view: AnswerView,
  predicted?: ReadonlySet<string>,
): TemplateResult {
  const bars = scoreBars(scores);
  return html`<table class="scores">
      <thead class="hidden">
        <tr>
          <th scope="col">label</th>
          <th scope="col">bar</th>
          <th scope="col">${what}</th>
        </tr>
      </thead>
      <tbody>
        ${capped(view, part, bars, MOST_SCORES).map((bar) => {
          const chosen = predicted?.has(bar.label);
          return html`<tr class=${chosen ? 'predicted' : nothing}>
            <th scope="row" dir="auto" title=${bar.label} aria-label=${chosen ? `${bar.label}, the answer` : nothing}>
              ${bar.label}
            </th>
            <td class="wide">
              <svg class="score-bar" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
                ${svg`<rect class="track" width="1000" height="1" /><rect class="fill" x=${bar.x * 1000} width=${bar.width * 1000} height="1" />`}
              </svg>
            </td>
            <td class="number" title=${bar.score}>${view.format.score(bar.score)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    <p class="muted small">${what}, n = ${view.format.count(scores.length)} labels</p>
    ${showAll(view, part, scores.length, MOST_SCORES, 'labels')}`;
}
