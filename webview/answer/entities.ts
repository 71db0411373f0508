import { html, nothing, type TemplateResult } from 'lit-html';
import type { Span } from '../../src/shared/contract.ts';
import { labelClasses } from './colours.ts';
import { countLabels, overlap, placeSpans, segmentsOf } from './segments.ts';
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
    ${
      all.length === 0
        ? html`<p class="muted">No ${noun} found.</p>`
        : legend(countLabels(all, view.labels), classOf, view)
    }
    ${
      overlap(placed)
        ? spansInLines(text, placed, classOf)
        : html`<p class="text" dir="auto">
            ${segmentsOf(text, placed).map((segment) => {
              const span = segment.spans[0];
              return span
                ? html`<mark class=${classOf(span.label)}
                    >${segment.text}<span class="label" title=${span.id ?? nothing}
                      ><bdi>${span.label}</bdi></span
                    ></mark
                  >`
                : run(segment.text);
            })}
          </p>`
    }
    ${showAll(view, part, all.length, MOST_ENTITIES, noun)}
  </div>`;
}

function legend(counts: Map<string, number>, classOf: (label: string) => string, view: AnswerView): TemplateResult {
  return html`<ul class="legend" aria-label="Labels">
    ${[...counts].map(
      ([label, count]) =>
        html`<li>
          <span class="swatch ${classOf(label)}" aria-hidden="true"></span><bdi>${label}</bdi>
          <span class="muted">${view.format.count(count)}</span>
        </li>`,
    )}
  </ul>`;
}

/** Where what was sent is no text to highlight in. */
function spanTable(part: string, noun: string, all: readonly Span[], view: AnswerView): TemplateResult {
  if (all.length === 0) return html`<p class="muted">No ${noun} found.</p>`;
  return html`<div class="part">
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">text</th>
          <th scope="col">label</th>
          <th scope="col" class="number">from</th>
          <th scope="col" class="number">to</th>
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
            </tr>`,
        )}
      </tbody>
    </table>
    ${showAll(view, part, all.length, MOST_ENTITIES, noun)}
  </div>`;
}
