import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { runPython, RUNTIME, SAMPLES, Scratch } from './support.ts';

describe('importing less', function () {
  this.timeout(60_000);
  const scratch = new Scratch();

  before(() => {
    for (const [file, text] of Object.entries({
      'big/__init__.py': 'print("big runs")\nfrom .inner import size\nlimit = 7\n',
      'big/inner.py': 'print("inner runs")\ndef size(n): return n * 2\nclass Box:\n    made = 1\n',
      'framework.py': 'import big\nfrom big.inner import size, Box\ndef use(): return big.limit, size(2), Box.made\n',
      'looks.py': 'try:\n    import extra\nexcept ImportError:\n    extra = None\n',
      'extra.py': 'print("extra runs")\nvalue = 3\n',
    })) {
      mkdirSync(path.dirname(scratch.path(file)), { recursive: true });
      writeFileSync(scratch.path(file), text);
    }
  });
  after(() => scratch.remove());

  async function python(code: string, env: Record<string, string> = {}): Promise<string[]> {
    const start = `import sys; sys.path[:0] = [${JSON.stringify(scratch.folder)}, ${JSON.stringify(RUNTIME)}]\n`;
    const { stdout, stderr, code: exit } = await runPython(['-c', start + code], env);
    assert.equal(exit, 0, stderr);
    return stdout.trim().split('\n');
  }

  const DEFER = 'from nimbus_runtime.deferral import *\n';

  it('a deferred module runs at the first use of what was taken from it, its package first', async () => {
    const lines = await python(
      `${DEFER}defer("big"); defer("big.inner", ("size", "Box"))
import framework; print("imported"); print(framework.use()); print(framework.size.__name__, isinstance(1, framework.Box))`,
    );
    assert.deepEqual(lines, ['imported', 'big runs', 'inner runs', '(7, 4, 1)', 'size False']);
  });

  it('a name that was not foreseen costs only the load', async () => {
    const lines = await python(`${DEFER}defer("big"); defer("big.inner")\nimport framework; print(framework.use())`);
    assert.deepEqual(lines, ['big runs', 'inner runs', '(7, 4, 1)']);
  });

  it('a submodule that is not deferred runs its package first', async () => {
    const lines = await python(`${DEFER}defer("big")\nimport big; print("imported")
import big.inner; print(big.inner is sys.modules["big.inner"], big.inner.size is big.size, big.inner.__spec__.name)`);
    assert.deepEqual(lines, ['imported', 'big runs', 'inner runs', 'True True big.inner']);
  });

  it('looking for special names runs nothing; __version__ does', async () => {
    const lines = await python(
      `${DEFER}defer("big")\nimport big; print(hasattr(big, "__wrapped__"), big.__file__ != "")\nhasattr(big, "__version__")`,
    );
    assert.deepEqual(lines, ['False True', 'big runs', 'inner runs']);
  });

  it('a stand-in leaves no trace in sys.modules, and gives the real module at its first use', async () => {
    const lines = await python(
      `${DEFER}stand_in_during("looks", "extra")
import looks; print("extra" in sys.modules); print(looks.extra.value); import extra; print(extra.value)`,
    );
    assert.deepEqual(lines, ['False', 'extra runs', '3', '3']);
  });

  it('a stand-in of what is not installed is none', async () => {
    const lines = await python(
      `${DEFER}stand_in_during("looks", "extra")\nsys.path.remove(${JSON.stringify(scratch.folder)})
import importlib.util as util
spec = util.spec_from_file_location("looks", ${JSON.stringify(scratch.path('looks.py'))})
class Finder:
    def find_spec(name, path=None, target=None): return spec if name == "looks" else None
sys.meta_path.append(Finder)
import looks; print(looks.extra)`,
    );
    assert.deepEqual(lines, ['None']);
  });

  it('what is absent during one import is there afterwards', async () => {
    const lines = await python(
      `${DEFER}absent_during("looks", ("extra",))\nimport looks; print(looks.extra); import extra; print(extra.value)`,
    );
    assert.deepEqual(lines, ['None', 'extra runs', '3']);
  });

  const INITIALISE = 'from nimbus_runtime import handler; handler.initialise()\n';

  it('scikit-learn predicts without scipy.stats, scipy.optimize or pandas, and has them when asked', async () => {
    const file = scratch.function('sentiment', 'sklearn', path.join(SAMPLES, 'sentiment.joblib'));
    const lines = await python(
      `${INITIALISE}
handler.handle({"path": "/predict", "httpMethod": "POST", "body": '{"text": "good"}'}, None)
pending = [name for name in ("scipy.stats", "scipy.optimize", "scipy.interpolate") if hasattr(sys.modules.get(name), "__getattr__")]
print(pending, "pandas" in sys.modules)
import scipy.stats, pandas
from scipy.optimize import minimize
print(scipy.stats.norm.cdf(0), pandas.DataFrame({"a": [1]}).a[0], round(minimize(lambda x: (x[0] - 2) ** 2, [0.0]).x[0], 3))`,
      { NIMBUS_FUNCTION: file },
    );
    assert.deepEqual(lines, ["['scipy.stats', 'scipy.optimize', 'scipy.interpolate'] False", '0.5 1 2.0']);
  });

  it("spaCy's own pipelines load neither its command line nor other backends; both are there when asked", async () => {
    mkdirSync(scratch.path('torch'), { recursive: true });
    writeFileSync(scratch.path('torch', '__init__.py'), 'print("torch runs")\n');
    const file = scratch.function('entities', 'spacy', path.join(SAMPLES, 'entities'));
    const lines = await python(
      `${INITIALISE}
import spacy
print([name for name in ("typer", "requests", "torch") if name in sys.modules])
print(bool(spacy.info(silent=True)), callable(spacy.cli.download))
import torch`,
      { NIMBUS_FUNCTION: file },
    );
    assert.deepEqual(lines, ['[]', 'True True', 'torch runs']);
  });
});
