import { html, svg, nothing, type TemplateResult } from 'lit-html';
import type { Score } from '../../src/shared/contract.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const MOST_BARS = 10;

export interface Bar {
  label: string;
  score: number;
  /** Fractions of the whole width. */
  x: number;
  width: number;
}

/** Bars from the highest score down, see `barsInOrder`. */
export function scoreBars(scores: readonly Score[]): Bar[] {
  return barsInOrder(scores.toSorted((a, b) => b.score - a.score));
}

/**
 * Bars in the order given. Probabilities start at the left and fill the width at 1; other scores (decision values)
 * start at zero, wherever the largest of them puts it.
 */
export function barsInOrder(scores: readonly { label: unknown; score: number }[]): Bar[] {
  const { low, high } = scaleOf(scores.map((one) => one.score));
  const range = high - low || 1;
  return scores.map(({ label, score }) => ({
    label: String(label),
    score,
    x: (Math.min(0, score) - low) / range,
    width: Math.abs(score) / range,
  }));
}

function scaleOf(scores: readonly number[]): { low: number; high: number } {
  let low = 0;
  let high = scores.every((one) => one >= 0 && one <= 1) ? 1 : 0;
  for (const one of scores) {
    low = Math.min(low, one);
    high = Math.max(high, one);
  }
  return { low, high };
}

export function barOf({ score, x, width }: Pick<Bar, 'score' | 'x' | 'width'>): TemplateResult {
  const zero = (score < 0 ? x + width : x) * 1000;
  return html`<svg class="score-bar" viewBox="0 0 1000 1" preserveAspectRatio="none" aria-hidden="true">
    ${svg`<rect class="track" width="1000" height="1" /><rect class="fill" x=${x * 1000} width=${width * 1000} height="1" />
      ${zero > 0 ? svg`<path class="zero" d="M${zero} 0V1" />` : nothing}`}
  </svg>`;
}

export interface BarTable {
  /** Names the table for `showAll`. */
  part: string;
  bars: readonly Bar[];
  /** What the numbers are: `probability`. */
  what: string;
  /** What the rows are, in the singular and in the plural. */
  rows: readonly [one: string, many: string];
  /** Rows whose label is the answer. */
  chosen?: ReadonlySet<string>;
  /** How a number is written; a score where it is not given. */
  write?: (value: number) => string;
}

/** A row for each label: its bar and its number. */
export function barTable({ part, bars, what, rows, chosen, write }: BarTable, view: AnswerView): TemplateResult {
  const [one, many] = rows;
  const written = write ?? view.format.score;
  return html`<table class="scores">
      <thead class="hidden">
        <tr>
          <th scope="col">${one}</th>
          <th scope="col">bar</th>
          <th scope="col">${what}</th>
        </tr>
      </thead>
      <tbody>
        ${capped(view, part, bars, MOST_BARS).map((bar) => {
          const answer = chosen?.has(bar.label);
          return html`<tr class=${answer ? 'predicted' : nothing}>
            <th scope="row" dir="auto" title=${bar.label} aria-label=${answer ? `${bar.label}, the answer` : nothing}>
              ${bar.label}
            </th>
            <td class="wide">${barOf(bar)}</td>
            <td class="number" title=${bar.score}>${written(bar.score)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    <p class="muted small">${what}, n = ${view.format.count(bars.length)} ${bars.length === 1 ? one : many}</p>
    ${showAll(view, part, bars.length, MOST_BARS, many)}`;
}
