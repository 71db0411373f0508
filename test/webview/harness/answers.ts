import type { ModelCard, Problem } from '../../../src/shared/contract.ts';
import { LIMITS as limits, spansIn } from './spans.ts';
import { TASK_ANSWERS, TASK_CARDS } from './tasks.ts';

export const CARDS: Record<string, ModelCard> = {
  sentiment: {
    model: 'sentiment',
    version: '3f9a1c7e',
    framework: 'sklearn',
    description: 'Reviews, two labels.',
    task: 'text-classification',
    input: { type: 'string' },
    labels: ['negative', 'positive'],
    examples: [
      { input: 'I loved the food, but the room was cold and the staff rude.' },
      { input: 'Great value. We will come back next summer!' },
      { input: 'Never again.' },
    ],
    limits,
  },
  entities: {
    model: 'entities',
    version: '91b2c4d7',
    framework: 'spacy',
    description: 'Names of people, places and organisations in short news texts.',
    task: 'entities',
    input: { type: 'string' },
    labels: ['ORG', 'PERSON', 'GPE', 'DATE', 'MONEY', 'PRODUCT', 'EVENT'],
    examples: [
      { input: 'Angela 🚀 flew from Berlin to Paris.' },
      { input: 'Acme Corp. bought Widget Ltd. for $4 million in March.' },
    ],
    limits,
  },
  iris: {
    model: 'iris',
    version: 'aa01bb02',
    framework: 'sklearn',
    task: 'classification',
    input: {
      type: 'object',
      properties: {
        'sepal length (cm)': { type: 'number', minimum: 0 },
        'sepal width (cm)': { type: 'number', minimum: 0 },
        'petal length (cm)': { type: 'number', minimum: 0 },
        'petal width (cm)': { type: 'number', minimum: 0 },
        greenhouse: { type: 'boolean' },
        region: { enum: ['north', 'south', 'east'], description: 'Where it grew.' },
      },
      required: ['sepal length (cm)', 'sepal width (cm)', 'petal length (cm)', 'petal width (cm)'],
    },
    labels: ['setosa', 'versicolor', 'virginica'],
    examples: [
      {
        input: { 'sepal length (cm)': 5.1, 'sepal width (cm)': 3.5, 'petal length (cm)': 1.4, 'petal width (cm)': 0.2 },
      },
    ],
    limits,
  },
  ...TASK_CARDS,
};

const NEWS =
  'Acme Corp. 🚀 said on Monday that Angela Müller will lead its new office in Berlin after the $4 million deal.';

const tokens = [
  ['Angela', 'PROPN', 'NNP', 'Angela', 'nsubj', 1],
  ['flew', 'VERB', 'VBD', 'fly', 'ROOT', 1],
  ['from', 'ADP', 'IN', 'from', 'prep', 1],
  ['Berlin', 'PROPN', 'NNP', 'Berlin', 'pobj', 2],
  ['to', 'ADP', 'IN', 'to', 'prep', 1],
  ['Paris', 'PROPN', 'NNP', 'Paris', 'pobj', 4],
  ['.', 'PUNCT', '.', '.', 'punct', 1],
] as const;
let end = -1;
const parsed = tokens.map(([text, pos, tag, lemma, dep, head]) => {
  const start = text === '.' ? end : end + 1;
  end = start + text.length;
  return { text, start, end, pos, tag, lemma, dep, head };
});

const ARABIC = 'سافرت أنجيلا من برلين إلى باريس يوم الاثنين.';
const NESTED = 'The University of California, Berkeley opened a new laboratory for quantum computing in 2024.';

