import { html, type TemplateResult } from 'lit-html';
import { linkButton } from '../elements.ts';
import { barOf, barsInOrder } from './bars.ts';
import { capped, showAll, type AnswerView } from './view.ts';

const MOST_SIMILARITIES = 50;
const ORDER = 'similarities:order';

/** How near each sentence is to the source: in the order of the input, or from the nearest. */
export function similaritiesPart(all: readonly { text: string; score: number }[], view: AnswerView): TemplateResult {
  if (all.length === 0) return html`<p class="muted">No sentences were compared.</p>`;
  const isSorted = view.choice(ORDER) === 1;
  const ordered = isSorted ? all.toSorted((a, b) => b.score - a.score) : all;
  const bars = barsInOrder(ordered.map(({ text, score }) => ({ label: text, score })));
  const order = isSorted ? 'from the nearest' : 'in the order of the input';
  return html`<div class="part">
    <ol class="long-bars">
      ${capped(view, 'similarities', bars, MOST_SIMILARITIES).map(
        (bar) =>
          html`<li>
            <p class="label" dir="auto">
              ${bar.label === '' ? html`<span class="muted">empty text</span>` : bar.label}
            </p>
            ${barOf(bar)}
            <span class="number" title=${bar.score}>${view.format.score(bar.score)}</span>
          </li>`,
      )}
    </ol>
    <p class="muted small">
      similarity, n = ${view.format.count(all.length)} ${all.length === 1 ? 'sentence' : 'sentences'}, ${order}
      ${
        all.length > 1
          ? linkButton(isSorted ? 'Order of the input' : 'Nearest first', () => view.choose(ORDER, isSorted ? 0 : 1))
          : ''
      }
    </p>
    ${showAll(view, 'similarities', all.length, MOST_SIMILARITIES, 'sentences')}
  </div>`;
}
