import type { ModelCard } from '../../src/shared/contract.ts';
import { sampleOf } from '../../src/shared/sample.ts';
import { isSchema, typesOf, type Schema } from '../../src/shared/schema.ts';
import { formOfCard } from './card.ts';
import { MOST_EXAMPLE } from './schema.ts';

const NEWS =
  'The council of Bergen decided on Monday to close two bridges over the winter. Engineers had found cracks in both. ' +
  'Until they are repaired, ferries will take people across the fjord every ten minutes, free of charge.';
const SENTENCE = 'Ada Lovelace flew from London to Oslo on Monday.';
const REVIEW = 'I loved the food, but the room was cold and the staff rude.';

const COMPARED = {
  source: 'A man is eating pasta.',
  sentences: ['Someone is having a meal.', 'A woman plays the violin.', 'It rains in Bergen.'],
};

const QUESTIONS = [
  { question: 'What was closed?', context: NEWS },
  { question: 'How often do ferries go?', context: NEWS },
];

/** By the card's task. */
const BY_TASK: Record<string, (card: ModelCard) => unknown[]> = {
  entities: () => [SENTENCE],
  'token-classification': () => [SENTENCE],
  'text-classification': () => [REVIEW],
  'zero-shot-classification': () => [NEWS, 'Simmer the onions for ten minutes before you add the rice.'],
  'question-answering': () => QUESTIONS,
  'fill-mask': (card) => [`The capital of France is ${maskOf(card)}.`, `I would like a cup of ${maskOf(card)}.`],
  summarization: () => [NEWS],
  translation: () => [SENTENCE, REVIEW],
  'text2text-generation': () => [SENTENCE],
  'text-generation': () => ['Once upon a time', 'The best thing about the sea is'],
  'feature-extraction': withComparison,
  embeddings: withComparison,
  embedding: withComparison,
};

/** Inputs to begin with: the card's own, else some that suit its task, else one that its schema allows. */
export function examplesOf(card: ModelCard | undefined): unknown[] {
  if (!card) return [];
  if (card.examples.length > 0) return card.examples.map((one) => one.input);
  return (card.task && BY_TASK[card.task]?.(card)) || fromSchema(card);
}

function fromSchema({ input }: ModelCard): unknown[] {
  if (!input || Object.keys(input).length === 0 || isOpen(input)) return [];
  const sample = typesOf(input)[0] === 'string' ? REVIEW : sampleOf(input);
  return JSON.stringify(sample).length <= MOST_EXAMPLE ? [sample] : [];
}

/** Whether a tensor of it has any shape: a made one would not be the model's. */
function isOpen(schema: Schema): boolean {
  const { description, examples, properties } = schema;
  if (isSchema(properties)) return Object.values(properties).some((one) => isSchema(one) && isOpen(one));
  return typeof description === 'string' && /^Tensor of \w+, (?!shape \[)/u.test(description) && !examples;
}

function withComparison(card: ModelCard): unknown[] {
  return ['The ferry leaves at noon.', ...(formOfCard(card) ? [COMPARED] : [])];
}

/** The model's own word for a gap, as its card describes its input. */
function maskOf(card: ModelCard): string {
  const described = card.input?.['description'];
  return (typeof described === 'string' && /(<\w+>|\[\w+\])/u.exec(described)?.[1]) || '[MASK]';
}
