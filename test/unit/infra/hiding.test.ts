import assert from 'node:assert/strict';
import { hiding } from '../../../infra/deployer/hiding.ts';

describe('values of variables', () => {
  const hide = hiding(['hunter2-"quoted"', 'hunter2', 'on', 'eu-west-1']);

  it('are in no log and in no failure, as they are or as JSON', () => {
    const line = 'Invalid: hunter2-"quoted", {"value":"hunter2-\\"quoted\\""} and hunter2';
    assert.deepEqual(hide.event({ kind: 'log', line }), {
      kind: 'log',
      line: 'Invalid: ***, {"value":"***"} and ***',
    });
    const failure = hide.failure({
      code: 'create-failed',
      what: 'It failed with hunter2.',
      why: 'hunter2 is no name',
      next: 'Do without hunter2.',
      resource: { logicalId: 'Function', type: 'AWS::Lambda::Function', reason: 'hunter2 is no name' },
    });
    assert.doesNotMatch(JSON.stringify(failure), /hunter2/);
    assert.equal(failure.code, 'create-failed');
  });

  it('leave short words and what is not for people as they are', () => {
    assert.deepEqual(hide.event({ kind: 'log', line: 'based on' }), { kind: 'log', line: 'based on' });
    const resource = { logicalId: 'hunter2', type: 'AWS::Lambda::Function', status: 'CREATE_COMPLETE' };
    assert.deepEqual(hide.event({ kind: 'progress', done: 1, resource }), { kind: 'progress', done: 1, resource });
  });
});
