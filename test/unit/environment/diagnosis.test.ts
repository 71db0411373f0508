import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { RULES } from '../../../src/core/environment/breaks.ts';
import { capturedOf } from '../../../src/core/environment/captured.ts';
import { diagnose, diagnosisText, worthSaying } from '../../../src/core/environment/diagnosis.ts';
import type { Detection } from '../../../src/core/detect/detection.ts';

const probe = (version: string, installed: Record<string, string>): Parameters<typeof diagnose>[2] => ({
  python: '/p',
  version,
  implementation: 'cpython',
  abi: '',
  platform: 'linux-x86_64',
  packages: {},
  installed,
});

const NONE: Detection['risk'] = { kind: 'none' };

/** One package as captured against what is installed: the verdict, and a word of what may break. */
function judged(
  framework: Detection['framework'],
  name: string,
  versions: string,
  installed?: string,
  risk: Detection['risk'] = NONE,
): [string, string] {
  const has: Record<string, string> = installed === undefined ? {} : { [name]: installed };
  const python = name === 'python' ? (installed ?? '3.12.1') : '3.12.1';
  const [found] = diagnose({ framework, risk }, [capturedOf(name, versions, 'x')], probe(python, has));
  return [found!.verdict, found!.breaks ?? ''];
}

describe('the diagnosis of an interpreter', () => {
  const cases: [Detection['framework'], string, string, string | undefined, string, RegExp][] = [
    ['sklearn', 'scikit-learn', '==1.5.2', '1.5.2', 'equal', /^$/],
    ['sklearn', 'scikit-learn', '==1.5.2', '1.5.1', 'compatible', /warns of every other version/],
    ['sklearn', 'scikit-learn', '==1.5.2', '1.6.0', 'mismatch', /InconsistentVersionWarning/],
    ['sklearn', 'scikit-learn', '==1.5.2', '1.4.2', 'mismatch', /InconsistentVersionWarning/],
    ['sklearn', 'scikit-learn', '==1.2.2', '1.3.2', 'mismatch', /node array from the pickle/],
    ['sklearn', 'scikit-learn', '==1.3.0', '1.2.2', 'mismatch', /node array from the pickle/],
    ['sklearn', 'scikit-learn', '', '1.4.2', 'unknown', /^$/],
    ['sklearn', 'scikit-learn', '==1.5.2', undefined, 'mismatch', /^$/],
    ['sklearn', 'numpy', '>=2', '2.3.1', 'compatible', /^$/],
    ['sklearn', 'numpy', '>=2', '1.26.4', 'compatible', /1\.26 reads arrays.* not random generators/],
    ['sklearn', 'numpy', '>=2', '1.24.4', 'mismatch', /numpy\._core/],
    ['sklearn', 'numpy', '<2', '2.3.1', 'compatible', /load what NumPy 1\.26 pickled/],
    ['sklearn', 'numpy', '==1.24.1', '1.26.4', 'compatible', /^$/],
    ['spacy', 'spacy', '>=3.8.7,<3.9.0', '3.8.18', 'compatible', /^$/],
    ['spacy', 'spacy', '>=3.8.7,<3.9.0', '3.7.5', 'mismatch', /W095/],
    ['spacy', 'spacy', '>=3.5.0,<3.6.0', '3.8.7', 'mismatch', /W095/],
    ['sklearn', 'pandas', '==1.5.3', '2.2.2', 'mismatch', /read_pickle/],
    ['sklearn', 'pandas', '==2.1.0', '2.2.2', 'compatible', /^$/],
    ['sklearn', 'xgboost', '==2.0.3', '2.1.0', 'mismatch', /save_model/],
    ['custom', 'whatever', '==1.2', '1.9', 'compatible', /^$/],
    ['custom', 'whatever', '==1.2', '2.0', 'mismatch', /^$/],
    ['custom', 'whatever', '>=1,<2', '2.0', 'mismatch', /^$/],
    ['custom', 'torch', '==2.9.0', '2.9.0+cpu', 'equal', /^$/],
    ['custom', 'torch', '==2.9.0', '2.4.0', 'mismatch', /older PyTorch may not support/],
    ['custom', 'torch', '==2.4.0', '2.9.0', 'compatible', /weights_only=False/],
    ['custom', 'torch', '==2.6.0', '2.9.0', 'compatible', /^$/],
    ['torch', 'torch', '==2.4.0', '2.9.0', 'compatible', /recommends the version that saved/],
    ['onnx', 'onnxruntime', '>=1.23', '1.18.0', 'mismatch', /may not implement/],
    ['onnx', 'onnxruntime', '>=1.18', '1.23.0', 'compatible', /^$/],
    ['lightgbm', 'lightgbm', '==3.3.0', '4.6.0', 'mismatch', /did not read a file/],
    ['xgboost', 'xgboost', '>=3', '2.1.0', 'mismatch', /other way round/],
    ['transformers', 'transformers', '==4.50.0', '5.1.0', 'mismatch', /^transformers 5 changed/],
    ['transformers', 'transformers', '==5.1.0', '4.50.0', 'mismatch', /^transformers 5 changed/],
    ['transformers', 'transformers', '==3.5.0', '4.50.0', 'mismatch', /^$/],
    ['custom', 'transformers', '==4.50.0', '4.40.0', 'compatible', /may not know the architecture/],
    ['custom', 'python', '==3.11.*', '3.12.4', 'compatible', /^Pickles go from one/],
    ['custom', 'python', '==3.12.*', '3.12.4', 'compatible', /^$/],
  ];
  for (const [framework, name, versions, installed, verdict, breaks] of cases) {
    it(`says ${verdict} of ${name} ${installed ?? 'missing'} for ${versions || 'any'} (${framework})`, () => {
      const found = judged(framework, name, versions, installed);
      assert.equal(found[0], verdict);
      assert.match(found[1], breaks);
    });
  }

  it('minds the Python of what holds compiled code', () => {
    const risk: Detection['risk'] = {
      kind: 'unknown-globals',
      globals: [{ name: 'cloudpickle.cloudpickle._make_function', danger: 'unknown' }],
      hash: '',
    };
    const [verdict, breaks] = judged('sklearn', 'python', '==3.11.*', '3.12.4', risk);
    assert.equal(verdict, 'mismatch');
    assert.match(breaks, /cloudpickle, dill or marshal/);
  });

  it('says what differs, what may break and what to do, and only of what matters', () => {
    const facts = [
      capturedOf('scikit-learn', '==1.5.2', '_sklearn_version in m.joblib'),
      capturedOf('numpy', '==1.26.4', 'requirements.txt'),
      capturedOf('pandas', '', 'names in m.joblib'),
      capturedOf('python', '', 'm.joblib'),
    ];
    const found = diagnose(
      { framework: 'sklearn', risk: NONE },
      facts,
      probe('3.12.1', { 'scikit-learn': '1.6.0', numpy: '1.26.4' }),
    );
    assert.deepEqual(
      found.map(({ verdict }) => verdict),
      ['mismatch', 'equal', 'mismatch', 'unknown'],
    );
    const texts = worthSaying(found).map((one) => diagnosisText(one));
    assert.match(
      texts[0]!,
      /^scikit-learn is 1\.6\.0; the model was made with 1\.5\.2 \(_sklearn_version in m\.joblib\)\. scikit-learn does not support .* Take the managed environment, or save the model again with scikit-learn 1\.6\.0\.$/,
    );
    assert.match(texts[1]!, /^pandas is not installed; the model needs it \(names in m\.joblib\)\. Install pandas/);
    assert.equal(texts.length, 2);
  });

  it('has a source for everything that it says', () => {
    for (const { what, source } of RULES) {
      assert.match(source, /^https:\/\//);
      assert.match(what, /\.$/);
    }
  });
});
