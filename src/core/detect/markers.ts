/** File names and endings that give a model away, for a bounded search of a workspace; the detectors say for certain. */
export const detectMarkers = {
  /** A folder that holds one of these may be a model: a spaCy pipeline, a custom model, an ONNX export. */
  files: ['config.cfg', 'handler.py', 'model.onnx'],
  /** A file with one of these endings may be one: a scikit-learn estimator, an ONNX or XGBoost model. */
  extensions: ['.joblib', '.pkl', '.pickle', '.skops', '.onnx', '.ubj'],
  /** A file with an ending that says little may be a boosted model where its name has one of these words. */
  named: { words: ['xgb', 'lgb', 'lightgbm', 'booster'], extensions: ['.json', '.txt'] },
} as const;
