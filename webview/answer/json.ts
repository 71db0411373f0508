import { html, nothing, type TemplateResult } from 'lit-html';
import { linkButton } from '../elements.ts';
import type { AnswerView } from './view.ts';

/** Characters of JSON shown at first; colouring more would make the page slow. */
export const MOST_CHARACTERS = 20_000;

export type JsonPiece = { kind: 'name' | 'string' | 'number' | 'word' | 'plain'; text: string };

const PIECES = /("(?:[^"\\]|\\.)*")(\s*:)?|(-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)|\b(true|false|null)\b/gu;

/** Pretty-printed JSON cut into what an editor colours. The pieces together are the text. */
export function jsonPieces(text: string): JsonPiece[] {
  const pieces: JsonPiece[] = [];
  let at = 0;
  for (const match of text.matchAll(PIECES)) {
    if (match.index > at) pieces.push({ kind: 'plain', text: text.slice(at, match.index) });
    const [whole, string, colon, number] = match;
    if (string !== undefined) {
      pieces.push({ kind: colon === undefined ? 'string' : 'name', text: string });
      if (colon !== undefined) pieces.push({ kind: 'plain', text: colon });
    } else pieces.push({ kind: number === undefined ? 'word' : 'number', text: whole });
    at = match.index + whole.length;
  }
  if (at < text.length) pieces.push({ kind: 'plain', text: text.slice(at) });
  return pieces;
}

export function jsonPart(value: unknown, part: string, view: AnswerView): TemplateResult {
  const text = JSON.stringify(value, undefined, 2) ?? '';
  const key = `json:${part}`;
  const whole = text.length <= MOST_CHARACTERS || view.expanded(key);
  // Shown whole it goes without colours: one text node, however long.
  const content =
    text.length <= MOST_CHARACTERS
      ? jsonPieces(text).map((piece) =>
          piece.kind === 'plain' ? piece.text : html`<span class=${piece.kind}>${piece.text}</span>`,
        )
      : whole
        ? text
        : text.slice(0, MOST_CHARACTERS);
  const { count } = view.format;
  return html`<div class="part">
    <pre class="json" tabindex="0" role="region" aria-label="JSON">${content}</pre>
    ${
      whole
        ? nothing
        : html`<p class="show-all">
            First ${count(MOST_CHARACTERS)} of ${count(text.length)} characters.
            ${linkButton('Show all', () => view.expand(key))}
          </p>`
    }
  </div>`;
}
