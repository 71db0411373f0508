import assert from 'node:assert/strict';
import type { LockContext } from '../../../src/core/environment/lock-status.ts';
import type { EnvironmentChoice } from '../../../src/core/environment/plan.ts';
import { problemsOf } from '../../../src/core/environment/problems.ts';

const LOCK: LockContext = { file: '/project/nimbus.lock', sections: [], requirements: [], argument: 'm' };
const CHOICE: EnvironmentChoice = {
  plan: { kind: 'create', base: '/python', version: '3.11.4', requirements: ['pandas'], tool: 'uv', key: 'k' },
  label: 'New environment, Python 3.11.4',
  detail: '',
  problems: ['nimbus.lock is out of date.'],
  mismatches: [],
};

describe('what people should know of a Python before they agree to it', () => {
  const said = (isImage: boolean) =>
    problemsOf(CHOICE, { diagnosis: undefined, lock: LOCK, foreign: ['words'], unreadable: [], isImage });

  it('is what is wrong with it and with the model', () => {
    const [first, second, ...more] = said(false);
    assert.equal(first, 'nimbus.lock is out of date.');
    assert.match(second!, /^It names the module words/);
    assert.deepEqual(more, []);
  });

  it('is nothing of its packages and its lock where it only reads the model for an image', () => {
    const [first, ...more] = said(true);
    assert.match(first!, /^It names the module words/);
    assert.deepEqual(more, []);
  });
});
