import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import { testPython } from '../environment/python.ts';
import { temporaryFolder } from '../models/temporary.ts';

const PYTHON = testPython();

describe('what comes later', () => {
  const temporary = temporaryFolder();
  const at = (name: string): string => path.join(temporary.folder, name);
  function write(name: string, content: string): string {
    mkdirSync(path.dirname(at(name)), { recursive: true });
    writeFileSync(at(name), content);
    return at(name);
  }
  const python = (source: string): unknown => execFileSync(PYTHON, ['-c', source], { cwd: temporary.folder });

  it('is named: formats and pickles that are not run yet', async () => {
    write('tf/saved_model.pb', '1');
    write('flow/MLmodel', '1');
    write('keras/model.h5', '1');
    python(`
import pickle, sys, types
for module, name in (("catboost.core", "CatBoostClassifier"), ("statsmodels.base.model", "Results")):
    parts = module.split(".")
    for count in range(len(parts)):
        package = ".".join(parts[: count + 1])
        sys.modules[package] = types.ModuleType(package)
        sys.modules[package].__path__ = []
    one = type(name, (), {"__module__": module})
    setattr(sys.modules[module], name, one)
    pickle.dump(one(), open(module.split(".")[0] + ".pkl", "wb"))`);
    const expected: [string, RegExp][] = [
      [at('keras'), /a Keras model/],
      [at('catboost.pkl'), /a model of CatBoost, which this version of Nimbus does not run/],
      [at('statsmodels.pkl'), /a model of statsmodels/],
      [at('tf'), /a TensorFlow model/],
      [at('flow'), /an MLflow model/],
      [write('m.safetensors', '1'), /a safetensors file of weights without the model around it/],
      [write('m.cbm', '1'), /a CatBoost model/],
      [write('m.gguf', '1'), /a GGUF language model/],
      [write('m.keras', '1'), /a Keras model/],
      [write('m.h5', '1'), /a Keras model/],
    ];
    for (const [target, format] of expected) {
      const result = await detect(target, { python: PYTHON });
      assert.ok(!result.ok);
      const { error } = result;
      assert.equal(error.code, 'model-not-supported');
      assert.match(error.what, format);
    }
  });
});
