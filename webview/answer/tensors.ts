import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { TensorValue } from '../../src/shared/contract.ts';
import { linkButton } from '../elements.ts';
import { isScalars } from './guards.ts';
import { MOST_CELLS, vectorPart, written } from './vectors.ts';
import { capped, copyLink, showAll, type AnswerView } from './view.ts';

const MOST_TENSORS = 20;
const MOST_ROWS = 12;
const MOST_COLUMNS = 12;

export function tensorsPart(tensors: Readonly<Record<string, TensorValue>>, view: AnswerView): TemplateResult {
  const all = Object.entries(tensors);
  if (all.length === 0) return html`<p class="muted">No tensors.</p>`;
  return html`<div class="parts">
    ${capped(view, 'tensors', all, MOST_TENSORS).map(
      ([name, tensor]) =>
        html`<h2 class="tensor-name">
            <bdi>${name || '(no name)'}</bdi> <span class="muted type">${typeOf(tensor, view)}</span>
          </h2>
          ${tensorBody(name, tensor, view)}`,
    )}
    ${showAll(view, 'tensors', all.length, MOST_TENSORS, 'tensors')}
  </div>`;
}

function typeOf({ dtype, shape }: TensorValue, { format }: AnswerView): string {
  return `${dtype} [${shape.map(format.count).join(', ')}]`;
}

function tensorBody(name: string, { shape, data }: TensorValue, view: AnswerView): TemplateResult {
  const part = `tensor:${name}`;
  if (shape.length === 0) return html`<p class="part value">${written(data, view)}</p>`;
  if (shape.includes(0)) return html`<p class="muted">No values: a dimension is 0.</p>`;
  if (shape.length === 1 && isScalars(data)) return vectorPart(data, part, 'value', view);
  const slice = shape.slice(0, -2).map((size, at) => Math.min(view.choice(`${part}:${at}`), size - 1));
  const rows = slice.reduce<unknown>((list, index) => (Array.isArray(list) ? list[index] : undefined), data);
  return html`<div class="part">
    ${slice.some((_, at) => shape[at]! > 1) ? slicer(name, shape, slice, view) : nothing}
    ${table(name, Array.isArray(rows) ? rows : [], view)} ${bounds(shape, view)}
    ${
      shape.reduce((product, size) => product * size, 1) > MOST_CELLS
        ? html`<p class="links">
            ${copyLink(view, `copy:${part}`, 'Copy as JSON', () => JSON.stringify(data))}
            ${isCut(shape) ? linkButton('Show all values', () => view.showJson()) : nothing}
          </p>`
        : nothing
    }
  </div>`;
}

/** Which of the tables of a tensor with more than two dimensions is shown. */
function slicer(name: string, shape: readonly number[], slice: readonly number[], view: AnswerView): TemplateResult {
  return html`<p class="slicer">
    <span aria-hidden="true">slice [</span>
    ${slice.map((index, at) => {
      const size = shape[at]!;
      const label = `${name}, dimension ${at + 1}: index, 0 to ${size - 1}`;
      return html`${
          size === 1
            ? html`<span aria-hidden="true">0</span>`
            : html`<input
                type="number"
                min="0"
                max=${size - 1}
                aria-label=${label}
                title=${label}
                .value=${live(String(index))}
                @change=${(event: Event) => {
                  const chosen = Math.round(Number((event.target as HTMLInputElement).value)) || 0;
                  view.choose(`tensor:${name}:${at}`, Math.min(size - 1, Math.max(0, chosen)));
                }}
              />`
        }<span aria-hidden="true">, </span>`;
    })}<span aria-hidden="true">rows, columns ]</span>
  </p>`;
}

function table(name: string, rows: readonly unknown[], view: AnswerView): TemplateResult {
  const shown = rows.slice(0, MOST_ROWS).map((row) => (Array.isArray(row) ? row.slice(0, MOST_COLUMNS) : [row]));
  const { count } = view.format;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Values of ${name}">
    <table class="grid">
      <thead>
        <tr>
          <td></td>
          ${(shown[0] ?? []).map((_, column) => html`<th scope="col">${count(column)}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${shown.map(
          (row, index) =>
            html`<tr>
              <th scope="row">${count(index)}</th>
              ${row.map((value) => html`<td dir="auto" title=${String(value)}>${written(value, view)}</td>`)}
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

function isCut(shape: readonly number[]): boolean {
  return shape.length > 2 || shape.at(-2)! > MOST_ROWS || shape.at(-1)! > MOST_COLUMNS;
}

function bounds(shape: readonly number[], { format: { count } }: AnswerView): TemplateResult | typeof nothing {
  const [rows, columns] = [shape.at(-2)!, shape.at(-1)!];
  const cut = [
    ...(rows > MOST_ROWS ? [`first ${count(MOST_ROWS)} of ${count(rows)} rows`] : []),
    ...(columns > MOST_COLUMNS ? [`first ${count(MOST_COLUMNS)} of ${count(columns)} columns`] : []),
  ];
  return cut.length > 0 ? html`<p class="muted small">${cut.join(', ')}</p>` : nothing;
}
