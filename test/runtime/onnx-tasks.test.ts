/**
 * Exports of Optimum answer what transformers makes of the graph's outputs, and what the models answer that they came from:
 * two libraries' arithmetic, which differs by some 1e-6.
 */
import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { detect } from '../../src/core/detect/detect.ts';
import { assertClose } from './close.ts';
import { Direct } from './direct.ts';
import { frameworksPython, runPython, SAMPLES, Scratch } from './support.ts';

const hf = (name: string): string => path.join(SAMPLES, 'hugging-face', name);

const TEXTS = ['the chef baked the cake today', 'rain fell', 'Das Wetter 😀 the storm moved', ''];
const LABELS = ['food', 'sport', 'weather'];
const QUESTIONS = [
  { question: 'where does Ada live ?', context: 'Ada lives in Oslo . Bo lives in Rome .' },
  { question: 'where does Emma live ?', context: '😀 Emma lives in Cairo . Hugo lives in Lima .' },
  // Longer than the model takes: read in windows.
  { question: 'where does Ada live ?', context: `${'Bo met Emma . '.repeat(30)}Ada lives in Oslo .` },
];
const NAMES = ['Ada Smith works at Acme in Oslo .', '😀 In Rome , Hooli hired Okorogrand .', 'nobody here'];

/** By sample its inputs and the parameters to ask with. */
const ASKED: Record<string, [inputs: unknown[], ...parameters: object[]]> = {
  topics: [[...TEXTS, { text: 'the chef', text_pair: 'baked the cake' }], {}, { top_k: 1, truncation: true }],
  names: [NAMES, {}, ...['none', 'first', 'average', 'max'].map((aggregation) => ({ aggregation }))],
  questions: [QUESTIONS, {}, { top_k: 3 }, { max_answer_tokens: 1 }],
  gaps: [['the [MASK] baked the cake', 'rain [MASK] the [MASK] today'], {}, { top_k: 20 }],
  entailment: [
    [...TEXTS, 'the chef baked the cake '.repeat(60)],
    { labels: LABELS },
    { labels: LABELS, multi_label: true },
    { labels: ['food'], hypothesis_template: 'It is {}.' },
  ],
  vectors: [
    [...TEXTS, { source: 'rain fell', sentences: TEXTS }],
    {},
    { normalize: true },
    { pooling: 'cls' },
    { pooling: 'max' },
  ],
};

/** What transformers is asked directly: by the names of expect_frameworks.py, and how its answers compare. */
interface Plain {
  name: string;
  parameters?: object;
  /** What is to be equal. */
  answer: (result: any, plain: any) => [found: unknown, expected: unknown];
}

const labelled = ({ scores }: any, { labels, scores: all }: any): [unknown, unknown] => [
  scores,
  labels.map((label: string, index: number) => ({ label, score: all[index] })),
];

const PLAIN: Record<string, Plain> = {
  topics: {
    name: 'topics',
    parameters: { top_k: 3 },
    answer: ({ label, scores }, plain) => [
      { label, scores },
      { label: plain[0].label, scores: plain },
    ],
  },
  questions: {
    name: 'questions',
    answer: ({ answer, start, score }, plain) => [{ answer, start, score }, plain],
  },
  gaps: {
    name: 'gaps',
    answer: ({ fills, masks }, plain) => {
      const read = (one: any[]): unknown[] =>
        one.map(({ token_str, sequence, score }) => ({ token: token_str, text: sequence, score }));
      return [fills ?? masks, fills ? read(plain) : plain.map(read)];
    },
  },
  entailment: { name: 'entailment', parameters: { labels: LABELS }, answer: labelled },
  'entailment-each': { name: 'entailment', parameters: { labels: LABELS, multi_label: true }, answer: labelled },
};

/** Those of ASKED that transformers' own functions take, too. */
function plainInputs(name: string): unknown[] {
  const [inputs] = ASKED[name]!;
  if (name === 'questions') return inputs.slice(0, 2);
  return name === 'entailment' ? inputs.filter((one) => one !== '') : inputs.filter((one) => typeof one === 'string');
}

