/** What is said of an engine that Nimbus does not reach, before anybody is asked. */
import assert from 'node:assert/strict';
import { openEngine } from '../../../src/core/image/engine.ts';

describe('DOCKER_HOST', () => {
  for (const [host, code, text] of [
    ['ssh://somebody@machine', 'engine-ssh', /engine of DOCKER_HOST is reached by SSH[^]*ssh -nNT/],
    ['tcp://:2375', 'engine-missing', /engine of DOCKER_HOST has no address[^]*tcp:\/\/:2375/],
    ['tcp://one machine:2375', 'engine-missing', /engine of DOCKER_HOST has no address/],
  ] as const) {
    it(`of ${host} is refused with what to do`, async () => {
      const opened = await openEngine({ DOCKER_HOST: host });
      assert.ok(!opened.ok);
      const { code: found, what, why, next } = opened.error;
      assert.equal(found, code, what);
      assert.match([what, why, next].join('\n'), text);
    });
  }
});
