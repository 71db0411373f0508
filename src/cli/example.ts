import { shellQuote } from '../core/invoke/snippets.ts';
import type { ModelCard } from '../shared/contract.ts';

type Schema = {
  type?: unknown;
  properties?: Record<string, Schema>;
  items?: Schema;
  enum?: unknown[];
  minItems?: number;
};

/** A call of the model that it can answer, as far as its card says what it takes. */
export function exampleCall(name: string, card: ModelCard | undefined): string {
  const [given] = (card?.examples ?? []) as { input?: unknown }[];
  const input = given?.input ?? (card?.input ? sample(card.input as Schema) : undefined) ?? 'some text';
  return typeof input === 'string'
    ? `nimbus predict ${name} ${JSON.stringify(input)}`
    : `nimbus predict ${name} --input ${shellQuote(JSON.stringify(input))}`;
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
