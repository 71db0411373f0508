import type { PickleGlobal } from './detection.ts';
import { originOf } from './global-origin.ts';

/**
 * What a global of a scikit-learn pickle means. Unpickling imports every global by name and may call it, so the
 * rules name what is known to be harmless; the rest is `unknown`, and what reaches the system is `dangerous`.
 */
export function judgeGlobal(written: string): PickleGlobal {
  const name = modern(written);
  const meaning = dangerOf(name);
  if (meaning !== undefined) return { name, danger: 'dangerous', meaning };
  if (KNOWN.has(name) || KNOWN_PATTERNS.some((pattern) => pattern.test(name))) return { name, danger: 'known' };
  return { name, danger: 'unknown', meaning: originOf(name) };
}

/** Pickles of protocol 2 and below use the names of Python 2. */
function modern(name: string): string {
  return name
    .replace(/^(?:__builtin__|exceptions)\./, 'builtins.')
    .replace(/^copy_reg\./, 'copyreg.')
    .replace(/^(?:cPickle|_pickle)\./, 'pickle.')
    .replace(/^commands\./, 'subprocess.');
}

const COMMAND = 'runs a command of the operating system';
const CODE = 'runs Python code given as text or bytes';
const FILES = 'reads, writes or deletes files';
const NETWORK = 'opens network connections';
const ATTRIBUTE = 'reaches any function by its name';
const NESTED = 'loads a further pickle, which was not read';

/** Whole modules, with everything below them. */
const DANGEROUS_MODULES: Record<string, string> = {
  os: COMMAND,
  posix: COMMAND,
  nt: COMMAND,
  posixpath: FILES,
  ntpath: FILES,
  subprocess: COMMAND,
  _posixsubprocess: COMMAND,
  pty: COMMAND,
  multiprocessing: 'starts processes',
  concurrent: 'starts threads or processes',
  asyncio: 'starts processes and network connections',
  signal: 'ends processes',
  sys: 'changes the running interpreter',
  ctypes: 'calls any function of the machine',
  _ctypes: 'calls any function of the machine',
  cffi: 'calls any function of the machine',
  mmap: 'reaches memory and files',
  importlib: ATTRIBUTE,
  imp: ATTRIBUTE,
  pkgutil: ATTRIBUTE,
  pydoc: ATTRIBUTE,
  inspect: ATTRIBUTE,
  runpy: CODE,
  code: CODE,
  codeop: CODE,
  timeit: CODE,
  trace: CODE,
  profile: CODE,
  cProfile: CODE,
  bdb: CODE,
  pdb: CODE,
  doctest: CODE,
  types: 'builds functions out of code in the file',
  marshal: 'builds functions out of code in the file',
  cloudpickle: 'builds functions out of code in the file',
  dill: 'builds functions out of code in the file',
  pickle: NESTED,
  shelve: NESTED,
  dbm: FILES,
  sqlite3: FILES,
  shutil: FILES,
  pathlib: FILES,
  tempfile: FILES,
  glob: FILES,
  fileinput: FILES,
  linecache: FILES,
  io: FILES,
  _io: FILES,
  zipfile: FILES,
  tarfile: FILES,
  socket: NETWORK,
  _socket: NETWORK,
  ssl: NETWORK,
  socketserver: NETWORK,
  http: NETWORK,
  urllib: NETWORK,
  urllib2: NETWORK,
  httplib: NETWORK,
  requests: NETWORK,
  httpx: NETWORK,
  aiohttp: NETWORK,
  ftplib: NETWORK,
  smtplib: NETWORK,
  telnetlib: NETWORK,
  xmlrpc: NETWORK,
  webbrowser: 'opens a browser',
  antigravity: 'opens a browser',
  pip: 'installs packages',
  setuptools: CODE,
  distutils: COMMAND,
  ensurepip: 'installs packages',
  venv: COMMAND,
  gc: 'reaches any object of the interpreter',
  threading: 'starts threads',
  _thread: 'starts threads',
};

