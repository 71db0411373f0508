import type { ModelCard } from '../../shared/contract.ts';

interface Schema {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  prefixItems?: Schema[];
  enum?: unknown[];
  examples?: unknown[];
  minItems?: number;
}

/** An input that the model can answer, as far as its card says what it takes; a text where it says nothing. */
export function exampleInput(card: ModelCard | undefined): unknown {
  const [given] = (card?.examples ?? []) as { input?: unknown }[];
  if (given?.input !== undefined) return given.input;
  return card?.input && Object.keys(card.input).length > 0 ? sample(card.input as Schema) : 'some text';
}

function sample({ type, properties, items, prefixItems, enum: choices, examples, minItems }: Schema): unknown {
  if (choices?.length) return choices[0];
  if (examples?.length) return examples[0];
  switch ([type].flat()[0]) {
    case 'boolean':
      return true;
    case 'object':
      return Object.fromEntries(Object.entries(properties ?? {}).map(([field, one]) => [field, sample(one)]));
    case 'array':
      return prefixItems?.map((one) => sample(one)) ?? Array.from({ length: minItems ?? 1 }, () => sample(items ?? {}));
    case 'string':
      return 'some text';
    default:
      // A column whose type the model does not tell is a number more often than not.
      return 1;
  }
}
