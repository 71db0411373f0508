/** Failures of AWS's calls that people can do something about. */
import { CANCELLED, fail, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { AwsConfig } from './aws.ts';

/** Said in what to do. */
type Place = Partial<Pick<AwsConfig, 'region' | 'profile'>>;

const CHECK = 'Check with: aws sts get-caller-identity.';

function logIn({ profile }: Place): string {
  return profile === undefined ? 'aws sso login' : `aws sso login --profile ${profile}`;
}

interface Known {
  pattern: RegExp;
  code: string;
  what: string;
  next: (place: Place, message: string) => string;
}

const KNOWN: readonly Known[] = [
  {
    pattern: /ExpiredToken|TokenRefreshRequired|SSO session .* (expired|invalid)|token .*expired|RequestExpired/i,
    code: 'expired-credentials',
    what: 'The AWS credentials have expired.',
    next: (place) => `Log in again (${logIn(place)}), or put new keys into the environment. ${CHECK}`,
  },
  {
    pattern: /RequestTimeTooSkewed|Signature (expired|not yet current)/i,
    code: 'wrong-clock',
    what: "This machine's clock is not right: AWS does not take what it signs.",
    next: () => 'Set the clock, by a time server at best, and try again.',
  },
  {
    pattern:
      /CredentialsProviderError|Could not load credentials|InvalidClientTokenId|UnrecognizedClient|AuthenticationError|SignatureDoesNotMatch|InvalidSignature/i,
    code: 'no-credentials',
    what: 'There are no AWS credentials that work.',
    next: (place) =>
      `Name a profile with --profile (or AWS_PROFILE), log in with ${logIn(place)}, or put keys into the environment. ${CHECK}`,
  },
  {
    pattern: /AccessDenied|UnauthorizedOperation|is not authorized to perform/i,
    code: 'denied',
    what: 'AWS refused a call for lack of permission.',
    next: (_place, message) => {
      const action = /not authorized to perform:? ([a-z0-9-]+:\w+)/i.exec(message)?.[1];
      return `Ask for the permission ${action ?? 'that the reason names'}.`;
    },
  },
  {
    pattern: /Region is missing/i,
    code: 'no-region',
    what: 'Nothing says which AWS region is meant.',
    next: () => 'Name one: --region eu-west-1, or AWS_REGION, or a region in the profile.',
  },
  {
    pattern: /OptInRequired|RegionDisabled/i,
    code: 'wrong-region',
    what: 'The region is not enabled for this account.',
    next: ({ region = 'it' }) => `Enable ${region} in the account's settings, or choose another region.`,
  },
  {
    pattern: /ENOTFOUND/,
    code: 'unreachable',
    what: 'AWS does not answer: its address is not known.',
    next: ({ region }) => `Check the network, a proxy, and whether there is a region ${region ?? 'of that name'}.`,
  },
  {
    pattern: /ECONNREFUSED|ECONNRESET|ETIMEDOUT|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH|EPIPE|TimeoutError/,
    code: 'unreachable',
    what: 'AWS does not answer.',
    next: () => 'Check the network, a proxy, and the name of the region.',
  },
  {
    pattern: /Throttl|TooManyRequests|RequestLimitExceeded|Rate exceeded/i,
    code: 'throttled',
    what: 'AWS is asked too often: its limits are those of the whole account and region.',
    next: () => 'Try again in a minute.',
  },
];

/** What an error of a client of AWS means; undefined for what nobody expected. `place` is where it was asked. */
export function awsError(error: unknown, place: Place = {}): UserError | undefined {
  if (!(error instanceof Error)) return undefined;
  const { name, message } = error;
  // Of calls and waits that a signal ended.
  if (name === 'AbortError') return { code: CANCELLED, what: 'Cancelled.' };
  const { code = '' } = error as NodeJS.ErrnoException;
  const known = KNOWN.find(({ pattern }) => pattern.test(`${name} ${code}: ${message}`));
  if (known) return { code: known.code, what: known.what, why: message, next: known.next(place, message) };
  // Every answer of AWS has it, see `MetadataBearer` of the SDK.
  if (!('$metadata' in error)) return undefined;
  const next = 'See what the reason says, and try again.';
  return { code: 'aws-failed', what: `AWS refused: ${name}.`, why: message, next };
}

/** As `awsError`. Anything else is thrown on: nobody expected it. */
export function awsFailure(error: unknown, place?: Place): Outcome<never> {
  const known = awsError(error, place);
  if (!known) throw error;
  const { code, what, ...more } = known;
  return fail(code, what, more);
}

/** The outcome of calls of AWS. */
export async function asking<T>(work: () => Promise<Outcome<T>>, place?: Place): Promise<Outcome<T>> {
  try {
    return await work();
  } catch (error) {
    return awsFailure(error, place);
  }
}

/** Of a call that names what may not be there: undefined where it is not. Other errors are thrown on. */
export async function orAbsent<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (error) {
    const { name } = error as Error;
    if (name === 'ResourceNotFoundException' || name === 'NotFoundException') return undefined;
    throw error;
  }
}
