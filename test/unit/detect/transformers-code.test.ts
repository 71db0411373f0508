/** Code that comes with a Hugging Face model: found wherever a library would find it, and asked about. */
import assert from 'node:assert/strict';
import { rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { asksForName, isCovered } from '../../../src/core/consent.ts';
import type { Risk } from '../../../src/core/detect/detection.ts';
import { DetectFiles, safetensors, TORCH_WRITER } from './files.ts';

const CONFIG = { architectures: ['BertModel'], model_type: 'bert' };
const MAP = { auto_map: { AutoModel: 'own.Own' } };
const OWN = 'sentence_transformers.';

describe('code that comes with a Hugging Face model', () => {
  const files = new DetectFiles();
  const { at, write, python, found, refused } = files;

  function writeModel(folder: string, config: object = CONFIG): string {
    write(`${folder}/config.json`, config);
    write(`${folder}/tokenizer.json`, {});
    write(`${folder}/model.safetensors`, safetensors());
    return at(folder);
  }

  function writeModules(folder: string, ...types: string[]): string {
    writeModel(folder);
    const paths = types.map((_, idx) => (idx === 0 ? '' : `${idx}_`));
    write(
      `${folder}/modules.json`,
      types.map((type, idx) => ({ idx, name: String(idx), path: paths[idx], type })),
    );
    for (const place of paths.slice(1)) write(`${folder}/${place}/config.json`, {});
    return at(folder);
  }

  const PLAIN = [`${OWN}models.Transformer`, `${OWN}models.Pooling`];
  const codeOf = async (folder: string): Promise<Extract<Risk, { kind: 'code' }>> => {
    const { risk, ownCode } = await found(folder);
    assert.ok(risk.kind === 'code' && risk.hash !== undefined, JSON.stringify(risk));
    assert.equal(ownCode, true);
    assert.equal(asksForName(risk), true);
    return risk;
  };

  it('asks again when any file changes that it could run, however many there are, and not for new weights', async () => {
    const folder = writeModel('own', { ...CONFIG, ...MAP });
    write('own/own.py', 'class Own: ...\n');
    // More than a listing of names looks at.
    for (let at_ = 0; at_ < 1001; at_++) write(`own/a/${at_}.txt`, '');
    write('own/z/deep/more.py', '');
    write('own/notes.txt', 'print(1)');
    const risk = await codeOf(folder);
    assert.deepEqual(risk.files, ['own.py', 'z/deep/more.py']);
    const consent = [{ kind: 'code' as const, hash: risk.hash! }];
    const covered = async (): Promise<boolean> => isCovered((await found(folder)).risk, consent);
    write('own/model.safetensors', safetensors(32));
    assert.equal(await covered(), true, 'retrained');
    for (const name of ['z/deep/more.py', 'notes.txt', 'config.json', 'a/1000.txt', 'lib.so']) {
      const before = name === 'lib.so' ? undefined : name === 'config.json' ? { ...CONFIG, ...MAP } : 'print(1)';
      write(`own/${name}`, name === 'config.json' ? { ...CONFIG, ...MAP, more: 1 } : 'x');
      assert.equal(await covered(), false, name);
      if (before === undefined) rmSync(at('own', name));
      else write(`own/${name}`, name === 'notes.txt' || name === 'config.json' ? before : '');
      assert.equal(await covered(), true, `${name}, as it was`);
    }
    // What no copy for a worker has cannot run there.
    write('own/__pycache__/own.cpython-311.pyc', 'x');
    write('own/models.json', '{}');
    assert.equal(await covered(), true);
  });

  it('is found in the folder of each module, beside its configuration or in the model', async () => {
    const folder = writeModules('inner', ...PLAIN);
    rmSync(at('inner/config.json'));
    const modules = PLAIN.map((type, idx) => ({ idx, name: String(idx), path: `${idx}_`, type }));
    write('inner/modules.json', modules);
    writeModel('inner/0_');
    assert.deepEqual((await found(folder)).risk, { kind: 'none' });
    for (const file of ['0_/config.json', '0_/tokenizer_config.json', '1_/preprocessor_config.json']) {
      const before = file === '0_/config.json' ? CONFIG : {};
      write(`inner/${file}`, { ...before, ...MAP });
      rmSync(at('inner/0_/own.py'), { force: true });
      rmSync(at('inner/own.py'), { force: true });
      assert.equal((await refused(folder)).code, 'code-missing', file);
      write(`inner/${path.dirname(file)}/own.py`, '');
      await codeOf(folder);
      rmSync(at('inner', path.dirname(file), 'own.py'));
      write('inner/own.py', '');
      await codeOf(folder);
      write(`inner/${file}`, before);
    }
  });

  it('may hide in no module but those that are known to load numbers', async () => {
    const known = ['Transformer', 'Pooling', 'Dropout', 'Normalize'];
    const named: Record<string, string[]> = {
      models: known.map((one) => `${OWN}models.${one}`),
      'models, twice': known.map((one) => `${OWN}models.${one}.${one}`),
      newest: [
        `${OWN}base.modules.transformer.Transformer`,
        `${OWN}sentence_transformer.modules.pooling.Pooling`,
        `${OWN}sentence_transformer.modules.dropout.Dropout`,
        `${OWN}base.modules.normalize.Normalize`,
      ],
    };
    for (const [name, types] of Object.entries(named)) {
      assert.deepEqual((await found(writeModules(name, ...types))).risk, { kind: 'none' }, name);
    }
    for (const type of [
      `${OWN}models.Router`,
      `${OWN}models.Asym`,
      `${OWN}base.modules.router.Router`,
      `${OWN}util.import_from_string`,
      `${OWN}evil.Pooling`,
      `${OWN}models.tokenizer.Pooling`,
      // Its weights would be a transformer's, which are looked at for the first only.
      `${OWN}models.Transformer`,
    ]) {
      const error = await refused(writeModules('unknown', ...PLAIN, type));
      assert.equal(error.code, 'model-not-supported', type);
      assert.match(error.next!, /handler\.py/);
    }
    const many = writeModules('many', ...PLAIN, ...Array<string>(20).fill(`${OWN}models.Dropout`), 'own.Own');
    assert.equal((await refused(many)).code, 'model-damaged');
  });

  it('may hide in no JSON that Python reads and others do not', async () => {
    const folder = writeModules('odd', ...PLAIN);
    for (const name of ['modules.json', 'tokenizer_config.json', 'sentence_bert_config.json', '1_/config.json']) {
      const text = name === 'modules.json' ? JSON.stringify([{ idx: 0, path: '', type: 'own.Own' }]) : '{"x":0}';
      write(`odd/${name}`, text.replace('0', 'NaN'));
      assert.equal((await refused(folder)).code, 'model-damaged', name);
      writeModules('odd', ...PLAIN);
      if (!name.includes('/') && name !== 'modules.json') rmSync(at('odd', name));
    }
    assert.deepEqual((await found(folder)).risk, { kind: 'none' });
  });

  it('may not have the library load weights that were not looked at', async () => {
    const folder = writeModules('args', ...PLAIN);
    const settings = (fields: object): string => write('args/sentence_bert_config.json', fields);
    settings({ max_seq_length: 128, model_args: { torch_dtype: 'float16', attn_implementation: 'sdpa' } });
    assert.deepEqual((await found(folder)).risk, { kind: 'none' });
    for (const odd of [{ use_safetensors: false }, { weights_only: false }, { variant: 'x' }, { toString: 1 }]) {
      settings({ transformer_task: null, model_kwargs: odd });
      assert.equal((await refused(folder)).code, 'model-not-supported', JSON.stringify(odd));
    }
    settings({ processor_kwargs: { attn_implementation: 'someone/kernel' } });
    assert.equal((await refused(folder)).code, 'model-not-supported');
    settings({});
    write('args/adapter_config.json', { peft_type: 'LORA', base_model_name_or_path: '../elsewhere' });
    assert.match((await refused(folder)).what, /adapter/);
  });

  it('is not agreed to by one click where a pickle of the model asks too', async () => {
    const folder = writeModel('both', { ...CONFIG, ...MAP });
    write('both/own.py', '');
    rmSync(path.join(folder, 'model.safetensors'));
    python(
      `${TORCH_WRITER}\narchive('both/pytorch_model.bin', {'w': tensor(), 'more': cls('someone.tools', 'Thing')()})`,
    );
    const { risk, ownCode } = await found(folder);
    assert.ok(risk.kind === 'dangerous-globals');
    assert.deepEqual(
      risk.globals.map(({ name, danger }) => [name, danger]),
      [
        ['someone.tools.Thing', 'unknown'],
        ['own.py', 'dangerous'],
      ],
    );
    assert.deepEqual([ownCode, asksForName(risk)], [true, true]);
    writeFileSync(at('both/own.py'), 'x = 1\n');
    const changed = (await found(folder)).risk;
    assert.ok(changed.kind === 'dangerous-globals');
    assert.notEqual(changed.hash, risk.hash);
  });
});
