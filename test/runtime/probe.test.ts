import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { describe, it } from 'mocha';
import type { Probe } from '../../src/core/environment/environment.ts';
import { runPython, RUNTIME, samplePython } from './support.ts';

const PROBE = path.join(RUNTIME, 'probe.py');

describe('the probe of an interpreter', function () {
  this.timeout(30_000);

  it('tells version, ABI, platform and the packages asked about, by normalised name', async () => {
    const { stdout, stderr } = await runPython(['-I', PROBE, 'Scikit_Learn', 'spacy', 'no-such-package']);
    assert.equal(stderr, '');
    const probe = JSON.parse(stdout) as Probe;
    assert.match(probe.version, /^3\.\d+\.\d+$/);
    assert.equal(probe.implementation, 'cpython');
    assert.ok(probe.abi.length > 0 && probe.platform.length > 0);
    assert.deepEqual(Object.keys(probe.packages).sort(), ['scikit-learn', 'spacy']);
    const version = execFileSync(samplePython(), ['-c', 'import sklearn; print(sklearn.__version__)'], {
      encoding: 'utf8',
    }).trim();
    assert.equal(probe.packages['scikit-learn'], version);
    assert.equal(path.resolve(probe.python), path.resolve(samplePython()));
  });

  it('imports none of them', async () => {
    const { stderr } = await runPython(['-I', '-X', 'importtime', PROBE, 'scikit-learn', 'numpy']);
    assert.match(stderr, /importlib\.metadata/);
    assert.doesNotMatch(stderr, /\b(numpy|sklearn)\b/);
  });

  it('is written in the syntax of Python 3.6', async () => {
    const check = 'import ast, sys; ast.parse(open(sys.argv[1]).read(), feature_version=(3, 6))';
    assert.equal((await runPython(['-c', check, PROBE])).code, 0);
  });
});
