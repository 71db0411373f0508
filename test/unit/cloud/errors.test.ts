/** Errors of AWS's clients, with the names and messages that the SDK and AWS give them. */
import assert from 'node:assert/strict';
import { asking, awsError } from '../../../src/core/cloud/errors.ts';
import { ok } from '../../../src/shared/outcome.ts';

function error(name: string, message: string, more: object = {}): Error {
  return Object.assign(new Error(message), { name, ...more });
}
const answered = { $metadata: { httpStatusCode: 400 } };

describe('an error of AWS', () => {
  const ARN = 'arn:aws:iam::123456789012:user/ana';
  for (const [name, raised, code, next] of [
    [
      'single sign-on that has expired',
      error(
        'CredentialsProviderError',
        'The SSO session associated with this profile has expired. To refresh this SSO session run aws sso login with the corresponding profile.',
      ),
      'expired-credentials',
      /aws sso login --profile work/,
    ],
    [
      'a token that has expired',
      error('ExpiredTokenException', 'The security token included in the request is expired', answered),
      'expired-credentials',
      /aws sso login --profile work/,
    ],
    [
      'no credentials',
      error('CredentialsProviderError', 'Could not load credentials from any providers'),
      'no-credentials',
      /AWS_PROFILE/,
    ],
    [
      'keys that AWS does not know',
      error('UnrecognizedClientException', 'The security token included in the request is invalid.', answered),
      'no-credentials',
      /sts get-caller-identity/,
    ],
    [
      'a clock that is wrong',
      error(
        'InvalidSignatureException',
        'Signature expired: 20260101T000000Z is now earlier than 20260101T001000Z',
        answered,
      ),
      'wrong-clock',
      /clock/,
    ],
    [
      'a right that is missing',
      error(
        'AccessDeniedException',
        `User: ${ARN} is not authorized to perform: lambda:GetFunction on resource: arn:aws:lambda:eu-west-1:123456789012:function:f`,
        answered,
      ),
      'denied',
      /lambda:GetFunction\.$/,
    ],
    ['a region without a name', error('Error', 'Region is missing'), 'no-region', /AWS_REGION/],
    [
      'a region that is not there',
      error('Error', 'getaddrinfo ENOTFOUND lambda.eu-wst-1.amazonaws.com', { code: 'ENOTFOUND' }),
      'unreachable',
      /region eu-wst-1/,
    ],
    [
      'a region that is not enabled',
      error('OptInRequired', 'You are not subscribed to this service', answered),
      'wrong-region',
      /Enable eu-wst-1/,
    ],
    ['no network', error('AggregateError', '', { code: 'ECONNREFUSED' }), 'unreachable', /network/],
    ['too many calls', error('ThrottlingException', 'Rate exceeded', answered), 'throttled', /minute/],
    ['a cancelled call', error('AbortError', 'Request aborted'), 'cancelled', undefined],
    [
      'anything else that AWS says',
      error('ValidationError', 'Stack [x] is in REVIEW state', answered),
      'aws-failed',
      /reason/,
    ],
  ] as const) {
    it(`${name}: ${code}, with what to do`, () => {
      const known = awsError(raised, { region: 'eu-wst-1', profile: 'work' });
      assert.equal(known?.code, code);
      if (next) assert.match(known.next ?? '', next);
    });
  }

  it('names no profile where none was chosen', () => {
    const known = awsError(error('ExpiredToken', 'expired', answered), { region: 'eu-west-1' });
    assert.match(known?.next ?? '', /\(aws sso login\)/);
  });

  it('is thrown on where it is a bug', async () => {
    const bug = new TypeError('x is not a function');
    await assert.rejects(
      asking(async () => {
        await Promise.reject(bug);
        return ok(1);
      }),
      bug,
    );
  });
});
