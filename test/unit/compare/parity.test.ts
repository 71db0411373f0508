import assert from 'node:assert/strict';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { differencesOf } from '../../../src/core/compare/environments.ts';
import { inputsOf, MOST_INPUTS, runParity, type Parity, type ParityRun } from '../../../src/core/compare/parity.ts';
import { sidesOf, usualSides, type Deployed } from '../../../src/core/compare/sides.ts';
import { toleranceFor } from '../../../src/core/compare/tolerance.ts';
import { FLOATS } from '../../../src/shared/parity.ts';
import { onnxFile } from '../detect/bytes.ts';
import { looking } from '../detect/looking.ts';

type Result = { result: unknown } | { error: { type: string; detail: string } };

describe('the same inputs through two endpoints', () => {
  const servers: Server[] = [];
  afterEach(() => {
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
  });

  /** An endpoint that answers each input by itself; `busy` counts its requests under way, and may hold them. */
  async function endpoint(
    answer: (input: unknown) => Result,
    busy?: (change: 1 | -1) => Promise<void> | undefined,
  ): Promise<string> {
    const server = createServer((request, response) => {
      void (async () => {
        let text = '';
        for await (const part of request) text += String(part);
        if (request.method === 'GET') return void response.end();
        await busy?.(1);
        const { inputs } = JSON.parse(text) as { inputs: unknown[] };
        const all = inputs.map((input, index) => ({ index, ...answer(input) }));
        const body = {
          version: 'v',
          success: all.filter((one) => 'result' in one),
          failed: all.filter((one) => 'error' in one),
        };
        await busy?.(-1);
        response.end(JSON.stringify(body));
      })();
    });
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  const run = (urls: [string, string], inputs: unknown[], more: Partial<ParityRun> = {}): Promise<Parity> =>
    runParity({
      urls,
      inputs: inputsOf(inputs),
      tolerance: FLOATS,
      concurrency: 2,
      timeoutMs: 29_000,
      signal: new AbortController().signal,
      onProgress: () => undefined,
      ...more,
    });

  it('are told apart by what differs, what fails on one side, and what fails on both', async () => {
    const failed = (type: string): Result => ({ error: { type: 'handler-failed', detail: `${type}: why` } });
    const first = await endpoint((input) => {
      if (input === 'both') return failed('ValueError');
      return input === 'first' ? failed('KeyError') : { result: { label: input, score: 0.25 } };
    });
    const second = await endpoint((input) => {
      if (input === 'both') return failed('ValueError');
      return { result: { label: input === 'other' ? 'another' : input, score: 0.250001 } };
    });
    const found = await run([first, second], ['same', 'both', 'other', 'first']);
    assert.deepEqual([found.inputs, found.different, found.failedAlike, found.error], [4, 2, 1, undefined]);
    assert.ok(found.largest > 3e-6 && found.largest < 5e-6, String(found.largest));
    const [label, error] = found.differences;
    assert.deepEqual(label, {
      index: 2,
      line: 3,
      count: 1,
      differences: [{ path: '$.label', kind: 'value', first: 'other', second: 'another' }],
    });
    assert.deepEqual([error!.index, error!.differences[0]!.kind], [3, 'error']);
  });

  it('keep to the requests that were allowed, and count all of many differences', async () => {
    let now = 0;
    let most = 0;
    const gate = Promise.withResolvers<void>();
    const first = await endpoint(
      (input) => ({ result: input }),
      (change) => {
        most = Math.max(most, (now += change));
        // One more that were under way would have come before the answer to this.
        if (now === 3) void fetch(first).then(() => gate.resolve());
        return gate.promise;
      },
    );
    const second = await endpoint(() => ({ result: 'another' }));
    const inputs = Array.from({ length: 12_000 }, (_, index) => `text ${index}`);
    let told = 0;
    const found = await run([first, second], inputs, { concurrency: 3, onProgress: () => (told += 1) });
    assert.deepEqual([found.inputs, found.different, found.differences.length], [12_000, 12_000, MOST_INPUTS]);
    assert.ok(most === 3 && told > 3, `${most} at once, told ${told} times`);
    assert.deepEqual(
      found.differences.map(({ index }) => index),
      found.differences.map(({ index }) => index).toSorted((one, other) => one - other),
    );
  });

  it('say which endpoint could not answer', async () => {
    const first = await endpoint((input) => ({ result: input }));
    const gone = createServer((_, response) => {
      response.writeHead(503, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({ type: 'urn:nimbus:problem:stopped', title: 'Stopped', status: 503, detail: 'By you.' }),
      );
    });
    servers.push(gone);
    await new Promise<void>((resolve) => gone.listen(0, '127.0.0.1', resolve));
    const found = await run([first, `http://127.0.0.1:${(gone.address() as AddressInfo).port}`], ['a']);
    assert.deepEqual([found.error?.what, found.side, found.inputs], ['Stopped', 1, 0]);
  });

  it('end with the signal', async () => {
    const stop = new AbortController();
    const first = await endpoint((input) => (stop.abort(), { result: input }));
    const found = await run([first, first], ['a'], { signal: stop.signal });
    assert.equal(found.error, undefined);
    assert.equal(found.different, 0);
  });
});

describe('which deployments are compared', () => {
  const local = (deployment: string): Deployed => ({ deployment, target: 'local' });
  const docker = (deployment: string): Deployed => ({ deployment, target: 'docker' });

  it('are those of this machine and of Docker, else the only two', () => {
    assert.deepEqual(usualSides([docker('docker'), local('local'), local('other')]), ['local', 'docker']);
    assert.deepEqual(usualSides([local('mine'), docker('image')]), ['mine', 'image']);
    assert.deepEqual(usualSides([local('local'), local('old')]), ['local', 'old']);
    assert.equal(usualSides([local('a'), local('b'), local('c')]), undefined);
    assert.equal(usualSides([local('local')]), undefined);
  });

  it('are those that were named, where there are such two', () => {
    const all = [local('local'), docker('docker'), local('old')];
    assert.deepEqual(sidesOf('m', all, ' old , docker'), { ok: true, value: ['old', 'docker'] });
    for (const [asked, code] of [
      ['local', 'usage'],
      ['local,local', 'usage'],
      ['local,docker,old', 'usage'],
      ['local,none', 'unknown-deployment'],
    ] as const) {
      const found = sidesOf('m', all, asked);
      assert.equal(found.ok ? 'found' : found.error.code, code, asked);
    }
    assert.equal((sidesOf('m', [local('local')]) as { error: { code: string } }).error.code, 'one-deployment');
    assert.equal((sidesOf('m', []) as { error: { code: string } }).error.code, 'one-deployment');
    const onlyDocker = sidesOf('m', [docker('docker')], undefined, 'models/m');
    assert.match(onlyDocker.ok ? '' : onlyDocker.error.next!, /on this machine as well: nimbus deploy models\/m$/);
  });
});

describe('what two environments differ in', () => {
  it('is Python as far as both are known, then versions, then what only one has', () => {
    const first = { python: '3.12.4', packages: { numpy: '2.1.0', scipy: '1.14', rich: '13' } };
    const second = { python: '3.12', packages: { scipy: '1.14', numpy: '2.2.0', joblib: '1.4' } };
    assert.deepEqual(differencesOf(first, second), {
      packages: [
        { name: 'numpy', first: '2.1.0', second: '2.2.0' },
        { name: 'joblib', second: '1.4' },
        { name: 'rich', first: '13' },
      ],
      same: 1,
    });
    assert.deepEqual(differencesOf({ ...first, python: '3.11.9' }, second).packages[0], {
      name: 'python',
      first: '3.11.9',
      second: '3.12',
    });
    assert.deepEqual(differencesOf(first, first), { packages: [], same: 3 });
  });
});

describe('how exact answers can be', () => {
  const { write, at } = looking();

  it('is less for a quantised ONNX model, and says which operator tells', async () => {
    write('plain.onnx', onnxFile());
    write('int8.onnx', onnxFile({ nodes: [{ operator: 'Add' }, { operator: 'MatMulInteger' }] }));
    write('folder/model.onnx', onnxFile({ nodes: [{ operator: 'DynamicQuantizeLinear' }] }));
    write('damaged.onnx', 'MatMulInteger');
    const of = (file: string, framework: 'onnx' | 'sklearn' = 'onnx') => toleranceFor(at(), { path: file, framework });
    assert.deepEqual(await of('plain.onnx'), FLOATS);
    assert.equal((await of('int8.onnx')).relative, 1e-2);
    assert.match((await of('int8.onnx')).why, /quantised \(MatMulInteger\)/);
    assert.match((await of('folder')).why, /quantised \(DynamicQuantizeLinear\)/);
    assert.deepEqual(await of('damaged.onnx'), FLOATS);
    assert.deepEqual(await of('none.onnx'), FLOATS);
    assert.deepEqual(await of('int8.onnx', 'sklearn'), FLOATS);
  });
});
