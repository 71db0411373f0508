/**
 * Runs test/editor/*.test.ts inside the extension host of a real VS Code that has loaded this checkout's extension.
 * `node test/editor/run.ts REPORT.json`; the report is a `Report` of scripts/lib/mocha-reporter.mjs.
 */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';
import { setTimeout as delay } from 'node:timers/promises';
import { chromium } from 'playwright-core';
import { findBrowser } from '../../scripts/lib/browser.mjs';
import { serveEditor, writeSettings } from '../../scripts/lib/editor.mjs';
import { root } from '../../scripts/lib/paths.mjs';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { OUTPUT_MARK } from './mark.ts';
import { writePythonExtensions } from './python-extensions.ts';

const DEADLINE_SECONDS = 150;

const report = path.resolve(process.argv[2] ?? path.join(root, 'artifacts/editor.json'));
const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-editor-'));
const workspace = path.join(folder, 'workspace');
const profile = path.join(folder, 'profile');
makeWorkspace(workspace);
writeSettings(profile);
// A server that finds no list of its extensions makes one of the folders that are there.
writePythonExtensions(path.join(profile, 'extensions-dir'));

const server = await serveEditor({
  profile,
  flags: ['--enable-smoke-test-driver'],
  env: { NIMBUS_HOME: path.join(folder, 'home'), ...process.env, NIMBUS_EDITOR_REPORT: report },
});
const browser = await chromium.launch({ executablePath: findBrowser()!, args: ['--no-sandbox', '--disable-gpu'] });
let code: number | string = 'not done';
try {
  const page = await browser.newPage();
  const ended = new Promise<number>((resolve) => {
    void page.exposeFunction('codeAutomationExit', resolve);
  });
  await page.exposeFunction('codeAutomationLog', (_type: string, values: unknown[]) => print(values));
  const remote = `vscode-remote://${server.url.host}`;
  const address = new URL(server.url);
  address.searchParams.set('folder', workspace);
  address.searchParams.set(
    'payload',
    JSON.stringify([
      ['extensionDevelopmentPath', remote + root],
      ['extensionTestsPath', remote + path.join(root, 'test/editor/index.ts')],
    ]),
  );
  await page.goto(address.href);
  code = await Promise.race([
    ended,
    delay(DEADLINE_SECONDS * 1000, `no end after ${DEADLINE_SECONDS} s`, { ref: false }),
  ]);
} finally {
  await browser.close();
  await server.stop();
}
if (code !== 0) {
  console.error(`The extension host's tests ended with: ${code}`);
  if (typeof code === 'string') console.error(readFileSync(server.log, 'utf8').slice(-4000));
  process.exitCode = 1;
}
rmSync(folder, { recursive: true, force: true, maxRetries: 5 });

/** VS Code's own chatter goes through the same function: only what index.ts marked is shown. */
function print([first]: unknown[]): void {
  if (typeof first === 'string' && first.startsWith(OUTPUT_MARK)) console.log(first.slice(OUTPUT_MARK.length));
}
