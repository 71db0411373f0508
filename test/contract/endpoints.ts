/** The contract suite against the endpoints of a real host, over HTTP and over Lambda's Invoke. */
import assert from 'node:assert/strict';
import { request } from 'node:http';
import { proxyEvent } from '../../src/core/host/gateway.ts';
import { checkAnswer, contractCases, requestOf, type Answer, type ContractCase } from './cases.ts';

/** Exactly these headers and bytes; `fetch` adds some of its own. */
export function exchange(url: string, method: string, headers: Record<string, string>, body: Buffer): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method, headers: { ...headers, 'Content-Length': body.length } });
    let isAnswered = false;
    // Who answers while one still sends may close before all is sent.
    sent.on('error', (error) => isAnswered || reject(error));
    sent.on('response', (response) => {
      isAnswered = true;
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => {
        const names = Object.entries(response.headers).map(([name, value]) => [name, String(value)]);
        resolve({ status: response.statusCode!, headers: Object.fromEntries(names), body: Buffer.concat(chunks) });
      });
    });
    sent.end(body);
  });
}

/** A case as the gateway would hand it to the function. */
export function eventOf(one: ContractCase, stage: string): string {
  const { headers, body } = requestOf(one);
  return proxyEvent({
    method: one.request.method,
    path: one.request.path,
    query: '',
    rawHeaders: Object.entries(headers).flat(),
    body,
    arrivedMs: Date.now(),
    requestId: 'of-the-gateway',
    sourceIp: '127.0.0.1',
    stage,
    apiId: 'test',
    domainName: 'test',
  });
}

/** What the gateway would make of a function's answer. */
export function proxied(payload: Uint8Array): Answer {
  const result = JSON.parse(Buffer.from(payload).toString()) as {
    statusCode: number;
    headers: Record<string, string>;
    body: string;
    isBase64Encoded?: boolean;
  };
  const headers = Object.entries(result.headers).map(([name, value]) => [name.toLowerCase(), value]);
  return {
    status: result.statusCode,
    headers: Object.fromEntries(headers) as Record<string, string>,
    body: Buffer.from(result.body, result.isBase64Encoded ? 'base64' : 'utf8'),
  };
}

/** Of the models that are deployed under `deployment` on the host at `hostUrl`. */
export function testEndpoints(deployment: string, models: readonly string[], hostUrl: () => string): void {
  const cases = contractCases().filter(({ model }) => models.includes(model));
  describe('over HTTP', () => {
    for (const one of cases) {
      it(one.name, async () => {
        const { headers, body } = requestOf(one);
        const url = `${hostUrl()}/${one.model}/${deployment}${one.request.path}`;
        const answer = await exchange(url, one.request.method, headers, body);
        assert.match(answer.headers['server-timing']!, /\btotal;dur=/);
        checkAnswer(one, answer);
      });
    }
  });

  describe('over Invoke', () => {
    for (const one of cases) {
      it(one.name, async () => {
        const event = eventOf(one, deployment);
        const url = `${hostUrl()}/2015-03-31/functions/nimbus-${one.model}-${deployment}/invocations`;
        const invoked = await exchange(url, 'POST', {}, Buffer.from(event));
        if (event.length > 6 * 1024 * 1024) {
          // Lambda itself refuses the event; API Gateway makes a problem of it.
          assert.deepEqual([invoked.status, one.expect.status], [413, 413]);
          return;
        }
        assert.equal(invoked.status, 200, invoked.body.toString().slice(0, 500));
        assert.equal(invoked.headers['x-amz-function-error'], undefined, invoked.body.toString().slice(0, 500));
        checkAnswer(one, proxied(invoked.body));
      });
    }
  });
}
