import { html, nothing, type TemplateResult } from 'lit-html';
import type { Fill } from '../../src/shared/contract.ts';
import { barOf, barsInOrder } from './bars.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const MOST_FILLS = 10;

/** What fits each gap of a text, the best first, with the text that it makes. */
export function fillsPart(masks: readonly (readonly Fill[])[], view: AnswerView): TemplateResult {
  if (masks.length === 0) return html`<p class="muted">The text has no gap.</p>`;
  return html`<div class="parts">
    ${masks.map(
      (fills, index) =>
        html`${masks.length > 1 ? html`<h2>gap ${view.format.count(index + 1)}</h2>` : nothing}
          <div class="part">${fillTable(fills, `fills:${index}`, view)}</div>`,
    )}
  </div>`;
}

function fillTable(fills: readonly Fill[], part: string, view: AnswerView): TemplateResult {
  if (fills.length === 0) return html`<p class="muted">Nothing fits.</p>`;
  const bars = barsInOrder(fills.map(({ token, score }) => ({ label: token, score })));
  return html`<table class="scores fills">
      <thead class="hidden">
        <tr>
          <th scope="col">token</th>
          <th scope="col">bar</th>
          <th scope="col">probability</th>
          <th scope="col">text</th>
        </tr>
      </thead>
      <tbody>
        ${capped(view, part, bars, MOST_FILLS).map((bar, index) => {
          const { text } = fills[index]!;
          return html`<tr>
            <th scope="row" dir="auto" title=${bar.label}>${seen(bar.label)}</th>
            <td class="wide">${barOf(bar)}</td>
            <td class="number" title=${bar.score}>${view.format.score(bar.score)}</td>
            <td class="filled muted" dir="auto" title=${text}>${text}</td>
          </tr>`;
        })}
      </tbody>
    </table>
    <p class="muted small">
      probability, n = ${view.format.count(fills.length)} ${fills.length === 1 ? 'token' : 'tokens'}
    </p>
    ${showAll(view, part, fills.length, MOST_FILLS, 'tokens')}`;
}

/** A token may be a space, or begin with one. */
function seen(token: string): unknown {
  return token.trim() === '' ? html`<span class="muted">${token === '' ? 'nothing' : 'space'}</span>` : token.trim();
}
