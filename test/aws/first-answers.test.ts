/** The end of a deploy, on documented answers: what AWS makes known only after a while, and the emulator at once. */
import assert from 'node:assert/strict';
import { firstAnswers } from '../../src/core/cloud/first-answers.ts';
import type { ModelCard } from '../../src/shared/contract.ts';
import type { CloudStatus } from '../../src/shared/states.ts';
import { answering, BROKEN, type Answered } from './answers.ts';

const STACK = 'nimbus-triage-prod';
const VERSION = 'a1'.repeat(32);
const KEY = '/apikeys/k1?includeValue=true';

const cloud: Omit<CloudStatus, 'url'> = {
  account: '123456789012',
  region: 'eu-west-1',
  stack: STACK,
  functionName: STACK,
  apiId: 'abc',
  stage: 'prod',
  logGroup: `/aws/lambda/${STACK}`,
  auth: 'key',
  keyId: 'k1',
  digest: `sha256:${'d'.repeat(64)}`,
};

describe('the first answers of a deploy to AWS, on documented answers', function () {
  this.timeout(60_000);

  it('are waited for until the name, the key and the version are known everywhere', async () => {
    const healthy = (version: string): Answered => ({ status: 200, body: { status: 'healthy', version } });
    const result = { label: 'urgent' };
    const turns: Record<string, Answered[]> = {
      [KEY]: [{ status: 200, body: { id: 'k1', value: 'secret' } }],
      '/health': [BROKEN, { status: 403, body: { message: 'Forbidden' } }, healthy('old'), healthy(VERSION)],
      '/predict': [{ status: 200, body: { model: 'triage', version: VERSION, result, timings: { start: 'warm' } } }],
    };
    const server = await answering(({ path }) => {
      const queue = turns[path]!;
      return queue.length > 1 ? queue.shift() : queue[0];
    });
    const model = { spec: { framework: 'custom' as const, examples: [{ input: 'x' }] }, card: {} as ModelCard };
    const shell = { stage: () => undefined, log: () => undefined, signal: new AbortController().signal };
    const { url, config, asked } = server;
    const done = await firstAnswers(
      { config, cloud: { ...cloud, url }, ...model, probe: undefined, version: VERSION },
      shell,
    );
    await server.end();
    assert.ok(done.ok, JSON.stringify(done));
    assert.deepEqual(done.value.result, result);
    const health = Array.from({ length: 4 }, () => '/health');
    assert.deepEqual(
      asked.map(({ path }) => path),
      [KEY, ...health, '/predict', '/predict'],
    );
    assert.ok(asked.slice(1).every(({ headers }) => headers['x-api-key'] === 'secret'));
  });
});
