/** Lock Packages with the real uv and an index of its own. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import * as vscode from 'vscode';
import type { Outcome } from '../../src/shared/outcome.ts';
import { serveIndex, writeIndex, type IndexOptions, type PackageIndex } from '../cli/package-index.ts';
import { leaveNothing, modelsFile, run, workspace } from './host-window.ts';

const folder = path.join(workspace, 'words');
const lockFile = path.join(folder, 'nimbus.lock');
const wheels = path.join(workspace, '../wheels');

describe('locking the packages of a model by its command', function () {
  this.timeout(60_000);
  let index: PackageIndex;

  before(() => {
    mkdirSync(folder, { recursive: true });
    mkdirSync(wheels, { recursive: true });
    writeIndex(wheels, [
      { name: 'tiny-one', version: '1.0', requires: ['tiny-two'] },
      { name: 'tiny-two', version: '2.0' },
    ]);
    writeFileSync(path.join(folder, 'handler.py'), 'def load(path): pass\ndef predict(model, input): return input\n');
    writeFileSync(path.join(folder, 'requirements.txt'), 'tiny-one==1.0\n');
    writeFileSync(
      modelsFile,
      JSON.stringify({ version: 1, models: { words: { path: 'words', framework: 'custom' } } }),
    );
  });
  afterEach(async () => {
    await setIndex(undefined);
    await index?.close();
    rmSync(lockFile, { force: true });
    await vscode.commands.executeCommand('notifications.clearAll');
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await leaveNothing();
  });

  const setIndex = (url: string | undefined): Thenable<void> =>
    vscode.workspace.getConfiguration('nimbus').update('packages.indexUrl', url, vscode.ConfigurationTarget.Global);
  async function serve(options: IndexOptions = {}): Promise<void> {
    index = await serveIndex(wheels, options);
    await setIndex(index.url);
  }
  const code = (outcome: Outcome<unknown>): string => (outcome.ok ? 'ok' : outcome.error.code);

  it('writes nimbus.lock from the index of the settings and opens it at its section', async () => {
    await serve();
    // Models.json declares one model, so nothing is asked.
    assert.deepEqual(await run('nimbus.lock'), { ok: true, value: lockFile });
    const { document, selection } = vscode.window.activeTextEditor!;
    assert.equal(document.uri.fsPath, lockFile);
    assert.match(document.getText(), /^tiny-one==1\.0 [^]*^tiny-two==2\.0 /m);
    assert.match(document.lineAt(selection.active.line).text, /^# === .*, Python 3\.\d+$/);
  });

  it('is cancelled in its notification, silently, and writes nothing', async () => {
    let asked = (): void => undefined;
    const waiting = new Promise<void>((resolve) => (asked = resolve));
    await serve({
      instead: () => {
        asked();
        return 'hang';
      },
    });
    const locking = run('nimbus.lock', { model: 'words' });
    await waiting;
    // Nothing tells a test that the notification is there; its first button is Cancel.
    const cancel = setInterval(() => void vscode.commands.executeCommand('notification.acceptPrimaryAction'), 100);
    assert.equal(code(await locking.finally(() => clearInterval(cancel))), 'cancelled');
    assert.ok(!existsSync(lockFile));
  });

  it('says what is wrong: an index without the package, and a model that is not there', async () => {
    await serve();
    writeFileSync(path.join(folder, 'requirements.txt'), 'not-there==1.0\n');
    assert.equal(code(await run('nimbus.lock', { model: 'words' })), 'environment-package-unknown');
    writeFileSync(path.join(folder, 'requirements.txt'), '');
    assert.equal(code(await run('nimbus.lock', { model: 'words' })), 'lock-nothing');
    assert.equal(code(await run('nimbus.lock', { model: 'nobody' })), 'not-declared');
    assert.ok(!existsSync(lockFile));
  });
});
