import assert from 'node:assert/strict';
import { ECHO, get, post, TestProject } from './support.ts';

describe('a deployed model', function () {
  this.timeout(30_000);
  let project: TestProject;
  let url: string;

  before(async () => {
    project = new TestProject();
    await project.connect();
    url = await project.deploy('echo', ECHO, {
      description: 'Says it again',
      examples: [{ input: 'hi', expect: 'hi' }],
    });
  });
  after(() => project.end());

  it('is idle after the deploy: the first request is cold, the second warm, and after Force Cold cold again', async () => {
    // A worker that is leaving still counts until it has ended.
    await project.until(() => project.status('echo')?.state === 'idle' && project.status('echo')?.workers === 0);
    const first = await post(`${url}/predict`, { text: 'a' });
    assert.equal(first.status, 200);
    assert.equal(first.body.result, 'a');
    assert.equal(first.body.timings.start, 'cold');
    assert.equal((await post(`${url}/predict`, { input: [1] })).body.timings.start, 'warm');
    const cold = await project.host.api.cold(project.key('echo'));
    assert.ok(cold.ok && cold.value.workers === 0 && cold.value.state === 'idle');
    assert.equal((await post(`${url}/predict`, { input: null })).body.timings.start, 'cold');
    const status = await project.untilState('echo', 'serving');
    assert.deepEqual(Object.keys(status.lastMs).sort(), ['cold', 'warm']);
  });

  it('tells its phases in Server-Timing, a start only where the request waited for one', async () => {
    await project.host.api.cold(project.key('echo'));
    const parts = (reply: { headers: Headers }): Record<string, number> =>
      Object.fromEntries(
        reply.headers
          .get('server-timing')!
          .split(', ')
          .map((one) => one.split(';dur='))
          .map(([name, ms]) => [name!, Number(ms)]),
      );
    const cold = parts(await post(`${url}/predict`, { text: 'a' }));
    assert.ok(cold['interpreter']! > 0 && cold['start']! > 0 && cold['load']! > 0, JSON.stringify(cold));
    const { total, ...others } = cold;
    assert.ok(Object.values(others).reduce((sum, ms) => sum + ms, 0) <= total!);
    const warm = parts(await post(`${url}/predict`, { text: 'a' }));
    assert.equal(warm['start']! + warm['interpreter']! + warm['imports']! + warm['load']!, 0);
    assert.ok(warm['handler']! > 0);
  });

  it('answers health and card without a worker, ready=1 with one', async () => {
    await project.host.api.cold(project.key('echo'));
    const health = await get(`${url}/health`);
    assert.equal(health.body.status, 'healthy');
    assert.equal(health.body.version.length, 64);
    const card = (await get(url)).body;
    assert.deepEqual([card.model, card.description, card.limits.timeoutSeconds], ['echo', 'Says it again', 29]);
    assert.equal((await project.host.api.start(project.key('echo'))).ok, true);
    assert.equal((await project.untilState('echo', 'idle')).workers, 0);
    assert.equal((await get(`${url}/health?ready=1`)).body.status, 'healthy');
    await project.untilState('echo', 'serving');
  });

  it('is stopped and started', async () => {
    const stopped = await project.host.api.stop(project.key('echo'));
    assert.ok(stopped.ok && stopped.value.state === 'stopped' && stopped.value.workers === 0);
    const refused = await post(`${url}/predict`, { text: 'a' });
    assert.equal(refused.status, 503);
    assert.equal(refused.body.type, 'urn:nimbus:problem:stopped');
    assert.equal(refused.headers.get('content-type'), 'application/problem+json');
    assert.equal(refused.headers.get('x-request-id'), refused.body.requestId);
    assert.ok((await project.host.api.start(project.key('echo'))).ok);
    assert.equal((await post(`${url}/predict`, { text: 'a' })).body.timings.start, 'cold');
  });
});
