/** The host, or the program that asked it, killed in the middle of work. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseModels } from '../../src/core/models/parse.ts';
import { ECHO, post, processesWith, TestProject, untilGone } from './support.ts';

const CLIENT = fileURLToPath(new URL('client-process.ts', import.meta.url));

/** Loads when a file is there, and says with another that it waits. */
const gated = (gate: string): string => `
import os, time

def load(path):
    open(${JSON.stringify(`${gate}.here`)}, "w").close()
    while not os.path.exists(${JSON.stringify(gate)}):
        time.sleep(0.005)

def predict(model, input):
    return input
`;

describe('killed in the middle of a deploy', function () {
  this.timeout(60_000);
  let project: TestProject;
  beforeEach(async () => {
    project = new TestProject({ NIMBUS_LINGER_EDITOR_MS: '100', NIMBUS_LINGER_CLI_MS: '100' });
    await project.connect();
  });
  afterEach(() => project.end());

  const snapshots = (): string[] => readdirSync(path.join(project.folder, '.nimbus/snapshots'));
  const answer = async (model: string): Promise<unknown> =>
    (await post(`${project.host.hello.url}/${model}/local/predict`, { input: model })).body.result;

  /** Whatever was under way: nothing half-made is left, what served serves, and the same can be done again. */
  async function kill(): Promise<void> {
    const { pid } = project.host.hello;
    process.kill(pid, 'SIGKILL');
    await project.host.closed;
    await untilGone(pid);
    await project.connect();
    assert.deepEqual(processesWith(`NIMBUS_FUNCTION=${project.folder}`), []);
    // The host clears it away right after it greeted.
    while (snapshots().some((name) => name.startsWith('tmp-'))) await delay(20);
    const document = parseModels(readFileSync(path.join(project.folder, 'models.json'), 'utf8'));
    assert.ok(document.kind === 'ok', JSON.stringify(document));
    for (const [name, { path: at, deployments }] of Object.entries(document.spec.models)) {
      assert.deepEqual([at, { ...deployments }], [`models/${name}`, { local: { target: 'local' } }]);
    }
    assert.equal(await answer('stays'), 'stays');
  }

  it('the host leaves nothing half-made, at whatever moment', async () => {
    await project.deploy('stays', ECHO);
    for (let round = 0; round < 6; round++) {
      const model = `model-${round}`;
      project.write(model, `${ECHO}\n# ${round}`, { weights: 'x'.repeat(1024 * 1024) });
      const started = await project.host.api.execute(project.plan(model));
      assert.ok(started.ok);
      // From its first step to about its last one.
      await delay(round * 40);
      await kill();
      const again = await project.execute(project.plan(model));
      assert.equal(again.state, 'succeeded', JSON.stringify(again.error));
      assert.equal(await answer(model), model);
    }
  });

  it('the host ends the model that loads; it was not deployed', async () => {
    await project.deploy('stays', ECHO);
    const before = snapshots();
    const gate = path.join(project.home, 'gate');
    project.write('slow', gated(gate));
    assert.ok((await project.host.api.execute(project.plan('slow'))).ok);
    await project.until(() => existsSync(`${gate}.here`));
    await kill();
    assert.deepEqual(snapshots(), before);
    assert.equal(project.host.hello.deployments.length, 1);
    writeFileSync(gate, '');
    assert.equal((await project.execute(project.plan('slow'))).state, 'succeeded');
  });

  it('a window: the deploy goes on, another window finds it, and it holds the host no longer than that', async () => {
    const gate = path.join(project.home, 'gate');
    project.write('slow', gated(gate));
    const plan = JSON.stringify(project.plan('slow'));
    const window = spawn(process.execPath, [CLIENT, project.folder, plan], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [chunk] = (await once(window.stdout, 'data')) as [Buffer];
    const id = chunk.toString().trim();
    await project.until(() => existsSync(`${gate}.here`));
    project.host.close();
    await project.host.closed;
    window.kill('SIGKILL');
    await once(window, 'exit');
    const { hello } = await project.connect('editor');
    assert.deepEqual(
      hello.operations.map((one) => [one.id, one.state]),
      [[id, 'running']],
    );
    writeFileSync(gate, '');
    await project.until(() => project.operations.get(id)?.state === 'succeeded');
    assert.equal(await answer('slow'), 'slow');
    project.host.close();
    await untilGone(hello.pid);
    project.connection = undefined;
  });
});
