import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { Sample } from '../../src/shared/latency.ts';
import type { Actions } from '../actions.ts';
import { iconButton, linkButton, tabs } from '../elements.ts';
import { formatOf, shortInput } from '../format.ts';
import { failed } from '../latency/kinds.ts';
import { samplesOf, shownSample, type State } from '../state.ts';
import { entitiesPart, spansPart } from './entities.ts';
import { jsonPart } from './json.ts';
import { partsOf, type Part } from './parts.ts';
import { errorView, problemView } from './problem.ts';
import { categoriesPart, classificationPart } from './scores.ts';
import { utf16Positions } from './segments.ts';
import { sentencesPart, tokensPart } from './tokens.ts';
import { scalarPart, valuesPart } from './values.ts';
import type { AnswerView } from './view.ts';

/** The shown request's answer, or what stands in its place: an error, or examples to begin with. */
export function answerPane(state: State, actions: Actions): TemplateResult {
  const sample = shownSample(state);
  const waiting = state.activity.kind === 'send' && state.activity.elapsedMs >= 300;
  const stale = waiting && sample !== undefined;
  return html`<section
    class="pane answer ${stale ? 'stale' : ''}"
    aria-label="Answer"
    aria-busy=${waiting ? 'true' : 'false'}
  >
    ${waiting ? html`<div class="waiting" aria-hidden="true"></div>` : nothing}
    ${
      state.error
        ? html`<h2 class="single">Answer</h2>
            ${errorView(state.error, actions)}`
        : sample
          ? answered(sample, state, actions, stale)
          : unanswered(state, actions)
    }
  </section>`;
}

function answered(sample: Sample, state: State, actions: Actions, stale: boolean): TemplateResult {
  const view = viewOf(sample, state, actions);
  const json = failed(sample) ? (sample.problem ?? null) : sample.result;
  // An answer may be megabytes; it is not to be drawn anew at every key.
  const content = guard([sample, state.view, state.expanded, state.card, state.locale], () =>
    state.view === 'json' ? jsonPart(json, 'whole', view) : readable(sample, view, actions),
  );
  return html`<p class="caption muted">
      <span>#${sample.number}${stale ? ' · previous answer' : ''}</span>
      ${iconButton({
        label: state.copied === 'answer' ? 'Copied' : 'Copy the answer as JSON',
        icon: state.copied === 'answer' ? 'check' : 'copy',
        click: () => void actions.copyText('answer', JSON.stringify(json, undefined, 2)),
      })}
    </p>
    ${tabs(
      'view',
      [
        { id: 'answer', label: 'Answer', content: state.view === 'answer' ? content : nothing },
        { id: 'json', label: 'JSON', content: state.view === 'json' ? content : nothing },
      ],
      state.view,
      (id) => actions.dispatch({ type: 'view', view: id }),
    )}`;
}

function readable(sample: Sample, view: AnswerView, actions: Actions): unknown {
  if (failed(sample)) return problemView(sample, actions);
  const parts = partsOf(sample.result);
  return html`<div class="parts">${parts.map((part) => html`${headingOf(part, parts)}${drawPart(part, view)}`)}</div>`;
}

/** Several parts in one answer each say what they are. */
function headingOf(part: Part, parts: readonly Part[]): TemplateResult | typeof nothing {
  if (part.kind === 'spans') return html`<h2>spans: ${part.group}</h2>`;
  if (part.kind === 'json' && parts.length > 1) return html`<h2>other fields</h2>`;
  const titled = part.kind === 'entities' || part.kind === 'tokens' || part.kind === 'categories';
  return titled && parts.length > 1 ? html`<h2>${part.kind}</h2>` : nothing;
}

function drawPart(part: Part, view: AnswerView): TemplateResult {
  switch (part.kind) {
    case 'entities':
      return entitiesPart(part.entities, view);
    case 'spans':
      return spansPart(`spans:${part.group}`, 'spans', part.spans, view);
    case 'classification':
      return classificationPart(part.classification, view);
    case 'categories':
      return categoriesPart(part.scores, view);
    case 'values':
      return valuesPart(part.values, view);
    case 'scalar':
      return scalarPart(part.value, view);
    case 'sentences':
      return sentencesPart(part.sentences, textBetween(view.text ?? ''), view);
    case 'tokens':
      return tokensPart(part.tokens, view);
    case 'json':
      return jsonPart(part.value, 'rest', view);
  }
}

function textBetween(text: string): (start: number, end: number) => string {
  const position = utf16Positions(text);
  return (start, end) => text.slice(position(start), position(end));
}

function viewOf(sample: Sample, state: State, actions: Actions): AnswerView {
  return {
    labels: state.card?.labels ?? [],
    format: formatOf(state.locale),
    expanded: (part) => state.expanded.includes(part),
    expand: (part) => actions.dispatch({ type: 'expand', part }),
    ...(typeof sample.input === 'string' && { text: sample.input }),
  };
}

/** Before the first request: what this is, and something to click. */
function unanswered(state: State, actions: Actions): TemplateResult {
  const examples = (state.card?.examples ?? []).slice(0, 3);
  const busy = state.activity.kind !== 'none';
  const waits = samplesOf(state).length === 0;
  return html`<h2 class="single">Answer</h2>
    <div class="start">
      ${state.card?.description ? html`<p dir="auto">${state.card.description}</p>` : nothing}
      ${
        waits
          ? html`<p class="muted">
              ${
                examples.length > 0
                  ? 'Nothing sent yet. Try an example, or type your own and press Send.'
                  : 'Nothing sent yet. Type an input and press Send: the answer, and where its time went, appear here.'
              }
            </p>`
          : html`<p class="muted">Choose a request below to see its answer.</p>`
      }
      <ul class="examples">
        ${examples.map(
          (input) =>
            html`<li>
              ${linkButton(
                html`<i class="codicon codicon-play" aria-hidden="true"></i
                  ><span dir="auto">${shortInput(input, 80)}</span>`,
                () => {
                  if (!busy) void actions.tryExample(input);
                },
              )}
            </li>`,
        )}
      </ul>
    </div>`;
}
