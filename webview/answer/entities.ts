import { html, nothing, type TemplateResult } from 'lit-html';
import type { Span } from '../../src/shared/contract.ts';
import { labelClasses } from './colours.ts';
import { countLabels, overlap, placeSpans, scoreRanges, segmentsOf, type PlacedSpan } from './segments.ts';
import { run, spansInLines } from './spans.ts';
import { capped, showAll, type AnswerView } from './view.ts';

/** More highlighted pieces than this make the page slow. */
const MOST_ENTITIES = 500;

/** Named entities highlighted in the text they were found in, each with its label, and a legend. */
export function entitiesPart(entities: readonly Span[], view: AnswerView): TemplateResult {
  return spansPart('entities', 'entities', entities, view);
}

/** Spans inside their text: highlighted, or underlined in several lines where they overlap. */
export function spansPart(part: string, noun: string, all: readonly Span[], view: AnswerView): TemplateResult {
  const { text } = view;
  if (text === undefined) return spanTable(part, noun, all, view);
  const spans = capped(view, part, all, MOST_ENTITIES);
  const placed = placeSpans(text, spans);
  const classOf = labelClasses(
    all.map((span) => span.label),
    view.labels,
  );
  return html`<div class="part">
    ${all.length === 0 ? html`<p class="muted">No ${noun} found.</p>` : legend(all, classOf, view)}
    ${overlap(placed) ? spansInLines(text, placed, classOf) : highlighted(text, placed, classOf, view)}
    ${showAll(view, part, all.length, MOST_ENTITIES, noun)}
  </div>`;
}

type ClassOf = (label: string) => string;

/** One entity that has a score is in the tab order; the arrow keys lead to the others. */
function highlighted(text: string, placed: readonly PlacedSpan[], classOf: ClassOf, view: AnswerView): TemplateResult {
  const first = placed.find((span) => span.score !== undefined);
  return html`<p class="text" dir="auto" @keydown=${goAlong}>
    ${segmentsOf(text, placed).map((segment) => {
      const span = segment.spans[0];
      return span ? marked(segment.text, span, span === first, classOf, view) : run(segment.text);
    })}
  </p>`;
}

function marked(
  text: string,
  { label, id, score }: PlacedSpan,
  isFirst: boolean,
  classOf: ClassOf,
  { format }: AnswerView,
): TemplateResult {
  const name = html`<span class="label" title=${id ?? nothing}><bdi>${label}</bdi></span>`;
  if (score === undefined) return html`<mark class=${classOf(label)}>${text}${name}</mark>`;
  const written = format.score(score);
  return html`<mark class="${classOf(label)} scored" tabindex=${isFirst ? 0 : -1} title="${label}, score ${written}"
    >${text}${name}<span class="hidden">, score ${written}</span
    ><span class="bubble" aria-hidden="true">score ${written}</span></mark
  >`;
}

const STEPS: Record<string, (at: number, last: number) => number> = {
  ArrowRight: (at) => at + 1,
  ArrowLeft: (at) => at - 1,
  Home: () => 0,
  End: (_, last) => last,
};

function goAlong(event: KeyboardEvent): void {
  const marks = [...(event.currentTarget as Element).querySelectorAll<HTMLElement>('mark.scored')];
  const at = marks.indexOf(event.target as HTMLElement);
  const next = marks[STEPS[event.key]?.(at, marks.length - 1) ?? -1];
  if (at < 0 || !next) return;
  event.preventDefault();
  for (const mark of marks) mark.tabIndex = mark === next ? 0 : -1;
  next.focus();
}

function legend(all: readonly Span[], classOf: ClassOf, view: AnswerView): TemplateResult {
  const { count, score } = view.format;
  const ranges = scoreRanges(all);
  return html`<ul class="legend" aria-label="Labels">
    ${[...countLabels(all, view.labels)].map(([label, times]) => {
      const [low, high] = (ranges.get(label) ?? []).map(score);
      return html`<li>
        <span class="swatch ${classOf(label)}" aria-hidden="true"></span><bdi>${label}</bdi>
        <span class="muted"
          >${count(times)}${low === undefined ? nothing : low === high ? `, score ${low}` : `, scores ${low} to ${high}`}</span
        >
      </li>`;
    })}
  </ul>`;
}

/** Where what was sent is no text to highlight in. */
function spanTable(part: string, noun: string, all: readonly Span[], view: AnswerView): TemplateResult {
  if (all.length === 0) return html`<p class="muted">No ${noun} found.</p>`;
  const hasScores = all.some((span) => span.score !== undefined);
  return html`<div class="part">
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">text</th>
          <th scope="col">label</th>
          <th scope="col" class="number">from</th>
          <th scope="col" class="number">to</th>
          ${hasScores ? html`<th scope="col" class="number">score</th>` : nothing}
        </tr>
      </thead>
      <tbody>
        ${capped(view, part, all, MOST_ENTITIES).map(
          (span) =>
            html`<tr>
              <td dir="auto">${span.text}</td>
              <td>${span.label}</td>
              <td class="number">${view.format.count(span.start)}</td>
              <td class="number">${view.format.count(span.end)}</td>
              ${hasScores ? html`<td class="number">${span.score === undefined ? nothing : view.format.score(span.score)}</td>` : nothing}
            </tr>`,
        )}
      </tbody>
    </table>
    ${showAll(view, part, all.length, MOST_ENTITIES, noun)}
  </div>`;
}
