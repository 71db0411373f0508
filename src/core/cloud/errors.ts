/** Failures of AWS's calls that people can do something about. */
import { fail, type Outcome } from '../../shared/outcome.ts';

const LOG_IN =
  'Log in again (aws sso login, or new keys in the environment), and check with: aws sts get-caller-identity';

const KNOWN: readonly { pattern: RegExp; code: string; what: string; next: string }[] = [
  {
    pattern: /ExpiredToken|TokenRefreshRequired|SSO session .* (expired|invalid)|token .*expired|RequestExpired/i,
    code: 'expired-credentials',
    what: 'The AWS credentials have expired.',
    next: LOG_IN,
  },
  {
    pattern:
      /CredentialsProviderError|Could not load credentials|InvalidClientTokenId|UnrecognizedClient|AuthenticationError|SignatureDoesNotMatch/i,
    code: 'no-credentials',
    what: 'There are no AWS credentials that work.',
    next: 'Name a profile with --profile (or AWS_PROFILE), log in with aws sso login, or put keys into the environment.',
  },
  {
    pattern: /AccessDenied|UnauthorizedOperation|is not authorized to perform/i,
    code: 'denied',
    what: 'AWS refused a call for lack of permission.',
    next: 'Ask for the permission that the reason names.',
  },
  {
    pattern: /Region is missing/i,
    code: 'no-region',
    what: 'Nothing says which AWS region is meant.',
    next: 'Name one: --region eu-west-1, or AWS_REGION, or a region in the profile.',
  },
  {
    pattern: /ENOTFOUND|ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|TimeoutError/,
    code: 'unreachable',
    what: 'AWS does not answer.',
    next: 'Check the network, a proxy, and the name of the region.',
  },
];

/** What an error of a client of AWS means. Anything else is thrown on: nobody expected it. */
export function awsFailure(error: unknown): Outcome<never> {
  if (!(error instanceof Error)) throw error;
  const { name, message } = error;
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = KNOWN.find(({ pattern }) => pattern.test(`${name} ${code}: ${message}`));
  if (known) return fail(known.code, known.what, { why: message, next: known.next });
  // Every answer of AWS has it, see `MetadataBearer` of the SDK.
  if ('$metadata' in error) {
    return fail('aws-failed', `AWS refused: ${name}.`, {
      why: message,
      next: 'See what the reason says, and try again.',
    });
  }
  throw error;
}

/** The outcome of calls of AWS. */
export async function asking<T>(work: () => Promise<Outcome<T>>): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    return awsFailure(error);
  }
}
