import { html, nothing, type TemplateResult } from 'lit-html';
import { linkButton } from '../elements.ts';
import type { Format } from '../format.ts';

/** What the drawing of a part needs besides the part. */
export interface AnswerView {
  /** What was sent. */
  input: unknown;
  /** The text that was sent, where it was one: offsets count its code points. */
  text?: string;
  /** The model's labels in its own order, so that a label keeps its colour from answer to answer. */
  labels: readonly string[];
  /** Whether one of an answer's categories applies; undefined where the model does not say. */
  exclusiveCategories?: boolean;
  format: Format;
  /** Whether this long part is to be shown whole. */
  expanded(part: string): boolean;
  expand(part: string): void;
  /** A number that the reader chose for a part: an index of a tensor, an order. 0 until then. */
  choice(part: string): number;
  choose(part: string, value: number): void;
  /** Shows the whole answer as JSON. */
  showJson(): void;
  /** Whether this was copied just now. */
  copied(what: string): boolean;
  copy(what: string, text: string): void;
}

/** The first `most` of a list, all of it once the reader has asked. */
export function capped<T>(view: AnswerView, part: string, all: readonly T[], most: number): readonly T[] {
  return all.length > most && !view.expanded(part) ? all.slice(0, most) : all;
}

/** Asks for the whole of what `capped` cut. */
export function showAll(
  view: AnswerView,
  part: string,
  total: number,
  most: number,
  unit: string,
): TemplateResult | typeof nothing {
  if (total <= most || view.expanded(part)) return nothing;
  const { count } = view.format;
  return html`<p class="show-all">
    First ${count(most)} of ${count(total)} ${unit}. ${linkButton('Show all', () => view.expand(part))}
  </p>`;
}

/** Copies a value; the word says for a moment that it was done. */
export function copyLink(view: AnswerView, what: string, label: string, text: () => string): TemplateResult {
  return linkButton(view.copied(what) ? 'Copied' : label, () => view.copy(what, text()));
}
