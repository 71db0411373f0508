import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { detect, DETECTORS } from '../../../src/core/detect/detect.ts';
import type { Detection } from '../../../src/core/detect/detection.ts';
import { FRAMEWORKS } from '../../../src/shared/spec.ts';
import { MODEL_NAME } from '../../../src/shared/spec.ts';
import type { Outcome, UserError } from '../../../src/shared/outcome.ts';
import { temporaryFolder } from '../models/temporary.ts';
import { testPython } from '../environment/python.ts';

const PYTHON = testPython();
const META = {
  lang: 'en',
  name: 'core_tiny',
  version: '1.2.3',
  description: 'Tiny',
  spacy_version: '>=3.8.7,<3.9.0',
  pipeline: ['tok2vec', 'ner'],
  requirements: ['spacy-lookups-data>=1.0', '--index-url=http://example.org'],
};

describe('telling what a path is', () => {
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  function write(name: string, content: string | Buffer = ''): string {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), content);
    return at(name);
  }

  function writePipeline(folder: string, meta: object = META, config = '[nlp]\nlang = "en"\n'): void {
    write(`${folder}/meta.json`, JSON.stringify(meta));
    write(`${folder}/config.cfg`, config);
  }

  /** Runs Python with the standard library only; the test's folder is its working directory. */
  function python(source: string): void {
    execFileSync(PYTHON, ['-c', source], { cwd: temporary.folder });
  }

  async function found(target: string): Promise<Detection> {
    const result = await detect(target, { python: PYTHON });
    assert.ok(result.ok, JSON.stringify(result));
    assert.match(result.value.suggestedName, MODEL_NAME);
    return result.value;
  }

  async function refused(target: string): Promise<UserError> {
    const result: Outcome<Detection> = await detect(target, { python: PYTHON });
    assert.ok(!result.ok, JSON.stringify(result));
    return result.error;
  }

  describe('spaCy', () => {
    it('is a folder with config.cfg and meta.json, which says what it needs', async () => {
      writePipeline('ner model');
      assert.deepEqual(await found(at('ner model')), {
        framework: 'spacy',
        path: at('ner model'),
        suggestedName: 'ner-model',
        summary: 'spaCy pipeline en_core_tiny (tok2vec, ner), made with spaCy 3.8.7',
        description: 'Tiny',
        requirements: ['spacy>=3.8.7,<3.9.0', 'spacy-lookups-data>=1.0'],
        risk: { kind: 'none' },
      });
      assert.equal((await found(at('ner model/meta.json'))).path, at('ner model'));
    });

    it('is found one level down, the better of two', async () => {
      writePipeline('training/model-last');
      assert.equal((await found(at('training'))).path, at('training/model-last'));
      writePipeline('training/model-best');
      const best = await found(at('training'));
      assert.equal(best.path, at('training/model-best'));
      assert.equal(best.suggestedName, 'training');
      assert.match(best.summary, /; model-best is taken, model-last is beside it$/);
      assert.doesNotMatch((await found(at('training/model-last'))).summary, /beside/);
      assert.equal((await found(at('training/model-best'))).suggestedName, 'training');
    });

    it('is found in a package, as spacy package writes it', async () => {
      writePipeline('dist/en_core_tiny/en_core_tiny-1.2.3');
      write('dist/meta.json', JSON.stringify(META));
      write('dist/en_core_tiny/meta.json', JSON.stringify(META));
      assert.equal((await found(at('dist/en_core_tiny'))).suggestedName, 'en-core-tiny');
      for (const folder of ['dist', 'dist/en_core_tiny']) {
        assert.equal((await found(at(folder))).path, at('dist/en_core_tiny/en_core_tiny-1.2.3'));
      }
      writePipeline('elsewhere/p-1.2.3');
      write('evil/meta.json', JSON.stringify({ ...META, name: 'x/../../elsewhere/p' }));
      assert.equal((await refused(at('evil'))).code, 'model-not-recognised');
    });

    it('asks which of several is meant', async () => {
      writePipeline('all/first');
      assert.equal((await found(at('all'))).path, at('all/first'));
      writePipeline('all/second');
      const error = await refused(at('all'));
      assert.equal(error.code, 'model-ambiguous');
      assert.match(error.why!, /first, second/);
    });

    it('says that meta.json is damaged', async () => {
      writePipeline('broken');
      write('broken/meta.json', '{"lang": "en"');
      assert.equal((await refused(at('broken'))).code, 'model-damaged');
    });

    it('names the components whose weights can hold a pickle', async () => {
      writePipeline(
        'trf',
        META,
        '[components.transformer]\nfactory = "transformer"\n[components.ner]\nfactory = "ner"\n',
      );
      const { risk } = await found(at('trf'));
      assert.ok(risk.kind === 'unknown-globals');
      assert.match(risk.globals[0]!.meaning!, /torch\.load, which can hold a pickle/);
      assert.match(risk.hash, /^[0-9a-f]{64}$/);
    });
  });

  describe('a custom model', () => {
    it('is a folder with handler.py, which goes before what else is there', async () => {
      writePipeline('mine');
      write(
        'mine/handler.py',
        '"""Sorts mail.\n\nMore."""\nimport helper\n\ndef load(path):\n    return 1\n\n\ndef predict(model, input):\n    return 2\n',
      );
      write('mine/helper.py');
      write(
        'mine/requirements.txt',
        '# tools\nrules>=1 ; python_version < "4" # why\n-r more.txt\n\nother[x]==2.0 --hash=sha256:00\n',
      );
      assert.deepEqual(await found(at('mine')), {
        framework: 'custom',
        path: at('mine'),
        suggestedName: 'mine',
        summary: 'custom model (handler.py); 1 line of requirements.txt not used: -r more.txt',
        description: 'Sorts mail.',
        requirements: ['rules>=1 ; python_version < "4"', 'other[x]==2.0'],
        risk: { kind: 'code', files: ['handler.py', 'helper.py'] },
      });
      assert.equal((await found(at('mine/handler.py'))).path, at('mine'));
    });

    it('may import or assign its functions', async () => {
      write('a/handler.py', 'from .lib import (\n    load,  # one\n    ask as predict,\n)\n');
      write('b/handler.py', 'load = print\npredict: object = print\n');
      write('c/handler.py', 'from lib import *\n');
      for (const name of ['a', 'b', 'c']) assert.equal((await found(at(name))).framework, 'custom');
    });

    it('says which function is missing', async () => {
      write('half/handler.py', 'def load(path):\n    def predict(model, input): ...\n    predict == 1\n');
      const error = await refused(at('half'));
      assert.equal(error.code, 'handler-incomplete');
      assert.match(error.what, /does not define predict\.$/);
      write('none/handler.py', '');
      assert.match((await refused(at('none'))).what, /does not define load and predict\.$/);
    });
  });

  describe('scikit-learn', () => {
    // Classes of scikit-learn by name only: neither writing nor reading such a pickle needs scikit-learn.
    const FAKE = `
import sys, types, pickle, gzip, bz2, zlib
def cls(module, name):
    parts = module.split('.')
    for n in range(1, len(parts) + 1):
        sys.modules.setdefault('.'.join(parts[:n]), types.ModuleType('.'.join(parts[:n])))
    found = type(name, (), {'__module__': module})
    setattr(sys.modules[module], name, found)
    return found
model = cls('sklearn.linear_model._logistic', 'LogisticRegression')()
model._sklearn_version = '1.5.2'
`;

    it('is a pickle of an estimator under any usual name, compressed in any way', async () => {
      python(`${FAKE}
data = pickle.dumps(model)
open('my model.pkl', 'wb').write(data)
open('proto0.pickle', 'wb').write(pickle.dumps(model, 0))
open('finalized_model.sav', 'wb').write(pickle.dumps(model, 2))
open('z.joblib', 'wb').write(zlib.compress(data))
open('g.pkl.gz', 'wb').write(gzip.compress(data))
open('finalized_model.sav.gz', 'wb').write(gzip.compress(pickle.dumps(model, 2)))
open('b.joblib', 'wb').write(bz2.compress(data))
frame = b'\\x04\\x22M\\x18\\x60\\x40\\x82' + (len(data) | 1 << 31).to_bytes(4, 'little') + data + bytes(4)
open('l.joblib.lz4', 'wb').write(frame)`);
      assert.deepEqual(await found(at('my model.pkl')), {
        framework: 'sklearn',
        path: at('my model.pkl'),
        suggestedName: 'my-model',
        summary: 'scikit-learn LogisticRegression, made with scikit-learn 1.5.2',
        requirements: ['scikit-learn==1.5.2'],
        risk: { kind: 'none' },
      });
      for (const name of [
        'proto0.pickle',
        'finalized_model.sav',
        'finalized_model.sav.gz',
        'z.joblib',
        'g.pkl.gz',
        'b.joblib',
      ]) {
        assert.deepEqual((await found(at(name))).requirements, ['scikit-learn==1.5.2'], name);
      }
      // joblib needs a package of its own for it.
      assert.deepEqual((await found(at('l.joblib.lz4'))).requirements, ['scikit-learn==1.5.2', 'lz4']);
      assert.equal((await found(at('l.joblib.lz4'))).suggestedName, 'l');
      assert.equal((await found(at('finalized_model.sav'))).suggestedName, 'finalized-model');
      assert.equal((await found(at('finalized_model.sav.gz'))).suggestedName, 'finalized-model');
      assert.equal((await found(at('g.pkl.gz'))).suggestedName, 'g');
    });

    it('asks for unknown globals once per set of them, not per file', async () => {
      const save = (state: string): void =>
        python(`${FAKE}
model.step = cls('my_project.steps', 'Lower')()
model.tree = cls('xgboost.sklearn', 'XGBClassifier')()
model.weights = ${state}
pickle.dump(model, open('m.pkl', 'wb'))`);
      save('1');
      const first = await found(at('m.pkl'));
      save('2');
      const second = await found(at('m.pkl'));
      assert.deepEqual(first.requirements, ['scikit-learn==1.5.2', 'xgboost']);
      assert.ok(first.risk.kind === 'unknown-globals');
      assert.deepEqual(
        first.risk.globals.map(({ name }) => name),
        ['my_project.steps.Lower'],
      );
      assert.deepEqual(second.risk, first.risk);
    });

    it('asks for dangerous globals anew for each file', async () => {
      const save = (command: string): void =>
        python(`${FAKE}
import os
class Run:
    def __reduce__(self):
        return os.system, ('${command}',)
model.step = Run()
pickle.dump(model, open('m.pkl', 'wb'))`);
      save('touch ran-1');
      const first = await found(at('m.pkl'));
      save('touch ran-22');
      const second = await found(at('m.pkl'));
      assert.ok(first.risk.kind === 'dangerous-globals' && second.risk.kind === 'dangerous-globals');
      assert.deepEqual(first.risk.globals, [
        { name: 'posix.system', danger: 'dangerous', meaning: 'runs a command of the operating system' },
      ]);
      assert.notEqual(first.risk.hash, second.risk.hash);
      assert.equal(existsSync(at('ran-1')) || existsSync(at('ran-22')), false);
    });

    it('says that a file is empty, cut off, or no pickle', async () => {
      python(`${FAKE}
model.weights = b'x' * 1000
pickle.dump(model, open('cut.pkl', 'wb'))`);
      truncateSync(at('cut.pkl'), 500);
      assert.equal((await refused(at('cut.pkl'))).code, 'model-damaged');
      assert.equal((await refused(write('empty.joblib'))).code, 'model-empty');
      assert.equal((await refused(write('text.pkl', 'hello there\n'))).code, 'model-damaged');
      assert.equal((await refused(write('page.joblib', '<html>'))).code, 'model-damaged');
    });

    it('needs a Python to look into it, and says so', async () => {
      const file = write('m.pkl', Buffer.from([0x80, 4, 0x4e, 0x2e]));
      const none = await detect(file);
      assert.equal(none.ok ? '' : none.error.code, 'python-missing');
      const broken = await detect(file, { findPython: async () => at('nowhere/python') });
      assert.equal(broken.ok ? '' : broken.error.code, 'model-not-inspected');
      const controller = new AbortController();
      controller.abort();
      const ended = await detect(file, { python: PYTHON, signal: controller.signal });
      assert.equal(ended.ok ? '' : ended.error.code, 'cancelled');
    });
  });

  describe('anything else', () => {
    it('gets an answer that says what was looked for and what is there', async () => {
      write('data/a.csv', '1');
      mkdirSync(at('data/more'));
      const error = await refused(at('data'));
      assert.equal(error.code, 'model-not-recognised');
      for (const framework of FRAMEWORKS) assert.ok(error.why!.includes(DETECTORS[framework].looksFor), framework);
      assert.match(error.why!, /^The folder has 2 entries: a\.csv, more\/\./);
      assert.match((await refused(write('notes.txt', 'abc'))).why!, /a file of type \.txt with 3 bytes/);
      assert.match((await refused(write('blob', 'x'))).why!, /a file without an extension/);
      mkdirSync(at('nothing'));
      assert.match((await refused(at('nothing'))).why!, /The folder is empty/);
    });

    it('looks at 1,000 entries of a folder with 20,000', async () => {
      mkdirSync(at('huge'));
      python(`
for n in range(20_000):
    open('huge/%d.txt' % n, 'w').close()`);
      assert.match((await refused(at('huge'))).why!, /more than 1,000 entries/);
      write('huge/handler.py', 'def load(path): ...\ndef predict(model, input): ...\n');
      assert.equal((await found(at('huge'))).framework, 'custom');
    }).timeout(60_000);

    it('says that a path is missing, forbidden, or a link to itself', async () => {
      assert.equal((await refused(at('gone'))).code, 'path-missing');
      symlinkSync(at('gone'), at('dangling'));
      assert.equal((await refused(at('dangling'))).code, 'path-missing');
      symlinkSync('loop', at('loop'));
      const loop = await refused(at('loop'));
      assert.equal(loop.code, 'path-not-readable');
      assert.match(loop.why!, /leads back to itself/);
      mkdirSync(at('cycle'));
      symlinkSync('.', at('cycle/again'));
      assert.equal((await refused(at('cycle'))).code, 'model-not-recognised');
    });

    it('says that reading is not allowed', () => {
      const file = write('secret/m.pkl', '1');
      chmodSync(path.dirname(file), 0o000);
      try {
        const script = `import { detect } from ${JSON.stringify(new URL('../../../src/core/detect/detect.ts', import.meta.url).href)};
          const result = await detect(${JSON.stringify(file)}, {});
          console.log(result.ok ? 'ok' : result.error.code);`;
        // For root nothing is forbidden: then somebody else tries.
        const options = process.getuid?.() === 0 ? { uid: 65534, gid: 65534 } : {};
        chmodSync(temporary.folder, 0o755);
        chmodSync(path.dirname(temporary.folder), 0o755);
        const said = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
          ...options,
          encoding: 'utf8',
        });
        assert.equal(said.trim(), 'path-not-readable');
      } finally {
        chmodSync(path.dirname(file), 0o755);
      }
    });

    it('follows links, and keeps the place that was pointed at', async () => {
      writePipeline('real');
      symlinkSync('real', at('linked'));
      assert.equal((await found(at('linked'))).path, at('linked'));
    });
  });

  it('reads the sample models', async () => {
    const samples = new URL('../../../examples/models/', import.meta.url).pathname;
    assert.ok(existsSync(path.join(samples, 'sentiment.joblib')), 'the sample models are made before the tests run');
    assert.equal((await found(path.join(samples, 'sentiment.joblib'))).framework, 'sklearn');
    const entities = await found(path.join(samples, 'entities'));
    const { spacy_version: version } = JSON.parse(readFileSync(path.join(samples, 'entities/meta.json'), 'utf8'));
    assert.deepEqual(entities.requirements, [`spacy${version}`]);
  });
});
