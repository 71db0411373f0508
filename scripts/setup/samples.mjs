// examples/models/: the sample models, trained by examples/*/train.py; trained again when a script or a package changed.
// Those of the large frameworks are trained only where their environment is there.
import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { frameworksPython, isMain, python, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';

const samples = { sentiment: 'sentiment.joblib', entities: 'entities', flowers: 'flowers.joblib' };
/** Each makes a folder of models, with the large frameworks. */
const frameworkSamples = {
  'hugging-face': 'hugging-face',
  torch: 'torch',
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
  const work = Object.entries(scripts).map(([name, result]) => train(name, result, interpreter, requirements));
  const trained = (await Promise.all(work)).filter((name) => name !== undefined);
  return trained.length === 0 ? 'up to date' : trained.join(', ');
}

async function train(name, result, interpreter, requirements) {
  const folder = path.join(root, 'examples', name);
  const hash = createHash('sha256').update(requirements);
  for (const file of readdirSync(folder).filter((one) => one.endsWith('.py'))) {
    hash.update(readFileSync(path.join(folder, file)));
  }
  const wanted = hash.digest('hex');
  const marker = path.join(models, `.${name}.hash`);
  const trained = path.join(models, result);
  if (existsSync(trained) && existsSync(marker) && readFileSync(marker, 'utf8') === wanted) return undefined;
  // Beside the old one until it is whole: something may be using that.
  const fresh = path.join(models, `.${name}`);
  rmSync(fresh, { recursive: true, force: true });
  const script = path.join(folder, 'train.py');
  await runLogged(`train-${name}`, [interpreter, script, fresh], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
  rmSync(trained, { recursive: true, force: true });
  renameSync(path.join(fresh, result), trained);
  rmSync(fresh, { recursive: true });
  writeFileSync(marker, wanted);
  return name;
}

if (isMain(import.meta.url)) await main(() => step('Sample models', setUpSamples));
