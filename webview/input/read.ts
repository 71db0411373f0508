import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { PlaygroundInput } from '../../src/shared/playground.ts';
import { listText, textsIn } from './list.ts';
import type { Field, FieldKind, Form } from './schema.ts';

export type InputMode = 'text' | 'form' | 'json';

/**
 * What was typed, per mode. Field values are texts as typed, a list of texts is a JSON array of them; an empty one was
 * not filled in.
 */
export interface TypedInput {
  mode: InputMode;
  text: string;
  fields: Record<string, string>;
  json: string;
  /** JSON of an object, or empty for none. */
  parameters: string;
  /** Parameters that have a field of their own. */
  parameterFields: Record<string, string>;
}

export function blankInput(): TypedInput {
  return { mode: 'text', text: '', fields: {}, json: '', parameters: '', parameterFields: {} };
}

/** What is wrong, per place: a field's key, or `json`, `parameters`, or `parameters.` and the field's key. */
export type InputProblems = Record<string, string>;

export type ReadInput = { ok: true; value: PlaygroundInput } | { ok: false; problems: InputProblems };

/** What Send would send. `parametersForm` are the parameters that have fields of their own. */
export function readInput(typed: TypedInput, form: Form | undefined, parametersForm?: Form): ReadInput {
  const problems: InputProblems = {};
  const input = readValue(typed, form, problems);
  const parameters = readParameters(typed, parametersForm, problems);
  if (Object.keys(problems).length > 0) return { ok: false, problems };
  return { ok: true, value: { input, ...(parameters && { parameters }) } };
}

function readValue(typed: TypedInput, form: Form | undefined, problems: InputProblems): unknown {
  if (typed.mode === 'text') return typed.text;
  if (typed.mode === 'form' && form) return readForm(form, typed.fields, problems);
  if (typed.json.trim() === '') {
    problems['json'] = 'Type the input as JSON, for example "a text" or {"age": 40}.';
    return undefined;
  }
  return readJson(typed.json, 'json', problems);
}

function readParameters(
  typed: TypedInput,
  form: Form | undefined,
  problems: InputProblems,
): Record<string, unknown> | undefined {
  const own = form && readParameterFields(form, typed.parameterFields, problems);
  if (typed.parameters.trim() === '') return own && Object.keys(own).length > 0 ? own : undefined;
  const value = readJson(typed.parameters, 'parameters', problems);
  if (problems['parameters']) return undefined;
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    problems['parameters'] = 'Parameters are a JSON object, for example {"threshold": 0.5}.';
    return undefined;
  }
  const twice = Object.keys(value).find((key) => own && key in own);
  if (twice) problems['parameters'] = `${twice} has a field of its own above.`;
  return { ...own, ...value };
}

function readParameterFields(form: Form, values: Record<string, string>, problems: InputProblems) {
  const wrong: InputProblems = {};
  const read = readForm(form, values, wrong) as Record<string, unknown>;
  for (const [key, problem] of Object.entries(wrong)) problems[`parameters.${key}`] = problem;
  return read;
}

function readJson(text: string, place: string, problems: InputProblems): unknown {
  try {
    return JSON.parse(text);
  } catch {
    problems[place] = `Not JSON: ${jsonProblem(text)}`;
    return undefined;
  }
}

/** What is wrong with a text that is not JSON, and where: the engine's own message often has no place. */
function jsonProblem(text: string): string {
  const errors: ParseError[] = [];
  parse(text, errors, { disallowComments: true });
  const [first] = errors;
  if (!first) return 'it has a character that JSON does not allow.';
  const what = printParseErrorCode(first.error).replace(/(?<=[a-z])[A-Z]/gu, (letter) => ` ${letter.toLowerCase()}`);
  const before = text.slice(0, first.offset).split('\n');
  return `${what} in line ${before.length}, column ${before.at(-1)!.length + 1}.`;
}

function readForm(form: Form, values: Record<string, string>, problems: InputProblems): unknown {
  const read = form.fields.map((field) => [field.key, readField(field, values[field.key] ?? '', problems)] as const);
  if (form.shape === 'array') return read.map(([, value]) => value ?? null);
  return Object.fromEntries(read.filter(([, value]) => value !== undefined));
}

/** What an empty field asks for. */
const EMPTY: Record<Exclude<FieldKind, 'string'>, string> = {
  number: 'Enter a number.',
  integer: 'Enter a whole number.',
  any: 'Enter a number or a text.',
  boolean: 'Choose one.',
  choice: 'Choose one.',
  text: 'Type a text.',
  texts: 'Type at least one.',
  json: 'Type it as JSON.',
};

