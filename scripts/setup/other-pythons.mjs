// .cache/pythons/<version>: the oldest and the newest Python that this machine has beside the one of .cache/python, each
// with scikit-learn and pandas, for the tests of the runtime. None is downloaded: what pyenv, uv or the system installed
// counts, and where there is no other one there is nothing to make.
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { cache, isMain, python, root, windows } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { output, runLogged } from '../lib/run.mjs';
import { chooseInstaller, environment, hash, setUpPython } from './python.mjs';

const folder = path.join(cache, 'pythons');
/** What the runtime supports (docs/environments.md). */
const MINORS = [9, 10, 11, 12, 13, 14];
const PACKAGES = ['joblib', 'lz4', 'numpy', 'pandas', 'scikit-learn'];
const constraints = path.join(root, 'examples/requirements.txt');

/** @returns what it did */
export async function setUpOtherPythons() {
  const wanted = chosen(findOtherPythons());
  mkdirSync(folder, { recursive: true });
  for (const name of readdirSync(folder)) {
    if (!wanted.some(({ version }) => version === name)) rmSync(path.join(folder, name), { recursive: true });
  }
  for (const one of wanted) await make(one);
  return wanted.map(({ version }) => version).join(', ') || 'none on this machine';
}

async function make({ version, file }) {
  const place = path.join(folder, version);
  const marker = path.join(place, 'nimbus-requirements.txt');
  const identity = hash(constraints, `${version} ${file} ${PACKAGES.join(' ')}`);
  if (existsSync(marker) && readFileSync(marker, 'utf8') === identity) return;
  const env = environment();
  rmSync(place, { recursive: true, force: true });
  await runLogged('pythons', [file, '-m', 'venv', place], { env });
  const target = path.join(place, windows ? 'Scripts/python.exe' : 'bin/python');
  const installer = await chooseInstaller(target, env);
  await runLogged('pythons', [...installer, '--only-binary', ':all:', '-c', constraints, ...PACKAGES], { env });
  // Written last: an environment that was interrupted halfway is made again.
  writeFileSync(marker, identity);
}

/** The oldest and the newest. */
function chosen(found) {
  return found.length > 2 ? [found[0], found.at(-1)] : found;
}

/** One interpreter of each minor version that the tests do not use anyway, oldest first. */
function findOtherPythons() {
  const own = output([python, '-c', 'import sys; print("%d.%d" % sys.version_info[:2])']);
  const found = new Map();
  for (const file of candidates()) {
    const version = output([file, '-c', 'import sys, venv, ensurepip; print("%d.%d" % sys.version_info[:2])']);
    if (version && version !== own && !found.has(version)) found.set(version, { version, file });
  }
  return MINORS.flatMap((minor) => found.get(`3.${minor}`) ?? []);
}

function candidates() {
  const programs = windows ? [] : MINORS.map((minor) => `python3.${minor}`);
  const versions = path.join(process.env.PYENV_ROOT ?? path.join(os.homedir(), '.pyenv'), 'versions');
  const program = windows ? 'python.exe' : 'bin/python';
  const pyenv = existsSync(versions) ? readdirSync(versions).map((name) => path.join(versions, name, program)) : [];
  const uv = path.join(path.dirname(python), windows ? 'uv.exe' : 'uv');
  const list = [uv, 'python', 'list', '--only-installed', '--managed-python', '--output-format', 'json'];
  const managed = JSON.parse(output(list) || '[]').map((one) => one.path);
  return [...programs, ...pyenv, ...managed];
}

if (isMain(import.meta.url)) {
  await main(async () => {
    await step('Python environment', () => setUpPython());
    await step('Other versions of Python', setUpOtherPythons);
  });
}
