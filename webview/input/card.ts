import type { ModelCard } from '../../src/shared/contract.ts';
import { isSchema } from '../../src/shared/schema.ts';
import type { InputMode } from './read.ts';
import { formOf, takesText, type Form } from './schema.ts';

type Card = ModelCard | undefined;

/** What the task compares with what; its card says it by its output only. */
const COMPARISON: Form = formOf({
  type: 'object',
  properties: { source: { type: 'string' }, sentences: { type: 'array', items: { type: 'string' } } },
  required: ['source', 'sentences'],
})!;

/** Labels that the request brings along. */
const LABELS: Form = formOf({
  type: 'object',
  properties: { labels: { type: 'array', items: { type: 'string' }, description: 'What the text may be about.' } },
  required: ['labels'],
})!;

/** The form that the model's input can be given in. */
export function formOfCard(card: Card): Form | undefined {
  return formOf(card?.input) ?? (comparesTexts(card) ? COMPARISON : undefined);
}

function comparesTexts(card: Card): boolean {
  const outputs = card?.output?.['properties'];
  return takesText(card?.input) && isSchema(outputs) && 'similarities' in outputs;
}

/** Parameters that the model cannot do without. */
export function parametersFormOf(card: Card): Form | undefined {
  return card?.task === 'zero-shot-classification' ? LABELS : undefined;
}

/** The modes that the model's input can be typed in, the most convenient first. */
export function modesOf(card: Card): InputMode[] {
  const text: InputMode[] = takesText(card?.input) ? ['text'] : [];
  return formOfCard(card) ? [...text, 'form', 'json'] : [...text, 'json'];
}

export function modeLabel(mode: InputMode, card: Card): string {
  if (mode === 'form') return comparesTexts(card) ? 'Compare' : 'Form';
  return mode === 'text' ? 'Text' : 'JSON';
}

/** What to type as parameters, by task: a name that this task's models know. */
const PARAMETERS: Record<string, string> = {
  'text-classification': '{"top_k": 3}',
  'zero-shot-classification': '{"multi_label": true}',
  'token-classification': '{"aggregation": "first"}',
  'question-answering': '{"top_k": 3}',
  'fill-mask': '{"top_k": 10}',
  summarization: '{"max_new_tokens": 60}',
  translation: '{"num_beams": 4}',
  'text2text-generation': '{"max_new_tokens": 60}',
  'text-generation': '{"max_new_tokens": 40, "do_sample": true, "seed": 1}',
  'feature-extraction': '{"pooling": "mean", "normalize": true}',
  embeddings: '{"normalize": true}',
  embedding: '{"normalize": true}',
  entities: '{"full": true}',
};

export function parametersHint(card: Card): string {
  return (card?.task !== undefined && PARAMETERS[card.task]) || '{"threshold": 0.5}';
}
