import { html, type TemplateResult } from 'lit-html';
import { styleMap } from 'lit-html/directives/style-map.js';
import { segmentsOf, type PlacedSpan, type Segment } from './segments.ts';

/** Height of one line of underlines with its labels (px). */
const LEVEL_HEIGHT = 16;

/** A text with overlapping spans: below each word one underline per span that covers it, its label at its start. */
export function spansInLines(
  text: string,
  spans: readonly PlacedSpan[],
  classOf: (label: string) => string,
): TemplateResult {
  return html`<p class="text spans" dir="auto">
    ${segmentsOf(text, spans).map((segment) => (segment.spans.length === 0 ? run(segment.text) : words(segment, classOf)))}
  </p>`;
}

/** A piece of text whose spaces and line breaks count, which those around it in the page do not. */
export function run(text: string): TemplateResult {
  return html`<span class="run">${text}</span>`;
}

/** Cut at spaces, so that a long span can break over lines. */
function words(segment: Segment, classOf: (label: string) => string): TemplateResult[] {
  const levels = 1 + Math.max(...segment.spans.map((span) => span.level));
  return (segment.text.match(/\s+|\S+\s*/gu) ?? []).map(
    (word, index) =>
      html`<span class="covered" style=${styleMap({ paddingBlockEnd: `${levels * LEVEL_HEIGHT}px` })}
        >${word}${segment.spans.map((span) => {
          const starts = index === 0 && segment.starts.includes(span);
          const top = `calc(100% - ${(levels - span.level) * LEVEL_HEIGHT}px)`;
          return html`<span class="underline ${classOf(span.label)}" style=${styleMap({ insetBlockStart: top })}
            >${starts ? html`<span class="label"><bdi>${span.label}</bdi></span>` : ''}</span
          >`;
        })}</span
      >`,
  );
}
