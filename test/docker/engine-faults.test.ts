/** The engine itself goes away: requests fail clearly, builds too, and the endpoint heals once the engine is back. */
import assert from 'node:assert/strict';
import { openEngine } from '../../src/core/image/engine.ts';
import { post } from '../host/support.ts';
import { OwnEngine } from './own-engine.ts';
import { ContainerProject } from './project.ts';
import { docker, forwardEngine, LAMBDA_PYTHON } from './support.ts';

const HANDLER = `
import time

def load(path):
    return None

def predict(model, input):
    time.sleep(input)
    return "answered"
`;

const isBuild = (head: string): boolean => /^POST \S*\/build\?/.test(head);
const FORBIDDEN = 'HTTP/1.1 403 Forbidden\r\nContent-Length: 9\r\nConnection: close\r\n\r\nForbidden';

describe('an engine that goes away', function () {
  this.timeout(180_000);
  let engine: OwnEngine;
  let project: ContainerProject;
  let url: string;

  const ask = (seconds: number) => post(`${url}/predict`, { input: seconds });
  /** Containers that ask for it, by the engine of the test. */
  const running = async (): Promise<string[]> =>
    (await docker('--host', engine.host, 'ps', '--quiet')).split('\n').filter(Boolean);

  before(async () => {
    engine = new OwnEngine();
    await engine.start();
    engine.load(LAMBDA_PYTHON);
    project = new ContainerProject({ DOCKER_HOST: engine.host, NIMBUS_CONTAINER_NETWORK: '0' });
    // It has no network of its own to build with either.
    project.settings = { ...project.settings, network: 'host' };
    await project.connect();
    // Of a base that needs nothing installed: the engine has no network.
    url = await project.deployImage('faulty', HANDLER, { pythonVersion: '3.13', timeoutSeconds: 20 });
  });
  after(async () => {
    await project?.end();
    await engine?.end();
  });

  it('in the middle of a request fails that request, and the next one once it is back is answered', async () => {
    assert.equal((await ask(0)).body.result, 'answered');
    const slow = ask(15);
    await project.until(() => project.status('faulty')?.workers === 1);
    await engine.signal('SIGTERM');
    const failed = await slow;
    assert.equal(failed.status, 502);
    assert.match(failed.body.detail, /container|engine/i);
    const without = await ask(0);
    assert.equal(without.status, 502);
    assert.match(JSON.stringify(without.body), /Docker engine/);
    assert.match(without.body.next, /Start Docker/);
    await engine.start();
    const healed = await ask(0);
    assert.equal(healed.body.result, 'answered', JSON.stringify(healed.body));
    assert.equal(healed.body.timings.start, 'cold');
    assert.equal((await running()).length, 1);
  });

  it('that is killed leaves an endpoint that heals', async () => {
    const slow = ask(15);
    await project.until(() => project.status('faulty')?.workers === 1);
    await engine.signal('SIGKILL');
    assert.equal((await slow).status, 502);
    await engine.start();
    assert.equal((await ask(0)).body.result, 'answered');
  });

  it('is never asked twice on one connection, on which builds of newer engines hang', async () => {
    const between = await forwardEngine(engine.host);
    try {
      const opened = await openEngine({ DOCKER_HOST: between.host });
      assert.ok(opened.ok);
      await opened.value.docker.listImages();
      assert.ok(between.heads.length >= 3);
      for (const head of between.heads) assert.match(head, /^(?:GET|POST) .*\r\nconnection: close\r\n/is);
    } finally {
      between.end();
    }
  });

  for (const [what, code, between] of [
    // As one that ignores which builder is asked for.
    ['has no BuildKit', 'image-no-buildkit', (head: string) => ({ ask: head.replace('version=2', 'version=1') })],
    ['may not build', 'image-build-refused', (head: string) => (isBuild(head) ? { answer: FORBIDDEN } : { ask: head })],
  ] as const) {
    it(`that ${what} says so, with what to do, and makes nothing`, async () => {
      const network = await forwardEngine(engine.host, between);
      const other = new ContainerProject({ DOCKER_HOST: network.host });
      other.settings = { ...other.settings, network: 'host' };
      try {
        await other.connect();
        other.write('unbuilt', HANDLER);
        const { state, error } = await other.execute(other.imagePlan('unbuilt', { pythonVersion: '3.13' }));
        assert.deepEqual([state, error?.code], ['failed', code], JSON.stringify(error, undefined, 2));
        assert.match(error!.next!, /BuildKit of the engine.*docker context use/);
        assert.equal(await docker('--host', engine.host, 'image', 'ls', '--quiet', other.repository), '');
      } finally {
        await other.end();
        network.end();
      }
    });
  }

  it('before a deploy is said, with what to do', async () => {
    await engine.signal('SIGTERM');
    project.write('other', HANDLER);
    const operation = await project.execute(project.imagePlan('other', { pythonVersion: '3.13' }));
    assert.equal(operation.state, 'failed');
    assert.equal(operation.error?.code, 'engine-missing');
    assert.match(operation.error?.next ?? '', /Start Docker/);
    await engine.start();
  });
});
