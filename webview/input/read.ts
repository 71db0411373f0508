import { parse, printParseErrorCode, type ParseError } from 'jsonc-parser';
import type { PlaygroundInput } from '../../src/shared/playground.ts';
import type { Field, Form } from './schema.ts';

export type InputMode = 'text' | 'form' | 'json';

/** What was typed, per mode. Field values are texts as typed; an empty one was not filled in. */
export interface TypedInput {
  mode: InputMode;
  text: string;
  fields: Record<string, string>;
  json: string;
  /** JSON of an object, or empty for none. */
  parameters: string;
}

/** What is wrong, per place: a field's key, or `json` or `parameters`. */
export type InputProblems = Record<string, string>;

export type ReadInput = { ok: true; value: PlaygroundInput } | { ok: false; problems: InputProblems };

/** What Send would send. */
export function readInput(typed: TypedInput, form: Form | undefined): ReadInput {
  const problems: InputProblems = {};
  const parameters = readParameters(typed.parameters, problems);
  const input = readValue(typed, form, problems);
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

function readParameters(text: string, problems: InputProblems): Record<string, unknown> | undefined {
  if (text.trim() === '') return undefined;
  const value = readJson(text, 'parameters', problems);
  if (problems['parameters']) return undefined;
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  problems['parameters'] = 'Parameters are a JSON object, for example {"threshold": 0.5}.';
  return undefined;
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

function readField(field: Field, text: string, problems: InputProblems): unknown {
  if (text === '') {
    if (field.required && field.kind !== 'string') problems[field.key] = 'Missing. JSON mode can send null.';
    return field.required && field.kind === 'string' ? '' : undefined;
  }
  switch (field.kind) {
    case 'string':
      return text;
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
  else if (field.maximum !== undefined && value > field.maximum) problems[field.key] = `At most ${field.maximum}.`;
  return value;
}

/** The place in the form of the field that a problem names: `input.age` or `input[3]`. */
export function fieldOf(field: string, form: Form): string | undefined {
  const key = /^input(?:\.(.+)|\[(\d+)\])$/su
    .exec(field)
    ?.slice(1)
    .find((one) => one !== undefined);
  return form.fields.find((one) => one.key === key)?.key;
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
  const known = new Set(form.fields.map((field) => field.key));
  const entries = Object.entries(input);
  // What the form has no field for would be lost without a word.
  if (!entries.every(([key, value]) => known.has(key) && (value === null || typeof value !== 'object')))
    return undefined;
  return Object.fromEntries(entries.map(([key, value]) => [key, value === null ? '' : String(value)]));
}

/** The same input in another mode, where the other mode can show it; else what that mode held before. */
export function switchMode(typed: TypedInput, mode: InputMode, form: Form | undefined): TypedInput {
  const read = readInput({ ...typed, parameters: '' }, form);
  if (!read.ok || read.value.input === '') return { ...typed, mode };
  const converted = typeInput(typed, read.value.input, mode, form);
  return converted.mode === mode ? converted : { ...typed, mode };
}
