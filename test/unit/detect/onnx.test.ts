import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { capture } from '../../../src/core/environment/capture.ts';
import { madeWith } from '../../../src/core/environment/captured.ts';
import { diagnose, worthSaying } from '../../../src/core/environment/diagnosis.ts';
import { planEnvironment } from '../../../src/core/environment/plan.ts';
import { ok } from '../../../src/shared/outcome.ts';
import { damage, externalTensor, field, message, onnxFile, onnxGraph, randomNumbers } from './bytes.ts';
import { looking } from './looking.ts';

const TEXT_INPUTS = { input_ids: ['batch', 'tokens'], attention_mask: ['batch', 'tokens'] };

describe('telling ONNX models', () => {
  const { at, write, found, refused } = looking();

  it('a file alone says what it takes, which operators it needs, and who made it', async () => {
    const file = write('My Net.onnx', onnxFile({ producer: 'pytorch' }));
    assert.deepEqual(await found(file), {
      framework: 'onnx',
      path: file,
      suggestedName: 'my-net',
      summary: 'ONNX model (x to y), opset 17, made with pytorch',
      requirements: ['onnxruntime>=1.12'],
      captured: [
        { package: 'ONNX opset', kind: 'producer', versions: '17', from: 'opset of My Net.onnx' },
        { package: 'pytorch', kind: 'producer', versions: 'unknown', from: 'producer of My Net.onnx' },
      ],
      risk: { kind: 'none' },
    });
    const estimator = await found(
      write('e.onnx', onnxFile({ producer: 'skl2onnx', opsets: { 'ai.onnx.ml': 1 }, ir: 4 })),
    );
    assert.equal(estimator.summary, 'ONNX model of a scikit-learn estimator, opset ai.onnx.ml 1, made with skl2onnx');
    assert.deepEqual(estimator.requirements, ['onnxruntime']);
    assert.equal(madeWith(estimator.captured!), 'ONNX opset ai.onnx.ml 1, skl2onnx unknown');
    const made = { producer: 'skl2onnx\u001b[31m\n', producerVersion: '1.20.0', opsets: { '': 21, 'ai.onnx.ml': 5 } };
    const newer = await found(write('n.onnx', onnxFile(made)));
    assert.equal(madeWith(newer.captured!), 'ONNX opset 21, ai.onnx.ml 5, skl2onnx 31m 1.20.0');
    assert.match(newer.summary, /opset 21, made with skl2onnx 31m 1\.20\.0$/);
  });

  it('what wrote it is no package that it needs: shown, never missing, whatever a project pins', async () => {
    const file = write('made/m.onnx', onnxFile({ producer: 'skl2onnx', producerVersion: '1.20.0' }));
    write('made/requirements.txt', 'skl2onnx==1.18.0\nonnxruntime==1.22.0\n');
    const detection = await found(file);
    const made = await capture(detection, { project: at(), isFolder: false });
    assert.equal(madeWith(made.captured), 'onnxruntime 1.22.0, ONNX opset 17, skl2onnx 1.20.0');
    assert.deepEqual(made.requirements, ['onnxruntime>=1.12']);
    assert.deepEqual(made.needs, ['onnxruntime>=1.12']);
    const installed = { onnxruntime: '1.22.0' };
    const probe = { python: '/p', version: '3.12.1', implementation: 'cpython', abi: '', platform: 'linux-x86_64' };
    const found_ = diagnose(detection, made.captured, { ...probe, packages: installed });
    assert.deepEqual(
      found_.map(({ package: name, verdict }) => `${name} ${verdict}`),
      ['onnxruntime equal', 'ONNX opset producer', 'skl2onnx producer', 'python unknown'],
    );
    assert.deepEqual(worthSaying(found_), []);
  });

  it('a folder around a file that needs nothing beside it is not part of the model', async () => {
    write('my project/model.onnx', onnxFile());
    write('my project/data/large.csv', '1');
    const detection = await found(at('my project'));
    assert.deepEqual([detection.path, detection.suggestedName], [at('my project/model.onnx'), 'my-project']);
  });

  it('asks for a runtime that is new enough, by operators and by format', async () => {
    const expected: [Parameters<typeof onnxFile>[0], string][] = [
      [{ ir: 10, opsets: { '': 17 } }, 'onnxruntime>=1.18'],
      [{ ir: 8, opsets: { '': 22 } }, 'onnxruntime>=1.21'],
      [{ ir: 11, opsets: { '': 17 } }, 'onnxruntime>=1.23'],
      [{ ir: 8, opsets: { 'ai.onnx': 18 } }, 'onnxruntime>=1.14'],
      [{ ir: 3, opsets: { '': 9, 'ai.onnx.ml': 3 } }, 'onnxruntime>=1.12'],
    ];
    for (const [parts, requirement] of expected) {
      assert.deepEqual((await found(write('m.onnx', onnxFile(parts)))).requirements, [requirement]);
    }
  });

  it('a runtime that is too old is a mismatch before anything loads', async () => {
    const detection = await found(write('m.onnx', onnxFile({ opsets: { '': 21 } })));
    const planned = await planEnvironment(detection, [{ python: '/old/python', source: 'chosen' }], {
      env: {},
      probe: async () =>
        ok({
          python: '/old/python',
          version: '3.12.1',
          implementation: 'cpython',
          abi: 'cpython-312',
          platform: 'linux',
          packages: { onnxruntime: '1.15.1' },
        }),
    });
    assert.ok(planned.ok);
    const old = planned.value.find(({ plan }) => plan.kind === 'use');
    assert.deepEqual(old?.problems, ['onnxruntime is 1.15.1; the model asks for >=1.18.']);
  });

  it('operators that ONNX Runtime lacks are named, also within loops; those that the file defines are its own', async () => {
    const tokenizer = onnxFile({ nodes: [{ operator: 'BertTokenizer', domain: 'ai.onnx.contrib' }] });
    const error = await refused(write('t.onnx', tokenizer));
    assert.equal(error.code, 'model-not-supported');
    assert.match(error.why!, /ai\.onnx\.contrib.*onnxruntime-extensions/);
    const within = onnxGraph({ nodes: [{ operator: 'Secret', domain: 'com.example' }] });
    assert.match(
      (await refused(write('l.onnx', onnxFile({ nodes: [{ operator: 'Loop', within }] })))).why!,
      /com\.example/,
    );
    const own = { nodes: [{ operator: 'Mine', domain: 'com.example' }], functions: ['com.example'] };
    assert.equal((await found(write('f.onnx', onnxFile(own)))).framework, 'onnx');
  });

  it('weights beside it belong to it: the folder is the model', async () => {
    const external = [{ location: 'weights.bin', offset: 8, length: 8 }];
    write('net/net.onnx', onnxFile({ external }));
    write('net/weights.bin', Buffer.alloc(16));
    for (const target of [at('net'), at('net/net.onnx')]) assert.equal((await found(target)).path, at('net'));
    write('net/other.onnx', onnxFile());
    const error = await refused(at('net/net.onnx'));
    assert.equal(error.code, 'model-ambiguous');
    assert.match(error.why!, /weights\.bin/);
    assert.equal((await found(at('net/other.onnx'))).path, at('net/other.onnx'));
  });

  it('weights that are missing, too short or outside of its folder are an error', async () => {
    write('a/m.onnx', onnxFile({ external: [{ location: 'gone.bin' }] }));
    const missing = await refused(at('a'));
    assert.deepEqual([missing.code, missing.what], ['model-incomplete', 'm.onnx lacks its weights: gone.bin.']);
    write('b/m.onnx', onnxFile({ external: [{ location: 'w.bin', offset: 10, length: 20 }] }));
    write('b/w.bin', Buffer.alloc(29));
    assert.match((await refused(at('b'))).why!, /29 bytes; the model needs 30/);
    write('secret', 'x');
    for (const location of ['../secret', '/etc/passwd', String.raw`..\secret`, 'c:/x', 'a/../../secret', '']) {
      write('c/m.onnx', onnxFile({ external: [{ location }] }));
      const error = await refused(at('c'));
      assert.equal(error.code, 'model-damaged', location);
      assert.match(error.what, /names weights outside of its folder/);
    }
    // Wherever a tensor may stand: sparse ones of a graph and of an attribute, what a function of the file assumes.
    const outside = externalTensor({ location: '../secret' });
    const attribute = (number: number): Buffer => message(field(1, 'a'), field(number, field(1, outside)));
    for (const [where, whole] of [
      ['graph', onnxFile({ more: field(15, field(1, outside)) })],
      ['indices', onnxFile({ more: field(15, field(2, outside)) })],
      ['attribute', onnxFile({ more: field(1, message(field(4, 'Constant'), field(5, attribute(22)))) })],
      ['list', onnxFile({ more: field(1, message(field(4, 'Constant'), field(5, attribute(23)))) })],
      ['function', onnxFile({ extra: [field(25, message(field(1, 'own'), field(11, attribute(22))))] })],
    ] as const) {
      write('c/m.onnx', whole);
      assert.equal((await refused(at('c'))).code, 'model-damaged', where);
    }
  });

  it('a tokenizer beside it makes it a model of texts', async () => {
    write('bert/model.onnx', onnxFile({ inputs: TEXT_INPUTS, outputs: { logits: ['batch', 2] } }));
    write('bert/tokenizer.json', '{}');
    const bare = await found(at('bert/model.onnx'));
    assert.equal(bare.path, at('bert'));
    assert.equal(bare.summary, 'ONNX model with a tokenizer, opset 17, made with test');
    assert.deepEqual(bare.requirements, ['onnxruntime>=1.12', 'tokenizers']);
    for (const [architecture, task] of [
      ['BertForSequenceClassification', 'text-classification'],
      ['BertForTokenClassification', 'token-classification'],
      ['BertForQuestionAnswering', 'question-answering'],
      ['BertForMaskedLM', 'fill-mask'],
      ['BertModel', 'tensors'],
      ['BertForSomethingElse', undefined],
    ]) {
      write('bert/config.json', JSON.stringify({ architectures: [architecture], model_type: 'bert' }));
      assert.match((await found(at('bert'))).summary, new RegExp(`of ${architecture} \\(${task ?? 'tensors'}\\)`));
    }
    const label2id = { contradiction: 0, entailment: 1 };
    write(
      'bert/config.json',
      JSON.stringify({ architectures: ['BertForSequenceClassification'], model_type: 'bert', label2id }),
    );
    assert.match((await found(at('bert'))).summary, /\(zero-shot-classification\)/);
    const vectors = { last_hidden_state: ['batch', 'tokens', 8] };
    write('vectors/model.onnx', onnxFile({ inputs: TEXT_INPUTS, outputs: vectors }));
    write('vectors/tokenizer.json', '{}');
    for (const architecture of ['BertModel', 'DPRQuestionEncoder']) {
      write('vectors/config.json', JSON.stringify({ architectures: [architecture], model_type: 'bert' }));
      assert.match((await found(at('vectors'))).summary, /\(feature-extraction\)/);
    }
    write(
      'pooled/model.onnx',
      onnxFile({ inputs: TEXT_INPUTS, outputs: { ...vectors, sentence_embedding: ['batch', 8] } }),
    );
    write('pooled/tokenizer.json', '{}');
    assert.match((await found(at('pooled'))).summary, /with a tokenizer \(embeddings\)/);
    write('slow/model.onnx', onnxFile({ inputs: TEXT_INPUTS }));
    write('slow/vocab.txt', 'a');
    assert.deepEqual((await found(at('slow'))).requirements, ['onnxruntime>=1.12', 'transformers']);
    write('odd/model.onnx', onnxFile({ inputs: { ...TEXT_INPUTS, pixel_values: ['batch', 3] } }));
    write('odd/tokenizer.json', '{}');
    assert.match((await refused(at('odd'))).what, /input pixel_values is none that a tokenizer makes/);
  });

  it('an export in a folder onnx/ is found from the folder above', async () => {
    write('hub/onnx/model.onnx', onnxFile({ inputs: TEXT_INPUTS }));
    write('hub/onnx/model_quantized.onnx', onnxFile());
    write('hub/config.json', '{"architectures": ["BertForSequenceClassification"]}');
    write('hub/tokenizer.json', '{}');
    for (const target of ['hub', 'hub/onnx', 'hub/onnx/model.onnx']) {
      const detection = await found(at(target));
      assert.equal(detection.path, at('hub'));
      assert.match(detection.summary, /BertForSequenceClassification/);
    }
    // The only one, under whatever name, beside a configuration that transformers folders have too.
    write('small/model_quantized.onnx', onnxFile({ inputs: TEXT_INPUTS }));
    write('small/config.json', '{"architectures": ["BertForMaskedLM"], "model_type": "bert"}');
    write('small/tokenizer.json', '{}');
    assert.match((await found(at('small'))).summary, /of BertForMaskedLM \(fill-mask\)/);
    write('hub/model.safetensors', 'x');
    const whole = await detect(at('hub'));
    assert.ok(
      !whole.ok || whole.value.framework !== 'onnx',
      'weights of PyTorch make it the model of another framework',
    );
  });

  it('asks which of several is meant, and says that models in parts come later', async () => {
    write('two/a.onnx', onnxFile());
    write('two/b.onnx', onnxFile());
    assert.equal((await refused(at('two'))).code, 'model-ambiguous');
    write('t5/encoder_model.onnx', onnxFile());
    write('t5/decoder_model.onnx', onnxFile());
    const error = await refused(at('t5'));
    assert.equal(error.code, 'model-not-supported');
    assert.match(error.what, /^t5 is a model that generates text/);
    assert.match(error.why!, /decoder_model\.onnx, encoder_model\.onnx/);
    assert.match(error.next!, /Deploy the folder of the model that it was exported from.*ORTModelForSeq2SeqLM/);
    // As Hugging Face's hub has them, below the configuration.
    write('hub-t5/onnx/decoder_model_merged.onnx', onnxFile());
    write('hub-t5/onnx/encoder_model.onnx', onnxFile());
    write('hub-t5/config.json', '{"architectures": ["T5ForConditionalGeneration"], "model_type": "t5"}');
    assert.match((await refused(at('hub-t5'))).what, /^hub-t5 is a model that generates text/);
    // In one part, with and without what it keeps from one token to the next.
    for (const more of [{}, { 'past_key_values.0.key': ['batch', 2, 'past', 8] }]) {
      write(
        'gpt/model.onnx',
        onnxFile({ inputs: { ...TEXT_INPUTS, ...more }, outputs: { logits: ['batch', 'tokens', 9] } }),
      );
      write('gpt/tokenizer.json', '{}');
      write('gpt/config.json', '{"architectures": ["GPT2LMHeadModel"], "model_type": "gpt2"}');
      const one = await refused(at('gpt'));
      assert.equal(one.code, 'model-not-supported');
      assert.match(one.what, /^gpt is a model that generates text/);
      assert.match(one.why!, /GPT2LMHeadModel, text-generation/);
    }
  });

  it('modules of SentenceTransformers that a graph does not have are refused', async () => {
    const type = (name: string): string => `sentence_transformers.models.${name}`;
    const modules = [
      { type: type('Transformer'), path: '' },
      { type: type('Pooling'), path: '1_Pooling' },
    ];
    write('st/onnx/model.onnx', onnxFile({ inputs: TEXT_INPUTS, outputs: { token_embeddings: ['b', 't', 8] } }));
    write('st/tokenizer.json', '{}');
    write('st/config.json', '{"architectures": ["BertModel"], "model_type": "bert"}');
    write('st/1_Pooling/config.json', '{"pooling_mode_cls_token": true}');
    write('st/modules.json', JSON.stringify(modules));
    assert.match((await found(at('st'))).summary, /of BertModel \(embeddings\)/);
    write('st/modules.json', JSON.stringify([...modules, { type: type('Dense'), path: '2_Dense' }]));
    const error = await refused(at('st'));
    assert.match(error.why!, /2_Dense, with weights of PyTorch/);
    assert.match(error.next!, /sentence_embedding/);
  });

  it('says that a file is empty, cut off, or no model', async () => {
    assert.equal((await refused(write('empty.onnx'))).code, 'model-empty');
    const whole = onnxFile();
    for (const content of [
      whole.subarray(0, whole.length - 3),
      whole.subarray(0, 50_000),
      Buffer.from('version https://git-lfs.github.com/spec/v1\noid sha256:00\n'),
      Buffer.from('<html>'),
      field(1, 8),
      Buffer.concat([field(1, 8), Buffer.from([0x3a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01])]),
    ]) {
      assert.equal((await refused(write('bad.onnx', content))).code, 'model-damaged');
    }
  });

  it('graphs within graphs have an end', async () => {
    let within = onnxGraph({});
    for (let depth = 0; depth < 40; depth++) within = onnxGraph({ nodes: [{ operator: 'If', within }] });
    assert.match((await refused(write('deep.onnx', message(field(1, 8), field(7, within))))).why!, /nested too deeply/);
  });

  it('whatever is damaged, there is an answer', async () => {
    const random = randomNumbers(7);
    const external = [{ location: 'w.bin', length: 4 }];
    const within = onnxGraph({ nodes: [{ operator: 'Add' }] });
    const whole = onnxFile({ external, nodes: [{ operator: 'If', within }], inputs: TEXT_INPUTS });
    for (let round = 0; round < 400; round++) {
      const result = await detect(write('fuzz.onnx', damage(whole, random)));
      assert.ok(result.ok ? result.value.framework === 'onnx' : result.error.what !== '');
    }
  });
});
