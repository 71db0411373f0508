/** Pickles that can be read and cannot be deployed. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { detect } from '../../../src/core/detect/detect.ts';
import type { UserError } from '../../../src/shared/outcome.ts';
import { testPython } from '../environment/python.ts';
import { temporaryFolder } from '../models/temporary.ts';

const PYTHON = testPython();

/** Classes by name only: neither writing nor reading such a pickle needs scikit-learn. */
const FAKE = `
import sys, types, pickle
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

describe('a pickle that is no estimator by itself', () => {
  const temporary = temporaryFolder();
  const at = (name: string): string => path.join(temporary.folder, name);

  function python(source: string): void {
    execFileSync(PYTHON, ['-c', source], { cwd: temporary.folder });
  }

  async function refused(target: string): Promise<UserError> {
    const result = await detect(target, { python: PYTHON });
    assert.ok(!result.ok, JSON.stringify(result));
    return result.error;
  }

  it('says that a class was defined in the script that saved it', async () => {
    python(`${FAKE}
model.step = cls('__main__', 'Main')()
pickle.dump(model, open('script.pkl', 'wb'))
pickle.dump(cls('__main__', 'Whole')(), open('whole.pkl', 'wb'))`);
    for (const [file, name] of [
      ['script.pkl', 'Main'],
      ['whole.pkl', 'Whole'],
    ] as const) {
      const error = await refused(at(file));
      assert.equal(error.code, 'model-needs-script');
      assert.ok(error.what.includes(name) && error.why!.includes(`__main__.${name}`), JSON.stringify(error));
      assert.match(error.next!, /into a module .*save the model again/);
    }
  });

  it('says where in a dict or a tuple the estimators are', async () => {
    python(`${FAKE}
pickle.dump({'model': model, 'columns': ['a', 'b']}, open('dict.pkl', 'wb'))
pickle.dump((1, model), open('tuple.pkl', 'wb'))`);
    const dict = await refused(at('dict.pkl'));
    assert.equal(dict.code, 'model-in-container');
    assert.match(dict.why!, /at "model" \(\w+\)\.$/);
    assert.match(dict.next!, /joblib\.dump\(joblib\.load\("dict\.pkl"\)\["model"\], /);
    assert.match((await refused(at('tuple.pkl'))).next!, /joblib\.load\("tuple\.pkl"\)\[1\]/);
  });

  it('warns of a dangerous pickle that is no estimator, and runs nothing of it', async () => {
    python(`
import os, pickle
class Run:
    def __reduce__(self):
        return os.system, ('touch ran',)
pickle.dump(Run(), open('evil.pkl', 'wb'))`);
    const error = await refused(at('evil.pkl'));
    assert.equal(error.code, 'model-dangerous');
    assert.match(error.why!, /posix\.system \(runs a command/);
    assert.equal(existsSync(at('ran')), false);
  });

  it('says what another pickle holds', async () => {
    python(`import pickle, collections; pickle.dump(collections.OrderedDict(), open('d.pkl', 'wb'))`);
    const error = await refused(at('d.pkl'));
    assert.equal(error.code, 'model-not-recognised');
    assert.match(error.why!, /collections\.OrderedDict/);
  });
});
