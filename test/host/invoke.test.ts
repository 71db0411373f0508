import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { fetchCard } from '../../src/core/invoke/card.ts';
import { postBatch, predict } from '../../src/core/invoke/predict.ts';
import { phasesOf } from '../../src/core/invoke/request.ts';
import { codeFor, pythonValue, shellQuote } from '../../src/core/invoke/snippets.ts';
import { ECHO, PYTHON, TestProject } from './support.ts';

function sumOf({ totalMs, ...parts }: Record<string, number>): number {
  return Object.values(parts).reduce((sum, ms) => sum + ms, 0) - totalMs!;
}

describe('the client', function () {
  this.timeout(30_000);
  let project: TestProject;
  let url: string;
  before(async () => {
    project = new TestProject();
    await project.connect();
    url = await project.deploy('echo', ECHO.replace('return input', 'return input["x"]'));
  });
  after(() => project.end());

  it('predicts, and tells where the time went', async () => {
    const cold = await predict(url, { input: { x: 1 } });
    assert.equal(cold.status, 200);
    assert.equal((cold.body as { result: unknown }).result, 1);
    assert.equal(cold.start, 'cold');
    assert.equal(cold.version?.length, 64);
    assert.ok(cold.phases.interpreterMs > 0 && cold.phases.startMs > 0);
    assert.ok(Math.abs(sumOf({ ...cold.phases })) < 1e-6);
    const warm = await predict(url, { input: { x: 1 } });
    assert.equal(warm.start, 'warm');
    assert.equal(warm.phases.connectMs, 0);
    assert.equal(warm.phases.loadMs, 0);
    assert.ok(warm.phases.handlerMs > 0);
  });

  it('sends batches and fetches the card', async () => {
    const { body } = await postBatch(url, [{ x: 1 }, {}, { x: 3 }]);
    const answer = body as { success: { index: number; result: unknown }[]; failed: { index: number }[] };
    assert.deepEqual(answer.success, [
      { index: 0, result: 1 },
      { index: 2, result: 3 },
    ]);
    assert.deepEqual(
      answer.failed.map(({ index }) => index),
      [1],
    );
    assert.equal((await fetchCard(url))?.model, 'echo');
  });

  it('has a problem for everything that goes wrong, and never rejects', async () => {
    const raised = await predict(url, { input: {} });
    assert.deepEqual([raised.status, raised.problem?.type], [500, 'urn:nimbus:problem:handler-failed']);
    assert.equal(raised.requestId, raised.problem?.requestId);
    const nowhere = await predict('http://127.0.0.1:1/echo/local', { input: 1 });
    assert.deepEqual([nowhere.status, nowhere.problem?.type], [0, 'urn:nimbus:problem:unreachable']);
    const cancelled = await predict(url, { input: { x: 1 } }, { signal: AbortSignal.abort() });
    assert.equal(cancelled.problem?.type, 'urn:nimbus:problem:cancelled');
    assert.equal(await fetchCard('http://127.0.0.1:1/echo/local'), undefined);
  });

  describe('of something else than an endpoint', () => {
    let server: Server;
    let base: string;
    const serve = async (listener: ConstructorParameters<typeof Server>[1]): Promise<void> => {
      server = createServer(listener);
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      base = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    };
    afterEach(() => {
      server.close();
      server.closeAllConnections();
    });

    it('says so', async () => {
      await serve((_request, response) => response.end('<html>'));
      assert.equal((await predict(base, { input: 1 })).problem?.type, 'urn:nimbus:problem:not-an-endpoint');
    });

    it('gives up after its time', async () => {
      await serve(() => undefined);
      const answer = await predict(base, { input: 1 }, { timeoutMs: 50 });
      assert.equal(answer.problem?.type, 'urn:nimbus:problem:timed-out');
    });

    it('tries once more where the server closed a kept connection in that moment', async () => {
      let requests = 0;
      await serve((request, response) => {
        requests += 1;
        if (requests === 2) request.socket.resetAndDestroy();
        else response.end('{"result":1}');
      });
      assert.equal((await predict(base, { input: 1 })).status, 200);
      assert.equal((await predict(base, { input: 1 })).status, 200);
      assert.equal(requests, 3);
    });
  });

  it('has phases that add up to the total, whatever the server says', () => {
    const ms = fc.double({ min: 0, max: 1e5, noNaN: true });
    fc.assert(
      fc.property(ms, ms, ms, ms, (queue, handler, connect, total) => {
        const phases = phasesOf(
          `queue;dur=${queue.toFixed(3)}, handler;desc="x";dur=${handler.toFixed(3)}`,
          connect,
          total,
        );
        assert.ok(Math.abs(sumOf({ ...phases })) < 1e-6 * Math.max(1, total), JSON.stringify(phases));
        assert.ok(Object.values(phases).every((one) => one >= 0));
      }),
    );
    assert.equal(phasesOf('total;dur=5, load;dur=2', 0, 9).loadMs, 2);
  });
});

