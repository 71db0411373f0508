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

/** The form that the model's input can be given in. */
export function formOfCard(card: Card): Form | undefined {
  return formOf(card?.input) ?? (comparesTexts(card) ? COMPARISON : undefined);
}

function comparesTexts(card: Card): boolean {
  const outputs = card?.output?.['properties'];
  return takesText(card?.input) && isSchema(outputs) && 'similarities' in outputs;
}

/** The form of the parameters that the model declares; undefined where it does not, or takes none. */
export function parametersFormOf(card: Card): Form | undefined {
  return formOf(card?.parameters);
}

/** Whether the card says that the model takes no parameters at all. */
export function takesNoParameters(card: Card): boolean {
  const schema = card?.parameters;
  return isSchema(schema?.['properties']) && schema['additionalProperties'] === false && !parametersFormOf(card);
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

/** An example of the parameters as JSON: the model's own, else what they look like. */
export function parametersHint(card: Card): string {
  const examples = card?.parameters?.['examples'];
  return JSON.stringify(Array.isArray(examples) && examples.length > 0 ? examples[0] : { threshold: 0.5 });
}
