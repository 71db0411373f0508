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

/** What may be typed as parameters: by the framework, and of Hugging Face's models by their task. */
const PARAMETERS: Record<string, string> = {
  spacy: '{"full": true}',
  onnx: '{"truncation": true}',
  'transformers text-classification': '{"top_k": 3}',
  'transformers zero-shot-classification': '{"multi_label": true}',
  'transformers entities': '{"aggregation": "first"}',
  'transformers question-answering': '{"top_k": 3}',
  'transformers fill-mask': '{"top_k": 10}',
  'transformers summarization': '{"max_new_tokens": 60}',
  'transformers translation': '{"num_beams": 4}',
  'transformers text2text-generation': '{"max_new_tokens": 60}',
  'transformers text-generation': '{"max_new_tokens": 40, "do_sample": true, "seed": 1}',
  'transformers feature-extraction': '{"pooling": "cls"}',
  'transformers embeddings': '{"normalize": true}',
};

export function parametersHint(card: Card): string {
  return PARAMETERS[`${card?.framework} ${card?.task}`] ?? PARAMETERS[card?.framework ?? ''] ?? '{"threshold": 0.5}';
}
