import { html, svg, type TemplateResult } from 'lit-html';
import { linkButton } from '../elements.ts';
import type { Scalar } from './guards.ts';
import { copyLink, type AnswerView } from './view.ts';

/** Vectors of no more than this many values are shown value by value. */
export const MOST_CELLS = 16;
const FIRST_VALUES = 8;
/** Columns of the picture: more could not be told apart. */
const MOST_COLUMNS = 384;

/** A vector as what can be seen of it: its size, its shape, its first values. */
export function vectorPart(
  vector: readonly Scalar[],
  part: string,
  unit: 'dimension' | 'value',
  view: AnswerView,
): TemplateResult {
  if (vector.length === 0) return html`<p class="muted">A vector without values.</p>`;
  return html`<div class="part vector">
    ${facts(vector, unit, view)}
    ${vector.length <= MOST_CELLS ? cells(vector, view) : html`${picture(vector, view)} ${firstValues(vector, view)}`}
    <p class="links">
      ${copyLink(view, `copy:${part}`, 'Copy as JSON', () => JSON.stringify(vector))}
      ${vector.length <= MOST_CELLS ? '' : linkButton('Show all values', () => view.showJson())}
    </p>
  </div>`;
}

function numbersOf(vector: readonly Scalar[]): number[] {
  return vector.filter((one) => typeof one === 'number');
}

function facts(vector: readonly Scalar[], unit: string, { format }: AnswerView): TemplateResult {
  const numbers = numbersOf(vector);
  const missing = vector.filter((one) => one === null).length;
  const [low, high] = extent(numbers);
  return html`<ul class="facts">
    <li><b>${format.count(vector.length)}</b> ${unit}${vector.length === 1 ? '' : 's'}</li>
    ${
      numbers.length > 0
        ? html`<li>norm <b>${format.brief(Math.hypot(...chunked(numbers)))}</b></li>
            <li>from <b>${format.brief(low)}</b> to <b>${format.brief(high)}</b></li>`
        : ''
    }
    ${missing > 0 ? html`<li><b>${format.count(missing)}</b> missing</li>` : ''}
  </ul>`;
}

/** Norms of pieces: a function takes only so many arguments. */
function chunked(numbers: readonly number[]): number[] {
  const norms: number[] = [];
  for (let at = 0; at < numbers.length; at += 1000) norms.push(Math.hypot(...numbers.slice(at, at + 1000)));
  return norms;
}

function extent(numbers: readonly number[]): [low: number, high: number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const one of numbers) {
    low = Math.min(low, one);
    high = Math.max(high, one);
  }
  return [low, high];
}

/** The values in their order as columns up and down from zero; nothing where there are no numbers. */
function picture(vector: readonly Scalar[], { format }: AnswerView): TemplateResult | string {
  const numbers = numbersOf(vector);
  if (numbers.length < vector.length / 2) return '';
  const [low, high] = extent(numbers);
  const scale = Math.max(Math.abs(low), Math.abs(high));
  const columns = columnsOf(vector, scale);
  const label = `${format.count(vector.length)} values in their order, from ${format.brief(low)} to ${format.brief(high)}`;
  return html`<figure class="vector-picture">
    <svg viewBox="0 -1 ${columns.length} 2" preserveAspectRatio="none" role="img" aria-label=${label}>
      ${svg`<path class="columns" d=${columns.map(({ from, to }, x) => `M${x} ${-to}h1V${-from}h-1z`).join('')} />`}
      ${svg`<path class="zero" d="M0 0H${columns.length}" />`}
    </svg>
    <figcaption class="muted small" aria-hidden="true">
      <span>0</span><span>values in their order, zero in the middle, ±${format.brief(scale)}</span
      ><span>${format.count(vector.length - 1)}</span>
    </figcaption>
  </figure>`;
}

/** Lowest and highest value of each column as fractions of `scale`, each with zero. */
export function columnsOf(vector: readonly Scalar[], scale: number): { from: number; to: number }[] {
  const size = Math.max(1, vector.length / MOST_COLUMNS);
  const count = Math.ceil(vector.length / size);
  return Array.from({ length: count }, (_, index) => {
    const some = numbersOf(vector.slice(Math.floor(index * size), Math.floor((index + 1) * size)));
    const [low, high] = extent([0, ...some]);
    return { from: low / (scale || 1), to: high / (scale || 1) };
  });
}

function firstValues(vector: readonly Scalar[], view: AnswerView): TemplateResult {
  const { format } = view;
  return html`<p class="cells">
    <span class="muted">first ${format.count(FIRST_VALUES)}</span>
    ${vector.slice(0, FIRST_VALUES).map((one) => html`<span class="value" title=${String(one)}>${written(one, view)}</span> `)}
    <span class="muted">and ${format.count(vector.length - FIRST_VALUES)} more</span>
  </p>`;
}

function cells(vector: readonly Scalar[], view: AnswerView): TemplateResult {
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Values">
    <table class="grid">
      <thead>
        <tr>
          ${vector.map((_, index) => html`<th scope="col">${view.format.count(index)}</th>`)}
        </tr>
      </thead>
      <tbody>
        <tr>
          ${vector.map((one) => html`<td dir="auto" title=${String(one)}>${written(one, view)}</td>`)}
        </tr>
      </tbody>
    </table>
  </div>`;
}

/** One value of a vector or tensor. */
export function written(value: unknown, { format }: AnswerView): unknown {
  if (typeof value === 'number') return format.brief(value);
  return value === null ? html`<span class="muted">missing</span>` : String(value);
}
