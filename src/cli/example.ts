import { exampleInput } from '../core/invoke/example.ts';
import { shellQuote } from '../core/invoke/snippets.ts';
import type { ModelCard } from '../shared/contract.ts';

/** A call of the model that it can answer, as far as its card says what it takes. */
export function exampleCall(name: string, card: Partial<ModelCard> | undefined): string {
  const input = exampleInput(card);
  if (typeof input !== 'string') return `nimbus predict ${name} --input ${shellQuote(JSON.stringify(input))}`;
  // Within double quotes a shell takes these for more than themselves.
  const isPlain = !/["$`\\!\n]/.test(input) && input !== '-' && !input.startsWith('--');
  return `nimbus predict ${name} ${isPlain ? `"${input}"` : `-- ${shellQuote(input)}`}`;
}