const DANGEROUS_NAMES: Record<string, string> = {
  'builtins.eval': CODE,
  'builtins.exec': CODE,
  'builtins.execfile': CODE,
  'builtins.compile': CODE,
  'builtins.breakpoint': CODE,
  'builtins.input': 'reads from the terminal',
  'builtins.open': FILES,
  'builtins.file': FILES,
  'builtins.__import__': ATTRIBUTE,
  'builtins.getattr': ATTRIBUTE,
  'builtins.setattr': 'changes any object',
  'builtins.delattr': 'changes any object',
  'builtins.globals': ATTRIBUTE,
  'builtins.locals': ATTRIBUTE,
  'builtins.vars': ATTRIBUTE,
  'builtins.apply': ATTRIBUTE,
  'operator.attrgetter': ATTRIBUTE,
  'operator.methodcaller': ATTRIBUTE,
  '_operator.attrgetter': ATTRIBUTE,
  '_operator.methodcaller': ATTRIBUTE,
  'functools.reduce': 'calls any function with any values',
  'codecs.open': FILES,
  'copyreg.add_extension': 'changes how pickles are read',
  'copyreg.pickle': 'changes how pickles are read',
  'numpy.load': NESTED,
  'numpy.save': FILES,
  'numpy.savez': FILES,
  'numpy.fromfile': FILES,
  'numpy.memmap': FILES,
  'numpy.genfromtxt': FILES,
  'numpy.loadtxt': FILES,
  'numpy.DataSource': NETWORK,
  'numpy.testing.runstring': CODE,
  'numpy.testing._private.utils.runstring': CODE,
  'numpy.core._ufunc_reconstruct': ATTRIBUTE,
  'numpy._core._ufunc_reconstruct': ATTRIBUTE,
  'joblib.load': NESTED,
  'joblib.dump': FILES,
  'joblib.numpy_pickle.load': NESTED,
  'joblib.numpy_pickle_compat.load_compatibility': NESTED,
  'torch.load': NESTED,
  'torch.serialization.load': NESTED,
  'torch.hub.load': NETWORK,
  'pandas.eval': CODE,
  'pandas.core.computation.eval.eval': CODE,
  'pandas.read_pickle': NESTED,
  'pandas.io.pickle.read_pickle': NESTED,
  'pandas.io.common.get_handle': FILES,
  'dask.delayed': CODE,
  'sklearn.datasets.fetch_openml': NETWORK,
};

const DANGEROUS_PATTERNS: [RegExp, string][] = [
  [/^numpy\.f2py\./, CODE],
  [/^numpy\.distutils\./, COMMAND],
  [/^numpy\.lib\.(?:_?npyio|_datasource|_npyio_impl|format|_format_impl)(?:\.|$)/, FILES],
  [/^pandas\.(?:io\.|read_|core\.frame\.DataFrame\.(?:eval|query|to_))/, FILES],
  [/^joblib\.(?:memory|func_inspect|externals|pool|parallel|_parallel_backends|executor)\./, 'runs or loads functions'],
  [/^scipy\.(?:io|weave)\./, FILES],
  [/^sklearn\.(?:datasets|externals)\./, 'reads files, the network or bundled libraries'],
];

/**
 * A library imports the modules it uses, so a path through it reaches them too: `sklearn.base.os.system`,
 * `some.Class.method.__globals__`.
 */
const DANGEROUS_INSIDE =
  /\.(?:os|sys|subprocess|posix|nt|builtins|__builtins__|importlib|shutil|ctypes|socket|__globals__|__dict__|__subclasses__|__import__|__getattribute__|__reduce__|eval|exec|system|popen|Popen|check_output)(?:\.|$)/;

function dangerOf(name: string): string | undefined {
  const top = name.slice(0, name.indexOf('.'));
  const module = Object.hasOwn(DANGEROUS_MODULES, top) ? DANGEROUS_MODULES[top] : undefined;
  if (module !== undefined && !KNOWN.has(name)) return module;
  if (Object.hasOwn(DANGEROUS_NAMES, name)) return DANGEROUS_NAMES[name];
  const pattern = DANGEROUS_PATTERNS.find(([one]) => one.test(name));
  if (pattern) return pattern[1];
  return DANGEROUS_INSIDE.test(name) ? ATTRIBUTE : undefined;
}

