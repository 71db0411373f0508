// .cache/frameworks: a virtual environment of its own for the large frameworks, with the packages pinned in
// examples/frameworks/requirements.txt; reused until a requirement, the interpreter or the index changes. PyTorch of the
// Python package index brings CUDA on Linux, 3 GB to download; NIMBUS_TORCH_INDEX is the address of an index with builds
// for the CPU, which uv or pip then asks too.
import path from 'node:path';
import process from 'node:process';
import { frameworksPython, isMain, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { findPython, hash, setUpEnvironment, setUpPython } from './python.mjs';

const requirements = path.join(root, 'examples/frameworks/requirements');

/** Needs the Python environment, whose uv it uses. */
export async function setUpFrameworks() {
  const { command, identity } = findPython();
  const index = process.env.NIMBUS_TORCH_INDEX || undefined;
  const wanted = hash(`${requirements}.txt`, `${identity} ${index ?? ''}`);
  const packages = (installer) => packagesOf(installer, index);
  const isNew = await setUpEnvironment('frameworks', { interpreter: frameworksPython, command, wanted, packages });
  if (!isNew) return 'up to date';
  return index === undefined ? 'PyTorch of the package index' : `PyTorch of ${index}`;
}

/** From another index the pins are only bounds: a build for the CPU needs none of the CUDA packages among them. */
function packagesOf(installer, index) {
  if (index === undefined) return ['-r', `${requirements}.txt`];
  const isUv = path.basename(installer[0]).startsWith('uv');
  const from = isUv ? ['--index', index, '--index-strategy', 'unsafe-best-match'] : ['--extra-index-url', index];
  return ['-r', `${requirements}.in`, '-c', `${requirements}.txt`, ...from];
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await step('Python environment', () => setUpPython());
    await step('Frameworks', setUpFrameworks);
  });
}
