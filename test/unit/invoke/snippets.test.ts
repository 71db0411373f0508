/** Code for an endpoint that asks for an API key; code without one runs against a real host in test/host. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { promisify } from 'node:util';
import { codeFor } from '../../../src/core/invoke/snippets.ts';
import { testPython } from '../environment/python.ts';

describe('code for an endpoint with a key', () => {
  const asked: IncomingHttpHeaders[] = [];
  const server = createServer((request, response) => {
    asked.push(request.headers);
    request.resume().once('end', () => response.end('{"result": "fine"}'));
  });
  let url: string;

  before(async () => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  after(() => server.close());

  const RUN = {
    curl: ['sh', '-c'],
    python: [testPython(), '-c'],
    typescript: [process.execPath, '--input-type=module-typescript', '-e'],
  };

  for (const [language, [program, ...flags]] of Object.entries(RUN)) {
    it(`takes it from a variable (${language})`, async () => {
      const code = codeFor(language as keyof typeof RUN, url, { input: 'x' }, { withKey: true });
      const env = { ...process.env, NIMBUS_API_KEY: 'k3y of "quotes" $HOME', no_proxy: '127.0.0.1' };
      const { stdout } = await promisify(execFile)(program!, [...flags, code], { env });
      assert.match(stdout, /fine/);
      assert.equal(asked.at(-1)!['x-api-key'], env.NIMBUS_API_KEY);
    });
  }
});
