import { alternatives, isSchema, typesOf, type Schema } from '../../src/shared/schema.ts';

export { takesText } from '../../src/shared/schema.ts';

/** What of a model card's JSON Schema of `input` a form can show. */
export type FieldKind = 'number' | 'integer' | 'string' | 'boolean' | 'choice' | 'any';

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
  maximum?: number;
}

export interface Form {
  /** An object has its fields by name, an array by position. */
  shape: 'object' | 'array';
  fields: readonly Field[];
}

/** More fields than this are quicker to give as JSON. */
export const MOST_FIELDS = 200;

/** The form of a tabular input, or undefined where the schema is not one of named or ordered simple values. */
export function formOf(schema: Schema | undefined): Form | undefined {
  if (!schema) return undefined;
  for (const one of alternatives(schema)) {
    const form = objectForm(one) ?? arrayForm(one);
    if (form && form.fields.length > 0 && form.fields.length <= MOST_FIELDS) return form;
  }
  return undefined;
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
  if (Array.isArray(items)) {
    const fields = items.map((value, index) => field(String(index), `${index + 1}`, value, true));
    return fields.every((one) => one !== undefined) ? { shape: 'array', fields } : undefined;
  }
  const length = schema['minItems'];
  if (!isSchema(items) || typeof length !== 'number' || length !== schema['maxItems'] || length > MOST_FIELDS)
    return undefined;
  const fields = Array.from({ length }, (_, index) => field(String(index), `${index + 1}`, items, true));
  return fields.every((one) => one !== undefined) ? { shape: 'array', fields } : undefined;
}

function field(key: string, name: string, schema: unknown, required: boolean): Field | undefined {
  if (!isSchema(schema)) return undefined;
  const types = typesOf(schema).filter((type) => type !== 'null');
  const options = choices(schema);
  const kind = options ? 'choice' : kindOf(schema, types);
  const examples = schema['examples'];
  if (!kind) return undefined;
  return {
    key,
    label: typeof schema['title'] === 'string' && schema['title'] ? schema['title'] : name,
    kind,
    required: required && !typesOf(schema).includes('null'),
    ...(typeof schema['description'] === 'string' && { description: schema['description'] }),
    ...(options && { options }),
    ...(kind === 'string' && Array.isArray(examples) && { suggestions: examples.map(String) }),
    ...(typeof schema['minimum'] === 'number' && { minimum: schema['minimum'] }),
    ...(typeof schema['maximum'] === 'number' && { maximum: schema['maximum'] }),
  };
}

function choices(schema: Schema): Field['options'] {
  const options = schema['enum'];
  return Array.isArray(options) && options.every((one) => ['string', 'number', 'boolean'].includes(typeof one))
    ? options
    : undefined;
}

/** An estimator that does not tell its columns' types has the empty schema for each. */
function kindOf(schema: Schema, types: readonly string[]): FieldKind | undefined {
  const [type] = types;
  if (type === undefined)
    return ['anyOf', 'oneOf', 'properties', 'items'].some((key) => key in schema) ? undefined : 'any';
  if (types.length > 1) return undefined;
  return type === 'number' || type === 'integer' || type === 'string' || type === 'boolean' ? type : undefined;
}
