/** Failures that people can do something about, told from the errors of AWS and of CDK. */
import type { Activity } from './activity.ts';
import type { Failure } from './protocol.ts';

/** An expected failure on its way to the outcome of an operation. */
export class Failed extends Error {
  override name = 'Failed';
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.what);
    this.failure = failure;
  }
}

export function fail(failure: Failure): never {
  throw new Failed(failure);
}

interface Known {
  pattern: RegExp;
  failure: Pick<Failure, 'code' | 'what' | 'next'>;
}

const LOG_IN =
  'Log in again (`aws sso login`, or new keys in the environment), check with `aws sts get-caller-identity`.';

/** By the names and messages of the error and of its causes. */
const KNOWN: readonly Known[] = [
  {
    pattern: /but the current credentials are for|credentials .* are for account/i,
    failure: {
      code: 'wrong-account',
      what: 'The AWS credentials are those of another account.',
      next: 'Choose a profile of the account that the deployment is in.',
    },
  },
  {
    pattern: /ExpiredToken|TokenRefreshRequired|SSO session .* (expired|invalid)|token .*expired/i,
    failure: { code: 'expired-credentials', what: 'The AWS credentials have expired.', next: LOG_IN },
  },
  {
    pattern:
      /CredentialsProviderError|Could not load credentials|InvalidClientTokenId|UnrecognizedClient|AuthenticationError/i,
    failure: { code: 'no-credentials', what: 'There are no AWS credentials that work.', next: LOG_IN },
  },
  {
    pattern: /Parameters are missing a value/i,
    failure: {
      code: 'missing-variable',
      what: 'An environment variable has no value.',
      next: 'Give a value to each variable that the model names; one without can only be left out where the stack has it already.',
    },
  },
  {
    pattern: /bootstrap/i,
    failure: {
      code: 'not-bootstrapped',
      what: 'The account and region are not prepared for CDK, or by a version that is too old.',
      next: 'Bootstrap them: it makes a bucket and roles, once per account and region.',
    },
  },
  {
    pattern: /AccessDenied|UnauthorizedOperation|is not authorized to perform/i,
    failure: {
      code: 'denied',
      what: 'AWS refused a call for lack of permission.',
      next: 'Ask for the permission that the reason names.',
    },
  },
];

/** An error as a failure. `undefined` for what nobody expected. */
export function failureOf(error: unknown): Failure {
  if (error instanceof Failed) return error.failure;
  const chain = [...causes(error)];
  const said = chain.map((one) => `${one.name}: ${one.message}`);
  const why = chain.at(-1)?.message ?? String(error);
  const known = KNOWN.find(({ pattern }) => said.some((one) => pattern.test(one)))?.failure;
  return known
    ? { ...known, why }
    : { code: 'unexpected', what: 'The deploy failed.', why, next: 'See the log for what was done before.' };
}

function* causes(error: unknown): Generator<Error> {
  for (let one = error, depth = 0; one instanceof Error && depth < 10; one = one.cause, depth += 1) yield one;
}

const KINDS = {
  create: { code: 'create-failed', what: 'The stack could not be made' },
  update: { code: 'update-failed', what: 'The stack could not be updated' },
  delete: { code: 'delete-failed', what: 'The stack could not be deleted' },
} as const satisfies Record<string, Pick<Failure, 'code' | 'what'>>;

/** What to do about reasons that are often seen. */
const ADVICE: readonly [RegExp, string][] = [
  [/Source image .* (does not exist|is not valid)/i, 'Push the image to this repository and region first.'],
  [/already exists/i, 'Something outside of this stack has that name: delete it, or choose another name.'],
  [
    /not authorized|AccessDenied/i,
    'The role that CloudFormation uses (cdk-…-cfn-exec-role) lacks a permission: see the reason.',
  ],
  [/MemorySize/i, 'Choose a memory size that the account allows; new accounts have 3,008 MB at most.'],
  [/limit|quota/i, 'The account has reached a quota: remove what is not used, or ask AWS to raise it.'],
];

/** Why an operation on a stack failed: its first real cause. */
export function stackFailure(kind: keyof typeof KINDS, stackName: string, status: string, activity: Activity): Failure {
  const { code, what } = KINDS[kind];
  const { cause } = activity;
  const advice = ADVICE.find(([pattern]) => pattern.test(cause?.reason ?? ''))?.[1];
  return {
    code,
    what: `${what}: ${cause ? `${cause.logicalId} (${cause.type}) failed` : status}.`,
    ...(cause ? { why: cause.reason, resource: cause } : {}),
    next: [advice, after(stackName, status)].filter(Boolean).join(' '),
    stackStatus: status,
  };
}

/** What is there now, and what that asks for. */
function after(stackName: string, status: string): string {
  if (status === 'UPDATE_ROLLBACK_COMPLETE') return 'What was deployed before is back and serves.';
  if (status === 'UPDATE_ROLLBACK_FAILED') return stuck(stackName);
  if (status === 'DELETE_FAILED') return `Remove what the reason names, then delete the stack ${stackName} again.`;
  return `The stack ${stackName} is left as ${status}; it has to be deleted before the next deploy, which does so if you agree.`;
}

export function stuck(stackName: string): string {
  return `Open ${stackName} in the CloudFormation console and choose "Continue update rollback".`;
}
