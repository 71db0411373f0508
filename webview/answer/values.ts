import { html, type TemplateResult } from 'lit-html';
import { jsonPart } from './json.ts';
import type { Scalar } from './parts.ts';
import { readableText } from './texts.ts';
import type { AnswerView } from './view.ts';

/** Numbers, and other single values, with their names. */
export function valuesPart(values: Readonly<Record<string, Scalar>>, view: AnswerView): TemplateResult {
  return html`<div class="part">
    <table class="values">
      <tbody>
        ${Object.entries(values).map(
          ([name, value]) =>
            html`<tr>
              <th scope="row" dir="auto">${name}</th>
              ${
                typeof value === 'number'
                  ? html`<td class="number" title=${value}>${view.format.number(value)}</td>`
                  : html`<td dir="auto">${String(value)}</td>`
              }
            </tr>`,
        )}
      </tbody>
    </table>
  </div>`;
}

/** A bare text, number or truth value. */
export function scalarPart(value: Scalar, view: AnswerView): TemplateResult {
  if (typeof value === 'number') return valuesPart({ value }, view);
  if (typeof value !== 'string') return jsonPart(value, 'scalar', view);
  if (value === '') return html`<p class="muted">An empty text.</p>`;
  return html`<div class="part">${readableText(value, 'scalar', view)}</div>`;
}