describe('exports of Optimum', function () {
  this.timeout(180_000);
  const scratch = new Scratch();
  const others = new Scratch();
  const original = new Direct(others, 'transformers');
  const exported = new Direct(scratch, 'onnx');
  let expected: Record<string, any>;
  const at = (name: string): string => scratch.path('exported', name);

  /** A copy with what a slow tokenizer saves: its words, and no tokenizer.json. */
  function slow(from: string, name: string): string {
    const folder = scratch.path(name);
    cpSync(from, folder, { recursive: true });
    const file = path.join(folder, 'tokenizer.json');
    const { model, normalizer } = JSON.parse(readFileSync(file, 'utf8')) as {
      model: { vocab: Record<string, number> };
      normalizer: { lowercase: boolean };
    };
    const words = Object.entries(model.vocab).toSorted(([, one], [, other]) => one - other);
    writeFileSync(path.join(folder, 'vocab.txt'), `${words.map(([word]) => word).join('\n')}\n`);
    const settings = {
      tokenizer_class: 'BertTokenizer',
      do_lower_case: normalizer.lowercase,
      model_max_length: 64,
      ...Object.fromEntries(
        ['cls', 'mask', 'pad', 'sep', 'unk'].map((one) => [`${one}_token`, `[${one.toUpperCase()}]`]),
      ),
    };
    writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
    rmSync(file);
    return folder;
  }

  before(async () => {
    const script = fileURLToPath(new URL('frameworks/optimum.py', import.meta.url));
    const asked = JSON.stringify(Object.entries(PLAIN).map(([kind, { name }]) => [name, kind, plainInputs(name)]));
    const folders = [path.dirname(hf('topics')), scratch.path('exported')];
    const made = await runPython([script, ...folders, asked], {}, frameworksPython());
    assert.equal(made.code, 0, made.stderr);
    expected = JSON.parse(made.stdout.trim().split('\n').at(-1)!);
  });
  after(() => {
    scratch.remove();
    others.remove();
  });

  for (const [name, [inputs, ...parameters]] of Object.entries(ASKED)) {
    it(`${name}: the same answers, asked in each way, and the same card`, async () => {
      for (const one of parameters) {
        const plain = await original.ask(hf(name), inputs, one, 1e-5);
        const { results, card } = await exported.ask(at(name), inputs, one);
        assertClose(results, plain.results, 1e-5);
        assert.ok(card['parameters']);
        for (const field of ['task', 'input', 'output', 'labels', 'parameters']) {
          assert.deepEqual(card[field], plain.card[field], field);
        }
      }
    });

    it(`${name}: detected as what it is`, async () => {
      const detected = await detect(at(name));
      assert.ok(detected.ok, JSON.stringify(detected));
      const { card } = await exported.of(at(name));
      const task = card['task'] === 'entities' ? 'token-classification' : card['task'];
      assert.ok(detected.value.summary.includes(`(${task})`), `${detected.value.summary}: ${task}`);
      assert.equal(detected.value.framework, 'onnx');
      assert.equal(detected.value.path, at(name));
    });
  }

  for (const [kind, { name, parameters, answer }] of Object.entries(PLAIN)) {
    it(`${kind}: as transformers makes it of the graph's outputs`, async () => {
      const inputs = plainInputs(name);
      const { results } = await exported.ask(at(name), inputs, parameters);
      assert.ok(expected[kind].length > 0);
      for (const [index, result] of results.entries()) {
        const [found, wanted] = answer(result, expected[kind][index]);
        assertClose(found, wanted);
      }
    });
  }

  it('graphs of a fixed shape: padding has no part in the answers', async () => {
    for (const name of ['questions', 'gaps', 'entailment', 'names', 'vectors']) {
      const [all, one] = ASKED[name]!;
      const inputs = all.filter((input) => JSON.stringify(input).length < 200);
      const { results } = await exported.ask(at(`fixed-${name}`), inputs, one);
      assertClose(results, (await original.ask(hf(name), inputs, one, 1e-5)).results, 1e-5);
    }
  });

  it('a tokenizer that only transformers reads answers the same, and PyTorch stays out of it', async () => {
    for (const name of ['topics', 'names', 'questions', 'gaps', 'entailment']) {
      const folder = slow(at(name), `slow-${name}`);
      const detected = await detect(folder);
      assert.ok(detected.ok, JSON.stringify(detected));
      assert.ok(detected.value.requirements.includes('transformers'));
      const [all, one] = ASKED[name]!;
      // Its own tokenizer takes the empty text and characters that it does not know alike.
      const { results } = await exported.ask(folder, all, one);
      assertClose(results, (await exported.ask(at(name), all, one)).results);
      const { worker } = await exported.of(folder);
      const maps = `/proc/${worker.process.pid}/maps`;
      if (existsSync(maps)) assert.doesNotMatch(readFileSync(maps, 'utf8'), /libtorch/);
      assert.equal(worker.stderr, '');
    }
  });

  it('a folder of transformers with such a tokenizer answers the same', async () => {
    for (const name of ['topics', 'questions']) {
      const folder = slow(hf(name), `slow-original-${name}`);
      const [inputs, one] = ASKED[name]!;
      const { results } = await original.ask(folder, inputs, one, 1e-5);
      assertClose(results, (await original.ask(hf(name), inputs, one, 1e-5)).results, 1e-5);
    }
  });

  it('packages that its tokenizer lacks are named, with what installs them', async () => {
    const missing = scratch.path('missing');
    mkdirSync(missing);
    const raises = 'raise ModuleNotFoundError("No module named sentencepiece", name="sentencepiece")';
    writeFileSync(path.join(missing, 'sentencepiece.py'), raises);
    for (const [framework, from] of [
      ['onnx', at('topics')],
      ['transformers', hf('topics')],
    ] as const) {
      const folder = slow(from, `pieces-${framework}`);
      rmSync(path.join(folder, 'vocab.txt'));
      writeFileSync(path.join(folder, 'spiece.model'), 'x');
      const detected = await detect(folder);
      assert.ok(detected.ok, JSON.stringify(detected));
      assert.deepEqual(detected.value.requirements.slice(-2), ['protobuf', 'sentencepiece']);
      const file = scratch.function(`pieces-${framework}`, framework, folder);
      const worker = scratch.worker(file, { PYTHONPATH: missing }, frameworksPython());
      const frame = await worker.frame('F');
      const said = JSON.parse(frame.payload.toString()) as { errorMessage: string };
      assert.match(said.errorMessage, /spiece\.model is read with the packages sentencepiece and protobuf/);
      assert.match(String(frame.meta['next']), /-m pip install sentencepiece/);
    }
  });

  it('a tokenizer that cannot be made says how to convert it', async () => {
    const folder = slow(at('topics'), 'damaged');
    rmSync(path.join(folder, 'vocab.txt'));
    writeFileSync(path.join(folder, 'vocab.json'), '[1');
    const settings = { tokenizer_class: 'RobertaTokenizer' };
    writeFileSync(path.join(folder, 'tokenizer_config.json'), JSON.stringify(settings));
    writeFileSync(path.join(folder, 'merges.txt'), '#version: 0.2');
    const worker = scratch.worker(scratch.function('damaged', 'onnx', folder), {}, frameworksPython());
    const frame = await worker.frame('F');
    assert.match(frame.payload.toString(), /cannot make a tokenizer of the folder.*save_pretrained\(folder\)/);
  });

  it('what is wrong with an input or a parameter is said as for the original', async () => {
    for (const [name, body] of [
      ['questions', { input: { question: 'where?' } }],
      ['questions', { input: { question: ' ', context: 'x' } }],
      ['questions', { text: 'x' }],
      ['gaps', { text: 'nothing' }],
      ['gaps', { text: '[MASK]', parameters: { top_k: 0 } }],
      ['entailment', { text: 'x' }],
      ['entailment', { text: 'the chef '.repeat(100), parameters: { labels: LABELS, truncation: false } }],
      ['vectors', { input: { source: 'x', sentences: [1] } }],
    ] as const) {
      const { status, field, detail } = (await original.refused(hf(name), body)) as Record<string, unknown>;
      const found = (await exported.refused(at(name), body)) as Record<string, unknown>;
      assert.deepEqual([found['status'], found['field'], found['detail']], [status, field, detail]);
    }
  });
});