const BUILTINS =
  'abs bool bytearray bytes complex dict float frozenset int len list max min object range reversed round set slice sorted str sum tuple';
const COLLECTIONS = 'OrderedDict defaultdict Counter deque';
const DATETIME = 'date datetime time timedelta timezone';
const NUMPY_TYPES =
  'ndarray dtype bool_ bool int8 int16 int32 int64 intc intp int_ longlong uint8 uint16 uint32 uint64 uintc uintp uint ulonglong float16 float32 float64 float_ longdouble complex64 complex128 str_ bytes_ object_ void datetime64 timedelta64';
/** What people put into a FunctionTransformer. */
const NUMPY_FUNCTIONS =
  'abs absolute arccos arcsin arctan cbrt ceil clip cos cosh deg2rad exp exp2 expm1 fabs floor log log10 log1p log2 max maximum mean median min minimum nan_to_num negative power prod rad2deg ravel reciprocal reshape rint round sign sin sinh sqrt square squeeze std sum tan tanh transpose trunc var';

const KNOWN = new Set<string>([
  ...names('builtins', BUILTINS),
  ...names('collections', COLLECTIONS),
  ...names('datetime', DATETIME),
  ...names('numpy', NUMPY_TYPES),
  ...names('numpy', NUMPY_FUNCTIONS),
  ...names('copyreg', '_reconstructor __newobj__ __newobj_ex__'),
  ...names('_codecs', 'encode'),
  ...names('decimal', 'Decimal'),
  ...names('fractions', 'Fraction'),
  ...names('uuid', 'UUID'),
  ...names('re', '_compile'),
  ...names('array', 'array _array_reconstructor'),
  ...names('operator', 'itemgetter'),
  ...names('_operator', 'itemgetter'),
  ...names('numpy.ma', 'MaskedArray'),
  ...names('numpy.ma.core', 'MaskedArray _mareconstruct'),
  ...names('numpy.matrixlib.defmatrix', 'matrix'),
  ...names('numpy.random.mtrand', 'RandomState _rand'),
  ...names('numpy.random._pickle', '__randomstate_ctor __generator_ctor __bit_generator_ctor'),
  ...names('numpy.random._generator', 'Generator'),
  ...names('numpy.random._mt19937', 'MT19937'),
  ...names('numpy.random._pcg64', 'PCG64 PCG64DXSM'),
  ...names('numpy.random._philox', 'Philox'),
  ...names('numpy.random._sfc64', 'SFC64'),
  ...names('numpy.random.bit_generator', 'SeedSequence __pyx_unpickle_SeedSequence'),
  ...names('joblib.numpy_pickle', 'NumpyArrayWrapper'),
  ...names('pandas.core.frame', 'DataFrame'),
  ...names('pandas.core.series', 'Series'),
  ...names('pandas.core.indexes.base', 'Index _new_Index'),
  ...names('pandas.core.indexes.range', 'RangeIndex'),
  ...names('pandas.core.indexes.multi', 'MultiIndex'),
  ...names('pandas.core.indexes.category', 'CategoricalIndex'),
  ...names('pandas.core.indexes.numeric', 'Int64Index Float64Index UInt64Index'),
  ...names('pandas.core.indexes.datetimes', 'DatetimeIndex _new_DatetimeIndex'),
  ...names('pandas.core.internals.managers', 'BlockManager SingleBlockManager'),
  ...names('pandas.core.internals.blocks', 'new_block'),
  ...names('pandas._libs.internals', '_unpickle_block'),
  ...names('pandas._libs.arrays', '__pyx_unpickle_NDArrayBacked'),
  ...names('pandas._libs.missing', 'NAType'),
  ...names('pandas._libs.tslibs.timestamps', '_unpickle_timestamp Timestamp'),
  ...names('pandas._libs.tslibs.timedeltas', '_timedelta_unpickle Timedelta'),
  ...names('pandas.core.arrays.categorical', 'Categorical'),
  ...names('pandas.core.arrays.datetimes', 'DatetimeArray'),
  ...names('pandas.core.arrays.string_', 'StringArray StringDtype'),
  ...names('pandas.core.arrays.boolean', 'BooleanArray BooleanDtype'),
  ...names('pandas.core.arrays.integer', 'IntegerArray Int64Dtype Int32Dtype'),
  ...names('pandas.core.arrays.floating', 'FloatingArray Float64Dtype Float32Dtype'),
  ...names('pandas.core.dtypes.dtypes', 'CategoricalDtype DatetimeTZDtype'),
  ...names('pandas.core.flags', 'Flags'),
]);

