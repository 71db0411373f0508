// The sample workspace, a folder as a data scientist has it: trained models, a few texts, a virtual environment.
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { samples } from '../setup/samples.mjs';
import { cache, root, windows } from './paths.mjs';

/**
 * Makes or completes the sample workspace in `folder`; what a person has changed in it since stays, models excepted.
 * It has the models that its environment can run. Needs the sample models and the Python environment.
 */
export function makeWorkspace(folder) {
  const examples = path.join(root, 'examples');
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(examples, 'workspace'), folder, { recursive: true, force: false });
  cpSync(path.join(examples, 'custom/rules'), path.join(folder, 'rules'), { recursive: true, force: false });
  for (const model of Object.values(samples).flat()) {
    cpSync(path.join(examples, 'models', model), path.join(folder, 'models', model), { recursive: true });
  }
  const environment = path.join(folder, '.venv');
  if (!existsSync(environment)) symlinkSync(path.join(cache, 'python'), environment, windows ? 'junction' : 'dir');
}