describe('code for a request', function () {
  this.timeout(60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(path.join(tmpdir(), 'nc-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Texts that quoting may get wrong. */
  const text = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary' }),
    fc.constantFrom(`'`, `\\'`, `$(x)`, '`', '!', '\n', '"""'),
  );

  it('quotes any text for a shell', () => {
    fc.assert(
      fc.property(
        fc.array(
          text.map((one) => one.replaceAll('\0', '')),
          { minLength: 1, maxLength: 50 },
        ),
        (texts) => {
          const script = `printf '%s\\0' ${texts.map(shellQuote).join(' ')}`;
          const out = execFileSync('sh', ['-c', script], { encoding: 'utf8' });
          assert.deepEqual(
            out.split('\0').slice(0, -1),
            texts.map((one) => Buffer.from(one).toString()),
          );
        },
      ),
      { numRuns: 50 },
    );
  });

  it('writes any JSON as Python', () => {
    fc.assert(
      fc.property(fc.array(fc.jsonValue(), { minLength: 20, maxLength: 60 }), (values) => {
        const file = path.join(folder, 'value.py');
        writeFileSync(file, `import json\nprint(json.dumps(${pythonValue(values)}))\n`);
        const plain = JSON.parse(JSON.stringify(values));
        assert.deepEqual(JSON.parse(execFileSync(PYTHON, [file], { encoding: 'utf8' })), plain);
      }),
      { numRuns: 20 },
    );
  });

  it('runs as it is, in all three languages', async () => {
    const project = new TestProject();
    await project.connect();
    const url = await project.deploy('echo', ECHO);
    const input = {
      input: { text: `It's "quoted" $HOME \`x\` \\ é 😀\nsecond line`, __proto__: undefined, n: [1.5, null, true] },
    };
    const expected = { text: input.input.text, n: [1.5, null, true] };
    const files = { python: 'request.py', typescript: 'request.ts' } as const;
    const curl = execFileSync('sh', ['-c', codeFor('curl', url, input)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    assert.deepEqual(JSON.parse(curl).result, expected);
    const python = path.join(folder, files.python);
    writeFileSync(
      python,
      codeFor('python', url, input).replace(
        'print(json.load(response)["result"])',
        'print(json.dumps(json.load(response)["result"]))',
      ),
    );
    assert.deepEqual(JSON.parse(execFileSync(PYTHON, [python], { encoding: 'utf8' })), expected);
    const typescript = path.join(folder, files.typescript);
    writeFileSync(path.join(folder, 'package.json'), '{"type":"module"}');
    writeFileSync(
      typescript,
      codeFor('typescript', url, input).replace('console.log(result)', 'console.log(JSON.stringify(result))'),
    );
    assert.deepEqual(JSON.parse(execFileSync(process.execPath, [typescript], { encoding: 'utf8' })), expected);
    await project.end();
  });
});
