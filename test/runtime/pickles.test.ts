import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { fileURLToPath } from 'node:url';
import { runPython, RUNTIME, Scratch } from './support.ts';

interface Document {
  kind: string;
  compression: string;
  globals: string[];
  dotted: string[];
  versions: Record<string, string>;
  root: string | null;
  text: boolean;
  sha256: string;
  error?: { code: string; message: string };
}

const scriptPath = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

async function python(name: string, ...args: string[]): Promise<any> {
  const output = await runPython([scriptPath(name), ...args]);
  assert.equal(output.code, 0, output.stderr);
  return output.stdout === '' ? undefined : JSON.parse(output.stdout);
}

async function read(file: string): Promise<Document> {
  const output = await runPython(['-I', '-S', path.join(RUNTIME, 'pickle_reader.py'), file]);
  assert.equal(output.code, 0, output.stderr);
  assert.equal(output.stderr, '');
  return JSON.parse(output.stdout) as Document;
}

describe('the static reader of pickles', function () {
  this.timeout(120_000);
  const scratch = new Scratch();
  const honest = scratch.path('honest');
  const damaged = scratch.path('damaged');
  const hostile = scratch.path('hostile');
  let names: Record<string, string[]>;
  let expected: Record<string, string | null>;

  before(async () => {
    await python('make_pickles.py', honest);
    mkdirSync(damaged);
    for (const file of readdirSync(honest)) {
      if (/^(cut|broken|more|foreign)/.test(file)) renameSync(path.join(honest, file), path.join(damaged, file));
    }
    [names, expected] = await Promise.all([
      python('check_reader.py', 'names', honest),
      python('hostile_pickles.py', hostile),
    ]);
  });
  after(() => scratch.remove());

  const ESTIMATORS = { text: 'sklearn.pipeline.Pipeline', forest: 'RandomForestClassifier', encoder: 'OneHotEncoder' };

  for (const [name, root] of Object.entries(ESTIMATORS)) {
    it(`${name}: exactly the names that joblib looks up, whatever compression and protocol`, async () => {
      const files = readdirSync(honest).filter((file) => file.startsWith(`${name}-`));
      assert.equal(files.length, 22);
      for (const file of files) {
        const document = await read(path.join(honest, file));
        assert.equal(document.error, undefined, file);
        assert.deepEqual([...document.globals].sort(), names[file], file);
        assert.equal(document.kind, file.endsWith('.joblib') ? 'joblib' : 'pickle', file);
        const compression = /-(zlib|gzip|bz2|lzma|xz|lz4)\./.exec(file)?.[1] ?? 'none';
        assert.equal(document.compression, compression, file);
        assert.ok(document.root?.endsWith(root), `${file}: ${document.root}`);
        assert.match(document.versions['_sklearn_version'] ?? '', /^\d+\.\d+/, file);
        assert.equal(document.text, name === 'text', file);
        assert.match(document.sha256, /^[0-9a-f]{64}$/);
      }
    });
  }

  it('passes over arrays of every kind, and sees what follows them', async () => {
    const files = readdirSync(honest).filter((file) => file.startsWith('array-'));
    assert.equal(files.length, 30);
    for (const file of files) {
      const document = await read(path.join(honest, file));
      assert.equal(document.error, undefined, `${file}: ${document.error?.message}`);
      assert.deepEqual([...document.globals].sort(), names[file], file);
      assert.equal(document.text, true, file);
    }
  });

  it('says what is wrong with damaged and foreign files', async () => {
    const codes = Object.fromEntries(
      await Promise.all(
        readdirSync(damaged).map(async (file) => [file, (await read(path.join(damaged, file))).error?.code] as const),
      ),
    );
    for (const [file, code] of Object.entries(codes)) {
      if (file.startsWith('cut-') && !file.includes('packed') && file !== 'cut-1.joblib') {
        assert.equal(code, 'truncated', file);
      }
    }
    assert.deepEqual(Object.fromEntries(Object.entries(codes).filter(([file]) => !/^cut-\d+\./.test(file))), {
      'broken-packed.joblib': 'damaged',
      'cut-packed.joblib': 'damaged',
      'foreign-dict.pkl': undefined,
      'foreign-empty.pkl': 'empty',
      'foreign-lz4.pkl': 'damaged',
      'foreign-old-joblib.pkl': 'old-joblib',
      'foreign-png.pkl': 'not-a-pickle',
      'foreign-random.pkl': 'not-a-pickle',
      'foreign-text.pkl': 'not-a-pickle',
      'foreign-zip.pkl': 'not-an-archive',
      'more.joblib': 'trailing-data',
    });
    assert.equal((await read(path.join(damaged, 'foreign-dict.pkl'))).root, 'builtins.dict');
    assert.equal((await read(path.join(damaged, 'nothing.pkl'))).error?.code, 'cannot-open');
  });

  it('lists what a hostile pickle would call, or refuses it, and runs none', async () => {
    const files = Object.entries(expected);
    assert.ok(files.length > 50);
    for (const [name, wanted] of files) {
      const document = await read(path.join(hostile, `${name}.pkl`));
      if (wanted === null) assert.equal(document.error, undefined, name);
      else if (wanted.includes('.')) assert.ok(document.globals.includes(wanted), `${name}: ${document.globals}`);
      else assert.equal(document.error?.code, wanted, `${name}: ${document.error?.message}`);
    }
    assert.deepEqual((await read(path.join(hostile, 'dotted.pkl'))).dotted, ['sklearn.base.warnings.sys.modules']);
    assert.equal(existsSync(path.join(hostile, 'canary')), false);
    // The canary does sing when one of them is loaded.
    await runPython(['-c', 'import pickle, sys; pickle.load(open(sys.argv[1], "rb"))', path.join(hostile, 'memo.pkl')]);
    assert.equal(existsSync(path.join(hostile, 'canary')), true);
  });

  it('unpacks every LZ4 frame as lz4 does, and damaged ones never into something else', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const result = await python('check_lz4.py', String(seed), '1500');
    assert.deepEqual(result.differing, [], `seed ${seed}`);
    assert.ok(result.both > 50 && result.refused > 50, JSON.stringify(result));
  });

  it('misses no name that an unpickler looks up in a damaged copy', async () => {
    const seed = Math.floor(Math.random() * 2 ** 31);
    const result = await python('check_reader.py', 'mutate', honest, String(seed), '4000');
    assert.deepEqual(result.differing, [], `seed ${seed}`);
    assert.ok(result.complaints < 4000, 'some copies are still whole');
  });
});
