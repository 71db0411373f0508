import assert from 'node:assert/strict';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { runBatch, type BatchLine, type BatchProgress } from '../../../src/core/invoke/batch.ts';
import type { BatchInput } from '../../../src/core/invoke/inputs.ts';
import { Pace } from '../../../src/core/invoke/pace.ts';

/** An endpoint's answer to one `/batch` request; undefined where it answers each input with itself. */
type Refusal = { status: number; code: string; handlerMs?: number } | undefined;

describe('a batch, at an endpoint that does not take everything at once', () => {
  let server: Server;
  /** Sizes of the requests, in turn. */
  let requests: number[];
  let refuse: (inputs: unknown[]) => Refusal;
  let atOnce = 0;
  let mostAtOnce = 0;
  let hold: (() => Promise<void>) | undefined;

  before((done) => {
    server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1', done);
  });
  beforeEach(() => {
    requests = [];
    refuse = () => undefined;
    mostAtOnce = 0;
    hold = undefined;
  });
  after(() => {
    server.close();
    server.closeAllConnections();
  });

  const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    mostAtOnce = Math.max(mostAtOnce, (atOnce += 1));
    let text = '';
    for await (const part of request) text += String(part);
    await hold?.();
    atOnce -= 1;
    const { inputs } = JSON.parse(text) as { inputs: unknown[] };
    requests.push(inputs.length);
    const refusal = refuse(inputs);
    response.setHeader('server-timing', `handler;dur=${refusal ? (refusal.handlerMs ?? 0) : inputs.length}`);
    if (!refusal) {
      const success = inputs.map((result, index) => ({ index, result }));
      response.end(JSON.stringify({ version: 'v', success, failed: [], timings: {} }));
      return;
    }
    const { status, code } = refusal;
    response.writeHead(status, { 'retry-after': '0' });
    response.end(JSON.stringify({ type: `urn:nimbus:problem:${code}`, title: code, status, detail: code }));
  };

  const run = async (count: number, concurrency = 2): Promise<{ done: BatchProgress; lines: BatchLine[] }> => {
    const { port } = server.address() as AddressInfo;
    const items = Array.from({ length: count }, (_, at): BatchInput => ({
      line: at + 1,
      endByte: (at + 1) * 2,
      bytes: 1,
      input: at,
    }));
    const lines: BatchLine[] = [];
    const done = await runBatch({
      url: `http://127.0.0.1:${port}`,
      inputs: (async function* () {
        yield items;
      })(),
      concurrency,
      timeoutMs: 29_000,
      signal: new AbortController().signal,
      write: async (some) => void lines.push(...some),
      onProgress: () => undefined,
    });
    return { done, lines };
  };
  /** Refuses the first requests so. */
  const first = (times: number, refusal: Refusal) => (): Refusal => (times-- > 0 ? refusal : undefined);

  for (const [name, refusal] of [
    ['a full queue', { status: 429, code: 'too-many-requests' }],
    ['a model that loads', { status: 503, code: 'starting' }],
    ['a request that never reached a worker', { status: 504, code: 'timed-out' }],
  ] as const) {
    it(`waits for ${name}, without splitting anything`, async () => {
      refuse = first(5, refusal);
      const { done, lines } = await run(100);
      assert.deepEqual([done.error, done.succeeded, lines.length], [undefined, 100, 100]);
      assert.deepEqual(
        requests,
        Array.from({ length: 6 }, () => 100),
      );
    });
  }

  for (const code of ['stopped', 'init-failed', 'internal-error', 'not-found'])
    it(`ends where the endpoint is ${code}`, async () => {
      refuse = () => ({ status: 503, code });
      const { done, lines } = await run(100);
      assert.deepEqual([done.error?.code, lines.length, requests.length], ['batch-refused', 0, 1]);
    });

  it('searches for the input that is too much in few requests', async () => {
    refuse = (inputs) => (inputs.includes(77) ? { status: 502, code: 'worker-died' } : undefined);
    const { lines } = await run(100);
    assert.deepEqual(
      lines.map((line) => ('error' in line ? line.error.type : line.result)),
      Array.from({ length: 100 }, (_, at) => (at === 77 ? 'worker-died' : at)),
    );
    // 100, then 8 parts of at most 13, then 7 of at most 2, then 2; the last one left has a second chance.
    assert.ok(requests.length <= 1 + 8 + 8 + 2 + 1, `${requests.length} requests`);
  });

  it('has one request more under way than there are workers, and never more', async () => {
    let arrived = 0;
    let open = (): void => undefined;
    const gate = new Promise<void>((resolve) => (open = resolve));
    // The first three wait for one another: that they all come shows that they are under way at once.
    hold = () => {
      if ((arrived += 1) === 3) open();
      return gate;
    };
    const { done } = await run(5000, 2);
    assert.deepEqual([done.succeeded, mostAtOnce], [5000, 3]);
  });

  it('sends as many at once as are answered in about two seconds, and fewer after a time-out', () => {
    const pace = new Pace(29_000);
    assert.equal(pace.inputs, 100);
    pace.answered(100, 10);
    assert.equal(pace.inputs, 400, 'one answer says little of the next');
    pace.answered(400, 40);
    assert.equal(pace.inputs, 1000, 'no more than the contract allows');
    pace.answered(1000, 20_000);
    assert.equal(pace.inputs, 100);
    pace.timedOut(100);
    assert.equal(pace.inputs, 25);
  });
});
