/** What makes one version of a function another. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { BASE, UV, WHEELS } from './lock-sandbox.ts';
import { writeModel } from './models.ts';
import { createSandbox, type Sandbox } from './nimbus.ts';
import { writeIndex } from './package-index.ts';

describe('the version of a function', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  let wheels: string;
  before(() => {
    sandbox = createSandbox();
    wheels = path.join(sandbox.folder, '../wheels');
    mkdirSync(wheels);
    writeIndex(wheels, WHEELS);
  });
  after(() => sandbox.remove());

  it('is of all that is installed, and not of what installs', async () => {
    writeModel(sandbox, 'echo');
    const environment = path.join(sandbox.folder, '../environment');
    const own = path.join(environment, 'bin/python');
    const install = (...packages: string[]): void =>
      void execFileSync(UV, [
        'pip',
        'install',
        '--quiet',
        '--no-cache',
        '--python',
        own,
        '--default-index',
        `file://${encodeURI(wheels)}`,
        ...packages,
      ]);
    execFileSync(UV, ['venv', '--quiet', '--python', BASE, environment]);
    install('tiny-one==1.0');
    const deployed = async (): Promise<string> => {
      await sandbox.json(['deploy', 'echo', '--python', own, '--trust']);
      const { deployments } = await sandbox.json<{ deployments: { version: string }[] }>(['status']);
      return deployments[0]!.version;
    };
    const first = await deployed();
    assert.equal(await deployed(), first);
    install('uv==99.0');
    assert.equal(await deployed(), first, 'a tool is no part of it');
    install('tiny-one==1.1');
    const second = await deployed();
    assert.notEqual(second, first, 'a package that the model does not name is');
    install('tiny-one==1.0');
    assert.equal(await deployed(), first);
  });
});
