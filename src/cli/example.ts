import { exampleInput } from '../core/invoke/example.ts';
import { shellQuote } from '../core/invoke/snippets.ts';
import type { ModelCard } from '../shared/contract.ts';

/** A call of the model that it can answer, as far as its card says what it takes. */
export function exampleCall(name: string, card: ModelCard | undefined): string {
  const input = exampleInput(card);
  return typeof input === 'string'
    ? `nimbus predict ${name} ${JSON.stringify(input)}`
    : `nimbus predict ${name} --input ${shellQuote(JSON.stringify(input))}`;
}
