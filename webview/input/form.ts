import { html, nothing, type TemplateResult } from 'lit-html';
import { live } from 'lit-html/directives/live.js';
import { repeat } from 'lit-html/directives/repeat.js';
import { textList } from './list.ts';
import type { InputProblems } from './read.ts';
import type { Field, FieldKind, Form } from './schema.ts';
import { problemLine } from './text.ts';

export interface FormOptions {
  form: Form;
  values: Readonly<Record<string, string>>;
  problems: InputProblems;
  /** Before each id. */
  prefix: string;
  /** Before a field's key among the problems. */
  place?: string;
  change(key: string, value: string): void;
}

/** One row per field, in the model's order. */
export function formFields({ form, values, problems, prefix, place = '', change }: FormOptions): TemplateResult {
  return html`<div class="form">
    ${repeat(
      form.fields,
      (field) => field.key,
      (field, index) =>
        row({
          field,
          id: `${prefix}-${index}`,
          value: values[field.key] ?? '',
          problem: problems[`${place}${field.key}`],
          change: (value) => change(field.key, value),
        }),
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
  text: 'Type or paste a text',
  texts: 'list of texts',
  json: 'JSON',
};

interface Row {
  field: Field;
  id: string;
  value: string;
  problem: string | undefined;
  change(value: string): void;
}

function row(options: Row): TemplateResult {
  const { field, id, problem } = options;
  const problemId = `${id}-problem`;
  if (field.kind === 'texts')
    return html`<fieldset class="tall">
      <legend>${field.label}</legend>
      ${textList({ id, name: field.label, value: options.value, problemId: problem && problemId, change: options.change })}
      ${problemLine(problemId, problem)}
    </fieldset>`;
  const tall = field.kind === 'text' || field.kind === 'json';
  return html`<label class=${tall ? 'tall' : nothing} for=${id} title=${field.description ?? field.label} dir="auto"
      >${field.label}${
        field.kind === 'json' && field.description
          ? html` <span class="muted small" id="${id}-hint">${field.description}</span>`
          : nothing
      }</label
    >
    <div class=${tall ? 'tall' : nothing}>${control(options)} ${problemLine(problemId, problem)}</div>`;
}

function control(options: Row): TemplateResult {
  switch (options.field.kind) {
    case 'boolean':
    case 'choice':
      return select(options);
    case 'text':
    case 'json':
      return area(options);
    default:
      return box(options);
  }
}

function select({ field, id, value, problem, change }: Row): TemplateResult {
  const options = field.options?.map(String) ?? ['true', 'false'];
  return html`<select
    id=${id}
    aria-invalid=${problem ? 'true' : 'false'}
    aria-describedby=${problem ? `${id}-problem` : nothing}
    @change=${(event: Event) => change((event.target as HTMLSelectElement).value)}
  >
    <option value="" .selected=${value === ''}>${field.required ? 'choose' : (field.usual ?? 'not given')}</option>
    ${options.map((option) => html`<option value=${option} .selected=${live(option === value)}>${option}</option>`)}
  </select>`;
}

/** Fields of one line for a question, of several for what is read. */
const LINES: Record<string, number> = { question: 2, source: 2 };

function area({ field, id, value, problem, change }: Row): TemplateResult {
  const isJson = field.kind === 'json';
  return html`<textarea
    id=${id}
    class=${isJson ? 'code' : nothing}
    dir=${isJson ? 'ltr' : 'auto'}
    rows=${isJson ? 3 : (LINES[field.key] ?? 6)}
    spellcheck="false"
    placeholder=${isJson ? (field.example ?? 'JSON') : HINTS[field.kind]}
    aria-invalid=${problem ? 'true' : 'false'}
    aria-describedby=${problem ? `${id}-problem` : isJson && field.description ? `${id}-hint` : nothing}
    .value=${live(value)}
    @input=${(event: Event) => change((event.target as HTMLTextAreaElement).value)}
  ></textarea>`;
}

function box({ field, id, value, problem, change }: Row): TemplateResult {
  const list = field.suggestions?.length ? `${id}-suggestions` : undefined;
  return html`<input
      id=${id}
      type="text"
      dir="auto"
      autocomplete="off"
      spellcheck="false"
      inputmode=${field.kind === 'number' || field.kind === 'integer' ? 'decimal' : 'text'}
      list=${list ?? nothing}
      placeholder=${field.usual ?? (field.required ? HINTS[field.kind] : `${HINTS[field.kind]}, optional`)}
      aria-invalid=${problem ? 'true' : 'false'}
      aria-describedby=${problem ? `${id}-problem` : nothing}
      .value=${live(value)}
      @input=${(event: Event) => change((event.target as HTMLInputElement).value)}
    />${
      list
        ? html`<datalist id=${list}>${field.suggestions?.map((one) => html`<option value=${one}></option>`)}</datalist>`
        : nothing
    }`;
}
