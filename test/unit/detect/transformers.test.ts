import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { isCovered } from '../../../src/core/consent.ts';
import { DetectFiles, safetensors, TORCH_WRITER } from './files.ts';

const CONFIG = {
  architectures: ['BertForSequenceClassification'],
  model_type: 'bert',
  transformers_version: '4.57.1',
};

describe('telling a Hugging Face folder', () => {
  const files = new DetectFiles();
  const { at, write, python, found, refused } = files;

  function writeModel(folder: string, config: object = CONFIG): string {
    write(`${folder}/config.json`, config);
    write(`${folder}/tokenizer.json`, {});
    write(`${folder}/model.safetensors`, safetensors());
    return at(folder);
  }

  it('is what save_pretrained writes; it says its task and what it needs', async () => {
    writeModel('My Model');
    assert.deepEqual(await found(at('My Model')), {
      framework: 'transformers',
      path: at('My Model'),
      suggestedName: 'my-model',
      summary: 'Hugging Face text-classification model (BertForSequenceClassification), made with transformers 4.57.1',
      requirements: ['transformers>=4.57.1', 'torch'],
      risk: { kind: 'none' },
    });
    for (const file of ['config.json', 'model.safetensors']) {
      assert.equal((await found(at('My Model', file))).path, at('My Model'));
    }
    writeModel('unknown version', { ...CONFIG, transformers_version: '4.x; evil' });
    assert.deepEqual((await found(at('unknown version'))).requirements, ['transformers', 'torch']);
  });

  it('has its task from the architecture, the labels and the model card', async () => {
    const cases: [string, object, string?][] = [
      ['text-classification', CONFIG],
      ['zero-shot-classification', { ...CONFIG, label2id: { NEUTRAL: 1, ENTAILMENT: 2 } }],
      ['token-classification', { architectures: ['RobertaForTokenClassification'] }],
      ['question-answering', { architectures: ['DistilBertForQuestionAnswering'] }],
      ['fill-mask', { architectures: ['BertForMaskedLM'] }],
      ['text-generation', { architectures: ['GPT2LMHeadModel'] }],
      ['text-generation', { architectures: ['LlamaForCausalLM'] }],
      ['translation', { architectures: ['MarianMTModel'], model_type: 'marian' }],
      ['summarization', { architectures: ['PegasusForConditionalGeneration'], model_type: 'pegasus' }],
      ['summarization', { architectures: ['BartForConditionalGeneration'], model_type: 'bart' }, 'summarization'],
      ['text2text-generation', { architectures: ['T5ForConditionalGeneration'], model_type: 't5' }],
      ['feature-extraction', { architectures: ['BertModel'] }],
      ['feature-extraction', { model_type: 'bert' }],
    ];
    for (const [at_, [task, config, tag]] of cases.entries()) {
      const folder = writeModel(`task-${at_}`, config);
      if (tag) write(`task-${at_}/README.md`, `---\nlicense: mit\npipeline_tag: ${tag}\n---\n# Model\n`);
      const { summary } = await found(folder);
      assert.ok(summary.startsWith(`Hugging Face ${task} model (`), `${task}: ${summary}`);
    }
  });

  it('is found one level down, in a checkpoint and in a downloaded snapshot', async () => {
    writeModel('run/checkpoint-500');
    assert.equal((await found(at('run'))).suggestedName, 'run');
    writeModel('run/checkpoint-1000');
    assert.match((await refused(at('run'))).why!, /checkpoint-1000, checkpoint-500/);
    const hash = 'a1'.repeat(20);
    writeModel(`models--someone--fine-model/snapshots/${hash}`);
    const snapshot = await found(at('models--someone--fine-model'));
    assert.equal(path.basename(snapshot.path), hash);
    assert.equal(snapshot.suggestedName, 'fine-model');
  });

  it('asks for what reads its tokenizer', async () => {
    for (const name of ['spm.model', 'sentencepiece.model']) {
      const folder = writeModel(`pieces-${name}`);
      rmSync(path.join(folder, 'tokenizer.json'));
      write(`pieces-${name}/${name}`, 'x');
      assert.deepEqual((await found(folder)).requirements.slice(2), ['protobuf', 'sentencepiece']);
    }
    const folder = writeModel('words');
    rmSync(path.join(folder, 'tokenizer.json'));
    write('words/vocab.txt', 'x');
    for (const [named, packages] of [
      [{ tokenizer_class: 'XLMTokenizer' }, ['sacremoses']],
      [{ tokenizer_class: 'BertJapaneseTokenizer', word_tokenizer_type: 'mecab' }, ['fugashi', 'unidic-lite']],
      [
        {
          tokenizer_class: 'BertJapaneseTokenizer',
          word_tokenizer_type: 'mecab',
          mecab_kwargs: { mecab_dic: 'ipadic' },
        },
        ['fugashi', 'ipadic'],
      ],
      [{ tokenizer_class: 'BertTokenizer' }, []],
    ] as const) {
      write('words/tokenizer_config.json', named);
      assert.deepEqual((await found(folder)).requirements.slice(2), packages);
    }
    write('words/config.json', { ...CONFIG, tokenizer_class: 'FlaubertTokenizer' });
    rmSync(path.join(folder, 'tokenizer_config.json'));
    assert.deepEqual((await found(folder)).requirements.slice(2), ['sacremoses']);
  });

  it('says which part is missing and where it comes from', async () => {
    const folder = writeModel('parts');
    rmSync(path.join(folder, 'tokenizer.json'));
    const tokenizer = await refused(folder);
    assert.equal(tokenizer.code, 'tokenizer-missing');
    assert.match(tokenizer.next!, /tokenizer\.save_pretrained/);
    write('parts/spiece.model', 'x');
    assert.deepEqual((await found(folder)).requirements.slice(2), ['protobuf', 'sentencepiece']);
    rmSync(path.join(folder, 'model.safetensors'));
    assert.equal((await refused(folder)).code, 'weights-missing');
    write('parts/tf_model.h5', 'x');
    assert.match((await refused(folder)).what, /weights of TensorFlow only/);
  });

  it('names the shards that are missing, and follows no path out of the folder', async () => {
    const folder = writeModel('shards');
    rmSync(path.join(folder, 'model.safetensors'));
    const map = { a: 'model-00001-of-00002.safetensors', b: 'model-00002-of-00002.safetensors' };
    write('shards/model.safetensors.index.json', { weight_map: map });
    write('shards/model-00001-of-00002.safetensors', safetensors());
    const error = await refused(folder);
    assert.match(error.what, /lacks 1 of its 2 files/);
    assert.match(error.why!, /model-00002-of-00002\.safetensors/);
    write('shards/model-00002-of-00002.safetensors', safetensors());
    assert.equal((await found(folder)).framework, 'transformers');
    write('shards/model.safetensors.index.json', { weight_map: { a: '../../secret.safetensors' } });
    assert.equal((await refused(folder)).code, 'model-damaged');
  });

  it('tells damaged weights by their header', async () => {
    const folder = writeModel('damaged');
    const whole = safetensors();
    const cases: [Buffer | string, RegExp][] = [
      ['', /empty/],
      ['abc', /does not begin like/],
      [Buffer.alloc(64, 0xff), /does not begin like/],
      [whole.subarray(0, 20), /ends inside its header/],
      [whole.subarray(0, whole.length - 4), /its header speaks of/],
      [safetensors(16, 8), /its header speaks of/],
      [Buffer.concat([Buffer.from([4, 0, 0, 0, 0, 0, 0, 0]), Buffer.from('nope')]), /not JSON/],
    ];
    for (const [content, why] of cases) {
      write('damaged/model.safetensors', content);
      const error = await refused(folder);
      assert.equal(error.code, 'model-damaged');
      assert.match(error.why!, why);
    }
    write('damaged/model.safetensors', 'version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 3\n');
    assert.match((await refused(folder)).next!, /git lfs pull/);
    write('damaged/model.safetensors', whole);
    write('damaged/config.json', '{"architectures": [');
    assert.equal((await refused(folder)).code, 'model-damaged');
  });

  it('names what comes later or lacks a part, and says what to do', async () => {
    const cases: [object, RegExp][] = [
      [{ architectures: ['ViTForImageClassification'], model_type: 'vit' }, /for images/],
      [{ architectures: ['WhisperForConditionalGeneration'], model_type: 'whisper' }, /for audio/],
      [{ architectures: ['Gemma3ForConditionalGeneration'], vision_config: {} }, /for images/],
      [{ architectures: ['BertForMultipleChoice'] }, /of the kind BertForMultipleChoice/],
      [{ ...CONFIG, quantization_config: { quant_method: 'gptq' } }, /quantised with gptq/],
    ];
    for (const [at_, [config, what]] of cases.entries()) {
      const error = await refused(writeModel(`later-${at_}`, config));
      assert.equal(error.code, 'model-not-supported');
      assert.match(error.what, what);
      assert.ok(error.next);
    }
    write('adapter/adapter_config.json', { peft_type: 'LORA', base_model_name_or_path: 'someone/base' });
    const adapter = await refused(at('adapter'));
    assert.match(`${adapter.what} ${adapter.why} ${adapter.next}`, /PEFT.*someone\/base.*merge_and_unload/);
    write('diffuser/model_index.json', { _class_name: 'StableDiffusionPipeline' });
    assert.match((await refused(at('diffuser'))).what, /diffusers/);
    assert.match((await refused(write('m.gguf', 'GGUF'))).what, /GGUF/);
  });

  it('leaves a folder that has weights of ONNX only to others', async () => {
    const result = await import('../../../src/core/detect/transformers.ts');
    for (const file of ['model.onnx', 'model_quantized.onnx', 'onnx/decoder_model_merged.onnx']) {
      const name = `exported-${path.basename(file, '.onnx')}`;
      const folder = writeModel(name);
      rmSync(path.join(folder, 'model.safetensors'));
      write(`${name}/${file}`, 'x');
      const said = await result.transformers.detect(
        { path: folder, kind: 'folder', size: 0 },
        { findPython: async () => undefined },
      );
      assert.equal(said, undefined, file);
    }
  });

  it('asks before code of its repository runs, in a trusted project too, and again when it changed', async () => {
    const own = { ...CONFIG, auto_map: { AutoModelForSequenceClassification: 'modeling_own.Own' } };
    const folder = writeModel('own', own);
    assert.equal((await refused(folder)).code, 'code-missing');
    write('own/modeling_own.py', 'class Own: ...\n');
    write('own/helper.py', '');
    const { risk } = await found(folder);
    assert.ok(risk.kind === 'code');
    assert.deepEqual(risk.files, ['helper.py', 'modeling_own.py']);
    assert.equal(isCovered(risk, [{ kind: 'code' }]), false);
    assert.equal(isCovered(risk, [{ kind: 'code', hash: risk.hash! }]), true);
    writeFileSync(at('own/helper.py'), 'import os\n');
    const changed = (await found(folder)).risk;
    assert.equal(isCovered(changed, [{ kind: 'code', hash: risk.hash! }]), false);
    writeModel('own', { ...CONFIG, auto_map: { AutoModel: 'someone/repo--modeling_own.Own' } });
    assert.match((await refused(folder)).why!, /someone\/repo--/);
    writeModel('tokenizer-code');
    write('tokenizer-code/tokenizer_config.json', { auto_map: { AutoTokenizer: ['tok.Slow', null] } });
    write('tokenizer-code/tok.py', '');
    assert.equal((await found(at('tokenizer-code'))).risk.kind, 'code');
  });

  it('looks into weights that are pickles, and runs nothing of them', async () => {
    const folder = writeModel('older');
    rmSync(path.join(folder, 'model.safetensors'));
    const save = (value: string): void => python(`${TORCH_WRITER}\narchive('older/pytorch_model.bin', ${value})`);
    save("{'w': tensor()}");
    assert.deepEqual((await found(folder)).risk, { kind: 'none' });
    save("{'w': tensor(), 'more': cls('someone.tools', 'Thing')()}");
    const unknown = (await found(folder)).risk;
    assert.ok(unknown.kind === 'unknown-globals');
    assert.deepEqual(
      unknown.globals.map(({ name }) => name),
      ['someone.tools.Thing'],
    );
    save("{'w': tensor(), 'more': Call(os.system, 'touch ran')}");
    const dangerous = (await found(folder)).risk;
    assert.ok(dangerous.kind === 'dangerous-globals');
    assert.match(dangerous.globals[0]!.meaning!, /runs a command/);
    assert.equal(existsSync(at('ran')), false);
    write('older/pytorch_model.bin', 'PK\u0003\u0004 cut off');
    assert.equal((await refused(folder)).code, 'model-damaged');
    // With safetensors beside it the pickle is never read.
    write('older/model.safetensors', safetensors());
    assert.deepEqual((await found(folder)).risk, { kind: 'none' });
  });

  describe('of SentenceTransformers', () => {
    const MODULES = ['Transformer', 'Pooling', 'Normalize'].map((name, idx) => ({
      idx,
      name: String(idx),
      path: idx === 0 ? '' : `${idx}_${name}`,
      type: `sentence_transformers.models.${name}`,
    }));

    function writeSentences(folder: string, modules: object[] = MODULES): string {
      writeModel(folder, { ...CONFIG, architectures: ['BertModel'] });
      write(`${folder}/modules.json`, modules);
      write(`${folder}/config_sentence_transformers.json`, {
        __version__: { sentence_transformers: '5.1.0', pytorch: '2.8.0+cu128' },
      });
      return at(folder);
    }

    it('is embeddings, and needs the library only for what is unusual', async () => {
      const plain = await found(writeSentences('sentences'));
      assert.deepEqual(plain.captured, [
        { package: 'torch', kind: 'exact', versions: '2.8.0', from: 'config_sentence_transformers.json' },
      ]);
      assert.equal(
        plain.summary,
        'Hugging Face sentence embeddings (BertModel), made with sentence-transformers 5.1.0 and transformers 4.57.1',
      );
      assert.deepEqual(plain.requirements, ['transformers>=4.57.1', 'torch']);
      const lstm = { idx: 3, name: '3', path: '3_LSTM', type: 'sentence_transformers.models.LSTM' };
      write('unusual/3_LSTM/model.safetensors', safetensors());
      const unusual = await found(writeSentences('unusual', [...MODULES, lstm]));
      assert.equal(unusual.requirements[0], 'sentence-transformers>=5.1.0');
    });

    it('looks at the weights, the functions and the code of each module', async () => {
      const dense = { idx: 3, name: '3', path: '3_Dense', type: 'sentence_transformers.models.Dense' };
      const folder = writeSentences('dense', [...MODULES, dense]);
      write('dense/3_Dense/config.json', { activation_function: 'torch.nn.modules.activation.Tanh' });
      assert.equal((await refused(folder)).code, 'weights-missing');
      write('dense/3_Dense/model.safetensors', safetensors());
      assert.deepEqual((await found(folder)).risk, { kind: 'none' });
      write('dense/3_Dense/config.json', { activation_function: 'os.system' });
      assert.equal((await found(folder)).risk.kind, 'dangerous-globals');
      const own = writeSentences('own-module', [...MODULES, { ...dense, type: 'own_module.Own' }]);
      assert.equal((await refused(own)).code, 'code-missing');
      write('own-module/own_module.py', '');
      assert.equal((await found(own)).risk.kind, 'code');
    });

    it('refuses other media, sparse vectors and paths that lead out of it', async () => {
      const with_ = (type: string, where = ''): object[] => [{ idx: 0, name: '0', path: where, type }];
      const clip = await refused(writeSentences('clip', with_('sentence_transformers.models.CLIPModel')));
      assert.match(clip.what, /images or audio/);
      const sparse = await refused(
        writeSentences('sparse', [...MODULES, ...with_('sentence_transformers.sparse_encoder.models.SpladePooling')]),
      );
      assert.match(sparse.what, /sparse/);
      mkdirSync(at('outside'));
      const out = writeSentences('out', with_('sentence_transformers.models.Transformer', '../outside'));
      assert.equal((await refused(out)).code, 'model-damaged');
    });
  });
});
