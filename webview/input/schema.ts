import { sampleOf } from '../../src/shared/sample.ts';
import { alternatives, isSchema, typesOf, type Schema } from '../../src/shared/schema.ts';

export { takesText } from '../../src/shared/schema.ts';

/**
 * What of a model card's JSON Schema of `input` a form can show: `text` is a box of several lines, `texts` a list of
 * texts, `json` nested lists, the rest are single values.
 */
export type FieldKind = 'number' | 'integer' | 'string' | 'boolean' | 'choice' | 'any' | 'text' | 'texts' | 'json';

export interface Field {
  /** Property name, or the position as text. */
  key: string;
  label: string;
  kind: FieldKind;
  required: boolean;
  description?: string;
  /** For `choice`: what may be sent, in the schema's order. */
  options?: readonly (string | number | boolean)[];
  /** Known values of a text that may also be another. */
  suggestions?: readonly string[];
  minimum?: number;
  /** The value itself is not allowed. */
  above?: number;
  maximum?: number;
  /** What the model takes where nothing is given. */
  usual?: string;
  /** For `json`, and for `texts` where the schema has one: a value that the model takes, as JSON. */
  example?: string;
}

export interface Form {
  /** An object has its fields by name, an array by position. */
  shape: 'object' | 'array';
  fields: readonly Field[];
}

/** More fields than this are quicker to give as JSON. */
export const MOST_FIELDS = 200;
/** A longer example (an image as a tensor) would only be in the way; in UTF-16 units. */
export const MOST_EXAMPLE = 4000;

/** Names of fields that hold running text, as the tasks of text models have them. */
const RUNNING_TEXT = new Set(['context', 'text', 'text_pair', 'passage', 'document', 'article', 'source', 'question']);

/** The form of an input of several values, or undefined where the schema is not one of named or ordered values. */
export function formOf(schema: Schema | undefined): Form | undefined {
  if (!schema) return undefined;
  for (const one of alternatives(schema)) {
    const form = objectForm(one) ?? arrayForm(one);
    if (form && form.fields.length > 0 && form.fields.length <= MOST_FIELDS) return form;
  }
  return undefined;
}

/** A valid value of a schema as JSON to begin with; undefined where it would be very long. */
export function exampleJson(schema: Schema): string | undefined {
  const text = JSON.stringify(sampleOf(schema));
  return text.length <= MOST_EXAMPLE ? text : undefined;
}

function objectForm(schema: Schema): Form | undefined {
  const properties = schema['properties'];
  if (!isSchema(properties)) return undefined;
  const required = Array.isArray(schema['required']) ? schema['required'] : [];
  const fields = Object.entries(properties).map(([key, value]) => field(key, key, value, required.includes(key)));
  return fields.every((one) => one !== undefined) ? { shape: 'object', fields } : undefined;
}

function arrayForm(schema: Schema): Form | undefined {
  const items = schema['prefixItems'] ?? schema['items'];
  if (Array.isArray(items)) return positions(items);
  const length = schema['minItems'];
  if (!isSchema(items) || typeof length !== 'number' || length !== schema['maxItems'] || length > MOST_FIELDS)
    return undefined;
  return positions(Array.from({ length }, () => items));
}

/** Rows of single values: lists of lists are easier to read, and to give, as JSON. */
function positions(items: readonly unknown[]): Form | undefined {
  const fields = items.map((value, index) => field(String(index), `${index + 1}`, value, true));
  return fields.every((one) => one !== undefined && one.kind !== 'json' && one.kind !== 'texts')
    ? { shape: 'array', fields: fields as Field[] }
    : undefined;
}

function field(key: string, name: string, schema: unknown, required: boolean): Field | undefined {
  if (!isSchema(schema)) return undefined;
  const types = typesOf(schema).filter((type) => type !== 'null');
  const options = choices(schema);
  const kind = options ? 'choice' : kindOf(key, schema, types);
  const examples = schema['examples'];
  if (!kind) return undefined;
  const example = kind === 'json' || (kind === 'texts' && Array.isArray(examples)) ? exampleJson(schema) : undefined;
  const usual = schema['default'];
  return {
    key,
    label: typeof schema['title'] === 'string' && schema['title'] ? schema['title'] : name,
    kind,
    required: required && !typesOf(schema).includes('null'),
    ...(typeof schema['description'] === 'string' && { description: schema['description'] }),
    ...(options && { options }),
    ...(kind === 'string' && Array.isArray(examples) && { suggestions: examples.map(String) }),
    ...(typeof schema['minimum'] === 'number' && { minimum: schema['minimum'] }),
    ...(typeof schema['exclusiveMinimum'] === 'number' && { above: schema['exclusiveMinimum'] }),
    ...(typeof schema['maximum'] === 'number' && { maximum: schema['maximum'] }),
    ...(['string', 'number', 'boolean'].includes(typeof usual) && { usual: String(usual) }),
    ...(example !== undefined && { example }),
  };
}

function choices(schema: Schema): Field['options'] {
  const options = schema['enum'];
  return Array.isArray(options) && options.every((one) => ['string', 'number', 'boolean'].includes(typeof one))
    ? options
    : undefined;
}

/** An estimator that does not tell its columns' types has the empty schema for each. */
function kindOf(key: string, schema: Schema, types: readonly string[]): FieldKind | undefined {
  const [type] = types;
  if (type === undefined)
    return ['anyOf', 'oneOf', 'properties', 'items'].some((one) => one in schema) ? undefined : 'any';
  if (types.length > 1) return undefined;
  if (type === 'array') return isListOfTexts(schema) ? 'texts' : 'json';
  if (type === 'string') return RUNNING_TEXT.has(key) && !schema['examples'] ? 'text' : 'string';
  return type === 'number' || type === 'integer' || type === 'boolean' ? type : undefined;
}

function isListOfTexts({ items }: Schema): boolean {
  return isSchema(items) && typesOf(items).join() === 'string';
}
