/** Failures that people can do something about, told from the errors of AWS and of CDK. */
import type { Activity } from './activity.ts';
import { consoleUrl, placeOf, stackUrl, type ConsolePlace } from './console.ts';
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
  failure: Pick<Failure, 'code' | 'what'> & { next: string | ((place: ConsolePlace) => string) };
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
    // Before the next: CDK's toolkit says of a role that it may not assume that it could be bootstrapped.
    pattern: /sts:AssumeRole|bootstrap[^]*(AccessDenied|is not authorized to perform)/i,
    failure: {
      code: 'denied',
      what: "These credentials may not deploy as the roles that CDK's bootstrap made.",
      next: (place) =>
        `Ask for the permission sts:AssumeRole on arn:aws:iam::*:role/cdk-hnb659fds-*; where these roles are gone: ${bootstrapCommand(place)}`,
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
  {
    pattern: /bootstrap/i,
    failure: {
      code: 'not-bootstrapped',
      what: 'The account and region are not prepared for CDK, or by a version that is too old.',
      next: (place) =>
        `Bootstrap them, which makes a bucket and roles, once per account and region: ${bootstrapCommand(place)}`,
    },
  },
];

/** By which anybody makes the bootstrap, or makes it anew. */
export function bootstrapCommand({ account, region }: ConsolePlace): string {
  return `npx cdk bootstrap aws://${account}/${region}`;
}

/** An error as a failure, `unexpected` where nobody expected it. `place` is where AWS was asked. */
export function failureOf(error: unknown, place: ConsolePlace = { account: 'ACCOUNT', region: 'REGION' }): Failure {
  if (error instanceof Failed) return error.failure;
  const chain = [...causes(error)];
  const said = chain.map((one) => `${one.name}: ${one.message}`);
  const why = chain.at(-1)?.message ?? String(error);
  const known = KNOWN.find(({ pattern }) => said.some((one) => pattern.test(one)))?.failure;
  return known
    ? { ...known, next: typeof known.next === 'string' ? known.next : known.next(place), why }
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

export interface OfStack {
  name: string;
  /** Its ARN. */
  id: string;
}

/** Why an operation on a stack failed: its first real cause. */
export function stackFailure(kind: keyof typeof KINDS, stack: OfStack, status: string, activity: Activity): Failure {
  const { code, what } = KINDS[kind];
  const { cause } = activity;
  const advice = ADVICE.find(([pattern]) => pattern.test(cause?.reason ?? ''))?.[1];
  return {
    code,
    what: `${what}: ${cause ? `${cause.logicalId} (${cause.type}) failed` : status}.`,
    ...(cause ? { why: cause.reason, resource: cause } : {}),
    next: [advice, after(stack, status)].filter(Boolean).join(' '),
    stackStatus: status,
  };
}

/** What is there now, and what that asks for. */
function after(stack: OfStack, status: string): string {
  if (status === 'UPDATE_ROLLBACK_COMPLETE') return 'What was deployed before is back and serves.';
  if (status === 'UPDATE_ROLLBACK_FAILED') return stuck(stack);
  if (status === 'DELETE_FAILED')
    return `Remove what the reason names, then delete the stack ${stack.name} again: ${stackUrl(stack.id)}`;
  return `The stack ${stack.name} is left as ${status}; it has to be deleted before the next deploy, which does so if you agree.`;
}

export function noParameter(stackName: string, parameter: string): Failure {
  return {
    code: 'no-parameter',
    what: `The stack ${stackName} has no parameter ${parameter}.`,
    next: 'An older Nimbus deployed it: deploy it again, then try again.',
  };
}

export function stuck({ name, id }: OfStack): string {
  return `Open ${name} in the CloudFormation console and choose "Continue update rollback": ${stackUrl(id)}`;
}

/** A part of a stack that could not be deleted. */
export interface LeftPart {
  logicalId: string;
  type: string;
  /** Its name or id in AWS. */
  id: string | undefined;
  reason: string | undefined;
}

/** All that is left of a stack that could not be deleted, a line each; `failure` says what failed first. */
export function withLeft(failure: Failure, { id: stackId }: OfStack, left: readonly LeftPart[]): Failure {
  if (left.length === 0) return failure;
  const named = left.map(({ logicalId, type, id }) => `${logicalId} (${[type, id].filter(Boolean).join(' ')})`);
  const lines = left.map(({ type, id, reason }, at) => {
    const url = pageOf(stackId, type, id);
    return `- ${[named[at], reason, url].filter(Boolean).join(': ')}`;
  });
  return { ...failure, what: `${KINDS.delete.what}. Left are: ${named.join(', ')}.`, why: lines.join('\n') };
}

function pageOf(stackId: string, type: string, name: string | undefined): string | undefined {
  if (name === undefined) return undefined;
  if (type === 'AWS::Logs::LogGroup') return consoleUrl(placeOf(stackId), { kind: 'log-group', name });
  if (type === 'AWS::ECR::Repository') return consoleUrl(placeOf(stackId), { kind: 'repository', name });
  return undefined;
}
