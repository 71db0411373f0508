import { html, nothing, type TemplateResult } from 'lit-html';
import { linkButton } from '../elements.ts';
import { run } from './spans.ts';
import { capped, copyLink, showAll, type AnswerView } from './view.ts';

/** More is rather found than read. In UTF-16 units. */
const MOST_CHARACTERS = 2000;
const MOST_TEXTS = 20;

/** Summaries, translations and what a model goes on to write: text to be read and selected. */
export function textsPart(texts: readonly string[], view: AnswerView): TemplateResult {
  if (texts.length === 1) return html`<div class="part">${textOf(texts[0]!, 'text', view)}</div>`;
  return html`<div class="part">
    <ol class="texts">
      ${capped(view, 'texts', texts, MOST_TEXTS).map(
        (text, index) => html`<li>${textOf(text, `text:${index}`, view)}</li>`,
      )}
    </ol>
    ${showAll(view, 'texts', texts.length, MOST_TEXTS, 'texts')}
  </div>`;
}

function textOf(text: string, part: string, view: AnswerView): TemplateResult {
  if (text.trim() === '') return html`<p class="muted">${text === '' ? 'An empty text.' : 'Nothing but space.'}</p>`;
  return html`${readableText(text, part, view)}
    <p class="links">${copyLink(view, part, 'Copy text', () => text)}</p>`;
}

/** A text as it is, its beginning where it is very long. */
export function readableText(text: string, part: string, view: AnswerView): TemplateResult {
  const cut = text.length > MOST_CHARACTERS && !view.expanded(part);
  const shown = cut ? `${text.slice(0, MOST_CHARACTERS)}…` : text;
  const { count } = view.format;
  return html`<p class="text plain" dir="auto">${goesOn(shown, view.text)}</p>
    ${
      cut
        ? html`<p class="show-all">
            First ${count(MOST_CHARACTERS)} of ${count(text.length)} characters.
            ${linkButton('Show all', () => view.expand(part))}
          </p>`
        : nothing
    }`;
}

/** What was sent stands back where the model went on from it. */
function goesOn(text: string, sent: string | undefined): TemplateResult {
  if (!sent?.trim() || text.length <= sent.length || !text.startsWith(sent)) return run(text);
  return html`<span class="run muted">${sent}</span><span class="run went-on">${text.slice(sent.length)}</span>`;
}
