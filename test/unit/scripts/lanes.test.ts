import assert from 'node:assert/strict';
import { inLanes } from '../../../scripts/lib/lanes.mjs';

describe('work in lanes', () => {
  const gate = (): { open: () => void; opened: Promise<void> } => {
    let open!: () => void;
    const opened = new Promise<void>((resolve) => (open = resolve));
    return { open, opened };
  };

  it('runs at most so many at once, in their order, and answers in it', async () => {
    const gates = ['a', 'b', 'c'].map(gate);
    const begun: number[] = [];
    const all = inLanes(
      [0, 1, 2],
      2,
      async (item) => {
        begun.push(item);
        await gates[item]!.opened;
        return item * 10;
      },
      () => undefined,
    );
    assert.deepEqual(begun, [0, 1]);
    gates[1]!.open();
    await new Promise(setImmediate);
    assert.deepEqual(begun, [0, 1, 2]);
    gates[2]!.open();
    gates[0]!.open();
    assert.deepEqual(await all, [0, 10, 20]);
  });

  it('prints what each says whole and in their order, the first at once', async () => {
    const gates = ['a', 'b', 'c'].map(gate);
    let out = '';
    const all = inLanes(
      [0, 1, 2],
      3,
      async (item, print) => {
        print(`${item} begins. `);
        await gates[item]!.opened;
        print(`${item} ends. `);
      },
      (text) => (out += text),
    );
    assert.equal(out, '0 begins. ');
    gates[1]!.open();
    await new Promise(setImmediate);
    assert.equal(out, '0 begins. ');
    gates[0]!.open();
    await new Promise(setImmediate);
    assert.equal(out, '0 begins. 0 ends. 1 begins. 1 ends. 2 begins. ');
    gates[2]!.open();
    await all;
    assert.equal(out, '0 begins. 0 ends. 1 begins. 1 ends. 2 begins. 2 ends. ');
  });

  it('fails with what failed', async () => {
    await assert.rejects(
      inLanes(
        [0, 1],
        2,
        async (item) => {
          if (item === 0) throw new Error('not this one');
        },
        () => undefined,
      ),
      /not this one/,
    );
  });
});
