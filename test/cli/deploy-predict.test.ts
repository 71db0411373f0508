import assert from 'node:assert/strict';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import path from 'node:path';
import type { BatchLine } from '../../src/core/invoke/batch.ts';
import { usualPort } from '../../src/core/host/port.ts';
import type { PredictAnswer, Problem } from '../../src/shared/contract.ts';
import type { Phases } from '../../src/shared/latency.ts';
import { deployArguments, writeModel } from './models.ts';
import { createSandbox, python, samples, type Sandbox } from './nimbus.ts';

type Printed = PredictAnswer & { client: Phases };

describe('nimbus on the samples', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;

  before(async () => {
    sandbox = createSandbox();
    sandbox.add(path.join(samples, 'sentiment.joblib'), 'models/sentiment.joblib');
    await sandbox.json([
      'deploy',
      'models/sentiment.joblib',
      '--python',
      python,
      '--trust',
      '--yes',
      '--description',
      'Reviews',
    ]);
  });
  after(() => sandbox.remove());

  it('writes what was deployed into models.json, and lists it as promised', async () => {
    const file = JSON.parse(readFileSync(path.join(sandbox.folder, 'models.json'), 'utf8'));
    assert.equal(file.models.sentiment.path, 'models/sentiment.joblib');
    assert.equal(file.models.sentiment.description, 'Reviews');
    assert.deepEqual(file.models.sentiment.deployments, { local: { target: 'local' } });
    assert.doesNotMatch(
      JSON.stringify(file),
      /127\.0\.0\.1|python/i,
      'neither a port nor an interpreter belongs there',
    );

    const { models } = await sandbox.json<{ models: any[] }>(['list']);
    assert.equal(models.length, 1);
    assert.deepEqual(Object.keys(models[0]), ['name', 'framework', 'path', 'version', 'deployments']);
    assert.match(models[0].version, /^[0-9a-f]{64}$/);
    assert.match(models[0].deployments[0].url, /^http:\/\/127\.0\.0\.1:\d+\/sentiment\/local$/);
    assert.equal(models[0].deployments[0].target, 'local');
  });

  it('says that a model is not called as its path is where another one has that name', async () => {
    const argv = deployArguments(writeModel(sandbox, 'other/sentiment'));
    const { stdout } = await sandbox.nimbus(argv);
    assert.match(
      stdout,
      /^ {2}! sentiment is the name of models\/sentiment\.joblib: this one is sentiment-2 \(--name chooses another\)$/m,
    );
    // By now the name is its own.
    assert.doesNotMatch((await sandbox.nimbus(argv)).stdout, /is the name of/);
    await sandbox.json(['destroy', 'sentiment-2', '--yes']);
    const { takenName } = await sandbox.json<{ takenName: unknown }>(argv);
    assert.deepEqual(takenName, { name: 'sentiment', path: 'models/sentiment.joblib' });
    await sandbox.json(['destroy', 'sentiment-2', '--yes']);
    const named = await sandbox.nimbus([...argv, '--name', 'other']);
    assert.doesNotMatch(named.stdout, /is the name of/);
    await sandbox.json(['destroy', 'other', '--yes']);
  });

  it('answers cold first and warm then, with the phases of a cold start', async () => {
    await sandbox.json(['cold', 'sentiment']);
    const cold = await sandbox.json<Printed>(['predict', 'sentiment', 'I loved the food']);
    assert.equal(cold.timings.start, 'cold');
    assert.equal((cold.result as { label: string }).label, 'positive');
    assert.ok(cold.client.importsMs > 0 && cold.client.interpreterMs > 0);
    const { totalMs, ...parts } = cold.client;
    assert.ok(
      Math.abs(Object.values(parts).reduce((sum, ms) => sum + ms, 0) - totalMs) < 0.1,
      'the phases add up to the whole',
    );
    const warm = await sandbox.json<Printed>(['predict', 'sentiment', 'The room was awful']);
    assert.equal(warm.timings.start, 'warm');
    assert.equal(warm.client.importsMs, 0);
    assert.equal((warm.result as { label: string }).label, 'negative');
  });

  it('reads the text from standard input and shows people bars and phases', async () => {
    const { code, stdout } = await sandbox.nimbus(['predict', 'sentiment', '-'], { stdin: 'I loved the food\n' });
    assert.equal(code, 0);
    assert.match(stdout, /^positive\n/);
    assert.match(stdout, /positive +█+░* +0\.\d{4}/);
    assert.match(stdout, /warm \d/);
  });

  it('prints the problem and exits with 1 where the endpoint is stopped, and answers again after start', async () => {
    await sandbox.json(['stop', 'sentiment']);
    const { code, stdout } = await sandbox.nimbus(['predict', 'sentiment', 'x', '--json']);
    assert.equal(code, 1);
    const problem = JSON.parse(stdout) as Problem;
    assert.equal(problem.status, 503);
    assert.equal(problem.type, 'urn:nimbus:problem:stopped');
    assert.match(problem.next!, /the command nimbus start sentiment\/local\.$/);
    // A deploy opens nothing that the user closed, and says so.
    const again = await sandbox.nimbus(['deploy', 'models/sentiment.joblib', '--trust', '--yes']);
    assert.match(again.stdout, /sentiment is deployed and stays stopped, as it was\. .*nimbus start sentiment\/local/);
    assert.equal((await sandbox.nimbus(['predict', 'sentiment', 'x'])).code, 1);
    await sandbox.json(['start', 'sentiment']);
    assert.equal((await sandbox.json<Printed>(['predict', 'sentiment', 'I loved the food'])).timings.start, 'cold');
  });

  it('answers a batch of lines in order, one bad line among them', async () => {
    writeFileSync(path.join(sandbox.folder, 'in.jsonl'), '"I loved the food"\n{broken\n"The room was awful"\n');
    const { code, stdout } = await sandbox.nimbus(['batch', 'sentiment', 'in.jsonl']);
    assert.equal(code, 0);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as BatchLine & { result?: { label: string }; error?: { type: string } });
    assert.deepEqual(
      lines.map((line) => line.result?.label ?? line.error?.type),
      ['positive', 'invalid-line', 'negative'],
    );
    assert.deepEqual(
      lines.map((line) => line.index),
      [0, 1, 2],
    );
  });

  it('streams a batch of 2,500 lines into a file', async () => {
    writeFileSync(path.join(sandbox.folder, 'in.txt'), 'I loved the food\n'.repeat(2500));
    const done = await sandbox.json<{ succeeded: number; failed: number }>([
      'batch',
      'sentiment',
      'in.txt',
      '--out',
      'out.jsonl',
    ]);
    assert.deepEqual([done.succeeded, done.failed], [2500, 0]);
    assert.equal(readFileSync(path.join(sandbox.folder, 'out.jsonl'), 'utf8').trim().split('\n').length, 2500);
  });

  it('shows the log lines of one request', async () => {
    const answer = await sandbox.json<Printed>(['predict', 'sentiment', 'a secret text 8271']);
    const { code, stdout } = await sandbox.nimbus(['logs', 'sentiment', '--limit', '50']);
    assert.equal(code, 0);
    assert.doesNotMatch(stdout, /8271/, 'texts never reach a log');
    assert.ok(answer.requestId);
  });

  it("says where the endpoints are when another program has the project's usual port", async () => {
    await sandbox.endHost();
    const other = createServer().listen(usualPort(sandbox.folder), '127.0.0.1');
    await once(other, 'listening');
    try {
      const note = new RegExp(
        `usual port ${usualPort(sandbox.folder)} is taken .* at http://127\\.0\\.0\\.1:\\d+\\.`,
        'g',
      );
      for (const argv of [['list'], ['predict', 'sentiment', 'good']]) {
        const { stderr, code } = await sandbox.nimbus(argv);
        assert.equal(code, 0);
        assert.equal(stderr.match(note)?.length, 1, stderr);
        assert.equal((await sandbox.nimbus([...argv, '--json'])).stderr, '');
      }
    } finally {
      other.close();
      await sandbox.endHost();
    }
  });

  it('refuses to run a pickle that names dangerous globals, whatever the flags', async () => {
    const canary = path.join(sandbox.folder, 'canary');
    mkdirSync(path.join(sandbox.folder, 'bad'), { recursive: true });
    writeFileSync(path.join(sandbox.folder, 'bad/evil.pkl'), `cposix\nsystem\n(S'touch "${canary}"'\ntR.`);
    const { code, stdout } = await sandbox.nimbus([
      'deploy',
      'bad/evil.pkl',
      '--python',
      python,
      '--trust',
      '--yes',
      '--json',
    ]);
    assert.notEqual(code, 0);
    assert.match(stdout, /posix\.system|not recognised|blocked/);
    assert.throws(() => readFileSync(canary));
  });

  it('serves a spaCy pipeline of the same project', async () => {
    sandbox.add(path.join(samples, 'entities'), 'models/entities');
    await sandbox.json(['deploy', 'models/entities', '--python', python, '--trust', '--yes']);
    const answer = await sandbox.json<Printed>(['predict', 'entities', 'Ada Lovelace moved to Paris.']);
    const { entities } = answer.result as { entities: { text: string; label: string }[] };
    assert.deepEqual(
      entities.map(({ text, label }) => [text, label]),
      [
        ['Ada Lovelace', 'PERSON'],
        ['Paris', 'GPE'],
      ],
    );
    await sandbox.json(['destroy', 'entities', '--yes']);
    const { models } = await sandbox.json<{ models: { name: string }[] }>(['list']);
    assert.deepEqual(
      models.map((model) => model.name),
      ['sentiment'],
    );
  });

  it('calls a second deployment by its own name, and the bare name goes on meaning the first', async () => {
    const argv = ['deploy', 'models/sentiment.joblib', '--as', 'second', '--python', python, '--trust', '--yes'];
    const { stdout } = await sandbox.nimbus(argv);
    assert.match(stdout, /^ {2}nimbus predict sentiment\/second "/m);
    const { deployments } = await sandbox.json<{ deployments: { version: string }[] }>(['status', 'sentiment/second']);
    assert.ok(stdout.includes(`/predict · version ${deployments[0]!.version.slice(0, 7)}\n`), stdout);
    const stopped = await sandbox.nimbus(['stop', 'sentiment']);
    assert.equal(stopped.stdout, 'sentiment/local is stopped: requests get 503 until it is started\n');
    await sandbox.json(['predict', 'sentiment/second', 'I loved the food']);
    await sandbox.json(['start', 'sentiment']);
    await sandbox.json(['predict', 'sentiment', 'I loved the food']);
    const unsaid = await sandbox.nimbus(['remove', 'sentiment', '--yes']);
    assert.equal(unsaid.code, 2);
    assert.match(unsaid.stderr, /sentiment\/local, sentiment\/second/);
    await sandbox.json(['remove', 'sentiment/second', '--yes']);
  });

  it('keeps a model in models.json when its deployment is removed', async () => {
    await sandbox.json(['remove', 'sentiment', '--yes']);
    const { models } = await sandbox.json<{ models: { name: string; deployments: unknown[] }[] }>(['list']);
    assert.deepEqual(
      models.map((model) => [model.name, model.deployments.length]),
      [['sentiment', 0]],
    );
    const { code } = await sandbox.nimbus(['predict', 'sentiment', 'x']);
    assert.equal(code, 1);
  });

  it('takes all models of a project away, once it is sure', async () => {
    sandbox.add(path.join(samples, 'flowers.joblib'), 'models/flowers.joblib');
    await sandbox.json(['deploy', 'models/flowers.joblib', '--python', python, '--trust', '--yes']);
    const asked = await sandbox.nimbus(['destroy', '--json']);
    assert.equal(asked.code, 2);
    assert.match(asked.stdout, /"Destroy all 2 models of .*--yes/);
    const shown = (await sandbox.nimbus(['destroy'])).stderr;
    assert.match(
      shown,
      /^ {2}sentiment +models\/sentiment\.joblib\n {2}flowers +models\/flowers\.joblib +flowers\/local\n/m,
    );
    const gone = await sandbox.json<{ removed: unknown[]; models: string[] }>(['destroy', '--yes']);
    assert.deepEqual(gone, {
      removed: [{ model: 'flowers', deployment: 'local' }],
      models: ['sentiment', 'flowers'],
    });
    assert.deepEqual(await sandbox.json(['list']), { models: [] });
    assert.ok(existsSync(path.join(sandbox.folder, 'models/flowers.joblib')));
  });

  it('says where the stack of a failed handler is, which names its line as whoever wrote it knows it', async () => {
    writeModel(sandbox, 'own', 'def load(path): pass\n\n\ndef predict(model, input):\n    raise ValueError("boom")\n');
    await sandbox.json(deployArguments('own'));
    const failed = await sandbox.nimbus(['predict', 'own', 'x']);
    assert.equal(failed.code, 1);
    assert.match(failed.stderr, /ValueError: boom/);
    const argv = /nimbus (logs own --request \S+)/.exec(failed.stderr)![1]!.split(' ');
    const { stdout } = await sandbox.nimbus(argv);
    assert.match(stdout, /stderr +ValueError at\n.*stderr +File "own\/handler\.py", line 5, in predict/);
  });
});
