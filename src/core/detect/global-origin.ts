/** Where a global comes from, for people who are to decide about it. */

/** Modules of Python's standard library, 3.9 to 3.14; those that begin with _ are its own too. */
const STANDARD = new Set(
  'abc aifc annotationlib argparse array ast asynchat asyncio asyncore atexit audioop base64 bdb binascii bisect builtins bz2 cProfile calendar cgi cgitb chunk cmath cmd code codecs codeop collections colorsys compileall compression concurrent configparser contextlib contextvars copy copyreg crypt csv ctypes curses dataclasses datetime dbm decimal difflib dis distutils doctest email encodings ensurepip enum errno faulthandler fcntl filecmp fileinput fnmatch fractions ftplib functools gc genericpath getopt getpass gettext glob graphlib grp gzip hashlib heapq hmac html http imaplib imghdr imp importlib inspect io ipaddress itertools json keyword lib2to3 linecache locale logging lzma mailbox mailcap marshal math mimetypes mmap modulefinder msilib msvcrt multiprocessing netrc nis nntplib nt ntpath nturl2path numbers opcode operator optparse os ossaudiodev pathlib pdb pickle pickletools pipes pkgutil platform plistlib poplib posix posixpath pprint profile pstats pty pwd py_compile pyclbr pydoc pydoc_data pyexpat queue quopri random re readline reprlib resource rlcompleter runpy sched secrets select selectors shelve shlex shutil signal site smtpd smtplib sndhdr socket socketserver spwd sqlite3 sre_compile sre_constants sre_parse ssl stat statistics string stringprep struct subprocess sunau symtable sys sysconfig syslog tabnanny tarfile telnetlib tempfile termios textwrap threading time timeit tkinter token tokenize tomllib trace traceback tracemalloc tty turtle types typing unicodedata unittest urllib uu uuid venv warnings wave weakref webbrowser winreg winsound wsgiref xdrlib xml xmlrpc zipapp zipfile zipimport zlib zoneinfo'.split(
    ' ',
  ),
);

/** Packages by their modules, where the two differ. */
const PACKAGES: Record<string, string> = {
  sklearn: 'scikit-learn',
  imblearn: 'imbalanced-learn',
  category_encoders: 'category-encoders',
  sklearn_pandas: 'sklearn-pandas',
  PIL: 'pillow',
  cv2: 'opencv-python',
  yaml: 'pyyaml',
};
/** Packages that models are made with: a project does not name its own modules like these. */
const KNOWN_PACKAGES = new Set(
  'numpy scipy pandas polars pyarrow joblib torch torchvision torchaudio transformers tokenizers safetensors sentence_transformers spacy thinc xgboost lightgbm catboost statsmodels nltk gensim keras tensorflow jax onnx onnxruntime skops mlxtend numba dask matplotlib'.split(
    ' ',
  ),
);

/**
 * `of the package scikit-learn`; undefined where the module of that name may be a package's or the project's own.
 */
function knownOrigin(module: string): string | undefined {
  if (module === 'builtins') return 'a builtin of Python';
  if (STANDARD.has(module) || module.startsWith('_')) return "of Python's standard library";
  if (Object.hasOwn(PACKAGES, module)) return `of the package ${PACKAGES[module]}`;
  return KNOWN_PACKAGES.has(module) ? `of the package ${module}` : undefined;
}

/** Of a name such as `shop.clean.Lower`, as far as the name tells. */
export function originOf(name: string): string {
  const module = topOf(name);
  return knownOrigin(module) ?? `of the module ${module}, from a package or from the project that made the model`;
}

/** As `originOf`, in a project with these modules of its own, by their paths in it. */
export function originIn(name: string, ownModules: readonly string[]): string {
  const module = topOf(name);
  const own = ownModules.find((place) =>
    place.split(/[\\/]/).some((part) => part === module || part === `${module}.py`),
  );
  if (own !== undefined) return `of this project, ${own}`;
  return knownOrigin(module) ?? `of the package ${module}; this project has no module of that name`;
}

function topOf(name: string): string {
  const end = name.indexOf('.');
  return end < 0 ? name : name.slice(0, end);
}
