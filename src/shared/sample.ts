import { isSchema, typesOf, type Schema } from './schema.ts';

/** An input that a JSON Schema allows, as far as it says: the first of its own examples or choices, else a made one. */
export function sampleOf(schema: Schema): unknown {
  for (const given of [schema['examples'], schema['enum']])
    if (Array.isArray(given) && given.length > 0) return given[0];
  const minimum = schema['minimum'];
  switch (typesOf(schema)[0]) {
    case 'number':
    case 'integer':
      return typeof minimum === 'number' ? Math.max(1, minimum) : 1;
    case 'boolean':
      return true;
    case 'object':
      return sampleObject(schema);
    case 'array':
      return sampleArray(schema);
    case 'string':
      return 'some text';
    default:
      // A column whose type the model does not tell is a number more often than not.
      return 1;
  }
}

function sampleObject({ properties }: Schema): Record<string, unknown> {
  const fields = isSchema(properties) ? Object.entries(properties) : [];
  return Object.fromEntries(fields.map(([name, one]) => [name, isSchema(one) ? sampleOf(one) : 1]));
}

function sampleArray(schema: Schema): unknown[] {
  const { items, prefixItems, minItems, description } = schema;
  if (Array.isArray(prefixItems)) return prefixItems.map((one) => (isSchema(one) ? sampleOf(one) : 1));
  const tensor = isSchema(items) ? undefined : tensorOf(description);
  if (tensor) return tensor;
  const length = typeof minItems === 'number' ? minItems : 1;
  return Array.from({ length }, () => (isSchema(items) ? sampleOf(items) : 1));
}

/** A tensor as a description names it, `float32 [batch, 4]`: sizes that are free are 1. */
function tensorOf(description: unknown): unknown[] | undefined {
  const named = typeof description === 'string' ? /(\w+) \[([^\]]*)\]/u.exec(description) : null;
  if (!named?.[2]) return undefined;
  const sizes = named[2].split(',').map((size) => (/^\s*\d+\s*$/u.test(size) ? Number(size) : 1));
  const value = named[1] === 'strings' ? 'some text' : named[1] === 'bool' ? true : 1;
  return sizes.reduceRight<unknown>((inner, size) => Array.from({ length: size }, () => inner), value) as unknown[];
}
