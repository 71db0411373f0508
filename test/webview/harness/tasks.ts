import type { ModelCard } from '../../../src/shared/contract.ts';
import { LIMITS, spansIn } from './spans.ts';

function card(model: string, framework: string, task: string, some: Partial<ModelCard> = {}): ModelCard {
  const input = { type: 'string' };
  return { model, version: 'cc11dd22', framework, task, input, examples: [], limits: LIMITS, ...some };
}

const TEXT = { type: 'string' };
const numbers = (...sizes: (number | undefined)[]): Record<string, unknown> =>
  sizes.reduceRight<Record<string, unknown>>(
    (items, size) => ({ type: 'array', items, ...(size !== undefined && { minItems: size, maxItems: size }) }),
    { type: 'number' },
  );

const TOPICS = {
  type: 'object',
  properties: {
    labels: {
      type: 'array',
      items: TEXT,
      description: 'What the text may be about.',
      examples: [['traffic', 'cooking', 'politics', 'weather']],
    },
    multi_label: { type: 'boolean', default: false },
  },
  required: ['labels'],
  additionalProperties: false,
};
const WRITER = {
  type: 'object',
  properties: {
    seed: { type: 'integer', minimum: 0 },
    temperature: { type: 'number', exclusiveMinimum: 0, maximum: 100, description: 'How far it strays.' },
    return_full_text: { type: 'boolean', default: true },
  },
  additionalProperties: false,
};
const NO_PARAMETERS = { type: 'object', properties: {}, additionalProperties: false };

/** Cards as the runtimes of the frameworks write them. */
export const TASK_CARDS: Record<string, ModelCard> = {
  people: card('people', 'transformers', 'token-classification', { labels: ['PER', 'LOC', 'ORG'] }),
  questions: card('questions', 'transformers', 'question-answering', {
    input: { type: 'object', properties: { question: TEXT, context: TEXT }, required: ['question', 'context'] },
  }),
  gaps: card('gaps', 'transformers', 'fill-mask', {
    input: { ...TEXT, description: 'A text with [MASK] in the place of what is to be found.' },
  }),
  sorted: card('sorted', 'spacy', 'text-classification', { labels: ['travel', 'home'], exclusiveCategories: true }),
  tagged: card('tagged', 'spacy', 'text-classification', { labels: ['travel', 'home'], exclusiveCategories: false }),
  topics: card('topics', 'transformers', 'zero-shot-classification', { parameters: TOPICS }),
  writer: card('writer', 'transformers', 'text-generation', { parameters: WRITER }),
  vectors: card('vectors', 'transformers', 'embeddings', {
    output: { type: 'object', properties: { embedding: numbers(384), similarities: { type: 'array' } } },
  }),
  program: card('program', 'torch', 'tensors', {
    input: {
      type: 'object',
      properties: {
        image: { ...numbers(undefined, 2, 3), description: 'Tensor of float32, shape […, 2, 3], as nested lists.' },
        mask: { type: 'array', description: 'bool [batch, 2]' },
      },
      required: ['image'],
    },
  }),
  graph: card('graph', 'onnx', 'tensors', { input: { type: 'array', description: 'int64 [batch, 4]' } }),
  table: card('table', 'xgboost', 'ranking', {
    parameters: NO_PARAMETERS,
    input: { type: 'array', items: { type: 'number' }, minItems: 3, maxItems: 3 },
  }),
};

const NEWS =
  'The council of Bergen decided on Monday to close two bridges over the winter. Engineers had found cracks in both. ' +
  'Until they are repaired, ferries will take people across the fjord every ten minutes, free of charge.';
const HEBREW = 'הגשר בברגן נסגר ביום שני, והמעבורת יוצאת כל עשר דקות.';
const PEOPLE = 'Ada Lovelace 🚀 flew from London to Oslo.';

/** A vector of `size` numbers that look like those of an embedding. */
export function wave(size: number): number[] {
  return Array.from({ length: size }, (_, index) => Math.sin(index * 12.9898) * Math.cos(index / 40) * 0.12);
}

function tensor(dtype: string, shape: number[], value: (at: number) => unknown): object {
  let at = 0;
  const nested = (sizes: number[]): unknown =>
    sizes.length === 0 ? value(at++) : Array.from({ length: sizes[0]! }, () => nested(sizes.slice(1)));
  return { dtype, shape, data: nested(shape) };
}

