// examples/models/: the sample models, trained by examples/*/train.py; trained again when a script or a package changed.
// Those of the large frameworks are trained only where their environment is there.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { frameworksPython, isMain, python, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';

/** What each script makes, which runs with the environment of `npm start`. */
export const samples = { sentiment: ['sentiment.joblib'], entities: ['entities'], flowers: ['flowers.joblib'] };
/** The same with the large frameworks. */
const frameworkSamples = {
  'hugging-face': ['hugging-face'],
  torch: ['torch'],
  'custom/seq2seq': ['seq2seq'],
  'onnx-topics': ['onnx-topics'],
  'onnx-tensors': ['onnx-tensors'],
  'onnx-estimators': ['reviews.onnx', 'flowers.onnx', 'flowers-boosted.onnx'],
  boosting: [
    'flowers.ubj',
    'progress-xgb.json',
    'flowers-xgb.joblib',
    'flowers-lgb.txt',
    'progress-lgb.txt',
    'flowers-lgb.joblib',
  ],
  estimators: ['flowers.skops', 'unusual.joblib', 'groups.joblib', 'plane.joblib'],
};
const models = path.join(root, 'examples/models');

/** Trains what is missing or outdated. Needs the Python environment. */
export function setUpSamples() {
  return trainAll(samples, python, 'examples/requirements.txt');
}

/** As `setUpSamples`, with the large frameworks. Needs their environment. */
export function setUpFrameworkSamples() {
  return trainAll(frameworkSamples, frameworksPython, 'examples/frameworks/requirements.txt');
}

async function trainAll(scripts, interpreter, requirementsFile) {
  const requirements = readFileSync(path.join(root, requirementsFile));
  const work = Object.entries(scripts).map(([name, results]) => train(name, results, interpreter, requirements));
  const trained = (await Promise.all(work)).filter((name) => name !== undefined);
  return trained.length === 0 ? 'up to date' : trained.join(', ');
}

async function train(name, results, interpreter, requirements) {
  const folder = path.join(root, 'examples', name);
  const hash = createHash('sha256').update(requirements);
  for (const file of readdirSync(folder).filter((one) => /\.(?:py|txt)$/.test(one))) {
    hash.update(readFileSync(path.join(folder, file)));
  }
  const wanted = hash.digest('hex');
  const short = path.basename(name);
  const marker = path.join(models, `.${short}.hash`);
  const isThere = results.every((result) => existsSync(path.join(models, result)));
  if (isThere && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return undefined;
  // Beside the old one until it is whole: something may be using that.
  const fresh = path.join(models, `.${short}`);
  rmSync(fresh, { recursive: true, force: true });
  const script = path.join(folder, 'train.py');
  await runLogged(`train-${short}`, [interpreter, script, fresh], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  for (const result of results) {
    rmSync(path.join(models, result), { recursive: true, force: true });
    renameSync(path.join(fresh, result), path.join(models, result));
  }
  rmSync(fresh, { recursive: true });
  writeFileSync(marker, wanted);
  return short;
}

if (isMain(import.meta.url)) await main(() => step('Sample models', setUpSamples));
