import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { Actions } from '../actions.ts';
import type { State } from '../state.ts';

export function textBox(state: State, actions: Actions): TemplateResult {
  const hint = hintOf(state);
  return html`<label class="hidden" for="text">Text</label>
    <textarea
      id="text"
      class="box"
      dir="auto"
      rows="6"
      spellcheck="false"
      placeholder="Type or paste a text"
      aria-describedby=${hint ? 'input-hint' : nothing}
      .value=${live(state.typed.text)}
      @input=${(event: Event) => actions.dispatch({ type: 'typed', typed: { text: valueOf(event) } })}
    ></textarea>
    ${hintLine(hint)}`;
}

export function jsonBox(state: State, actions: Actions): TemplateResult {
  const problem = state.problems['json'];
  const hint = hintOf(state);
  return html`<label class="hidden" for="json">Input as JSON</label>
    <textarea
      id="json"
      class="box code"
      rows="6"
      spellcheck="false"
      aria-invalid=${problem ? 'true' : 'false'}
      aria-describedby=${problem ? 'json-problem' : hint ? 'input-hint' : nothing}
      placeholder='"a text" or {"age": 40}'
      .value=${live(state.typed.json)}
      @input=${(event: Event) => actions.dispatch({ type: 'typed', typed: { json: valueOf(event) } })}
    ></textarea>
    ${problemLine('json-problem', problem)} ${hintLine(hint)}`;
}

/** What the card says of the whole input. */
function hintOf(state: State): string | undefined {
  const described = state.card?.input?.['description'];
  return typeof described === 'string' && described !== '' ? described : undefined;
}

function hintLine(hint: string | undefined): TemplateResult | typeof nothing {
  return hint ? html`<p class="muted small hint" id="input-hint" dir="auto">${hint}</p>` : nothing;
}

export function problemLine(id: string, problem: string | undefined): TemplateResult | typeof nothing {
  return problem
    ? html`<p class="field-problem" id=${id}><i class="codicon codicon-error" aria-hidden="true"></i>${problem}</p>`
    : nothing;
}

export function valueOf(event: Event): string {
  return (event.target as HTMLTextAreaElement).value;
}
