/** What the emulator of AWS cannot be brought to: answers in the shapes of AWS Lambda's API reference, by a server of the test. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LambdaClient } from '@aws-sdk/client-lambda';
import { askingFunction } from '../../../src/core/cloud/function-errors.ts';
import { setCode, settled } from '../../../src/core/cloud/set-code.ts';
import { moveAlias } from '../../../src/core/cloud/switch.ts';
import type { Outcome } from '../../../src/shared/outcome.ts';

const NAME = 'nimbus-triage-prod';
const REPOSITORY = '123456789012.dkr.ecr.eu-west-1.amazonaws.com/nimbus';
const DIGEST = `sha256:${'b2'.repeat(32)}`;
const OTHER = `sha256:${'c3'.repeat(32)}`;
const FUNCTION = `/2015-03-31/functions/${NAME}`;

/** `lost`: the connection ends before the answer. */
type Answer = { status?: number; error?: string; body?: object } | 'lost';

describe("AWS Lambda's calls, by documented answers", () => {
  let server: Server;
  let client: LambdaClient;
  /** What was asked for, by method and path. */
  let asked: string[];
  /** By method and path the answers in turn; the last of them stays. */
  let answers: Record<string, Answer[]>;

  beforeEach(async () => {
    asked = [];
    answers = {};
    server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    client = new LambdaClient({
      endpoint: `http://127.0.0.1:${port}`,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    });
  });
  afterEach(async () => {
    client.destroy();
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  });

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    request.resume();
    await once(request, 'end');
    const key = `${request.method} ${request.url}`;
    asked.push(key);
    const queue = answers[key] ?? [{ status: 500, error: 'ServiceException' }];
    const next = queue.length > 1 ? queue.shift()! : queue[0]!;
    if (next === 'lost') return void request.socket.destroy();
    const { status = 200, error, body = { Type: 'User', message: 'as documented' } } = next;
    response.writeHead(status, { 'content-type': 'application/json', ...(error ? { 'x-amzn-errortype': error } : {}) });
    response.end(JSON.stringify(body));
  }

  const signal = new AbortController().signal;
  const shell = { signal, log: () => undefined };
  const image = (digest: string) => ({
    ImageUri: `${REPOSITORY}@${digest}`,
    ResolvedImageUri: `${REPOSITORY}@${digest}`,
  });
  /** Of GetFunction. */
  const found = (configuration: object, digest = DIGEST): Answer => ({
    body: { Configuration: { FunctionName: NAME, State: 'Active', ...configuration }, Code: image(digest) },
  });
  const set = (): Promise<Outcome<unknown>> =>
    askingFunction(NAME, signal, () =>
      setCode(client, { functionName: NAME, repositoryUri: REPOSITORY, digest: DIGEST }, shell),
    );
  const code = (outcome: Outcome<unknown>) => (outcome.ok ? 'ok' : outcome.error.code);

  it('waits while an image is made ready, and for a version that is not active yet', async () => {
    const pending = { State: 'Pending', StateReasonCode: 'Creating', Version: '7' };
    answers[`GET ${FUNCTION}?Qualifier=7`] = [found(pending), found(pending), found({ Version: '7' })];
    const ready = await settled(client, { functionName: NAME, qualifier: '7' }, signal);
    assert.equal(ready.ok && ready.value.configuration.State, 'Active');
    assert.equal(asked.length, 3);
  });

  it('says why AWS Lambda could not take the image', async () => {
    const LastUpdateStatusReason = 'Lambda does not have permission to access the ECR image.';
    answers = {
      [`GET ${FUNCTION}/configuration`]: [{ body: { RevisionId: 'r1', Architectures: ['arm64'] } }],
      [`PUT ${FUNCTION}/code`]: [{ body: { LastUpdateStatus: 'InProgress' } }],
      [`GET ${FUNCTION}`]: [
        found({ LastUpdateStatus: 'InProgress' }),
        found({ LastUpdateStatus: 'Failed', LastUpdateStatusReasonCode: 'ImageAccessDenied', LastUpdateStatusReason }),
      ],
    };
    const outcome = await set();
    assert.deepEqual(outcome.ok || [outcome.error.code, outcome.error.why], ['update-failed', LastUpdateStatusReason]);
  });

  it('goes on where its own first try came through, and only the answer was lost', async () => {
    answers = {
      [`GET ${FUNCTION}/configuration`]: [{ body: { RevisionId: 'r1', Architectures: ['x86_64'] } }],
      [`PUT ${FUNCTION}/code`]: ['lost', { status: 412, error: 'PreconditionFailedException' }],
      [`GET ${FUNCTION}`]: [found({ LastUpdateStatus: 'Successful' })],
    };
    assert.equal(code(await set()), 'ok');
    answers[`GET ${FUNCTION}`] = [found({ LastUpdateStatus: 'Successful' }, OTHER)];
    assert.equal(code(await set()), 'function-busy');
    answers = {
      [`PUT ${FUNCTION}/aliases/live`]: ['lost', { status: 412, error: 'PreconditionFailedException' }],
      [`GET ${FUNCTION}/aliases/live`]: [{ body: { FunctionVersion: '7' } }],
    };
    await moveAlias(client, NAME, '7', { RevisionId: 'r1' });
    await assert.rejects(moveAlias(client, NAME, '8', { RevisionId: 'r1' }), { name: 'PreconditionFailedException' });
  });

  it('tells a lack of permission from too many calls', async () => {
    answers[`GET ${FUNCTION}/configuration`] = [{ status: 403, error: 'AccessDeniedException' }];
    assert.equal(code(await set()), 'denied');
    assert.equal(asked.length, 1);
    answers[`GET ${FUNCTION}/configuration`] = [{ status: 429, error: 'TooManyRequestsException' }];
    assert.equal(code(await set()), 'throttled');
    assert.ok(asked.length > 2, 'the SDK tries again by itself');
  });
});
