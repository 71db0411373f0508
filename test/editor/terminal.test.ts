import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import packageJson from '../../package.json' with { type: 'json' };
import { shims } from '../../src/editor/shim.ts';
import { parseUriList } from '../../src/editor/tree/drop.ts';

const root = path.join(import.meta.dirname, '../..');

describe('the `nimbus` of the integrated terminal', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), "nimbus it's "));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('runs the extension’s own command line with the Node of VS Code', async function () {
    if (process.platform === 'win32') this.skip();
    const file = path.join(folder, 'nimbus');
    writeFileSync(file, shims(process.execPath, path.join(root, 'dist/cli.js')).nimbus);
    chmodSync(file, 0o755);
    const { stdout } = await promisify(execFile)(file, ['--version']);
    assert.equal(stdout.trim(), packageJson.version);
  });

  it('quotes what the shells would read otherwise', () => {
    const { nimbus, 'nimbus.cmd': cmd } = shims("/it's/node", '/100%/cli.js');
    assert.match(nimbus, /exec '\/it'\\''s\/node' '\/100%\/cli\.js' "\$@"/);
    assert.match(cmd, /"\/it's\/node" "\/100%%\/cli\.js" %\*/);
  });
});

describe('what is dropped on the Models view', () => {
  it('is one URI per line', () => {
    assert.deepEqual(parseUriList('# from elsewhere\r\nfile:///a%20b.joblib\r\n\r\nfile:///c\r\n'), [
      'file:///a%20b.joblib',
      'file:///c',
    ]);
  });
});
