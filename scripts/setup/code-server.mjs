// test/e2e/node_modules/code-server: a real VS Code that is served to a browser, installed without compiling anything.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { isMain, root } from '../lib/paths.mjs';
import { main, step } from '../lib/progress.mjs';
import { runLogged } from '../lib/run.mjs';
import { npmEnvironment } from './node-modules.mjs';

const folder = path.join(root, 'test/e2e');
const modules = path.join(folder, 'node_modules');
const marker = path.join(modules, '.nimbus-lock');

/** VS Code's server, without the login and proxy that code-server puts around it. Starts with Node 24 (paths.mjs). */
export const codeServer = path.join(modules, 'code-server/lib/vscode/out/server-main.js');

/** @returns what it did */
export async function setUpCodeServer() {
  const hash = createHash('sha256')
    .update(readFileSync(path.join(folder, 'package-lock.json')))
    .digest('hex');
  if (existsSync(marker) && readFileSync(marker, 'utf8') === hash) return 'up to date';
  const env = npmEnvironment;
  rmSync(modules, { recursive: true, force: true });
  await runLogged('code-server', ['npm', 'ci', '--ignore-scripts'], { cwd: folder, env });
  // VS Code inside the package has dependencies of its own. Their lockfile is out of step with what is published,
  // so `npm ci` refuses. Native modules stay uncompiled: VS Code does without its log files and its native watcher.
  const vscode = path.join(modules, 'code-server/lib/vscode');
  for (const cwd of [vscode, path.join(vscode, 'extensions')]) {
    await runLogged('code-server', ['npm', 'install', '--omit=dev', '--ignore-scripts'], { cwd, env });
  }
  writeFileSync(marker, hash);
  return 'installed';
}

if (isMain(import.meta.url)) await main(() => step('VS Code in the browser (code-server)', setUpCodeServer));