/** Classes of scikit-learn's public packages. Not `utils`, `externals`, `datasets`, `tests`: they hold tools. */
const SKLEARN_PACKAGES =
  'base|calibration|cluster|compose|covariance|cross_decomposition|decomposition|discriminant_analysis|dummy|ensemble|feature_extraction|feature_selection|frozen|gaussian_process|impute|isotonic|kernel_approximation|kernel_ridge|linear_model|manifold|metrics|mixture|model_selection|multiclass|multioutput|naive_bayes|neighbors|neural_network|pipeline|preprocessing|random_projection|semi_supervised|svm|tree|_loss';

const KNOWN_PATTERNS: RegExp[] = [
  // Modules are lower case, then exactly one class: no path through a class. Names that modules import from elsewhere
  // (io.StringIO, joblib.Parallel) are no classes of theirs.
  new RegExp(
    String.raw`^sklearn\.(?:${SKLEARN_PACKAGES})(?:\.(?!tests\.)[a-z_][a-z0-9_]*)*\.(?!(?:StringIO|BytesIO|Path|Parallel|Memory|Popen)$)_{0,2}[A-Z]\w*$`,
  ),
  new RegExp(String.raw`^sklearn\.(?:${SKLEARN_PACKAGES})(?:\.[a-z_][a-z0-9_]*)*\.(?:newObj|__pyx_unpickle_[A-Z]\w*)$`),
  // The wrappers for scikit-learn, and the boosters in them, which their own code reads.
  /^xgboost\.sklearn\.XGB(?:RF)?(?:Classifier|Regressor|Ranker|Model)$/,
  /^xgboost\.core\.Booster$/,
  /^lightgbm\.sklearn\.LGBM(?:Classifier|Regressor|Ranker|Model)$/,
  /^lightgbm\.basic\.Booster$/,
  /^sklearn\.utils\._bunch\.Bunch$/,
  /^sklearn\.utils\.Bunch$/,
  /^sklearn\.utils\.(?:_tags|_metadata_requests)\.[A-Z]\w*$/,
  /^sklearn\.cluster\._kmeans\._kmeans_single_(?:lloyd|elkan)$/,
  /^sklearn\.feature_selection\.(?:_?univariate_selection)\.(?:chi2|f_classif|f_oneway|f_regression|r_regression)$/,
  /^sklearn\.feature_selection\._mutual_info\.mutual_info_(?:classif|regression)$/,
  /^sklearn\.preprocessing\._function_transformer\._identity$/,
  /^sklearn\.metrics\.pairwise\.[a-z_]+_(?:kernel|distances)$/,
  /^sklearn\.metrics\._(?:classification|regression|ranking)\.[a-z][a-z0-9_]*$/,
  /^numpy\.(?:_?core)\.multiarray\.(?:_reconstruct|scalar)$/,
  /^numpy\.(?:_?core)\.numeric\._frombuffer$/,
  /^numpy\.dtypes\.[A-Z]\w*DType$/,
  /^scipy\.sparse\._?(?:csr|csc|coo|dia|bsr|lil|dok|matrix)\.(?:csr|csc|coo|dia|bsr|lil|dok|sp)(?:_matrix|_array|matrix)$/,
  /^scipy\.spatial\._?(?:ckdtree|kdtree)\.c?KDTree$/,
  /^scipy\.interpolate\._?(?:bsplines|interpolate)\.(?:BSpline|interp1d|PPoly)$/,
  /^scipy\._lib\.array_api_compat\.numpy\._aliases\.asarray$/,
  /^scipy\.special\._ufuncs\.(?:expit|logit|erf|erfc|gamma|gammaln|boxcox|inv_boxcox)$/,
];

function names(module: string, list: string): string[] {
  return list.split(' ').map((name) => `${module}.${name}`);
}
