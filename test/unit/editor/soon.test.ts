import assert from 'node:assert/strict';
import { labels } from '../../../src/editor/playground/labels.ts';
import { soon } from '../../../src/editor/soon.ts';
import { Project, type ProjectChange } from '../../../src/editor/store/project.ts';
import type { HostConnection } from '../../../src/core/host/client.ts';
import type { HostEvents } from '../../../src/core/host/protocol.ts';
import { ok } from '../../../src/shared/outcome.ts';
import type { DeploymentStatus } from '../../../src/shared/states.ts';

const COUNT = 10_000;

function status(index: number, workers: number): DeploymentStatus {
  const model = `model-${index}`;
  const url = `http://127.0.0.1:1/${model}/local`;
  const facts = { target: 'local', framework: 'custom', state: 'idle', version: '', lastMs: {} } as const;
  return { model, deployment: 'local', url, workers, ...facts };
}

describe('what follows every change of the store', () => {
  it('looks at 10,000 deployments once or twice, not once for each that changed, and sees the last change', async () => {
    let events: HostEvents | undefined;
    let changed: (change: ProjectChange) => void = () => undefined;
    const project = new Project('/p', {
      connect: async (given) => {
        events = given;
        const deployments = Array.from({ length: COUNT }, (_, index) => status(index, 0));
        const hello = { protocol: 1, version: '', pid: 1, url: '', deployments, operations: [] };
        return ok({
          hello,
          closed: new Promise<void>(() => undefined),
          close: () => undefined,
        } as never as HostConnection);
      },
      now: Date.now,
      changed: (change) => changed(change),
      awaited: { get: () => [], set: () => undefined },
      endedUnseen: () => undefined,
    });
    await project.host();
    assert.equal(project.hasDeployments, true);
    const posted: DeploymentStatus[][] = [];
    let wake: () => void = () => undefined;
    const update = soon(() => {
      posted.push(labels([project]).all);
      wake();
    });
    changed = update;
    for (let index = 0; index < COUNT; index += 1) events!.deployment(status(index, 1));
    while (!posted.at(-1)?.every(({ workers }) => workers === 1))
      await new Promise<void>((resolve) => (wake = resolve));
    assert.ok(posted.length <= 2, `${posted.length} times`);
    events!.deployment(status(3, 2));
    while (posted.at(-1)![3]!.workers !== 2) await new Promise<void>((resolve) => (wake = resolve));
    update();
    update.dispose();
  });
});
