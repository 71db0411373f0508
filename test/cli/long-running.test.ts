import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { createSandbox, python, type Sandbox } from './nimbus.ts';

const HANDLER = `
import time

def load(path):
    return None

def predict(model, input):
    print("working")
    if input == "slow":
        time.sleep(600)
    return {"length": len(input)}
`;

describe('nimbus, commands that run for long', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  const running: ChildProcess[] = [];

  beforeEach(async () => {
    sandbox = createSandbox();
    mkdirSync(path.join(sandbox.folder, 'length'));
    writeFileSync(path.join(sandbox.folder, 'length/handler.py'), HANDLER);
    await sandbox.json(['deploy', 'length', '--python', python, '--trust', '--yes']);
  });
  afterEach(async () => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
    await sandbox.remove();
  });

  const start = (argv: string[]): ChildProcess => {
    const child = sandbox.start(argv);
    running.push(child);
    return child;
  };
  /** The first line of stdout or stderr that matches. */
  const line = async (child: ChildProcess, stream: 'stdout' | 'stderr', wanted: RegExp): Promise<string> => {
    const lines = createInterface({ input: child[stream]! });
    for await (const text of lines) if (wanted.test(text)) return text;
    throw new Error(`it ended without a line like ${wanted}`);
  };

  it('serve answers over HTTP in its own process until Ctrl+C, beside other commands', async () => {
    await sandbox.endHost();
    const child = start(['serve', '--json']);
    const { url } = JSON.parse(await line(child, 'stdout', /^\{/)) as { url: string };
    const response = await fetch(`${url}/length/local/predict`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: '{"text":"four"}',
    });
    assert.deepEqual(((await response.json()) as { result: unknown }).result, { length: 4 });
    const answer = await sandbox.json<{ timings: { start: string } }>(['predict', 'length', 'four']);
    assert.equal(answer.timings.start, 'warm', 'other commands use the same host');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    await assert.rejects(fetch(url), 'the port is closed');
  });

  it('a second serve holds the running host and leaves it to the others', async () => {
    const child = start(['serve', '--json']);
    await line(child, 'stdout', /^\{/);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [0, null]);
    const { deployments } = await sandbox.json<{ deployments: { state: string }[] }>(['status']);
    assert.equal(deployments.length, 1);
  });

  it('logs --follow shows what a worker prints while it prints it', async () => {
    const child = start(['logs', 'length', '--follow', '--json']);
    const printed = line(child, 'stdout', /working/);
    await sandbox.json(['predict', 'length', 'hello']);
    assert.equal((JSON.parse(await printed) as { source: string }).source, 'stdout');
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
  });

  it('Ctrl+C ends a prediction with 130, and the endpoint answers the next one', async () => {
    const follow = start(['logs', 'length', '--follow']);
    const printed = line(follow, 'stdout', /working/);
    const child = start(['predict', 'length', 'slow']);
    await printed;
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    const answer = await sandbox.json<{ result: unknown }>(['predict', 'length', 'next']);
    assert.deepEqual(answer.result, { length: 4 });
  });

  it('Ctrl+C ends a batch with 130 and leaves no half-written answers', async () => {
    writeFileSync(path.join(sandbox.folder, 'in.txt'), 'slow\n');
    const follow = start(['logs', 'length', '--follow']);
    const printed = line(follow, 'stdout', /working/);
    const child = start(['batch', 'length', 'in.txt', '--out', 'out.jsonl']);
    await printed;
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    assert.deepEqual(
      readdirSync(sandbox.folder).filter((name) => name.startsWith('out')),
      [],
    );
  });

  it('Ctrl+C cancels a deploy: nothing is declared, nothing is left running', async () => {
    mkdirSync(path.join(sandbox.folder, 'stuck'));
    writeFileSync(
      path.join(sandbox.folder, 'stuck/handler.py'),
      'import time\n\n\ndef load(path):\n    time.sleep(600)\n\n\ndef predict(model, input):\n    return input\n',
    );
    const child = start(['deploy', 'stuck', '--python', python, '--yes']);
    await line(child, 'stderr', /start/);
    child.kill('SIGINT');
    assert.deepEqual(await once(child, 'exit'), [130, null]);
    const { models } = await sandbox.json<{ models: { name: string }[] }>(['list']);
    assert.deepEqual(
      models.map((model) => model.name),
      ['length'],
    );
    const snapshots = readdirSync(path.join(sandbox.folder, '.nimbus/snapshots'));
    assert.equal(snapshots.length, 1, 'the copy of the cancelled model is gone');
    assert.ok(!existsSync(path.join(sandbox.folder, '.nimbus/snapshots/tmp')));
  });
});
