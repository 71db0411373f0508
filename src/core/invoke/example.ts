import type { ModelCard } from '../../shared/contract.ts';
import { sampleOf } from '../../shared/sample.ts';

/** An input that the model can answer, as far as its card says what it takes; a text where it says nothing. */
export function exampleInput(card: Partial<ModelCard> | undefined): unknown {
  const [given] = card?.examples ?? [];
  if (given?.input !== undefined) return given.input;
  return card?.input && Object.keys(card.input).length > 0 ? sampleOf(card.input) : 'some text';
}
