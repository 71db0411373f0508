import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { buildVariables, pipSteps, uvSteps } from '../../../src/core/environment/commands.ts';
import { explainFailure, withoutPassword } from '../../../src/core/environment/failures.ts';
import { environmentKey } from '../../../src/core/environment/managed.ts';

const WHEELS = 'numpy,scipy,pandas,scikit-learn,spacy,thinc,blis,cymem,murmurhash,preshed,srsly';
const RECIPE = {
  base: '/usr/bin/python3',
  folder: '/cache/k.tmp',
  requirements: ['spacy>=3.8', 'x'],
  platform: 'linux',
} as const;

describe('the command lines that make an environment', () => {
  it('use venv, pip and compileall', () => {
    assert.deepEqual(
      pipSteps(RECIPE).map(({ argv }) => argv.join(' ')),
      [
        '/usr/bin/python3 -I -m venv /cache/k.tmp',
        `/cache/k.tmp/bin/python -I -m pip install --no-input --disable-pip-version-check --progress-bar off --no-compile --prefer-binary --only-binary ${WHEELS} -- spacy>=3.8 x`,
        '/cache/k.tmp/bin/python -I -m compileall -q -j 0 /cache/k.tmp',
      ],
    );
    assert.equal(pipSteps({ ...RECIPE, platform: 'win32', folder: 'C:\\c' })[1]!.argv[0], 'C:\\c\\Scripts\\python.exe');
    assert.equal(pipSteps({ ...RECIPE, requirements: [] }).length, 2);
  });

  it('use uv, under its own name or as a module', () => {
    assert.deepEqual(
      uvSteps(['/bin/uv'], RECIPE).map(({ argv }) => argv.join(' ')),
      [
        '/bin/uv venv --no-project --no-progress --python /usr/bin/python3 /cache/k.tmp',
        `/bin/uv pip install --no-progress --python /cache/k.tmp/bin/python --compile-bytecode ${WHEELS.split(',')
          .map((name) => `--only-binary ${name}`)
          .join(' ')} -- spacy>=3.8 x`,
      ],
    );
    assert.deepEqual(uvSteps(['/p', '-m', 'uv'], RECIPE)[1]!.argv.slice(0, 5), ['/p', '-m', 'uv', 'pip', 'install']);
  });

  it("keep the user's index and proxy, and nothing that leads elsewhere", () => {
    assert.deepEqual(
      buildVariables({
        PIP_INDEX_URL: 'i',
        HTTPS_PROXY: 'p',
        PYTHONPATH: 'x',
        PYTHONDONTWRITEBYTECODE: '1',
        PIP_TARGET: 'x',
        VIRTUAL_ENV: 'x',
      }),
      { PIP_INDEX_URL: 'i', HTTPS_PROXY: 'p', PYTHONUNBUFFERED: '1' },
    );
  });

  it('make one environment per platform, Python and set of requirements', () => {
    const base = { platform: 'linux-x86_64', abi: 'cpython-311-x86_64-linux-gnu', version: '3.11.4' };
    const key = environmentKey(base, ['a==1', 'b']);
    assert.match(key, /^[0-9a-f]{20}$/);
    assert.equal(environmentKey({ ...base, version: '3.11.9' }, ['b', 'a == 1']), key);
    assert.notEqual(environmentKey({ ...base, abi: 'cpython-312-x86_64-linux-gnu' }, ['a==1', 'b']), key);
    assert.notEqual(environmentKey({ ...base, platform: 'linux-aarch64' }, ['a==1', 'b']), key);
    assert.notEqual(environmentKey(base, ['a==2', 'b']), key);
  });
});

describe('why an environment could not be made', () => {
  const cases: [code: string, output: string][] = [
    [
      'environment-no-package',
      'ERROR: Could not find a version that satisfies the requirement scikit-learn==0.24 (from versions: none)\nERROR: No matching distribution found for scikit-learn==0.24',
    ],
    [
      'environment-no-package',
      'error: No solution found when resolving dependencies\n  cause: Because there is no version of six==99',
    ],
    [
      'environment-no-package',
      'ERROR: Ignored the following versions that require a different python version: 2.0 Requires-Python >=3.12\nERROR: Could not find a version that satisfies the requirement tool (from versions: none)\nERROR: No matching distribution found for tool',
    ],
    [
      'environment-package-unknown',
      'ERROR: Could not find a version that satisfies the requirement sciki-lern==1.0 (from versions: none)\nERROR: No matching distribution found for sciki-lern==1.0',
    ],
    [
      'environment-package-unknown',
      'error: No solution found when resolving dependencies\n  cause: Because sciki-lern was not found in the package registry and you require sciki-lern, we can conclude that your requirements are unsatisfiable.',
    ],
    [
      'environment-network',
      "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)': /simple/six/\nERROR: No matching distribution found for six",
    ],
    [
      'environment-network',
      'error: Failed to fetch: `https://h/simple/six/`\n  Caused by: error sending request for url\n  Caused by: dns error',
    ],
    [
      'environment-certificate',
      "SSLError(SSLCertVerificationError(1, '[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed')))\nERROR: No matching distribution found for six",
    ],
    ['environment-certificate', 'Caused by: invalid peer certificate: UnknownIssuer'],
    [
      'environment-disk-full',
      'ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device',
    ],
    ['environment-no-venv', 'The virtual environment was not created successfully because ensurepip is not available.'],
    [
      'environment-build-failed',
      "error: subprocess-exited-with-error\n  × Building wheel for x did not run successfully.\nerror: command 'gcc' failed",
    ],
    [
      'environment-conflict',
      'ERROR: Cannot install a==1 and b==2 because these package versions have conflicting dependencies.\nERROR: ResolutionImpossible',
    ],
    ['environment-failed', 'Killed'],
  ];

  it('is told from what the step printed', () => {
    for (const [code, output] of cases) {
      const error = explainFailure('Installing x', output);
      assert.equal(error.code, code, output);
      assert.ok(error.next);
      assert.equal(error.code !== 'environment-package-unknown' || error.what.includes('no package sciki-lern.'), true);
      assert.ok(error.why!.includes(output.split('\n').at(-1)!));
    }
    assert.equal(explainFailure('Installing x', '').why, 'It printed nothing.');
  });

  it('shows the last lines only, and no password of an index', () => {
    const lines = Array.from({ length: 50 }, (_, index) => `line ${index}`).join('\n');
    assert.deepEqual(explainFailure('x', lines).why!.split('\n').length, 8);
    assert.equal(
      withoutPassword('Looking in https://me:s3cret@h.example/simple x'),
      'Looking in https://***@h.example/simple x',
    );
  });
});
