/** Row 9: how long the packaged extension takes to activate in a real VS Code, as VS Code itself measures it. */
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { vsix } from '../scripts/lib/stages.mjs';
import { makeWorkspace } from '../scripts/lib/workspace.mjs';
import { startEditor } from '../test/e2e/window.ts';
import { runCommand, showContainer } from '../test/e2e/workbench.ts';

const WINDOWS = 10;
/** Higher than the list of running extensions is long: it has rows only for what is in sight. */
const VIEWPORT = { width: 1280, height: 8000 };

/** Milliseconds of each of ten windows' activations, and the package's size in bytes. */
export interface Activation {
  activationMs: number[];
  vsixBytes: number;
}

const editor = await startEditor();
const activationMs: number[] = [];
try {
  const workspace = path.join(editor.folder, 'workspace');
  makeWorkspace(workspace);
  for (let count = 0; count < WINDOWS; count += 1) {
    const window = await editor.open(workspace, 'dark');
    const { page } = window;
    await showContainer(page, 'Nimbus');
    await page.setViewportSize(VIEWPORT);
    await runCommand(page, 'Developer: Show Running Extensions');
    // VS Code writes "Activation: 7ms" once it knows.
    const row = page.locator('.runtime-extensions-editor .extension', { hasText: /nimbus[^]*Activation:\s*\d+/i });
    await row.first().waitFor({ timeout: 60_000 });
    activationMs.push(Number(/Activation:\s*(\d+)/.exec(await row.first().innerText())![1]));
    await window.close();
  }
} finally {
  await editor.stop();
}
const [out] = process.argv.slice(2);
mkdirSync(path.dirname(out!), { recursive: true });
writeFileSync(
  out!,
  `${JSON.stringify({ activationMs, vsixBytes: statSync(vsix).size } satisfies Activation, undefined, 1)}\n`,
);
console.log(`activation ${activationMs.join(' ')} ms`);
