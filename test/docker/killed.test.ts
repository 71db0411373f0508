/** What an operation has outside of the project when its host is killed goes with the next one, and nothing else does. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, readdirSync, watch } from 'node:fs';
import path from 'node:path';
import { READING_LABEL, READING_MARK } from '../../src/core/image/file-in.ts';
import { ofThisMachine } from '../../src/core/machine.ts';
import type { Plan } from '../../src/core/targets/plan.ts';
import { ContainerProject } from './project.ts';
import { docker, LAMBDA_PYTHON, PYTHON_SLIM, startRegistry, type Registry } from './support.ts';

const HANDLER = 'def load(path):\n    return None\n\ndef predict(model, input):\n    return "answered"\n';

describe('an operation whose host is killed', function () {
  this.timeout(120_000);
  let project: ContainerProject;
  let registry: Registry;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    // It takes a moment to be pushed and to be ejected.
    project.write('large', HANDLER, { weights: 'x'.repeat(40_000_000) });
    const operation = await project.execute(project.imagePlan('large', { pythonVersion: '3.13' }));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    await project.until(() => project.status('large')?.image);
  });
  after(async () => {
    const { id } = image();
    // That an eject read from; a cleaning up would take it after ten minutes.
    const reading = `label=${READING_LABEL}=${ofThisMachine(READING_MARK)}`;
    const left = await docker('ps', '--all', '--quiet', '--filter', reading);
    if (left !== '') await docker('rm', '--force', ...left.split('\n'));
    await project?.end();
    await docker('image', 'rm', '--force', id);
  });

  const image = () => project.status('large')!.image!;
  const idOf = (name: string): Promise<string> => docker('image', 'inspect', '--format', '{{.Id}}', name);

  async function kill(plan: Plan, when: (id: string) => Promise<unknown>): Promise<void> {
    const started = await project.host.api.execute(plan);
    assert.ok(started.ok, JSON.stringify(started));
    await when(started.value.id);
    process.kill(project.host.hello.pid, 'SIGKILL');
    await project.host.closed;
    assert.equal(project.operations.get(started.value.id)?.state, 'running');
  }

  describe('a push', () => {
    // Each is to send all layers.
    beforeEach(async () => {
      registry = await startRegistry();
    });
    afterEach(() => registry.end());

    async function killPush(to: string): Promise<void> {
      await kill({ kind: 'push', project: project.folder, ...project.key('large'), to }, (id) =>
        project.until(() => {
          const stage = project.operations.get(id)?.stages.find(({ name }) => name === 'layers');
          return /[1-9]\d* .?B of/.test(stage?.detail ?? '');
        }),
      );
      assert.equal(await idOf(to), image().id);
    }

    /** A host of the project, which has tidied up once it has looked for more. */
    async function nextHost(): Promise<void> {
      await project.connect();
      await project.host.api.prunable();
    }

    it('leaves no name on the engine, but those that the user gave the same image', async () => {
      const [to, other] = [`${registry.address}/team/large:killed`, `${registry.address}/team/large:other`];
      await killPush(to);
      await docker('tag', image().id, other);
      await nextHost();
      assert.equal(await docker('image', 'ls', '--quiet', to), '');
      assert.equal(await idOf(other), image().id);
      await docker('image', 'rm', other);
      assert.equal(await docker('image', 'inspect', '--format', '{{.RepoDigests}}', image().id), '[]');
    });

    it('gives a name that the user had back', async () => {
      const name = `${registry.address}/mine/large:own`;
      await docker('tag', PYTHON_SLIM, name);
      await killPush(name);
      await nextHost();
      assert.equal(await idOf(name), await idOf(PYTHON_SLIM));
      await docker('image', 'rm', name);
    });

    it('takes no name that has got another image since', async () => {
      const name = `${registry.address}/mine/large:since`;
      await docker('tag', PYTHON_SLIM, name);
      await killPush(name);
      await docker('tag', LAMBDA_PYTHON, name);
      await nextHost();
      assert.equal(await idOf(name), await idOf(LAMBDA_PYTHON));
      await docker('image', 'rm', name);
    });

    it('is followed by one to the same name, which leaves none either', async () => {
      const to = `${registry.address}/team/large:again`;
      await killPush(to);
      await project.connect();
      const plan: Plan = { kind: 'push', project: project.folder, ...project.key('large'), to };
      const again = await project.execute(plan);
      assert.equal(again.state, 'succeeded', JSON.stringify(again.error));
      assert.equal(await docker('image', 'ls', '--quiet', to), '');
    });
  });

  describe('an eject', () => {
    /** Folders that an eject fills, and others with such a name. */
    const filled = (folder: string): string[] => readdirSync(folder).filter((name) => name.includes('.nimbus-'));

    for (const [what, exists] of [
      ['to a new folder', false],
      ['to an empty one', true],
    ] as const) {
      it(`${what} leaves nothing there, and does not keep it from being repeated`, async () => {
        const above = path.join(project.home, `ejected-${exists}`);
        const folder = path.join(above, 'large');
        mkdirSync(exists ? folder : above, { recursive: true });
        // The user's own, of which only the name is as Nimbus would have made it.
        const own = path.join(above, 'large.nimbus-0123abcd');
        mkdirSync(own);
        const where = exists ? folder : above;
        const before = filled(where);
        const settings = { settings: project.settings, packages: {} };
        const plan: Plan = { kind: 'eject', project: project.folder, ...project.key('large'), folder, ...settings };
        const watcher = watch(where);
        await kill(plan, async () => {
          while (filled(where).length === before.length) await once(watcher, 'change');
        });
        watcher.close();
        assert.equal(filled(where).length, before.length + 1);
        await project.connect();
        const again = await project.execute(plan);
        assert.equal(again.state, 'succeeded', JSON.stringify(again.error));
        assert.deepEqual(readdirSync(above).toSorted(), ['large', 'large.nimbus-0123abcd']);
        assert.deepEqual(filled(folder), []);
      });
    }
  });
});
