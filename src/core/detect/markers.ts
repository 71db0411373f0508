/** File names and endings that give a model away, for a bounded search of a workspace; the detectors say for certain. */
export const detectMarkers = {
  /** A folder that holds one of these may be a model: a spaCy pipeline, a custom model. */
  files: ['config.cfg', 'handler.py'],
  /** A file with one of these endings may be one: a scikit-learn estimator. */
  extensions: ['.joblib', '.pkl', '.pickle'],
} as const;
