// node_modules/, installed again when package-lock.json changed.
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { isMain, node, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { SetupError, runLogged } from '../lib/run.mjs';

/** Dependencies whose install script is run: those that fetch their program for this platform. */
const BUILT = ['node', 'esbuild'];

/** What npm is told whatever the user's own settings are. */
export const npmEnvironment = { ...process.env, npm_config_fund: 'false', npm_config_audit: 'false' };

const modules = path.join(root, 'node_modules');

/**
 * npm empties what it is about to fill, also behind a link, where other checkouts may need it.
 * @throws {SetupError} where `folder` is a link
 */
export function refuseLink(folder) {
  if (!lstatSync(folder, { throwIfNoEntry: false })?.isSymbolicLink()) return;
  throw new SetupError(
    `${folder} is a link to ${readlinkSync(folder)}, where other packages are installed than package-lock.json asks for.\n` +
      'Installing would empty that folder. Remove the link, then run this again.',
  );
}

/** Whether what npm wrote down as installed is what package-lock.json asks for. */
function isCurrent() {
  const record = path.join(modules, '.package-lock.json');
  if (!existsSync(node) || !existsSync(record)) return false;
  const installed = JSON.parse(readFileSync(record, 'utf8')).packages;
  const wanted = JSON.parse(readFileSync(path.join(root, 'package-lock.json'), 'utf8')).packages;
  return Object.entries(wanted).every(
    ([name, { version, optional, peer }]) =>
      name === '' || installed[name]?.version === version || (installed[name] === undefined && (optional || peer)),
  );
}

/** @returns what it did */
export async function setUpNodeModules() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major < 20 || (major === 20 && minor < 18)) {
    throw new SetupError(`Node ${process.versions.node} is too old: install Node 20.18 or newer, https://nodejs.org`);
  }
  if (isCurrent()) return 'up to date';
  refuseLink(modules);
  const env = npmEnvironment;
  await runLogged('node-modules', ['npm', 'ci', '--ignore-scripts'], { env });
  await runLogged('node-modules', ['npm', 'rebuild', ...BUILT, '--ignore-scripts=false'], { env });
  return 'installed';
}

if (isMain(import.meta.url)) await main(() => step('Node packages', setUpNodeModules));
