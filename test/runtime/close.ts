import assert from 'node:assert/strict';

/** Equal, numbers within 1e-6. */
export function assertClose(actual: unknown, expected: unknown): void {
  if (typeof expected === 'number') {
    assert.ok(typeof actual === 'number' && Math.abs(actual - expected) < 1e-6, `${actual} is not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.deepEqual(Object.keys(actual as object), Object.keys(expected));
    for (const [key, value] of Object.entries(expected)) assertClose((actual as Record<string, unknown>)[key], value);
  } else {
    assert.deepEqual(actual, expected);
  }
}
