import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { root } from './nimbus.ts';

/** npm beside the Node that users have. */
function npm(...argv: string[]): string {
  const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
  return execFileSync('npm', argv, {
    cwd: root,
    encoding: 'utf8',
    env: { ...process.env, PATH: `${path.dirname(node)}${path.delimiter}${process.env['PATH']}` },
  });
}

describe('the npm package', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-npm-'));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  it('installs without any other package, and its nimbus command runs and finds its Python runtime', () => {
    const [{ filename }] = JSON.parse(npm('pack', '--json', '--ignore-scripts', '--pack-destination', folder)) as [
      { filename: string },
    ];
    npm('install', '--global', '--offline', '--omit=dev', '--prefix', folder, path.join(folder, filename));
    const nimbus = path.join(folder, 'bin/nimbus');
    const run = (...argv: string[]): string =>
      execFileSync(nimbus, argv, {
        cwd: folder,
        encoding: 'utf8',
        env: { ...process.env, NIMBUS_HOME: path.join(folder, 'home') },
      });
    assert.match(run('--version'), /^\d+\.\d+\.\d+$/m);
    assert.deepEqual(JSON.parse(run('list', '--json')), { models: [] });
    const installed = path.join(folder, 'lib/node_modules/nimbus-deploy');
    assert.ok(existsSync(path.join(installed, 'dist/runtime/worker.py')));
    assert.ok(!existsSync(path.join(installed, 'src')), 'sources stay out');
  });
});
