/** A command beside a window, and commands, hosts and workers that are killed under each other. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { HostConnection } from '../../src/core/host/client.ts';
import { prepareDeploy } from '../../src/core/deploy.ts';
import type { Operation } from '../../src/shared/states.ts';
import { deployArguments, gated, hostOf, leftBehind, modelsFile, refused, writeModel } from './models.ts';
import { createSandbox, python, type Sandbox } from './nimbus.ts';

describe('nimbus', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let gate: string;
  beforeEach(() => {
    sandbox = createSandbox();
    gate = path.join(sandbox.folder, '..', 'gate');
  });
  afterEach(() => sandbox.remove());

  const open = (): void => writeFileSync(gate, '');
  /** Resolves once a gated model loads. */
  function loading(): Promise<void> {
    rmSync(gate, { force: true });
    rmSync(`${gate}.here`, { force: true });
    return new Promise((resolve) => {
      const watcher = watch(path.dirname(gate), () => {
        if (!existsSync(`${gate}.here`)) return;
        watcher.close();
        resolve();
      });
    });
  }
  /** A window that deploys as its command does, once all questions are answered. */
  async function windowDeploys(model: string): Promise<{ host: HostConnection; ended: Promise<Operation> }> {
    const { promise, resolve } = Promise.withResolvers<Operation>();
    const host = await hostOf(sandbox, 'editor', {
      operation: (operation) => void (operation.model === model && operation.state !== 'running' && resolve(operation)),
    });
    const prepared = await prepareDeploy({
      project: sandbox.folder,
      path: path.join(sandbox.folder, model),
      interpreter: python,
      trustedProject: true,
    });
    assert.ok(prepared.ok, JSON.stringify(prepared));
    const started = await host.api.execute(prepared.value.plan({}));
    assert.ok(started.ok, JSON.stringify(started));
    return { host, ended: promise };
  }
  const result = async (): Promise<unknown> =>
    (await sandbox.json<{ result: unknown }>(['predict', 'echo', 'hello'])).result;

  it('does not deploy what a window is deploying, and may do so afterwards', async () => {
    const loads = loading();
    writeModel(sandbox, 'echo', gated(gate));
    const { host, ended } = await windowDeploys('echo');
    await loads;
    const problem = await refused(sandbox, deployArguments('echo'));
    assert.equal(problem.code, 'operation-running');
    assert.match(problem.text, /deploy of echo\/local is under way.*Wait.*Ctrl\+C/);
    open();
    assert.equal((await ended).state, 'succeeded');
    await sandbox.json(deployArguments('echo'));
    assert.equal(await result(), 'hello');
    host.close();
  });

  it('and a window that deploy two models at the same moment both do, in one models.json', async () => {
    writeModel(sandbox, 'echo');
    writeModel(sandbox, 'second');
    const [printed, { host, ended }] = await Promise.all([
      sandbox.nimbus([...deployArguments('echo'), '--json']),
      windowDeploys('second'),
    ]);
    assert.equal(printed.code, 0, printed.stdout);
    assert.equal((await ended).state, 'succeeded');
    host.close();
    const { models } = JSON.parse(readFileSync(modelsFile(sandbox), 'utf8'));
    assert.deepEqual(Object.keys(models).sort(), ['echo', 'second']);
    assert.equal(await result(), 'hello');
  });

  it('lists a model that goes on with its old version as that', async () => {
    writeModel(sandbox, 'echo');
    await sandbox.json(deployArguments('echo'));
    const { promise: refusal, resolve } = Promise.withResolvers<void>();
    const host = await hostOf(sandbox, 'cli', { deployment: ({ state }) => void (state === 'refused' && resolve()) });
    writeModel(sandbox, 'echo', 'raise ValueError("half-written")\n');
    await refusal;
    host.close();
    assert.match((await sandbox.nimbus(['list'])).stdout, /^echo .* local +new version refused /m);
    assert.equal(await result(), 'hello');
  });

  it('killed in the middle of a deploy leaves it to the host, which ends it', async () => {
    const loads = loading();
    writeModel(sandbox, 'echo', gated(gate));
    const child = sandbox.start(deployArguments('echo'));
    await loads;
    const { promise: ended, resolve } = Promise.withResolvers<Operation>();
    const host = await hostOf(sandbox, 'cli', {
      operation: (operation) => void (operation.state !== 'running' && resolve(operation)),
    });
    child.kill('SIGKILL');
    await once(child, 'exit');
    open();
    assert.equal((await ended).state, 'succeeded');
    host.close();
    assert.equal(await result(), 'hello');
  });

  it('says that the host was killed in the middle of its deploy, which then succeeds', async () => {
    const loads = loading();
    writeModel(sandbox, 'echo', gated(gate));
    const failing = refused(sandbox, deployArguments('echo'));
    await loads;
    const host = await hostOf(sandbox);
    process.kill(host.hello.pid, 'SIGKILL');
    assert.equal((await failing).code, 'host-ended');
    await host.closed;
    // The next host clears away what was half-made.
    (await hostOf(sandbox)).close();
    while (leftBehind(sandbox).snapshots.length > 0) await delay(20);
    assert.equal(leftBehind(sandbox).models, undefined);
    open();
    await sandbox.json(deployArguments('echo'));
    assert.equal(await result(), 'hello');
  });

  it('says that the host, or the worker, was killed under its prediction; the next one is answered', async () => {
    const victim = `
import os, time
def load(path):
    return None
def predict(model, input):
    if input == "hello":
        return input
    with open(${JSON.stringify(gate)} + ".pid", "w") as file:
        file.write(str(os.getpid()))
    os.rename(${JSON.stringify(gate)} + ".pid", ${JSON.stringify(gate)} + ".here")
    time.sleep(600)
`;
    writeModel(sandbox, 'echo', victim);
    await sandbox.json(deployArguments('echo'));
    for (const [whom, code] of [
      ['worker', 'worker-died'],
      ['host', 'unreachable'],
    ] as const) {
      const loads = loading();
      const ended = sandbox.nimbus(['predict', 'echo', 'wait', '--json']);
      await loads;
      const host = await hostOf(sandbox);
      process.kill(whom === 'host' ? host.hello.pid : Number(readFileSync(`${gate}.here`, 'utf8')), 'SIGKILL');
      const { code: status, stdout } = await ended;
      assert.equal(status, 1);
      assert.match(JSON.parse(stdout).type, new RegExp(`:${code}$`), stdout);
      host.close();
      assert.equal(await result(), 'hello');
    }
    // A stop waits for the request that runs.
    const loads = loading();
    const asked = sandbox.nimbus(['predict', 'echo', 'wait', '--json']);
    await loads;
    const { promise: stopped, resolve } = Promise.withResolvers<void>();
    const host = await hostOf(sandbox, 'cli', { deployment: ({ state }) => void (state === 'stopped' && resolve()) });
    const stopping = refused(sandbox, ['stop', 'echo']);
    await stopped;
    process.kill(host.hello.pid, 'SIGKILL');
    assert.equal((await stopping).code, 'host-ended');
    await asked;
  });
});
