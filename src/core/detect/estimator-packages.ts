import type { PickleGlobal } from './detection.ts';

/** Packages that estimators and what they hold come from, by their module where the two are called otherwise. */
const OTHERWISE: Record<string, string> = {
  boruta: 'boruta',
  category_encoders: 'category-encoders',
  dirty_cat: 'dirty-cat',
  feature_engine: 'feature-engine',
  imblearn: 'imbalanced-learn',
  sentence_transformers: 'sentence-transformers',
  sklearn_pandas: 'sklearn-pandas',
  sklearn_crfsuite: 'sklearn-crfsuite',
  sklego: 'scikit-lego',
  skopt: 'scikit-optimize',
  sksurv: 'scikit-survival',
  umap: 'umap-learn',
};

/** Those that are called as their module is. */
const SAME = new Set(
  'catboost deslib gensim hdbscan interpret kmodes lifelines lightgbm mapie mlxtend ngboost nltk optbinning pandas pmdarima polars pyod river scikeras skorch skrub sktime spacy statsmodels torch tslearn xgboost'.split(
    ' ',
  ),
);

/** The package that a top-level module is of; undefined where it may be the project's own, or one that is not known. */
export function packageOfModule(module: string): string | undefined {
  if (SAME.has(module)) return module;
  return Object.hasOwn(OTHERWISE, module) ? OTHERWISE[module] : undefined;
}

/** Of Python itself, as far as models hold it. */
const STANDARD = new Set(
  '_codecs abc array base64 bisect builtins calendar collections contextlib copy copyreg csv dataclasses datetime decimal enum fractions functools hashlib heapq html ipaddress itertools json locale logging math numbers operator queue random re statistics string struct textwrap time typing unicodedata uuid warnings weakref zoneinfo'.split(
    ' ',
  ),
);

/** Top-level modules that loading imports and that no package is known for; some may be the project's own. */
export function unknownModules(globals: readonly PickleGlobal[]): string[] {
  const names = globals
    .filter(({ danger }) => danger === 'unknown')
    .map(({ name }) => name.slice(0, name.indexOf('.')));
  return [...new Set(names)].filter((name) => !STANDARD.has(name) && packageOfModule(name) === undefined).sort();
}

/** Packages that a pickle's names are of beside scikit-learn itself. */
export function packagesOfGlobals(globals: readonly PickleGlobal[]): string[] {
  const packages = globals.flatMap(({ name }) => packageOfModule(name.slice(0, name.indexOf('.'))) ?? []);
  // It picks columns by name, for which it needs a DataFrame; its pickle does not name pandas.
  if (globals.some(({ name }) => name.endsWith('.ColumnTransformer'))) packages.push('pandas');
  return [...new Set(packages)].sort();
}
