import { html, nothing, type TemplateResult } from 'lit-html';
import { keyed } from 'lit-html/directives/keyed.js';
import { live } from 'lit-html/directives/live.js';
import { MOST_REPEATS } from '../../src/shared/history.ts';
import type { Actions } from '../actions.ts';
import { button, linkButton, progressRing, tabs } from '../elements.ts';
import { waitText } from '../../src/shared/waits.ts';
import { capitalised, formatOf, shortInput } from '../format.ts';
import { formOfState, samplesOf, throughOf, type Activity, type State } from '../state.ts';
import { modeLabel, modesOf } from './card.ts';
import { examplesOf } from './examples.ts';
import { formFields } from './form.ts';
import { parametersBox } from './parameters.ts';
import type { InputMode } from './read.ts';
import { jsonBox, textBox } from './text.ts';

/** A wait shorter than this is not worth a sign (ms). */
const SHOW_ELAPSED_MS = 300;
const OFFER_CANCEL_MS = 1000;

/** Shown where the keyboard's modifier is the Command key. */
const SEND_KEYS = globalThis.navigator?.platform.startsWith('Mac') ? '⌘↩' : 'Ctrl+Enter';

export function inputPane(state: State, actions: Actions): TemplateResult {
  const modes = modesOf(state.card);
  const content = (mode: InputMode): unknown =>
    mode === state.typed.mode ? modeContent(mode, state, actions) : nothing;
  const all = modes.map((mode) => ({ id: mode, label: modeLabel(mode, state.card), content: content(mode) }));
  return html`<section
    class="pane input"
    aria-label="Input"
    @keydown=${(event: KeyboardEvent) => onKey(event, state, actions)}
  >
    ${keyed(
      modes.join(),
      tabs('input', all, state.typed.mode, (mode) => actions.dispatch({ type: 'mode', mode })),
    )}
    ${suggestions(state, actions)} ${parametersBox(state, actions)} ${sendRow(state, actions)} ${waitLine(state)}
  </section>`;
}

function modeContent(mode: InputMode, state: State, actions: Actions): TemplateResult {
  const form = formOfState(state);
  if (mode === 'form' && form)
    return html`<div class="form-box">
      ${formFields({
        form,
        values: state.typed.fields,
        problems: state.problems,
        prefix: 'field',
        change: (key, value) => actions.dispatch({ type: 'typed-field', key, value }),
      })}
    </div>`;
  return mode === 'json' ? jsonBox(state, actions) : textBox(state, actions);
}

function onKey(event: KeyboardEvent, state: State, actions: Actions): void {
  if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    void actions.send();
  } else if (event.key === 'Escape' && cancellable(state.activity)) {
    event.preventDefault();
    void actions.cancel();
  }
}

/** Small ways to fill the box: the card's examples, and what is selected in an editor. */
function suggestions(state: State, actions: Actions): TemplateResult {
  // With nothing sent yet the answer's place offers the examples.
  const examples = samplesOf(state).length > 0 || state.compared ? examplesOf(state.card).slice(0, 3) : [];
  return html`<div class="suggestions">
    ${examples.length > 0 ? html`<span class="muted">examples:</span>` : nothing}
    ${examples.map((input, index) =>
      linkButton(chip(input, index), () => actions.dispatch({ type: 'filled', input }), shortInput(input, 300)),
    )}
    ${linkButton('from editor', () => void actions.fromEditor(), 'Take the text that is selected in an editor.')}
  </div>`;
}

/** Texts show how they begin; the beginning of a row of values is the same for every row. */
function chip(input: unknown, index: number): string {
  const short = shortInput(input, 24);
  return typeof input !== 'string' && /^[[{]/u.test(short) ? `example ${index + 1}` : short;
}

function sendRow(state: State, actions: Actions): TemplateResult {
  const busy = state.activity.kind !== 'none';
  return html`<div class="send-row">
    <span class="send">
      ${button({
        id: 'send',
        label: 'Send',
        primary: true,
        disabled: busy,
        title: `Send the input (${SEND_KEYS})`,
        click: () => {
          focusInput();
          void actions.send();
        },
      })}
      ${progress(state, actions)}
    </span>
    <span class="repeat">
      ${button({
        id: 'repeat',
        label: 'Repeat',
        disabled: busy,
        title: 'Send the same input several times, one after another.',
        click: () => void actions.repeat(),
      })}
      <label class="hidden" for="times">How many times</label>
      <input
        id="times"
        type="number"
        min="1"
        max=${MOST_REPEATS}
        .value=${live(String(state.repeatTimes))}
        @change=${(event: Event) =>
          actions.dispatch({ type: 'repeat-times', times: Number((event.target as HTMLInputElement).value) })}
      />
      <span aria-hidden="true">times</span>
    </span>
  </div>`;
}

/** Its place is kept when there is nothing to wait for, so that nothing moves under the pointer. */
function progress(state: State, actions: Actions): TemplateResult {
  const { activity } = state;
  const format = formatOf(state.locale);
  const quick = activity.kind === 'send' && activity.elapsedMs < SHOW_ELAPSED_MS;
  return html`<span class="progress">
    ${
      activity.kind === 'none' || quick
        ? html`<kbd>${SEND_KEYS}</kbd>`
        : html`${progressRing()}
            <span class="elapsed"
              >${
                activity.kind === 'repeat'
                  ? `${format.count(activity.done)} of ${format.count(activity.times)}`
                  : format.ms(activity.elapsedMs)
              }</span
            >`
    }
    ${
      cancellable(activity)
        ? button({
            id: 'cancel',
            label: activity.cancelling ? 'Cancelling' : 'Cancel',
            disabled: activity.cancelling,
            title: 'Cancel (Escape)',
            click: () => {
              focusInput();
              void actions.cancel();
            },
          })
        : nothing
    }
  </span>`;
}

/** Why it takes so long; where deployments on AWS are asked its place is kept. */
function waitLine(state: State): TemplateResult | typeof nothing {
  if (throughOf(state) === undefined) return nothing;
  const { activity } = state;
  const wait = activity.kind === 'none' ? undefined : activity.wait;
  return html`<p class="wait muted" aria-hidden="true">${wait ? capitalised(waitText(wait)) : nothing}</p>`;
}

function cancellable(activity: Activity): activity is Exclude<Activity, { kind: 'none' }> {
  return activity.kind === 'repeat' || (activity.kind === 'send' && activity.elapsedMs >= OFFER_CANCEL_MS);
}

/** The button is about to become disabled, which would drop the focus. */
function focusInput(): void {
  document.querySelector<HTMLElement>('.input vscode-panel-view:not([hidden]) :is(textarea, input, select)')?.focus();
}
