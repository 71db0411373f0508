import assert from 'node:assert/strict';
import { Bench, type Options, type Playground } from './browser.ts';

/** A browser for the tests of a suite; each opens pages of its own, and fails where one of them complained. */
export function playgrounds(): { open(options?: Options): Promise<Playground> } {
  let bench: Bench;
  const opened: Playground[] = [];
  before(async () => {
    bench = await Bench.start();
  });
  after(() => bench.stop());
  afterEach(async () => {
    const complaints: unknown[] = [];
    for (const one of opened.splice(0)) {
      complaints.push(...one.complaints);
      await one.close();
    }
    assert.deepEqual(complaints, []);
  });
  return {
    async open(options) {
      const playground = await bench.open(options);
      opened.push(playground);
      return playground;
    },
  };
}
