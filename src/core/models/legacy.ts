import { MODEL_NAME, type Framework, type ModelSpec } from '../../shared/spec.ts';
import type { LegacyLeft, ModelsDocument } from './document.ts';
import { freeName, toName } from './names.ts';

/** What people wrote as `modelType`, in small letters and without anything between the words. */
const FRAMEWORK_OF: Record<string, Framework> = {
  spacy: 'spacy',
  sklearn: 'sklearn',
  scikitlearn: 'sklearn',
  scikit: 'sklearn',
  joblib: 'sklearn',
  pickle: 'sklearn',
  onnx: 'onnx',
  onnxruntime: 'onnx',
  huggingface: 'transformers',
  transformers: 'transformers',
  sentencetransformers: 'transformers',
  pytorch: 'torch',
  torch: 'torch',
  torchscript: 'torch',
  xgboost: 'xgboost',
  xgb: 'xgboost',
  lightgbm: 'lightgbm',
  lgbm: 'lightgbm',
  custom: 'custom',
};

function frameworkOf(type: unknown): Framework | undefined {
  const name = String(type)
    .toLowerCase()
    .replaceAll(/[^a-z]/g, '');
  return Object.hasOwn(FRAMEWORK_OF, name) ? FRAMEWORK_OF[name] : undefined;
}

/**
 * Reads the bare array that Nimbus wrote before models.json had a version: entries of `modelName`, `modelType`,
 * `modelPathOrName` and `description`. Undefined where it is some other array.
 */
export function legacyDocument(entries: unknown[]): ModelsDocument | undefined {
  if (!entries.every(isEntry)) return undefined;
  const models: Record<string, ModelSpec> = Object.create(null) as Record<string, ModelSpec>;
  const left: LegacyLeft[] = [];
  for (const entry of entries) {
    const { modelName, modelType, modelPathOrName, description, ...unknownFields } = entry;
    const framework = frameworkOf(modelType);
    if (!framework) {
      left.push({ entry, why: `this version of Nimbus does not run models of type ${JSON.stringify(modelType)}` });
      continue;
    }
    const name = freeName(MODEL_NAME.test(modelName) ? modelName : toName(modelName), models);
    const text = description ?? (name === modelName ? undefined : modelName);
    models[name] = {
      ...unknownFields,
      path: modelPathOrName.replaceAll('\\', '/'),
      framework,
      ...(typeof text === 'string' ? { description: text } : {}),
    };
  }
  return { kind: 'legacy', migrated: { version: 1, models }, left };
}

interface LegacyEntry extends Record<string, unknown> {
  modelName: string;
  modelPathOrName: string;
}

function isEntry(value: unknown): value is LegacyEntry {
  return (
    typeof value === 'object' &&
    value !== null &&
    'modelName' in value &&
    typeof value.modelName === 'string' &&
    'modelPathOrName' in value &&
    typeof value.modelPathOrName === 'string' &&
    value.modelPathOrName !== ''
  );
}
