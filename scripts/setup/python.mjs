// .cache/python: a virtual environment with the packages pinned in examples/requirements.txt (and, for the tests and the
// benchmark, test/requirements.txt and bench/requirements.txt), byte-compiled, reused until a requirement or the
// interpreter changes.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { cache, isMain, python, root, windows } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { SetupError, output, runLogged } from '../lib/run.mjs';

const folder = path.join(cache, 'python');
const marker = path.join(folder, 'nimbus-requirements.json');

/** Without this variable Python keeps its bytecode, which halves the start of every interpreter after the first. */
export function environment() {
  const { PYTHONDONTWRITEBYTECODE: _, ...rest } = process.env;
  return rest;
}

/** The first of python3 and python on the PATH that is 3.9 or newer and can make virtual environments. */
export function findPython() {
  const probe =
    'import sys, venv, ensurepip; print(sys.version_info >= (3, 9), sys.executable, sys.version.split()[0])';
  const candidates = windows ? [['py', '-3'], ['python']] : [['python3'], ['python']];
  for (const candidate of candidates) {
    const found = output([...candidate, '-c', probe]);
    if (found?.startsWith('True')) return { command: candidate, identity: found };
  }
  throw new SetupError(
    'No Python 3.9 or newer that can make virtual environments.\n' +
      'Install one from https://www.python.org/downloads/, or on Debian and Ubuntu: apt-get install python3 python3-venv',
  );
}

export function hash(file, identity) {
  return createHash('sha256').update(identity).update(readFileSync(file)).digest('hex');
}

/**
 * @param {{ bench?: boolean, tests?: boolean }} [options] bench: also the packages that only the benchmark compares
 *   with; tests: also those that only the tests use
 * @returns what it did
 */
export async function setUpPython(options = {}) {
  const { command, identity } = findPython();
  const files = { examples: path.join(root, 'examples/requirements.txt') };
  if (options.tests) files.tests = path.join(root, 'test/requirements.txt');
  if (options.bench) files.bench = path.join(root, 'bench/requirements.txt');

  let installed = existsSync(marker) && existsSync(python) ? JSON.parse(readFileSync(marker, 'utf8')) : undefined;
  if (installed && installed.examples !== hash(files.examples, identity)) installed = undefined;
  const missing = Object.entries(files).filter(([name, file]) => installed?.[name] !== hash(file, identity));
  if (missing.length === 0) return 'up to date';

  const env = environment();
  if (installed === undefined) {
    rmSync(folder, { recursive: true, force: true });
    await runLogged('python', [...command, '-m', 'venv', folder], { env });
  }
  // The marker is written last: an environment that was interrupted halfway is made again.
  rmSync(marker, { force: true });
  const installer = await chooseInstaller(python, env);
  for (const [, file] of missing) await runLogged('python', [...installer, '-r', file], { env });
  const hashes = Object.fromEntries(missing.map(([name, file]) => [name, hash(file, identity)]));
  writeFileSync(marker, JSON.stringify({ ...installed, ...hashes }));
  return path.basename(installer[0]).startsWith('uv') ? 'with uv' : 'with pip';
}

/**
 * A virtual environment of its own below .cache, made again where `wanted` is not what it was made from.
 * @param {string} name of its folder and log
 * @param {{ interpreter: string, command: string[], wanted: string, packages: (installer: string[]) => string[] }} options
 *   interpreter: of it; command: how the Python is called that makes it; wanted: identity of what it is made from;
 *   packages: what to install, as arguments of the installer
 * @returns {Promise<boolean>} false where it was there
 */
export async function setUpEnvironment(name, { interpreter, command, wanted, packages }) {
  const at = path.join(cache, name);
  const made = path.join(at, 'nimbus-requirements.txt');
  if (existsSync(made) && existsSync(interpreter) && readFileSync(made, 'utf8') === wanted) return false;
  const env = environment();
  rmSync(at, { recursive: true, force: true });
  await runLogged(name, [...command, '-m', 'venv', at], { env });
  const installer = await chooseInstaller(interpreter, env);
  await runLogged(name, [...installer, ...packages(installer)], { env });
  // Written last: an environment that was interrupted halfway is made again.
  writeFileSync(made, wanted);
  return true;
}

/**
 * The command that installs packages for the interpreter `target`. uv is many times quicker; pip does where uv has no
 * build for the platform.
 */
export async function chooseInstaller(target, env) {
  const uv = path.join(path.dirname(python), windows ? 'uv.exe' : 'uv');
  try {
    if (!existsSync(uv)) await runLogged('python', [python, '-m', 'pip', 'install', '--quiet', 'uv'], { env });
    return [uv, 'pip', 'install', '--python', target, '--compile-bytecode'];
  } catch {
    return [target, '-m', 'pip', 'install', '--quiet'];
  }
}

if (isMain(import.meta.url)) {
  await main(() => step('Python environment', () => setUpPython({ bench: process.argv.includes('--bench') })));
}
