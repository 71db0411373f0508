/** What is sent to an API whose callers sign, checked as AWS does: from the request that arrived. */
import assert from 'node:assert/strict';
import { createHash, createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { signerFor } from '../../../src/core/cloud/sign.ts';
import { fetchCard } from '../../../src/core/invoke/card.ts';
import { postBatch } from '../../../src/core/invoke/predict.ts';

const KEYS = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };
const REGION = 'eu-west-1';

const hash = (data: string | Buffer): string => createHash('sha256').update(data).digest('hex');
const hmac = (key: string | Buffer, data: string): Buffer => createHmac('sha256', key).update(data).digest();

/** By https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html */
function signatureOf({ method, url = '', headers }: IncomingMessage, body: Buffer): string {
  const [, scope = '', names = ''] =
    /Credential=[^/]+\/(\S+), SignedHeaders=(\S+),/.exec(headers.authorization ?? '') ?? [];
  const signed = names.split(';');
  const lines = signed.map((name) => `${name}:${String(headers[name]).trim()}\n`).join('');
  const canonical = [method, url, '', lines, names, hash(body)].join('\n');
  const toSign = ['AWS4-HMAC-SHA256', headers['x-amz-date'], scope, hash(canonical)].join('\n');
  const key = scope
    .split('/')
    .reduce<string | Buffer>((above, part) => hmac(above, part), `AWS4${KEYS.AWS_SECRET_ACCESS_KEY}`);
  return createHmac('sha256', key).update(toSign).digest('hex');
}

describe('a signed request', () => {
  let server: Server;
  let url: string;
  let arrived: { request: IncomingMessage; body: Buffer }[];

  before(async () => {
    server = createServer((request, response) => {
      void (async () => {
        arrived.push({ request, body: await buffer(request) });
        response.writeHead(200, { 'content-type': 'application/json' }).end('{}');
      })();
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/prod`;
  });
  after(async () => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });
  beforeEach(() => (arrived = []));

  async function signer(env: NodeJS.ProcessEnv) {
    const made = await signerFor({ account: '123456789012', region: REGION }, env);
    if (!made.ok) assert.fail(JSON.stringify(made.error));
    return made.value;
  }

  it('has a signature for API Gateway that goes with what arrives, with a body and without', async () => {
    const sign = await signer(KEYS);
    assert.equal((await postBatch(url, ['größer', 'x'], { sign })).status, 200);
    await fetchCard(url, { sign });
    assert.equal(arrived.length, 2);
    for (const { request, body } of arrived) {
      const { authorization = '' } = request.headers;
      assert.match(authorization, /Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request/);
      assert.match(authorization, /SignedHeaders=(content-type;)?host;/);
      assert.ok(authorization.endsWith(`Signature=${signatureOf(request, body)}`), authorization);
    }
  });

  it('has the token of temporary keys', async () => {
    const sign = await signer({ ...KEYS, AWS_SESSION_TOKEN: 'a-token' });
    await fetchCard(url, { sign });
    const { headers } = arrived[0]!.request;
    assert.equal(headers['x-amz-security-token'], 'a-token');
    assert.match(headers.authorization ?? '', /;x-amz-security-token/);
  });

  it('is not sent where there is nothing to sign with', async () => {
    const sign = async (): Promise<never> => {
      throw new Error('the session has expired');
    };
    const { status, problem } = await postBatch(url, ['x'], { sign });
    assert.deepEqual([status, problem?.type, arrived.length], [0, 'urn:nimbus:problem:not-signed', 0]);
    assert.match(problem!.detail, /the session has expired/);
  });
});
