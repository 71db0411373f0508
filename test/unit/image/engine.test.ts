/** Addresses of a Docker engine that are none, or none that Nimbus reaches: an answer to people, never an exception. */
import assert from 'node:assert/strict';
import { openEngine } from '../../../src/core/image/engine.ts';

describe('the address of a Docker engine', () => {
  const refusal = async (host: string) => {
    const opened = await openEngine({ DOCKER_HOST: host });
    assert.ok(!opened.ok, host);
    return opened.error;
  };

  for (const host of ['tcp://', 'tcp://127.0.0.1:99999', 'fd://', ':2375']) {
    it(`${host} is none, and what one looks like is said`, async () => {
      const { what, why, next } = await refusal(host);
      assert.equal(what, 'DOCKER_HOST is no address of a Docker engine.');
      assert.equal(why, host);
      assert.match(next!, /unix:\/\/\/var\/run\/docker\.sock/);
    });
  }

  it('by SSH is told from an engine that does not answer', async () => {
    const { code, next } = await refusal('ssh://ada@example');
    assert.equal(code, 'engine-ssh');
    assert.match(next!, /ssh -nNT/);
  });

  it('where none answers is named, and that a host that runs keeps it', async () => {
    const { code, why, next } = await refusal('127.0.0.1:1');
    assert.equal(code, 'engine-missing');
    assert.match(why!, /^127\.0\.0\.1:1: /);
    assert.match(next!, /A host that runs keeps the DOCKER_HOST/);
  });
});
