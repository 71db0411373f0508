import { html, nothing, type TemplateResult } from 'lit-html';
import { guard } from 'lit-html/directives/guard.js';
import type { Sample } from '../../src/shared/latency.ts';
import type { Actions } from '../actions.ts';
import { iconButton, linkButton, tabs } from '../elements.ts';
import { formatOf, shortInput } from '../format.ts';
import { examplesOf } from '../input/examples.ts';
import { failed } from '../latency/kinds.ts';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { samplesOf, shownSample, statusOf, type State } from '../state.ts';
import { drawResult } from './draw.ts';
import { jsonPart } from './json.ts';
import { errorView, problemView } from './problem.ts';
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
          ? answered(sample, state, actions, { stale, prefix: 'view', status: statusOf(state) })
          : unanswered(state, actions)
    }
  </section>`;
}

export interface AnsweredOptions {
  /** Another answer is on its way. */
  stale: boolean;
  /** What makes its ids unique in the page. */
  prefix: string;
  /** Of the deployment that gave it. */
  status: DeploymentStatus | undefined;
}

/** One request's answer with its number, as people read it or as JSON. */
export function answered(
  sample: Sample,
  state: State,
  actions: Actions,
  { stale, prefix, status }: AnsweredOptions,
): TemplateResult {
  const copied = prefix === 'view' ? 'answer' : `answer ${prefix}`;
  const view = viewOf(sample, state, actions);
  const json = failed(sample) ? (sample.problem ?? null) : sample.result;
  // An answer may be megabytes; it is not to be drawn anew at every key.
  const content = guard([...drawnFrom(sample, state), failed(sample) && status?.state], () =>
    state.view === 'json'
      ? jsonPart(json, 'whole', view)
      : failed(sample)
        ? problemView(sample, status?.state === 'stopped', actions)
        : drawResult(sample.result, view),
  );
  return html`<p class="caption muted">
      <span>#${sample.number}${stale ? ' · previous answer' : ''}</span>
      ${iconButton({
        label: state.copied === copied ? 'Copied' : 'Copy the answer as JSON',
        icon: state.copied === copied ? 'check' : 'copy',
        click: () => void actions.copyText(copied, JSON.stringify(json, undefined, 2)),
      })}
    </p>
    ${tabs(
      prefix,
      [
        { id: 'answer', label: 'Answer', content: state.view === 'answer' ? content : nothing },
        { id: 'json', label: 'JSON', content: state.view === 'json' ? content : nothing },
      ],
      state.view,
      (id) => actions.dispatch({ type: 'view', view: id }),
    )}`;
}

/** All that the drawing of an answer hangs on. */
function drawnFrom(sample: Sample, state: State): unknown[] {
  const { view, expanded, choices, copied, card, locale } = state;
  return [sample, view, expanded, choices, copied, card, locale];
}

function viewOf(sample: Sample, state: State, actions: Actions): AnswerView {
  return {
    input: sample.input,
    labels: state.card?.labels ?? [],
    ...(state.card?.exclusiveCategories !== undefined && { exclusiveCategories: state.card.exclusiveCategories }),
    format: formatOf(state.locale),
    expanded: (part) => state.expanded.includes(part),
    expand: (part) => actions.dispatch({ type: 'expand', part }),
    choice: (part) => state.choices[part] ?? 0,
    choose: (part, value) => actions.dispatch({ type: 'choose', part, value }),
    showJson: () => actions.dispatch({ type: 'view', view: 'json' }),
    copied: (what) => state.copied === what,
    copy: (what, text) => void actions.copyText(what, text),
    ...(typeof sample.input === 'string' && { text: sample.input }),
  };
}

/** Before the first request: what this is, and something to click. */
function unanswered(state: State, actions: Actions): TemplateResult {
  const examples = examplesOf(state.card).slice(0, 3);
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
