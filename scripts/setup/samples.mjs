// examples/models/: the sample models, trained by examples/*/train.py; trained again when a script or a package changed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isMain, python, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';

const samples = { sentiment: 'sentiment.joblib', entities: 'entities', flowers: 'flowers.joblib' };
const models = path.join(root, 'examples/models');

/** Trains what is missing or outdated. Needs the Python environment. */
export async function setUpSamples() {
  const requirements = readFileSync(path.join(root, 'examples/requirements.txt'));
  const work = Object.entries(samples).map(async ([name, result]) => {
    const script = path.join(root, 'examples', name, 'train.py');
    const hash = createHash('sha256').update(requirements).update(readFileSync(script)).digest('hex');
    const marker = path.join(models, `.${name}.hash`);
    const trained = path.join(models, result);
    if (existsSync(trained) && existsSync(marker) && readFileSync(marker, 'utf8') === hash) return undefined;
    // Beside the old one until it is whole: something may be using that.
    const fresh = path.join(models, `.${name}`);
    rmSync(fresh, { recursive: true, force: true });
    await runLogged(`train-${name}`, [python, script, fresh], { env: { ...process.env, OMP_NUM_THREADS: '1' } });
    rmSync(trained, { recursive: true, force: true });
    renameSync(path.join(fresh, result), trained);
    rmSync(fresh, { recursive: true });
    writeFileSync(marker, hash);
    return name;
  });
  const trained = (await Promise.all(work)).filter((name) => name !== undefined);
  return trained.length === 0 ? 'up to date' : trained.join(', ');
}

if (isMain(import.meta.url)) await main(() => step('Sample models', setUpSamples));
