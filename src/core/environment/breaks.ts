/** What is known to break where versions differ, each with its source: data, in the order in which it is looked up. */

export interface Rule {
  package: string;
  /** Frameworks whose models it is about; every one where left out. */
  frameworks?: readonly string[];
  /** Only of models that hold code of Python itself. */
  holdsCode?: true;
  /** The first number that differs is at least this one: 0 the major version, 1 the minor one. */
  differsAt: 0 | 1 | 2;
  /** Only where the installed version is older, or newer, than the captured one. */
  installed?: 'older' | 'newer';
  /** Only where the installed version is one of these. */
  versions?: string;
  verdict: 'compatible' | 'mismatch';
  /** One sentence. */
  what: string;
  source: string;
}

export const RULES: readonly Rule[] = [
  {
    package: 'scikit-learn',
    frameworks: ['sklearn', 'skops'],
    differsAt: 1,
    verdict: 'mismatch',
    what: 'scikit-learn does not support loading a model of another version: it warns (InconsistentVersionWarning), and the model may fail to load or answer differently.',
    source: 'https://scikit-learn.org/stable/model_persistence.html#security-maintainability-limitations',
  },
  {
    package: 'scikit-learn',
    frameworks: ['sklearn', 'skops'],
    differsAt: 2,
    verdict: 'compatible',
    what: 'scikit-learn warns of every other version (InconsistentVersionWarning); its bug-fix releases rarely change what is saved.',
    source: 'https://scikit-learn.org/stable/modules/generated/sklearn.exceptions.InconsistentVersionWarning.html',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'older',
    versions: '<1.26',
    verdict: 'mismatch',
    what: 'What NumPy 2 pickled names numpy._core, which NumPy before 1.26 does not have: loading fails with ModuleNotFoundError.',
    source: 'https://github.com/numpy/numpy/pull/24906',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'older',
    verdict: 'compatible',
    what: 'NumPy 1.26 reads arrays that NumPy 2 pickled; random generators and string arrays may not load.',
    source: 'https://github.com/numpy/numpy/pull/24906',
  },
  {
    package: 'numpy',
    differsAt: 0,
    installed: 'newer',
    verdict: 'compatible',
    what: 'NumPy 2 reads what NumPy 1 pickled; packages that were compiled for NumPy 1 do not run with it, and some scalars are of another type.',
    source: 'https://numpy.org/doc/stable/numpy_2_0_migration_guide.html',
  },
  {
    package: 'spacy',
    differsAt: 1,
    verdict: 'mismatch',
    what: 'A spaCy pipeline is made for one minor version: with another spaCy warns (W095), and the pipeline may fail to load or answer worse.',
    source: 'https://spacy.io/api/cli#validate',
  },
  {
    package: 'transformers',
    differsAt: 0,
    verdict: 'mismatch',
    what: 'A major version of transformers changes tokenizers and defaults, and drops architectures: the model may fail to load or answer differently.',
    source: 'https://github.com/huggingface/transformers/blob/main/MIGRATION_GUIDE_V5.md',
  },
  {
    package: 'transformers',
    differsAt: 1,
    installed: 'older',
    verdict: 'compatible',
    what: 'An older transformers may not know the architecture or a setting of the model.',
    source: 'https://huggingface.co/docs/transformers/main_classes/configuration',
  },
  {
    package: 'torch',
    differsAt: 1,
    installed: 'older',
    verdict: 'mismatch',
    what: 'PyTorch reads what older versions saved, not always what newer ones did.',
    source: 'https://docs.pytorch.org/docs/stable/notes/serialization.html',
  },
  {
    package: 'xgboost',
    frameworks: ['sklearn', 'custom'],
    differsAt: 1,
    verdict: 'mismatch',
    what: 'A pickle of XGBoost is meant for the version that wrote it; only save_model (.ubj, .json) is read by later ones.',
    source: 'https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html',
  },
  {
    package: 'xgboost',
    differsAt: 0,
    installed: 'older',
    verdict: 'mismatch',
    what: 'XGBoost reads model files of older versions, not of newer ones.',
    source: 'https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html',
  },
  {
    package: 'pandas',
    frameworks: ['sklearn', 'custom'],
    differsAt: 0,
    verdict: 'mismatch',
    what: 'A pickle that holds a DataFrame, an index or a pandas type may fail to load with another major version: only pandas.read_pickle adapts old ones.',
    source: 'https://pandas.pydata.org/docs/reference/api/pandas.read_pickle.html',
  },
  {
    package: 'python',
    holdsCode: true,
    differsAt: 1,
    verdict: 'mismatch',
    what: 'The model holds compiled code of Python (cloudpickle, dill or marshal), which only the same Python runs: another one fails or crashes.',
    source: 'https://github.com/cloudpipe/cloudpickle#cloudpickle',
  },
  {
    package: 'python',
    differsAt: 1,
    verdict: 'compatible',
    what: 'The packages decide: those for another Python may be of other versions.',
    source: 'https://docs.python.org/3/library/pickle.html#comparison-with-marshal',
  },
];
