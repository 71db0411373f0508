import { html, noChange, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { Actions } from '../actions.ts';
import type { State } from '../state.ts';
import { parametersFormOf, parametersHint, takesNoParameters } from './card.ts';
import { formFields } from './form.ts';
import type { Form } from './schema.ts';
import { problemLine, valueOf } from './text.ts';

/** Those that the model needs stand open; the others stay folded away unless the reader, or a problem, unfolds them. */
export function parametersBox(state: State, actions: Actions): TemplateResult | typeof nothing {
  const form = parametersFormOf(state.card);
  // What was sent before, or to another version, may be of no field: it is shown as long as it would be sent.
  const asJson = state.typed.parameters.trim() !== '' || (!form && !takesNoParameters(state.card));
  const needed = partOf(form, true);
  const others = partOf(form, false);
  if (!form && !asJson) return nothing;
  const given = state.typed.parameters.trim() !== '' || others?.fields.some(({ key }) => isTyped(state, key));
  const refused = state.problems['parameters'] ?? others?.fields.find(({ key }) => state.problems[`parameters.${key}`]);
  const folded = html`<details class="parameters" ?open=${live(refused ? true : noChange)}>
    <summary>${needed ? 'More parameters' : 'Parameters'}${given ? ' (given)' : ''}</summary>
    ${others ? fields(others, state, actions, 'more-parameter') : nothing} ${asJson ? jsonBox(state, actions) : nothing}
  </details>`;
  return html`${needed ? fields(needed, state, actions, 'parameter') : nothing} ${others || asJson ? folded : nothing}`;
}

function partOf(form: Form | undefined, required: boolean): Form | undefined {
  const own = form?.fields.filter((field) => field.required === required) ?? [];
  return own.length > 0 ? { shape: 'object', fields: own } : undefined;
}

function isTyped({ typed }: State, key: string): boolean {
  return (typed.parameterFields[key] ?? '') !== '';
}

function fields(form: Form, state: State, actions: Actions, prefix: string): TemplateResult {
  return formFields({
    form,
    values: state.typed.parameterFields,
    problems: state.problems,
    prefix,
    place: 'parameters.',
    change: (key, value) => actions.dispatch({ type: 'typed-parameter', key, value }),
  });
}

function jsonBox(state: State, actions: Actions): TemplateResult {
  const problem = state.problems['parameters'];
  return html`<label class="hidden" for="parameters">Parameters as a JSON object</label>
    <textarea
      id="parameters"
      class="code"
      rows="2"
      spellcheck="false"
      aria-invalid=${problem ? 'true' : 'false'}
      aria-describedby=${problem ? 'parameters-problem' : nothing}
      placeholder=${parametersHint(state.card)}
      .value=${live(state.typed.parameters)}
      @input=${(event: Event) => actions.dispatch({ type: 'typed', typed: { parameters: valueOf(event) } })}
    ></textarea>
    ${problemLine('parameters-problem', problem)}`;
}
