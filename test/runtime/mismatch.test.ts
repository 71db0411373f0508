/** What a real model was made with against a real interpreter that has something else, for each framework. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { detect } from '../../src/core/detect/detect.ts';
import { capture } from '../../src/core/environment/capture.ts';
import { diagnose, diagnosisText, worthSaying } from '../../src/core/environment/diagnosis.ts';
import { packagesOf } from '../../src/core/environment/plan.ts';
import { probe } from '../../src/core/environment/probe.ts';
import { FRAMEWORKS, type Framework } from '../../src/shared/spec.ts';
import { FRAMEWORKS_PYTHON, SAMPLE_PYTHON, SAMPLES } from '../host/support.ts';

/** Each model says that it was made with another version than there is, where its format has a word for that. */
const MAKE = `
import joblib, lightgbm, numpy, onnx, pathlib, sklearn.base, skops.io, xgboost
from sklearn.linear_model import LogisticRegression
x, y = numpy.arange(40.0).reshape(20, 2), numpy.arange(20) % 2
sklearn.base.__version__ = "1.2.2"
estimator = LogisticRegression().fit(x, y)
joblib.dump(estimator, "estimator.joblib")
skops.io.dump(estimator, "estimator.skops")
xgboost.train({"max_depth": 2}, xgboost.DMatrix(x, y), 2).save_model("boosted.json")
lightgbm.train({"min_data_in_leaf": 1, "verbose": -1}, lightgbm.Dataset(x, y), 2).save_model("trees.txt")
value = lambda name: onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [None, 2])
graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["a"], ["b"])], "g", [value("a")], [value("b")])
pathlib.Path("onnx").mkdir()
onnx.save(onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8), "onnx/model.onnx")
`;

interface Case {
  framework: Framework;
  model: string;
  python: string;
  verdict: 'mismatch' | 'compatible';
  /** What is said before it loads. */
  said: RegExp;
}

describe('a model of another version than there is', function () {
  this.timeout(120_000);
  let folder: string;
  const at = (...parts: string[]): string => path.join(folder, ...parts);
  const edit = (file: string, change: (text: string) => string): void => {
    const before = readFileSync(at(file), 'utf8');
    const after = change(before);
    assert.notEqual(after, before, file);
    writeFileSync(at(file), after);
  };

  before(() => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), 'nm-')));
    execFileSync(FRAMEWORKS_PYTHON, ['-c', MAKE], { cwd: folder });
    edit('boosted.json', (text) => text.replace(/"version":\[\d+,\d+,\d+\]/, '"version":[9,0,0]'));
    edit('trees.txt', (text) => text.replace(/^version=v\d+/m, 'version=v9'));
    cpSync(path.join(SAMPLES, 'entities'), at('spacy'), { recursive: true });
    edit('spacy/meta.json', (text) => text.replace(/"spacy_version":"[^"]*"/, '"spacy_version":">=3.5.0,<3.6.0"'));
    cpSync(path.join(SAMPLES, 'hugging-face/topics'), at('transformers'), { recursive: true });
    edit('transformers/config.json', (text) => text.replace(/("transformers_version": *")[^"]*/, '$199.1.0'));
    // These name no version themselves: a file beside them does.
    writeFileSync(at('onnx/requirements.txt'), 'onnxruntime==99.0\n');
    mkdirSync(at('torch'));
    cpSync(path.join(SAMPLES, 'torch/traced.pt'), at('torch/traced.pt'));
    writeFileSync(at('torch/requirements.txt'), 'torch==99.0.0\n');
    mkdirSync(at('custom'));
    writeFileSync(at('custom/handler.py'), 'load = lambda path: None\npredict = lambda model, input: input\n');
    writeFileSync(at('custom/requirements.txt'), 'numpy==1.24.4\n');
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const CASES: Case[] = [
    {
      framework: 'sklearn',
      model: 'estimator.joblib',
      python: SAMPLE_PYTHON,
      verdict: 'mismatch',
      said: /^scikit-learn is 1\..*made with 1\.2\.2 .*trees and forests do not load across it/,
    },
    {
      framework: 'sklearn',
      model: 'estimator.skops',
      python: FRAMEWORKS_PYTHON,
      verdict: 'mismatch',
      said: /^scikit-learn is 1\..*made with 1\.2\.2/,
    },
    {
      framework: 'spacy',
      model: 'spacy',
      python: SAMPLE_PYTHON,
      verdict: 'mismatch',
      said: /^spacy is 3\..*>=3\.5\.0,<3\.6\.0 .*W095/,
    },
    {
      framework: 'transformers',
      model: 'transformers',
      python: FRAMEWORKS_PYTHON,
      verdict: 'compatible',
      said: /^transformers is \d.*made with 99\.1\.0 \(config\.json\)/,
    },
    {
      framework: 'xgboost',
      model: 'boosted.json',
      python: FRAMEWORKS_PYTHON,
      verdict: 'mismatch',
      said: /^xgboost is \d.*made with 9\.0\.0 /,
    },
    {
      framework: 'lightgbm',
      model: 'trees.txt',
      python: FRAMEWORKS_PYTHON,
      verdict: 'mismatch',
      said: /^lightgbm is \d.*>=9 /,
    },
    {
      framework: 'onnx',
      model: 'onnx',
      python: FRAMEWORKS_PYTHON,
      verdict: 'mismatch',
      said: /^onnxruntime is \d.*made with 99\.0 \(onnx\/requirements\.txt\)/,
    },
    {
      framework: 'torch',
      model: 'torch/traced.pt',
      python: FRAMEWORKS_PYTHON,
      verdict: 'mismatch',
      said: /^torch is \d.*made with 99\.0\.0 \(torch\/requirements\.txt\)/,
    },
    {
      framework: 'custom',
      model: 'custom',
      python: SAMPLE_PYTHON,
      verdict: 'compatible',
      said: /^numpy is 2.*made with 1\.24\.4 .*made for NumPy 2/,
    },
  ];

  for (const { framework, model, python, verdict, said } of CASES) {
    it(`is told for ${framework} (${model})`, async () => {
      const detected = await detect(at(model), { python });
      assert.ok(detected.ok, JSON.stringify(detected));
      const detection = detected.value;
      assert.equal(detection.framework, framework);
      const { captured, needs } = await capture(detection, {
        project: folder,
        isFolder: statSync(detection.path).isDirectory(),
      });
      const probed = await probe(python, packagesOf(needs));
      assert.ok(probed.ok, JSON.stringify(probed));
      const [first, ...more] = worthSaying(diagnose(detection, captured, probed.value));
      assert.deepEqual(more, [], 'nothing else is said');
      assert.equal(first?.verdict, verdict);
      assert.match(diagnosisText(first!), said);
    });
  }

  it('is told for every framework', () => {
    assert.deepEqual(new Set(CASES.map((one) => one.framework)), new Set(FRAMEWORKS));
  });
});
