import assert from 'node:assert/strict';
import { watchMemory } from '../../src/core/host/memory.ts';
import type { Failure } from '../../src/core/host/problems.ts';

describe('watching the memory of a worker', function () {
  this.timeout(20_000);

  it('goes on after a look that failed', async () => {
    const { platform } = process;
    const { PATH } = process.env;
    const pretend = (value: string): void => void Object.defineProperty(process, 'platform', { value });
    // A system without /proc, and without `ps`.
    pretend('darwin');
    process.env['PATH'] = '/nowhere';
    let stop = (): void => undefined;
    try {
      const reason = await new Promise<Failure>((resolve) => {
        stop = watchMemory(process.pid, 1, {
          memory: () => {
            // The first look saw nothing; those after it can.
            pretend(platform);
            process.env['PATH'] = PATH;
          },
          breach: resolve,
        });
      });
      assert.equal(reason.code, 'out-of-memory');
    } finally {
      stop();
      pretend(platform);
      process.env['PATH'] = PATH;
    }
  });
});
