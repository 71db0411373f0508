/** What is made of the events of a stack; their texts are as AWS CloudFormation writes them. */
import assert from 'node:assert/strict';
import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { Activity, begins, plain } from '../../../infra/deployer/activity.ts';
import { failureOf, stackFailure } from '../../../infra/deployer/failures.ts';

const STACK = 'arn:aws:cloudformation:eu-west-1:123456789012:stack/nimbus-a-b/1';

function event(id: string, type: string, status: string, reason?: string): StackEvent {
  const ofStack = type === 'AWS::CloudFormation::Stack';
  return {
    StackId: STACK,
    EventId: `${id}-${status}`,
    StackName: 'nimbus-a-b',
    Timestamp: new Date(0),
    LogicalResourceId: id,
    PhysicalResourceId: ofStack ? STACK : id,
    ResourceType: type,
    ResourceStatus: status as NonNullable<StackEvent['ResourceStatus']>,
    ResourceStatusReason: reason,
  };
}
const stack = (status: string, reason?: string) => event('nimbus-a-b', 'AWS::CloudFormation::Stack', status, reason);

function activity(events: StackEvent[], total?: number): Activity {
  const one = new Activity(total);
  for (const each of events) one.take(each);
  return one;
}

describe('the activity of a stack', () => {
  it('counts resources once, however often something is said of them', () => {
    const one = new Activity(2);
    one.take(stack('UPDATE_IN_PROGRESS', 'User Initiated'));
    one.take(event('Log', 'AWS::Logs::LogGroup', 'UPDATE_IN_PROGRESS'));
    one.take(event('Log', 'AWS::Logs::LogGroup', 'UPDATE_COMPLETE'));
    one.take(event('Version', 'AWS::Lambda::Version', 'CREATE_COMPLETE'));
    const said = one.take(event('Log', 'AWS::Logs::LogGroup', 'DELETE_COMPLETE'));
    assert.deepEqual(said, {
      kind: 'progress',
      done: 2,
      total: 2,
      resource: { logicalId: 'Log', type: 'AWS::Logs::LogGroup', status: 'DELETE_COMPLETE' },
    });
  });

  it('takes the first that failed by itself for the cause, not what was cancelled with it or failed after it', () => {
    const { cause } = activity([
      event('Role', 'AWS::IAM::Role', 'CREATE_FAILED', 'Resource creation cancelled'),
      event(
        'Function',
        'AWS::Lambda::Function',
        'CREATE_FAILED',
        'Resource handler returned message: "Source image 1.dkr.ecr/x@sha256:0 does not exist. Provide a valid source image. (Service: Lambda, Status Code: 400, Request ID: 5f)" (RequestToken: 6a, HandlerErrorCode: InvalidRequest)',
      ),
      stack(
        'ROLLBACK_IN_PROGRESS',
        'The following resource(s) failed to create: [Role, Function]. Rollback requested by user.',
      ),
      event('Log', 'AWS::Logs::LogGroup', 'DELETE_FAILED', 'Access denied'),
    ]);
    assert.deepEqual(cause, {
      logicalId: 'Function',
      type: 'AWS::Lambda::Function',
      reason: 'Source image 1.dkr.ecr/x@sha256:0 does not exist. Provide a valid source image.',
    });
  });

  it('takes the stack itself for the cause where no resource failed', () => {
    const { cause } = activity([
      stack('UPDATE_FAILED', 'Output Url: no such attribute'),
      stack('UPDATE_ROLLBACK_IN_PROGRESS'),
    ]);
    assert.equal(cause?.reason, 'Output Url: no such attribute');
  });

  it('tells an update that somebody cancelled from one that failed', () => {
    const events = [
      event('Function', 'AWS::Lambda::Function', 'UPDATE_FAILED', 'Resource update cancelled'),
      stack('UPDATE_ROLLBACK_IN_PROGRESS', 'User Initiated'),
    ];
    assert.equal(activity(events).cancelledByUser, true);
    const failed = [event('Function', 'AWS::Lambda::Function', 'UPDATE_FAILED', 'No'), ...events];
    assert.equal(activity(failed).cancelledByUser, false);
    assert.equal(
      activity([stack('UPDATE_ROLLBACK_IN_PROGRESS', 'The following resource(s) failed')]).cancelledByUser,
      false,
    );
  });

  it('knows what began an operation', () => {
    assert.ok(begins(stack('UPDATE_IN_PROGRESS', 'User Initiated')));
    assert.ok(!begins(stack('UPDATE_ROLLBACK_IN_PROGRESS')));
    assert.ok(!begins(stack('UPDATE_COMPLETE_CLEANUP_IN_PROGRESS')));
    assert.ok(!begins(event('Nested', 'AWS::Lambda::Function', 'UPDATE_IN_PROGRESS')));
  });

  it('leaves a reason without wrapping as it is', () => {
    assert.equal(plain('Role r (in a) already exists.'), 'Role r (in a) already exists.');
    assert.equal(plain('Resource handler returned message: "No" (HandlerErrorCode: AccessDenied)'), 'No');
  });
});

describe('a failure of a deploy', () => {
  it('has the cause, what to do about it, and what is there now', () => {
    const failed = activity([event('Key', 'AWS::ApiGateway::ApiKey', 'CREATE_FAILED', 'API Key already exists')]);
    const failure = stackFailure('create', 'nimbus-a-b', 'ROLLBACK_COMPLETE', failed);
    assert.equal(failure.code, 'create-failed');
    assert.match(failure.what, /Key \(AWS::ApiGateway::ApiKey\) failed/);
    assert.match(failure.next, /has that name.*left as ROLLBACK_COMPLETE/);
  });

  for (const [code, name, message] of [
    ['expired-credentials', 'ExpiredTokenException', 'The security token included in the request is expired'],
    ['no-credentials', 'CredentialsProviderError', 'Could not load credentials from any providers'],
    [
      'wrong-account',
      'AuthenticationError',
      'Need to perform AWS calls for account 1, but the current credentials are for 2',
    ],
    [
      'denied',
      'AccessDenied',
      'User: arn:aws:iam::1:user/a is not authorized to perform: cloudformation:CancelUpdateStack',
    ],
    ['unexpected', 'TypeError', 'x is not a function'],
  ] as const) {
    it(`is ${code} for ${name}, even inside of another error`, () => {
      const inner = Object.assign(new Error(message), { name });
      const failure = failureOf(new Error('nimbus-a-b failed', { cause: inner }));
      assert.equal(failure.code, code);
      assert.equal(failure.why, message);
    });
  }
});
