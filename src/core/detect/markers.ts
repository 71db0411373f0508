/** File names and endings that give a model away, for a bounded search of a workspace; the detectors say for certain. */
export const detectMarkers = {
  /** A folder that holds one of these may be a model: a spaCy pipeline, a custom model, Hugging Face. */
  files: [
    'config.cfg',
    'handler.py',
    'modules.json',
    'model.safetensors',
    'model.safetensors.index.json',
    'pytorch_model.bin',
    'pytorch_model.bin.index.json',
    'adapter_config.json',
  ],
  /** A file with one of these endings may be one: a scikit-learn estimator, a program of PyTorch. */
  extensions: ['.joblib', '.pkl', '.pickle', '.pt', '.pth', '.pt2'],
} as const;
