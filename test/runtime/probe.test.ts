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
    const { stdout, stderr } = await runPython(['-I', PROBE, 'Scikit_Learn', 'pandas', 'no-such-package']);
    assert.equal(stderr, '');
    const probe = JSON.parse(stdout) as Probe;
    assert.match(probe.version, /^3\.\d+\.\d+$/);
    assert.equal(probe.implementation, 'cpython');
    assert.ok(probe.abi.length > 0 && probe.platform.length > 0);
    assert.deepEqual(Object.keys(probe.packages).sort(), ['pandas', 'scikit-learn']);
    const version = execFileSync(samplePython(), ['-c', 'import sklearn; print(sklearn.__version__)'], {
      encoding: 'utf8',
    }).trim();
    assert.equal(probe.packages['scikit-learn'], version);
    assert.equal(path.resolve(probe.python), path.resolve(samplePython()));
  });

  it('lists all that is installed but what installs, as the metadata of each says, in a tenth of a second', async () => {
    const list = `import importlib.metadata as m, json, re
print(json.dumps({re.sub(r"[-_.]+", "-", d.metadata["Name"]).lower(): d.version for d in m.distributions()}))`;
    const all = JSON.parse(execFileSync(samplePython(), ['-I', '-c', list], { encoding: 'utf8' })) as object;
    const expected = Object.fromEntries(
      Object.entries(all).filter(([name]) => !['pip', 'setuptools', 'uv', 'wheel'].includes(name)),
    );
    const timed =
      'import sys, time; sys.path.insert(0, sys.argv[1]); import probe; t = time.perf_counter(); probe.installed(); print(time.perf_counter() - t)';
    const { installed } = JSON.parse((await runPython(['-I', PROBE])).stdout) as Probe;
    assert.deepEqual(installed, expected);
    const seconds = Number((await runPython(['-I', '-c', timed, RUNTIME])).stdout);
    assert.ok(seconds < 0.1, `${seconds} s`);
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
