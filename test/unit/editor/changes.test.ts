import assert from 'node:assert/strict';
import fc from 'fast-check';
import { difference } from '../../../src/editor/store/changes.ts';
import type { ModelSpec } from '../../../src/shared/spec.ts';

const spec = fc.record({ path: fc.string(), framework: fc.constant('custom' as const), memoryMb: fc.integer() });
const models = fc.dictionary(fc.stringMatching(/^[a-z][a-z0-9-]{0,5}$/), spec, { noNullPrototype: false });

describe('the difference of two readings of models.json', () => {
  it('is nothing between equal ones', () => {
    fc.assert(
      fc.property(models, (before) => {
        assert.deepEqual(difference(before, structuredClone(before)), { list: false, changed: [] });
      }),
    );
  });

  it('names exactly the models whose entry differs', () => {
    fc.assert(
      fc.property(models, fc.array(fc.boolean()), (before, choices) => {
        const after: Record<string, ModelSpec> = structuredClone(before);
        const expected = Object.keys(before).filter((_, index) => choices[index]);
        for (const name of expected) after[name]!.description = 'edited';
        assert.deepEqual(difference(before, after), { list: false, changed: expected });
      }),
    );
  });

  it('sees models come, go and change places', () => {
    const one: ModelSpec = { path: 'a', framework: 'custom' };
    assert.equal(difference({ one }, { one, two: one }).list, true);
    assert.equal(difference({ one, two: one }, { one }).list, true);
    assert.equal(difference({ one, two: one }, { two: one, one }).list, true);
  });
});
