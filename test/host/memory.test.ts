import assert from 'node:assert/strict';
import { watchMemory, type MachineMemory, type MemoryLimit } from '../../src/core/host/memory.ts';
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
        stop = watchMemory(
          process.pid,
          { bytes: 1, declared: true },
          {
            memory: () => {
              // The first look saw nothing; those after it can.
              pretend(platform);
              process.env['PATH'] = PATH;
            },
            breach: resolve,
          },
        );
      });
      assert.equal(reason.code, 'out-of-memory');
    } finally {
      stop();
      pretend(platform);
      process.env['PATH'] = PATH;
    }
  });

  it('ends a large worker without memoryMb, and no small or limited one, before the machine has none left', async () => {
    const own = process.memoryUsage.rss();
    const scarce = (total: number) => ({ total: () => total, available: () => total * 0.04 });
    const look = (limit: MemoryLimit, machine: MachineMemory): Promise<Failure | undefined> =>
      new Promise((resolve) => {
        let looks = 0;
        const stop = watchMemory(
          process.pid,
          limit,
          {
            memory: () => {
              looks += 1;
              if (looks < 2) return;
              stop();
              resolve(undefined);
            },
            breach: resolve,
          },
          machine,
        );
      });
    const large = own * 2;
    const small = own * 100;
    const undeclared = { bytes: Infinity, declared: false };
    const ended = await look(undeclared, scarce(large));
    assert.equal(ended?.code, 'out-of-memory');
    assert.match(ended.detail, /this machine had \d[\d,]* MB left/);
    assert.equal(await look(undeclared, scarce(small)), undefined);
    assert.equal(await look({ bytes: Infinity, declared: true }, scarce(large)), undefined);
    assert.equal(await look(undeclared, { total: () => large, available: () => large * 0.5 }), undefined);
  });
});
