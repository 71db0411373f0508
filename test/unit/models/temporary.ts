import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach } from 'mocha';

export interface Temporary {
  /** An empty folder, its name with a space, a quote and a letter outside of ASCII. */
  folder: string;
}

/** A folder for each test of a suite, and Nimbus's own folders below it. */
export function temporaryFolder(): Temporary {
  const temporary: Temporary = { folder: '' };
  const before = process.env['NIMBUS_HOME'];
  let top = '';
  beforeEach(() => {
    top = realpathSync(mkdtempSync(path.join(tmpdir(), 'nimbus-test-')));
    temporary.folder = mkdtempSync(path.join(top, `it's ü `));
    process.env['NIMBUS_HOME'] = path.join(top, 'home');
  });
  afterEach(() => {
    if (before === undefined) delete process.env['NIMBUS_HOME'];
    else process.env['NIMBUS_HOME'] = before;
    rmSync(top, { recursive: true, force: true });
  });
  return temporary;
}
