import assert from 'node:assert/strict';

/** Equal, numbers within `near`. */
export function assertClose(actual: unknown, expected: unknown, near = 1e-6): void {
  if (typeof expected === 'number') {
    assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < near, `${actual} is not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.deepEqual(Object.keys(actual as object), Object.keys(expected));
    for (const [key, value] of Object.entries(expected))
      assertClose((actual as Record<string, unknown>)[key], value, near);
  } else {
    assert.deepEqual(actual, expected);
  }
}
