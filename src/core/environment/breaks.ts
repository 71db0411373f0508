/**
 * What is known to break where versions differ: data, in the order in which it is looked up. Each sentence says what
 * stands on the page that is its source, and no more; what nobody wrote down has no rule.
 */

import type { Framework } from '../../shared/spec.ts';

export interface Rule {
  package: string;
  /** Frameworks whose models it is about; every one where left out. */
  frameworks?: readonly Framework[];
  /** Only of models that hold code of Python itself. */
  holdsCode?: true;
  /** The first number that differs is at least this one: 0 the major version, 1 the minor one. */
  differsAt: 0 | 1 | 2;
  /** Only where the installed version is older, or newer, than the captured one. */
  installed?: 'older' | 'newer';
  /** Only where the installed version is one of these. */
  versions?: string;
  /** Only where this version lies between the two, or is the newer one of them. */
  crosses?: string;
  verdict: 'compatible' | 'mismatch';
  /** One sentence. */
  what: string;
  source: string;
}

export const RULES: readonly Rule[] = [
  {
    package: 'scikit-learn',
    frameworks: ['sklearn'],
    differsAt: 1,
    crosses: '1.3',
    verdict: 'mismatch',
    // Seen with a forest of 1.2.2 in 1.3.2, and of 1.3.2 in 1.2.2.
    what: 'scikit-learn 1.3 changed what decision trees save: trees and forests do not load across it (ValueError: node array from the pickle has an incompatible dtype), and other models are not supported.',
    source: 'https://github.com/yzhao062/pyod/issues/519',
  },
  {
    package: 'scikit-learn',
    frameworks: ['sklearn'],
    differsAt: 1,
    verdict: 'mismatch',
    what: 'scikit-learn does not support loading a model of another version: it warns (InconsistentVersionWarning), and the model may fail to load or answer differently.',
    source: 'https://scikit-learn.org/stable/model_persistence.html#security-maintainability-limitations',
  },
  {
    package: 'scikit-learn',
    frameworks: ['sklearn'],
    differsAt: 2,
    verdict: 'compatible',
    what: 'scikit-learn warns of every other version (InconsistentVersionWarning) and supports none, not even of its bug-fix releases.',
    source: 'https://scikit-learn.org/stable/model_persistence.html#security-maintainability-limitations',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'older',
    versions: '<1.26',
    verdict: 'mismatch',
    what: 'NumPy before 1.26 does not load what NumPy 2 pickled: it has no numpy._core.',
    source: 'https://numpy.org/doc/stable/numpy_2_0_migration_guide.html#note-about-pickled-files',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'older',
    verdict: 'compatible',
    // Seen with 2.2.6 and 1.26.4: "is not a known BitGenerator module".
    what: 'NumPy 1.26 reads arrays that NumPy 2 pickled, but not random generators (RandomState, Generator) of NumPy 2.1 and newer.',
    source: 'https://github.com/numpy/numpy/pull/26260',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'newer',
    verdict: 'compatible',
    what: 'NumPy 2 is made to load what NumPy 1.26 pickled; packages with compiled code need a release that was made for NumPy 2.',
    source: 'https://numpy.org/doc/stable/numpy_2_0_migration_guide.html',
  },
  {
    package: 'spacy',
    differsAt: 1,
    verdict: 'mismatch',
    what: 'A spaCy pipeline names the versions that it fits, its own minor version where nobody said otherwise: with another spaCy warns (W095) of errors and worse answers.',
    source: 'https://spacy.io/api/data-formats#meta',
  },
  {
    package: 'transformers',
    differsAt: 0,
    crosses: '5',
    verdict: 'mismatch',
    what: 'transformers 5 changed how tokenizers and weights are loaded and where settings of a model stand, and dropped TensorFlow, JAX and some kinds of attention: the model may fail to load or answer differently.',
    source: 'https://github.com/huggingface/transformers/blob/main/MIGRATION_GUIDE_V5.md',
  },
  {
    package: 'transformers',
    differsAt: 1,
    installed: 'older',
    verdict: 'compatible',
    what: 'An older transformers may not know the architecture of the model.',
    source: 'https://github.com/huggingface/transformers/blob/main/src/transformers/models/auto/configuration_auto.py',
  },
  {
    package: 'torch',
    frameworks: ['custom'],
    differsAt: 1,
    installed: 'newer',
    crosses: '2.6',
    verdict: 'compatible',
    what: 'From PyTorch 2.6 on torch.load reads weights only: where handler.py loads a whole module, it has to pass weights_only=False.',
    source: 'https://docs.pytorch.org/docs/stable/notes/serialization.html#torch-load-with-weights-only-true',
  },
  {
    package: 'torch',
    differsAt: 1,
    installed: 'older',
    verdict: 'mismatch',
    what: 'An older PyTorch may not support what a newer one saved.',
    source:
      'https://docs.pytorch.org/docs/stable/notes/serialization.html#saving-and-loading-scriptmodules-across-pytorch-versions',
  },
  {
    package: 'torch',
    frameworks: ['torch'],
    differsAt: 1,
    verdict: 'compatible',
    what: 'PyTorch recommends the version that saved a module: a newer one may have changed or removed what the module uses.',
    source:
      'https://docs.pytorch.org/docs/stable/notes/serialization.html#saving-and-loading-scriptmodules-across-pytorch-versions',
  },
  {
    package: 'onnxruntime',
    differsAt: 1,
    installed: 'older',
    verdict: 'mismatch',
    what: 'An older ONNX Runtime may not implement the version of the operators that the model uses; newer ones run every model that older ones did.',
    source: 'https://onnxruntime.ai/docs/reference/compatibility.html',
  },
  {
    package: 'xgboost',
    frameworks: ['sklearn', 'custom'],
    differsAt: 1,
    verdict: 'mismatch',
    what: 'A pickle of XGBoost is meant for the version that wrote it; only what save_model wrote (.ubj, .json) is sure to be read by later ones.',
    source: 'https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html',
  },
  {
    package: 'xgboost',
    differsAt: 0,
    installed: 'older',
    verdict: 'mismatch',
    what: 'XGBoost promises that later versions read the files of earlier ones, and nothing for the other way round.',
    source: 'https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html',
  },
  {
    package: 'lightgbm',
    differsAt: 0,
    verdict: 'mismatch',
    what: 'Another major version of LightGBM may not read the model: 4.0.0 did not read a file that 3.3.0 had written.',
    source: 'https://github.com/lightgbm-org/LightGBM/issues/6082',
  },
  {
    package: 'pandas',
    frameworks: ['sklearn', 'custom'],
    differsAt: 0,
    verdict: 'mismatch',
    what: 'A pickle that holds a DataFrame, an index or a pandas type may fail to load with another major version: pandas promises it for pandas.read_pickle alone, and from one major version to the next.',
    source: 'https://pandas.pydata.org/docs/reference/api/pandas.read_pickle.html',
  },
  {
    package: 'python',
    holdsCode: true,
    differsAt: 1,
    verdict: 'mismatch',
    what: 'The model holds compiled code of Python (cloudpickle, dill or marshal), which is made for the very version of Python that wrote it.',
    source: 'https://github.com/cloudpipe/cloudpickle#cloudpickle',
  },
  {
    package: 'python',
    differsAt: 1,
    verdict: 'compatible',
    what: 'Pickles go from one Python to another; the packages for it may be of other versions.',
    source: 'https://docs.python.org/3/library/pickle.html#comparison-with-marshal',
  },
];
