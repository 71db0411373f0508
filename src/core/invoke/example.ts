import type { ModelCard } from '../../shared/contract.ts';

type Schema = {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
  minItems?: number;
};

/** An input that the model can answer, as far as its card says what it takes: its first example, else a made one. */
export function exampleInput(card: ModelCard | undefined): unknown {
  const [given] = (card?.examples ?? []) as { input?: unknown }[];
  return given?.input ?? (card?.input ? sample(card.input as Schema) : undefined) ?? 'some text';
}

function sample({ type, properties, items, enum: choices, minItems }: Schema): unknown {
  if (choices?.length) return choices[0];
  switch ([type].flat()[0]) {
    case 'number':
    case 'integer':
      return 1;
    case 'boolean':
      return true;
    case 'object':
      return Object.fromEntries(Object.entries(properties ?? {}).map(([field, one]) => [field, sample(one)]));
    case 'array':
      return Array.from({ length: minItems ?? 1 }, () => sample(items ?? { type: 'number' }));
    default:
      return 'some text';
  }
}
