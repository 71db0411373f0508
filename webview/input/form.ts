import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import type { Actions } from '../actions.ts';
import type { State } from '../state.ts';
import type { Field, FieldKind, Form } from './schema.ts';
import { problemLine } from './text.ts';

/** One row per field of the model's input, in the model's order. */
export function formFields(form: Form, state: State, actions: Actions): TemplateResult {
  const change = (key: string, value: string): void => actions.dispatch({ type: 'typed-field', key, value });
  return html`<div class="form box">
    ${repeat(
      form.fields,
      (field) => field.key,
      (field, index) => row(field, index, state.typed.fields[field.key] ?? '', state.problems[field.key], change),
    )}
  </div>`;
}

const HINTS: Record<FieldKind, string> = {
  number: 'number',
  integer: 'whole number',
  string: 'text',
  any: 'number or text',
  boolean: 'true or false',
  choice: 'choice',
};

type Change = (key: string, value: string) => void;

function row(field: Field, index: number, value: string, problem: string | undefined, change: Change): TemplateResult {
  const id = `field-${index}`;
  return html`<label for=${id} title=${field.description ?? field.label} dir="auto">${field.label}</label>
    <div>
      ${
        field.kind === 'boolean' || field.kind === 'choice'
          ? select(field, id, value, problem, change)
          : box(field, id, value, problem, change)
      }
      ${problemLine(`${id}-problem`, problem)}
    </div>`;
}

function select(field: Field, id: string, value: string, problem: string | undefined, change: Change): TemplateResult {
  const options = field.options?.map(String) ?? ['true', 'false'];
  return html`<select
    id=${id}
    aria-invalid=${problem ? 'true' : 'false'}
    aria-describedby=${problem ? `${id}-problem` : nothing}
    @change=${(event: Event) => change(field.key, (event.target as HTMLSelectElement).value)}
  >
    <option value="" .selected=${value === ''}>${field.required ? 'choose' : 'not given'}</option>
    ${options.map((option) => html`<option value=${option} .selected=${live(option === value)}>${option}</option>`)}
  </select>`;
}

function box(field: Field, id: string, value: string, problem: string | undefined, change: Change): TemplateResult {
  const list = field.suggestions?.length ? `${id}-suggestions` : undefined;
  return html`<input
      id=${id}
      type="text"
      dir="auto"
      autocomplete="off"
      spellcheck="false"
      inputmode=${field.kind === 'number' || field.kind === 'integer' ? 'decimal' : 'text'}
      list=${list ?? nothing}
      placeholder=${field.required ? HINTS[field.kind] : `${HINTS[field.kind]}, optional`}
      aria-invalid=${problem ? 'true' : 'false'}
      aria-describedby=${problem ? `${id}-problem` : nothing}
      .value=${live(value)}
      @input=${(event: Event) => change(field.key, (event.target as HTMLInputElement).value)}
    />${
      list
        ? html`<datalist id=${list}>${field.suggestions?.map((one) => html`<option value=${one}></option>`)}</datalist>`
        : nothing
    }`;
}
