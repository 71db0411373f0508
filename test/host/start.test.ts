import assert from 'node:assert/strict';
import path from 'node:path';
import { addressOf } from '../../src/core/host/election.ts';
import { Host } from '../../src/core/host/host.ts';
import { LogFile } from '../../src/core/host/log-file.ts';
import { hostSettings } from '../../src/core/host/settings.ts';
import { Snapshots } from '../../src/core/host/snapshots.ts';
import { runtimeFolder } from '../../src/core/runtime-folder.ts';
import { TestProject } from './support.ts';

describe('a host that starts', () => {
  it('greets before old copies of models are removed, however long that takes', async () => {
    const project = new TestProject();
    const address = addressOf(project.folder);
    assert.ok(address.ok);
    const { sweep } = Snapshots.prototype;
    let finish = (): void => undefined;
    let swept = false;
    Snapshots.prototype.sweep = () => {
      swept = true;
      return new Promise((resolve) => (finish = resolve));
    };
    const host = await Host.start(
      {
        project: project.folder,
        runtime: runtimeFolder(),
        settings: hostSettings({}),
        version: '0.0.0',
        markPrefix: address.value.mark,
        log: new LogFile(path.join(project.home, 'host.log')),
        env: {},
      },
      { ...project.events, request: () => undefined },
    );
    try {
      assert.ok(host.hello.url);
      assert.ok(swept);
    } finally {
      finish();
      Snapshots.prototype.sweep = sweep;
      await host.end();
      await project.end();
    }
  });
});
