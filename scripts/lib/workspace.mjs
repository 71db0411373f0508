// The sample workspace, a folder as a data scientist has it: trained models, a few texts, a virtual environment.
import { cpSync, existsSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cache, root, windows } from './paths.mjs';

/**
 * Makes or completes the sample workspace in `folder`; what a person has changed in it since stays, models excepted.
 * Needs the sample models and the Python environment.
 */
export function makeWorkspace(folder) {
  const examples = path.join(root, 'examples');
  mkdirSync(folder, { recursive: true });
  cpSync(path.join(examples, 'workspace'), folder, { recursive: true, force: false });
  cpSync(path.join(examples, 'custom/rules'), path.join(folder, 'rules'), { recursive: true, force: false });
  cpSync(path.join(examples, 'models'), path.join(folder, 'models'), {
    recursive: true,
    filter: (source) => !path.basename(source).startsWith('.'),
  });
  const environment = path.join(folder, '.venv');
  if (!existsSync(environment)) symlinkSync(path.join(cache, 'python'), environment, windows ? 'junction' : 'dir');
}
