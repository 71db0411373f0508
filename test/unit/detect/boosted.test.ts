import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { damage, randomNumbers, ubjson } from './bytes.ts';
import { looking } from './looking.ts';

const LEARNER = {
  attributes: { scikit_learn: '{}' },
  feature_names: ['width', 'height'],
  gradient_booster: { model: { trees: [{ split_conditions: new Float32Array(20_000), categories: [] }] } },
  learner_model_param: { base_score: '5E-1', num_class: '3', num_feature: '2' },
  objective: { name: 'multi:softprob', softmax_multiclass_param: { num_class: '3' } },
};
const XGBOOST = { learner: LEARNER, version: [2, 1, 3] };
const SUMMARY = 'XGBoost model (multi:softprob, 3 classes, 2 features), made with XGBoost 2.1.3';

/** As JSON; the trees as large as asked for. */
function xgboostJson(trees = 10): string {
  const booster = { model: { trees: Array.from({ length: trees }, (_, index) => index / 7) } };
  return JSON.stringify({ ...XGBOOST, learner: { ...LEARNER, gradient_booster: booster } });
}

function lightgbm(lines: Record<string, string> = {}): string {
  const trees = ['Tree=0\nnum_leaves=2\n\n\n', 'Tree=1\nnum_leaves=3\n\n\n'];
  const header = {
    version: 'v4',
    num_class: '1',
    max_feature_idx: '1',
    objective: 'binary sigmoid:1',
    feature_names: 'width height',
    tree_sizes: trees.map((tree) => tree.length).join(' '),
    ...lines,
  };
  const text = Object.entries(header).map(([name, value]) => `${name}=${value}\n`);
  return `tree\n${text.join('')}\n${trees.join('')}end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:null\n`;
}

describe('telling boosted trees', () => {
  const { write, found, refused } = looking();

  it('XGBoost: UBJSON and JSON say the same', async () => {
    for (const [name, content] of [
      ['My Trees.ubj', ubjson(XGBOOST)],
      ['my-trees.json', xgboostJson()],
      ['my-trees.model', xgboostJson()],
    ] as const) {
      const file = write(name, content);
      assert.deepEqual(await found(file), {
        framework: 'xgboost',
        path: file,
        suggestedName: 'my-trees',
        summary: SUMMARY,
        requirements: ['xgboost>=2.1.3'],
        risk: { kind: 'none' },
      });
    }
  });

  it('XGBoost: of a large file only both ends are read', async () => {
    const large = xgboostJson(900_000);
    assert.ok(large.length > 10_000_000);
    assert.equal((await found(write('large.json', large))).summary, SUMMARY);
    const cut = await refused(write('cut.json', large.slice(0, -200)));
    assert.equal(cut.code, 'model-damaged');
    assert.equal((await refused(write('gone.json', large.slice(0, 9_000_000)))).code, 'model-damaged');
  });

  it('JSON that is no model is not recognised', async () => {
    for (const content of [
      '{}',
      '[1]',
      '{"learner": 1}',
      '{"name": "package"}',
      `{"rows": [${'1,'.repeat(6_000_000)}1]}`,
      '{"a": ',
      '{"learner": {}}',
    ]) {
      assert.equal((await refused(write('data.json', content))).code, 'model-not-recognised', content.slice(0, 20));
    }
  });

  it('XGBoost: says that a file is empty, cut off, no model, or in the old format', async () => {
    assert.equal((await refused(write('m.ubj'))).code, 'model-empty');
    for (const content of [
      ubjson(XGBOOST).subarray(0, 50_000),
      ubjson({ a: 1 }),
      Buffer.from('hello'),
      Buffer.from('{'),
    ]) {
      assert.equal((await refused(write('m.ubj', content))).code, 'model-damaged');
    }
    assert.equal((await refused(write('cut.json', xgboostJson().slice(0, 300)))).code, 'model-damaged');
    for (const name of ['old.model', 'old.ubj']) {
      const error = await refused(write(name, 'binf....'));
      assert.equal(error.code, 'model-not-supported');
      assert.match(error.next!, /save_model/);
    }
  });

  it('LightGBM: the header says what it is', async () => {
    const file = write('my_trees.txt', lightgbm());
    assert.deepEqual(await found(file), {
      framework: 'lightgbm',
      path: file,
      suggestedName: 'my-trees',
      summary: 'LightGBM model (binary, 2 features), format version 4',
      requirements: ['lightgbm>=4'],
      risk: { kind: 'none' },
    });
    const windows = lightgbm({ num_class: '3', objective: 'multiclass num_class:3', tree_sizes: '' });
    const { summary } = await found(write('w.model', windows.replaceAll('\n', '\r\n')));
    assert.equal(summary, 'LightGBM model (multiclass, 3 classes, 2 features), format version 4');
  });

  it('LightGBM: says that it is cut off, lacks lines, or has an objective of its own', async () => {
    assert.match((await refused(write('cut.txt', lightgbm().slice(0, -90)))).why!, /before its last tree/);
    assert.match((await refused(write('cut.txt', lightgbm().slice(0, 60)))).why!, /header does not end/);
    const lacking = lightgbm().replace(/^feature_names=.*\n/m, '');
    assert.match((await refused(write('lacking.txt', lacking))).why!, /does not say feature_names/);
    const own = await refused(write('own.txt', lightgbm().replace(/^objective=.*\n/m, '')));
    assert.equal(own.code, 'model-not-supported');
    assert.match(own.next!, /handler\.py/);
    for (const text of ['tree\nhouse', 'treeversion=', 'A tree\nversion=1', '']) {
      assert.equal((await refused(write('notes.txt', text))).code, 'model-not-recognised');
    }
  });

  it('whatever is damaged, there is an answer', async () => {
    const random = randomNumbers(11);
    const small = {
      ...XGBOOST,
      learner: { ...LEARNER, gradient_booster: { w: new Float32Array(9), t: [1, 'x', null] } },
    };
    for (let round = 0; round < 300; round++) {
      for (const [name, whole] of [
        ['fuzz.ubj', ubjson(small)],
        ['fuzz.json', Buffer.from(xgboostJson())],
        ['fuzz.txt', Buffer.from(lightgbm())],
      ] as const) {
        const result = await detect(write(name, damage(whole, random)));
        assert.ok(result.ok || result.error.what !== '');
      }
    }
  }).timeout(60_000);
});
