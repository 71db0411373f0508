import path from 'node:path';

/** What pickles of models are usually called. */
const PICKLES = ['.joblib', '.pkl', '.pickle', '.sav'] as const;
/** What joblib's documentation calls its compressed files, after one of the others: `.pkl.gz`. */
const COMPRESSIONS = ['', '.z', '.gz', '.bz2', '.xz', '.lzma', '.lz4'] as const;

/** File names and endings that give a model away, for a bounded search of a workspace; the detectors say for certain. */
export const detectMarkers = {
  /** A folder that holds one of these may be a model: a spaCy pipeline, a custom model, Hugging Face, an ONNX export. */
  files: [
    'config.cfg',
    'handler.py',
    'model.onnx',
    'modules.json',
    'model.safetensors',
    'model.safetensors.index.json',
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
    'adapter_config.json',
  ],
  /** A folder that holds one file with one of these endings, and no second of the same group, is the model in it. */
  alone: [['.pt', '.pth', '.pt2', '.jit', '.torchscript'], ['.onnx']],
  /** A file with one of these endings may be one: a scikit-learn estimator, an ONNX or XGBoost model, a PyTorch program. */
  extensions: [
    ...PICKLES.flatMap((pickle) => COMPRESSIONS.map((compression) => pickle + compression)),
    '.skops',
    '.onnx',
    '.ubj',
    '.xgb',
    '.bst',
    '.lgb',
    '.lightgbm',
    '.pt',
    '.pth',
    '.pt2',
    '.jit',
    '.torchscript',
  ],
  /** A file with an ending that says little may be a boosted model where its name has one of these words. */
  named: { words: ['xgb', 'lgb', 'lightgbm', 'booster'], extensions: ['.json', '.txt', '.model'] },
  /** What the documentation of XGBoost and LightGBM calls a model. */
  exact: ['model.json', 'model.txt'],
} as const;

/** Whether a file's name has one of the endings, in any case. */
export function isMarkedFile(name: string): boolean {
  const lower = name.toLowerCase();
  return detectMarkers.extensions.some((extension) => lower.endsWith(extension));
}

/** Names of the files that are the model in a folder with these files: the only PyTorch program, the only ONNX model. */
export function aloneIn(names: readonly string[]): string[] {
  return detectMarkers.alone.flatMap((endings) => {
    const found = names.filter((name) => endings.some((ending) => name.toLowerCase().endsWith(ending)));
    return found.length === 1 ? found : [];
  });
}

/** Folders that may be a model, of the paths (with `/`) of all files that a search for `files` and `alone` finds. */
export function foldersMarkedBy(files: readonly string[]): string[] {
  const byFolder = new Map<string, string[]>();
  for (const file of files) {
    const folder = path.posix.dirname(file);
    byFolder.set(folder, [...(byFolder.get(folder) ?? []), path.posix.basename(file)]);
  }
  const found = new Set<string>();
  for (const [folder, names] of byFolder) {
    const isMarked = names.some((name) => (detectMarkers.files as readonly string[]).includes(name));
    if (!isMarked && aloneIn(names).length === 0) continue;
    found.add(folder);
    // What is trained or exported into a folder of its own is meant by the one above.
    if (isMarked && /^(?:model-(?:best|last)|onnx)$/.test(path.posix.basename(folder)))
      found.add(path.posix.dirname(folder));
  }
  return [...found];
}
