import { html, noChange, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import type { Actions } from '../actions.ts';
import type { State } from '../state.ts';
import { parametersFormOf, parametersHint } from './card.ts';
import { formFields } from './form.ts';
import { problemLine, valueOf } from './text.ts';

/** Those that the model needs stand open; the others stay folded away unless the reader, or a problem, unfolds them. */
export function parametersBox(state: State, actions: Actions): TemplateResult {
  const problem = state.problems['parameters'];
  const given = state.typed.parameters.trim() !== '';
  const form = parametersFormOf(state.card);
  return html`${
      form
        ? formFields({
            form,
            values: state.typed.parameterFields,
            problems: state.problems,
            prefix: 'parameter',
            place: 'parameters.',
            change: (key, value) => actions.dispatch({ type: 'typed-parameter', key, value }),
          })
        : nothing
    }
    <details class="parameters" ?open=${live(problem ? true : noChange)}>
      <summary>${form ? 'More parameters' : 'Parameters'}${given ? ' (given)' : ''}</summary>
      <label class="hidden" for="parameters">Parameters as a JSON object</label>
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
      ${problemLine('parameters-problem', problem)}
    </details>`;
}
