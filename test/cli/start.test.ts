import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { findHost } from '../../src/core/host/client.ts';
import { root } from './nimbus.ts';

describe('npm start', function () {
  this.timeout(120_000);
  const folder = realpathSync(mkdtempSync(path.join(os.tmpdir(), 'ns-')));
  const workspace = path.join(folder, 'workspace');
  const home = path.join(folder, 'home');
  after(async () => {
    process.env['NIMBUS_HOME'] = home;
    const host = await findHost({ project: workspace, kind: 'cli' });
    await host?.api.shutdown();
    await host?.closed;
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  });

  it('sets up, deploys the sample model, and its first prediction is cold and its second warm', () => {
    const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
    const script = path.join(root, 'scripts/start.mjs');
    const ended = spawnSync(node, [script, '--no-editor', '--workspace', workspace], {
      encoding: 'utf8',
      env: { ...process.env, NIMBUS_HOME: home },
    });
    assert.equal(ended.status, 0, ended.stdout + ended.stderr);
    const starts = [...ended.stdout.matchAll(/^ {2}([A-Z]+) .* positive 0\.\d\d/gm)].map((match) => match[1]);
    assert.deepEqual(starts, ['COLD', 'WARM'], ended.stdout);
    assert.match(ended.stdout, /curl http:\/\/127\.0\.0\.1:\d+\/sentiment\/local\/predict/);
    assert.match(ended.stdout, new RegExp(`^  cd ${path.relative(process.cwd(), workspace)}$`, 'm'));
  });
});