/** What the fake model answers to which input. */
export const ANSWERS: readonly { input: unknown; result: unknown }[] = [
  {
    input: NEWS,
    result: {
      entities: spansIn(
        NEWS,
        ['Acme Corp.', 'ORG'],
        ['Monday', 'DATE'],
        ['Angela Müller', 'PERSON'],
        ['Berlin', 'GPE'],
        ['$4 million', 'MONEY'],
      ),
    },
  },
  {
    input: 'Angela flew from Berlin to Paris.',
    result: {
      entities: spansIn('Angela flew from Berlin to Paris.', ['Angela', 'PERSON'], ['Berlin', 'GPE'], ['Paris', 'GPE']),
      sentences: [{ start: 0, end: 33 }],
      tokens: parsed,
    },
  },
  {
    input: ARABIC,
    result: {
      entities: spansIn(ARABIC, ['أنجيلا', 'PERSON'], ['برلين', 'GPE'], ['باريس', 'GPE'], ['يوم الاثنين', 'DATE']),
    },
  },
  { input: 'Nothing to see here.', result: { entities: [] } },
  {
    input: NESTED,
    result: {
      spans: {
        sc: spansIn(
          NESTED,
          ['University of California, Berkeley', 'ORG'],
          ['California', 'GPE'],
          ['Berkeley opened a new', 'EVENT'],
          ['quantum computing', 'TOPIC'],
          ['2024', 'DATE'],
        ),
      },
    },
  },
  {
    input: { 'sepal length (cm)': 5.1, 'sepal width (cm)': 3.5, 'petal length (cm)': 1.4, 'petal width (cm)': 0.2 },
    result: {
      label: 'setosa',
      scores: [
        { label: 'setosa', score: 0.9731 },
        { label: 'versicolor', score: 0.0267 },
        { label: 'virginica', score: 0.0002 },
      ],
      scoreKind: 'probability',
    },
  },
  {
    input: 'decide',
    result: {
      label: 'sports',
      scores: [
        { label: 'politics', score: -1.42 },
        { label: 'sports', score: 2.31 },
        { label: 'a label that is very long indeed and will not fit into its column', score: 0.4 },
      ],
      scoreKind: 'decision',
    },
  },
  {
    input: 'price',
    result: {
      values: { 'price (€)': 1234.5678, 'area (m²)': 98.4, rooms: 3 },
      currency: 'EUR',
      notes: ['a', null, true],
    },
  },
  { input: 'number', result: { value: 42.125 } },
  {
    input: 'long',
    result: {
      tokens: Array.from({ length: 5000 }, (_, index) => ({
        text: `w${index}`,
        start: index,
        end: index + 1,
        pos: 'NOUN',
      })),
    },
  },
  {
    input: 'blob',
    result: { rows: Array.from({ length: 3000 }, (_, index) => ({ index, text: 'row', score: index / 3000 })) },
  },
  ...Object.values(TASK_ANSWERS),
];

export const DEFAULT_RESULT = {
  label: 'positive',
  scores: [
    { label: 'negative', score: 0.09 },
    { label: 'positive', score: 0.91 },
  ],
  scoreKind: 'probability',
};

export const PROBLEMS: Record<string, Omit<Problem, 'requestId'>> = {
  stopped: {
    type: 'urn:nimbus:problem:stopped',
    title: 'The deployment is stopped',
    status: 503,
    detail: 'sentiment/local was stopped by you at 09:12. Requests are refused until it is started.',
  },
  'too many labels': {
    type: 'urn:nimbus:problem:invalid-input',
    title: 'The input is not valid',
    status: 400,
    detail: 'labels may be 100 at most.',
    field: 'parameters.labels',
  },
  'no such sentence': {
    type: 'urn:nimbus:problem:invalid-input',
    title: 'The input is not valid',
    status: 400,
    detail: 'sentences[1] must be a string of text.',
    field: 'input.sentences[1]',
  },
  died: {
    type: 'urn:nimbus:problem:worker-died',
    title: 'The worker died while answering',
    status: 502,
    detail: 'The process ended with signal SIGSEGV after 214 ms.',
    lastLines: [
      'Fatal Python error: Segmentation fault',
      'Current thread 0x00007f (most recent call first):',
      '  File "handler.py", line 12 in predict',
    ],
  },
};