function readField(field: Field, text: string, problems: InputProblems): unknown {
  if (field.kind === 'texts') return readTexts(field, text, problems);
  if (text.trim() === '' && (field.kind === 'text' || field.kind === 'json')) {
    if (field.required) problems[field.key] = EMPTY[field.kind];
    return undefined;
  }
  if (text === '') {
    if (field.required && field.kind !== 'string')
      problems[field.key] = `${EMPTY[field.kind]} JSON mode can send null.`;
    return field.required && field.kind === 'string' ? '' : undefined;
  }
  switch (field.kind) {
    case 'string':
    case 'text':
      return text;
    case 'json':
      return readJson(text, field.key, problems);
    case 'any':
      return anyValue(text);
    case 'boolean':
      return text === 'true';
    case 'choice':
      return field.options?.find((option) => String(option) === text);
    case 'number':
    case 'integer':
      return readNumber(field, text, problems);
  }
}

/** The texts that were typed; boxes left empty are none. */
function readTexts(field: Field, text: string, problems: InputProblems): string[] | undefined {
  const given = textsIn(text).filter((one) => one.trim() !== '');
  if (given.length > 0) return given;
  if (field.required) problems[field.key] = EMPTY.texts;
  return undefined;
}

/** A number where it reads as one, else the text. */
function anyValue(text: string): string | number {
  const number = Number(text);
  return text.trim() !== '' && Number.isFinite(number) ? number : text;
}

function readNumber(field: Field, text: string, problems: InputProblems): number | undefined {
  const value = Number(text);
  // A comma is refused, not guessed at: it divides thousands for some and decimals for others.
  if (text.trim() === '' || !Number.isFinite(value)) problems[field.key] = 'Not a number. Decimals have a point: 5.1.';
  else if (field.kind === 'integer' && !Number.isInteger(value)) problems[field.key] = 'Not a whole number.';
  else if (field.minimum !== undefined && value < field.minimum) problems[field.key] = `At least ${field.minimum}.`;
  else if (field.above !== undefined && value <= field.above) problems[field.key] = `More than ${field.above}.`;
  else if (field.maximum !== undefined && value > field.maximum) problems[field.key] = `At most ${field.maximum}.`;
  return value;
}

/**
 * The place in the form of the field that a problem names: `input.age` or `input[3]`, or further inside:
 * `input.sentences[2]`.
 */
export function fieldOf(field: string, form: Form, root = 'input'): string | undefined {
  const names = ({ key }: Field): boolean => {
    const place = form.shape === 'array' ? `${root}[${key}]` : `${root}.${key}`;
    return field === place || field.startsWith(`${place}[`) || field.startsWith(`${place}.`);
  };
  // A column's own name may have dots: the longest that fits is meant.
  return form.fields.filter(names).sort((a, b) => b.key.length - a.key.length)[0]?.key;
}

/** The typed input that would send `input`, in the given mode if that can show it, else as JSON. */
export function typeInput(typed: TypedInput, input: unknown, mode: InputMode, form: Form | undefined): TypedInput {
  if (mode === 'text' && typeof input === 'string') return { ...typed, mode, text: input };
  if (mode === 'form' && form) {
    const fields = fieldsFrom(form, input);
    if (fields) return { ...typed, mode, fields };
  }
  return { ...typed, mode: 'json', json: JSON.stringify(input, undefined, 2) ?? '' };
}

function fieldsFrom(form: Form, input: unknown): Record<string, string> | undefined {
  if (typeof input !== 'object' || input === null || Array.isArray(input) !== (form.shape === 'array'))
    return undefined;
  const byKey = new Map(form.fields.map((field) => [field.key, field]));
  const entries = Object.entries(input);
  // What the form has no field for would be lost without a word.
  if (!entries.every(([key]) => byKey.has(key))) return undefined;
  const texts = entries.map(([key, value]) => [key, fieldText(byKey.get(key)!, value)] as const);
  return texts.every((entry): entry is readonly [string, string] => entry[1] !== undefined)
    ? Object.fromEntries(texts)
    : undefined;
}

/** A value as it would be typed into a field; undefined where the field cannot hold it. */
export function fieldText({ kind }: Field, value: unknown): string | undefined {
  if (value === null) return '';
  if (kind === 'json') return JSON.stringify(value);
  if (kind === 'texts')
    return Array.isArray(value) && value.every((one) => typeof one === 'string') ? listText(value) : undefined;
  return typeof value === 'object' ? undefined : String(value);
}

/** The same input in another mode, where the other mode can show it; else what that mode held before. */
export function switchMode(typed: TypedInput, mode: InputMode, form: Form | undefined): TypedInput {
  const read = readInput({ ...typed, parameters: '' }, form);
  if (!read.ok || read.value.input === '') return { ...typed, mode };
  const converted = typeInput(typed, read.value.input, mode, form);
  return converted.mode === mode ? converted : { ...typed, mode };
}
