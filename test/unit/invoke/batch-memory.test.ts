/** A batch holds a part of its file at a time, also where one request takes longer than all the others. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('batch-process.ts', import.meta.url));
const LINES = 100_000;
/** With its answers the whole file would take some 200 MB. */
const HEAP_MB = 96;
const LINE = 'x'.repeat(800);
/** Nothing tells that no request comes any more but that none does; where it fires too early nothing is tested wrongly. */
const QUIET_MS = 1000;

describe('a batch of 100,000 lines', function () {
  this.timeout(120_000);
  let folder: string;
  before(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'nb-'));
  });
  after(() => rmSync(folder, { recursive: true }));

  it(`runs in a heap of ${HEAP_MB} MB, and waits for the first answer instead of reading on`, async () => {
    const file = path.join(folder, 'in.txt');
    const stream = createWriteStream(file);
    for (let line = 0; line < LINES; line++) if (!stream.write(`${line} ${LINE}\n`)) await once(stream, 'drain');
    await once(stream.end(), 'close');

    let received = 0;
    let mostAhead = 0;
    let head: (() => void) | undefined;
    let isReleased = false;
    let quiet: NodeJS.Timeout | undefined;
    const release = (): void => {
      isReleased = true;
      head?.();
    };
    const reply = (response: ServerResponse, inputs: unknown[]): void => {
      const success = inputs.map((result, index) => ({ index, result }));
      response.setHeader('server-timing', `handler;dur=${inputs.length}`);
      response.end(JSON.stringify({ version: 'v', success, failed: [], timings: {} }));
    };
    const server = createServer(async (request, response) => {
      const parts: Buffer[] = [];
      for await (const part of request) parts.push(part as Buffer);
      const { inputs } = JSON.parse(Buffer.concat(parts).toString()) as { inputs: unknown[] };
      received += inputs.length;
      if (!isReleased) {
        mostAhead = received;
        clearTimeout(quiet);
        if (received < LINES) quiet = setTimeout(release, QUIET_MS);
        else setImmediate(release);
      }
      if (String(inputs[0]).startsWith('0 ')) head = () => reply(response, inputs);
      else reply(response, inputs);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const out = path.join(folder, 'out.jsonl');
      const child = spawn(
        process.execPath,
        [`--max-old-space-size=${HEAP_MB}`, SCRIPT, `http://127.0.0.1:${port}`, file, out],
        { stdio: ['ignore', 'inherit', 'pipe'] },
      );
      let said = '';
      child.stderr.on('data', (text) => (said += String(text)));
      const [code] = (await once(child, 'close')) as [number | null];
      assert.equal(code, 0, said.slice(-2000));
      assert.ok(mostAhead < LINES / 4, `${mostAhead} lines were read ahead of the first answer`);
      let count = 0;
      for await (const line of createInterface({ input: createReadStream(out) })) {
        const { index, result } = JSON.parse(line) as { index: number; result: string };
        if (index !== count || !result.startsWith(`${count} x`)) assert.fail(`line ${count} is ${line.slice(0, 80)}`);
        count += 1;
      }
      assert.equal(count, LINES);
    } finally {
      clearTimeout(quiet);
      server.closeAllConnections();
      server.close();
    }
  });
});
