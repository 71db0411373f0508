// .cache/frameworks: a virtual environment of its own for the large frameworks, with the packages pinned in
// examples/frameworks/requirements.txt; reused until a requirement, the interpreter or the index changes. PyTorch of the
// Python package index brings CUDA on Linux, 3 GB to download; NIMBUS_TORCH_INDEX is the address of an index with builds
// for the CPU, which uv or pip then asks too.
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { cache, frameworksPython, isMain, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';
import { chooseInstaller, environment, findPython, hash, setUpPython } from './python.mjs';

const folder = path.join(cache, 'frameworks');
const marker = path.join(folder, 'nimbus-requirements.txt');
const requirements = path.join(root, 'examples/frameworks/requirements');

/** Needs the Python environment, whose uv it uses. */
export async function setUpFrameworks() {
  const { command, identity } = findPython();
  const index = process.env.NIMBUS_TORCH_INDEX || undefined;
  const wanted = hash(`${requirements}.txt`, `${identity} ${index ?? ''}`);
  if (existsSync(marker) && existsSync(frameworksPython) && readFileSync(marker, 'utf8') === wanted) {
    return 'up to date';
  }
  const env = environment();
  rmSync(folder, { recursive: true, force: true });
  await runLogged('frameworks', [...command, '-m', 'venv', folder], { env });
  const installer = await chooseInstaller(frameworksPython, env);
  await runLogged('frameworks', [...installer, ...packages(installer, index)], { env });
  // Written last: an environment that was interrupted halfway is made again.
  writeFileSync(marker, wanted);
  return index === undefined ? 'PyTorch of the package index' : `PyTorch of ${index}`;
}

/** From another index the pins are only bounds: a build for the CPU needs none of the CUDA packages among them. */
function packages(installer, index) {
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
