/** What is made of the events of a stack; their texts are as AWS CloudFormation writes them. */
import assert from 'node:assert/strict';
import type { StackEvent } from '@aws-sdk/client-cloudformation';
import { Activity, begins, plain } from '../../../infra/deployer/activity.ts';
import { consoleUrl } from '../../../infra/deployer/console.ts';
import { failureOf, stackFailure, withLeft } from '../../../infra/deployer/failures.ts';

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
  const OF_STACK = { name: 'nimbus-a-b', id: STACK };

  it('has the cause, what to do about it, and what is there now', () => {
    const failed = activity([event('Key', 'AWS::ApiGateway::ApiKey', 'CREATE_FAILED', 'API Key already exists')]);
    const failure = stackFailure('create', OF_STACK, 'ROLLBACK_COMPLETE', failed);
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
    // As CDK's toolkit says them.
    [
      'not-bootstrapped',
      'SsmParameterNotFound',
      "SSM parameter /cdk-bootstrap/hnb659fds/version not found in aws://1/eu-west-1. Has the environment been bootstrapped? Please run 'cdk bootstrap'",
    ],
    [
      'not-bootstrapped',
      'OutdatedBootstrapStack',
      "This CDK deployment requires bootstrap stack version '6', found '5' in aws://1/eu-west-1. Please run 'cdk bootstrap'.",
    ],
    [
      'denied',
      'BootstrapVersionSsmConfirmationFailed',
      "This CDK deployment requires bootstrap stack version '6', but during the confirmation via SSM parameter /cdk-bootstrap/hnb659fds/version the following error occurred: AccessDeniedException: User: arn:aws:iam::1:user/a is not authorized to perform: ssm:GetParameter",
    ],
    [
      'denied',
      'AssumeRoleFailed',
      "Could not assume role in target account using current credentials User: arn:aws:iam::1:user/a is not authorized to perform: sts:AssumeRole on resource: arn:aws:iam::1:role/cdk-hnb659fds-deploy-role-1-eu-west-1 . Please make sure that this role exists in the account. If it doesn't exist, (re)-bootstrap the environment with the right '--trust', using the latest version of the CDK CLI.",
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

  it('names the command that bootstraps, and the permission where the roles may not be assumed', () => {
    const of = (message: string): string => failureOf(new Error(message), { account: '1', region: 'eu-west-1' }).next;
    assert.match(of('Has the environment been bootstrapped?'), /npx cdk bootstrap aws:\/\/1\/eu-west-1$/);
    assert.match(of('is not authorized to perform: sts:AssumeRole'), /permission sts:AssumeRole on .*cdk-hnb659fds/);
  });

  it('of a deletion lists all that is left, with links', () => {
    const failed = activity([event('Role', 'AWS::IAM::Role', 'DELETE_FAILED', 'Cannot delete entity')], 0);
    const { what, why, next } = withLeft(stackFailure('delete', OF_STACK, 'DELETE_FAILED', failed), OF_STACK, [
      { logicalId: 'Role', type: 'AWS::IAM::Role', id: 'nimbus-a-b', reason: 'Cannot delete entity' },
      { logicalId: 'Log', type: 'AWS::Logs::LogGroup', id: '/aws/lambda/nimbus-a-b', reason: undefined },
    ]);
    const left = 'Role (AWS::IAM::Role nimbus-a-b), Log (AWS::Logs::LogGroup /aws/lambda/nimbus-a-b)';
    assert.equal(what, `The stack could not be deleted. Left are: ${left}.`);
    const console = 'https://eu-west-1.console.aws.amazon.com';
    assert.deepEqual(why!.split('\n'), [
      '- Role (AWS::IAM::Role nimbus-a-b): Cannot delete entity',
      `- Log (AWS::Logs::LogGroup /aws/lambda/nimbus-a-b): ${console}/cloudwatch/home?region=eu-west-1#logsV2:log-groups/log-group/$252Faws$252Flambda$252Fnimbus-a-b`,
    ]);
    assert.ok(
      next.endsWith(
        `${console}/cloudformation/home?region=eu-west-1#/stacks/stackinfo?stackId=${encodeURIComponent(STACK)}`,
      ),
    );
  });

  it('has links in the partition of the region', () => {
    const of = (region: string): string =>
      consoleUrl({ region, account: '123456789012' }, { kind: 'repository', name: 'nimbus' });
    assert.deepEqual(['eu-west-1', 'cn-north-1', 'us-gov-west-1'].map(of), [
      'https://eu-west-1.console.aws.amazon.com/ecr/repositories/private/123456789012/nimbus?region=eu-west-1',
      'https://cn-north-1.console.amazonaws.cn/ecr/repositories/private/123456789012/nimbus?region=cn-north-1',
      'https://us-gov-west-1.console.amazonaws-us-gov.com/ecr/repositories/private/123456789012/nimbus?region=us-gov-west-1',
    ]);
  });
});
