import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { codeArguments } from '../../../scripts/lib/editor.mjs';
import { refuseLink } from '../../../scripts/setup/node-modules.mjs';

describe('the code command that npm start runs', () => {
  const profile = path.join('p', 'editor');
  const own = [
    '--user-data-dir',
    path.join(profile, 'user-data-dir'),
    '--extensions-dir',
    path.join(profile, 'extensions-dir'),
    '--disable-workspace-trust',
  ];

  it('keeps to its own profile and trusts the sample workspace', () => {
    const code = codeArguments(profile, { superuser: false });
    assert.deepEqual(code.install('x.vsix'), [...own, '--install-extension', 'x.vsix', '--force']);
    assert.deepEqual(code.open('w'), [...own, '--new-window', '--wait', 'w']);
  });

  it('starts as the superuser only without its sandbox', () => {
    assert.ok(codeArguments(profile, { superuser: true }).open('w').includes('--no-sandbox'));
  });
});

describe('setting up the Node packages', () => {
  it('does not let npm empty the folder behind a link', () => {
    const folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-setup-'));
    try {
      const real = path.join(folder, 'real');
      const link = path.join(folder, 'link');
      mkdirSync(real);
      symlinkSync(real, link, process.platform === 'win32' ? 'junction' : 'dir');
      assert.throws(() => refuseLink(link), /is a link to .*real/);
      assert.doesNotThrow(() => refuseLink(real));
      assert.doesNotThrow(() => refuseLink(path.join(folder, 'none')));
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
