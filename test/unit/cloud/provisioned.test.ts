import assert from 'node:assert/strict';
import { provisionedText } from '../../../src/core/cloud/switch.ts';

describe('what is said of provisioned concurrency after a version has begun to serve', () => {
  it('is nothing where all is ready, else what callers may notice, and why', () => {
    assert.deepEqual(provisionedText(undefined), []);
    assert.deepEqual(provisionedText({ wanted: 2, ready: 2, status: 'READY' }), []);
    const under = { wanted: 2, ready: 1, status: 'IN_PROGRESS' };
    assert.match(provisionedText(under).join(), /^1 of 2 provisioned environments are ready: .* may start cold$/);
    const failed = { wanted: 2, ready: 0, status: 'FAILED', why: 'FUNCTION_ERROR_INIT_FAILURE' };
    assert.match(provisionedText(failed).join(), /failed, so requests may start cold: FUNCTION_ERROR_INIT_FAILURE$/);
  });
});