const fill = (token: string, score: number, text: string): object => ({
  token,
  text: text.replace('_', token.trim()),
  score,
});
const SENTENCES = [
  { text: 'Someone is having a meal.', score: 0.7123 },
  {
    text: 'A woman plays the violin in a large hall, and nobody listens to her but the pigeons under the roof.',
    score: 0.0412,
  },
  { text: 'المطر يهطل في بيرغن.', score: -0.083 },
  { text: 'The pasta is eaten by a man.', score: 0.9641 },
];

const start = NEWS.indexOf('two bridges');
const answerOf = (answer: string, score: number): object => ({
  answer,
  score,
  start: NEWS.indexOf(answer),
  end: NEWS.indexOf(answer) + answer.length,
});
const LONG = `${'It rained all day in the west. '.repeat(80)}${NEWS}${' Nobody was hurt.'.repeat(120)}`;

/** Every kind of answer: what its model is asked, and what it says. */
const CATEGORIES = [
  { label: 'travel', score: 0.8125 },
  { label: 'home', score: 0.1875 },
];

export const TASK_ANSWERS: Record<string, { model: string; input: unknown; result: unknown }> = {
  'entities with scores': {
    model: 'people',
    input: PEOPLE,
    result: {
      entities: spansIn(PEOPLE, ['Ada Lovelace', 'PER'], ['London', 'LOC'], ['Oslo', 'LOC']).map((span, index) => ({
        ...span,
        score: [0.9987, 0.9312, 0.6244][index]!,
      })),
    },
  },
  'an answer in its context': {
    model: 'questions',
    input: { question: 'What was closed?', context: NEWS },
    result: { answer: 'two bridges', score: 0.8732, start, end: start + 11 },
  },
  'several answers': {
    model: 'questions',
    input: { question: 'What was it about?', context: NEWS },
    result: {
      ...answerOf('two bridges', 0.61),
      answers: [
        answerOf('two bridges', 0.61),
        answerOf('cracks in both', 0.24),
        answerOf('ferries will take people across the fjord every ten minutes, free of charge', 0.0031),
      ],
    },
  },
  'no answer': {
    model: 'questions',
    input: { question: 'Who won?', context: NEWS },
    result: { answer: '', score: 0.41, start: 0, end: 0 },
  },
  'an answer in a long context': {
    model: 'questions',
    input: { question: 'What was closed?', context: LONG },
    result: {
      answer: 'two bridges',
      score: 0.87,
      start: LONG.indexOf('two bridges'),
      end: LONG.indexOf('two bridges') + 11,
    },
  },
  'an answer from right to left': {
    model: 'questions',
    input: { question: 'מה נסגר?', context: HEBREW },
    result: { answer: 'הגשר בברגן', score: 0.93, start: 0, end: 10 },
  },
  'what fits a gap': {
    model: 'gaps',
    input: 'The capital of France is [MASK].',
    result: {
      fills: (
        [
          [' paris', 0.7312],
          ['lyon', 0.0914],
          ['##ville', 0.0311],
          ['Llanfairpwllgwyngyllgogerychwyrndrobwllllantysiliogogoch', 0.0004],
          [' ', 0.0001],
        ] as const
      ).map(([token, score]) => fill(token, score, 'the capital of france is _.')),
    },
  },
  'what fits several gaps': {
    model: 'gaps',
    input: 'The [MASK] of France is [MASK].',
    result: {
      masks: [
        [fill('capital', 0.81, 'the _ of france is [MASK].'), fill('centre', 0.11, 'the _ of france is [MASK].')],
        [fill('paris', 0.77, 'the [MASK] of france is _.'), fill('lyon', 0.08, 'the [MASK] of france is _.')],
      ],
    },
  },
  topics: {
    model: 'topics',
    input: NEWS,
    result: {
      label: 'traffic',
      scores: [
        { label: 'traffic', score: 0.94 },
        { label: 'politics', score: 0.71 },
        { label: 'weather', score: 0.08 },
        { label: 'cooking', score: 0.004 },
      ],
      scoreKind: 'probability',
    },
  },
  'text that goes on': {
    model: 'writer',
    input: 'Once upon a time',
    result: { text: 'Once upon a time there was a bridge.\n\nNobody had ever crossed it twice, and so it waited.' },
  },
  'several texts': {
    model: 'writer',
    input: 'The sea',
    result: { text: 'The sea is wide.', texts: ['The sea is wide.', 'The sea was here before us.', ''] },
  },
  'an empty text': { model: 'writer', input: 'Nothing', result: { text: '' } },
  'a text from right to left': { model: 'writer', input: 'Translate', result: { text: HEBREW } },
  'a very long text': { model: 'writer', input: 'More', result: { text: 'word '.repeat(20_000) } },
  'an embedding': { model: 'vectors', input: 'A man is eating pasta.', result: { embedding: wave(384) } },
  'a large embedding': { model: 'vectors', input: 'large', result: { embedding: wave(4096) } },
  'an empty vector': { model: 'vectors', input: 'no words', result: { embedding: [] } },
  'embeddings of tokens': {
    model: 'vectors',
    input: 'tokens',
    result: { embeddings: [wave(384), wave(384), wave(384)] },
  },
  similarities: {
    model: 'vectors',
    input: { source: 'A man is eating pasta.', sentences: SENTENCES.map((one) => one.text) },
    result: { similarities: SENTENCES },
  },
  'no sentences': { model: 'vectors', input: { source: 'a', sentences: ['-'] }, result: { similarities: [] } },
  'a small vector': { model: 'sentiment', input: 'vector', result: { vector: [0.2514, -1.5, null, 'red', true] } },
  tensors: {
    model: 'program',
    input: {
      image: [
        [
          [1, 1, 1],
          [1, 1, 1],
        ],
      ],
      mask: [[true, true]],
    },
    result: {
      tensors: {
        logits: tensor('float32', [2, 3], (at) => at * 1.25 - 2),
        loss: { dtype: 'float32', shape: [], data: 0.03125 },
        ids: tensor('int64', [5], (at) => at * 101),
        hidden: tensor('float32', [2, 3, 30, 20], (at) => at / 1000),
        'a name that is long enough to need more than one line of a narrow panel, as graphs have them/MatMul:0': tensor(
          'bool',
          [1, 2],
          (at) => at === 0,
        ),
        nothing: { dtype: 'float32', shape: [0, 4], data: [] },
      },
    },
  },
  'one tensor': {
    model: 'graph',
    input: [[1, 1, 1, 1]],
    result: { tensors: { output: tensor('float32', [768], (at) => wave(768)[at]) } },
  },
  'no tensors': { model: 'graph', input: [[2, 2, 2, 2]], result: { tensors: {} } },
  'a ranking score': { model: 'table', input: [1, 2, 3], result: { score: -0.734512 } },
  'a cluster with distances': {
    model: 'sentiment',
    input: 'cluster',
    result: { cluster: 2, distances: [3.21, 1.94, 0.4417, 12.5] },
  },
  'a cluster of a mixture': {
    model: 'sentiment',
    input: 'mixture',
    result: {
      cluster: 1,
      scores: [
        { label: 0, score: 0.12 },
        { label: 1, score: 0.88 },
      ],
      scoreKind: 'probability',
    },
  },
  noise: { model: 'sentiment', input: 'noise', result: { cluster: -1 } },
  'an outlier': { model: 'sentiment', input: 'outlier', result: { outlier: true, score: -0.0821 } },
  'no outlier': { model: 'sentiment', input: 'inlier', result: { outlier: false, score: 0.1204 } },
  'a density': { model: 'sentiment', input: 'density', result: { density: -4.2871 } },
  'categories that exclude each other': { model: 'sorted', input: 'sorted', result: { categories: CATEGORIES } },
  'categories each by itself': { model: 'tagged', input: 'tagged', result: { categories: CATEGORIES } },
  'several labels': {
    model: 'sentiment',
    input: 'labels',
    result: {
      labels: ['noise', 'staff'],
      scores: [
        { label: 'food', score: 0.21 },
        { label: 'noise', score: 0.93 },
        { label: 'staff', score: 0.58 },
      ],
      scoreKind: 'probability',
    },
  },
  'no label': {
    model: 'sentiment',
    input: 'no label',
    result: { labels: [], scores: [{ label: 'food', score: 0.21 }], scoreKind: 'probability' },
  },
  'several outputs': {
    model: 'sentiment',
    input: 'outputs',
    result: {
      labels: ['red', true],
      outputs: [
        {
          label: 'red',
          scores: [
            { label: 'blue', score: 0.3 },
            { label: 'red', score: 0.7 },
          ],
          scoreKind: 'probability',
        },
        {
          label: true,
          scores: [
            { label: false, score: 0.05 },
            { label: true, score: 0.95 },
          ],
          scoreKind: 'probability',
        },
      ],
    },
  },
  'values of a regression': {
    model: 'sentiment',
    input: 'regression',
    result: { values: { y0: 1234.5678, y1: -0.25, y2: 3 } },
  },
};
