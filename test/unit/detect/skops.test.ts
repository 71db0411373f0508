import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { testPython } from '../environment/python.ts';
import { damage, randomNumbers } from './bytes.ts';
import { looking } from './looking.ts';

/** What skops writes of a fitted pipeline, in short. */
function schema(more: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    __class__: 'Pipeline',
    __module__: 'sklearn.pipeline',
    __loader__: 'ObjectNode',
    content: {
      __class__: 'dict',
      __module__: 'builtins',
      __loader__: 'DictNode',
      content: {
        steps: { __class__: 'StandardScaler', __module__: 'sklearn.preprocessing._data', __loader__: 'ObjectNode' },
        weights: { __class__: 'ndarray', __module__: 'numpy', __loader__: 'NdArrayNode', content: '1.npy' },
        _sklearn_version: { __class__: 'str', __module__: 'builtins', __loader__: 'JsonNode', content: '"1.6.1"' },
        ...more,
      },
    },
    protocol: 2,
    _skops_version: '0.11.0',
  };
}

describe('telling skops files', () => {
  const { at, write, found, refused } = looking();

  /** Zips with Python itself: that is what reads the file later. */
  function zip(name: string, entries: [string, string][], compression = 'ZIP_STORED'): string {
    const script = `
import json, sys, zipfile, warnings
warnings.simplefilter("ignore")
with zipfile.ZipFile(sys.argv[1], "w", zipfile.${compression}) as file:
    for entry, text in json.loads(sys.stdin.read()):
        file.writestr(entry, text)`;
    execFileSync(testPython(), ['-c', script, at(name)], { input: JSON.stringify(entries) });
    return at(name);
  }

  function save(name: string, document: unknown = schema(), compression = 'ZIP_STORED'): string {
    return zip(
      name,
      [
        ['1.npy', 'x'.repeat(1000)],
        ['schema.json', JSON.stringify(document)],
      ],
      compression,
    );
  }

  it('is an estimator with the version that it was made with', async () => {
    for (const compression of ['ZIP_STORED', 'ZIP_DEFLATED']) {
      const file = save('My Model.skops', schema(), compression);
      assert.deepEqual(await found(file), {
        framework: 'sklearn',
        path: file,
        suggestedName: 'my-model',
        summary: 'scikit-learn Pipeline, made with scikit-learn 1.6.1',
        requirements: ['scikit-learn==1.6.1', 'skops'],
        risk: { kind: 'none' },
      });
    }
    const trees = { __class__: 'XGBClassifier', __module__: 'xgboost.sklearn', __loader__: 'ObjectNode' };
    const { requirements, risk } = await found(save('x.skops', schema({ trees })));
    assert.deepEqual([requirements, risk.kind], [['scikit-learn==1.6.1', 'xgboost', 'skops'], 'none']);
  });

  it('asks for types that are not known, once for the same set of them', async () => {
    const own = { __class__: 'Cleaner', __module__: 'my_project', __loader__: 'ObjectNode' };
    const first = await found(save('a.skops', schema({ own })));
    const second = await found(save('b.skops', schema({ own, other: 1 })));
    assert.ok(first.risk.kind === 'unknown-globals');
    assert.deepEqual(
      first.risk.globals.map(({ name, danger }) => [name, danger]),
      [['my_project.Cleaner', 'unknown']],
    );
    assert.deepEqual(second.risk, first.risk);
  });

  it('a dangerous function is named wherever it is, and nothing runs', async () => {
    const command = 'touch ran';
    const hidden: [unknown, string][] = [
      [{ __class__: 'system', __module__: 'os', __loader__: 'FunctionNode', content: command }, 'os.system'],
      [{ __class__: 'eval', __module__: 'builtins', __loader__: 'FunctionNode' }, 'builtins.eval'],
      [{ deep: [[{ __class__: 'Popen', __module__: 'subprocess', __loader__: 'ObjectNode' }]] }, 'subprocess.Popen'],
      [{ content: { module_path: 'os', function: 'system' }, __loader__: 'FunctionNode' }, 'os.system'],
      [{ __class__: 'methodcaller', __module__: 'operator', __loader__: 'OperatorFuncNode' }, 'operator.methodcaller'],
      [
        { __loader__: 'MethodNode', content: { func: 'system', obj: { __class__: 'x', __module__: 'os' } } },
        'os.x.system',
      ],
    ];
    for (const [node, name] of hidden) {
      const { risk } = await found(save('m.skops', schema({ node })));
      assert.ok(risk.kind === 'dangerous-globals', name);
      assert.ok(
        risk.globals.some((one) => one.name === name && one.danger === 'dangerous'),
        JSON.stringify(risk.globals),
      );
    }
    assert.equal(existsSync(at('ran')), false);
    const alone = await refused(save('evil.skops', { __class__: 'system', __module__: 'os' }));
    assert.equal(alone.code, 'model-dangerous');
  });

  it('what some readers would see differently is no skops file', async () => {
    const good = JSON.stringify(schema());
    const bad = JSON.stringify(schema({ node: { __class__: 'system', __module__: 'os' } }));
    const twice = zip('twice.skops', [
      ['schema.json', good],
      ['schema.json', bad],
    ]);
    assert.match((await refused(twice)).why!, /schema\.json twice/);
    const zero = zip('zero.skops', [
      ['schema.json', good],
      ['schema.json1x', bad],
    ]);
    writeFileSync(
      zero,
      Buffer.from(readFileSync(zero).toString('latin1').replaceAll('schema.json1x', 'schema.json\0x'), 'latin1'),
    );
    assert.match((await refused(zero)).why!, /schema\.json twice/);
    const before = save('before.skops');
    writeFileSync(before, Buffer.concat([Buffer.from('x'), readFileSync(before)]));
    assert.equal((await refused(before)).code, 'model-damaged');
    const after = save('after.skops');
    appendFileSync(after, readFileSync(save('other.skops', schema({ node: 1 }))));
    assert.equal((await refused(after)).code, 'model-damaged');
  });

  it('says that it is empty, cut off, another zip or a bomb', async () => {
    assert.equal((await refused(write('m.skops'))).code, 'model-empty');
    const whole = readFileSync(save('m.skops'));
    for (const content of [whole.subarray(0, 500), whole.subarray(0, whole.length - 5), Buffer.from('hello')]) {
      const error = await refused(write('bad.skops', content));
      assert.equal(error.code, 'model-damaged');
      assert.match(error.next!, /skops\.io\.dump/);
    }
    assert.match((await refused(zip('none.skops', [['a', 'b']]))).why!, /no schema\.json/);
    assert.match((await refused(zip('text.skops', [['schema.json', 'hi']]))).why!, /no JSON object/);
    const bomb = zip('bomb.skops', [['schema.json', ' '.repeat(140 << 20)]], 'ZIP_DEFLATED');
    assert.match((await refused(bomb)).why!, /larger than 134,217,728 bytes/);
  });

  it('whatever is damaged, there is an answer', async () => {
    const random = randomNumbers(3);
    const whole = readFileSync(save('whole.skops', schema(), 'ZIP_DEFLATED'));
    for (let round = 0; round < 300; round++) {
      const result = await detect(write('fuzz.skops', damage(whole, random)));
      assert.ok(result.ok || result.error.what !== '');
    }
  });
});
