/** Who one is on AWS, which all that is looked at there depends on. */
import { access } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { UserError } from '../../shared/outcome.ts';
import { cloudAccount, type CloudAccount, type WantedAccount } from '../cloud/account.ts';
import { awsConfig, type AwsConfig } from '../cloud/aws.ts';
import { asking } from '../cloud/errors.ts';
import { foundBy, type Found } from './finding.ts';

export interface AwsAccess {
  state: 'there';
  account: CloudAccount;
  config: AwsConfig;
  /** Of the credentials, where they end and their provider says when. */
  expires?: Date;
}

/** Nothing of AWS is set up here, or what is there does not work. */
export type LookedFor = AwsAccess | { state: 'absent' } | { state: 'failed'; error: UserError };

/** A deploy takes minutes: credentials that end sooner may end within it. */
const SOON_MS = 15 * 60_000;

export async function lookForAccess(wanted: WantedAccount, env: NodeJS.ProcessEnv): Promise<LookedFor> {
  if (wanted.profile === undefined && !(await isSetUp(env))) return { state: 'absent' };
  const account = await cloudAccount(wanted, env);
  if (!account.ok) return { state: 'failed', error: account.error };
  const { region, variables } = account.value;
  const config = await awsConfig(region, variables);
  const { expiration } = await config.credentials();
  const expires = expiration ?? dateOf(variables['AWS_CREDENTIAL_EXPIRATION']);
  return { state: 'there', account: account.value, config, ...(expires === undefined ? {} : { expires }) };
}

/** What AWS's tools write beside the keys of a session: https://docs.aws.amazon.com/cli/latest/reference/configure/export-credentials.html */
function dateOf(text: string | undefined): Date | undefined {
  const at = new Date(text ?? '');
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** What the SDK's chain begins with: https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html */
const VARIABLES = [
  'AWS_ACCESS_KEY_ID',
  'AWS_PROFILE',
  'AWS_WEB_IDENTITY_TOKEN_FILE',
  'AWS_CONTAINER_CREDENTIALS_RELATIVE_URI',
  'AWS_CONTAINER_CREDENTIALS_FULL_URI',
];

async function isSetUp(env: NodeJS.ProcessEnv): Promise<boolean> {
  if (VARIABLES.some((name) => env[name])) return true;
  const home = env['HOME'] ?? os.homedir();
  const files = [
    env['AWS_SHARED_CREDENTIALS_FILE'] ?? path.join(home, '.aws/credentials'),
    env['AWS_CONFIG_FILE'] ?? path.join(home, '.aws/config'),
  ];
  const there = await Promise.all(
    files.map((file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    ),
  );
  return there.includes(true);
}

export function checkCredentials(found: LookedFor, now = Date.now()): Found {
  if (found.state === 'absent') {
    return {
      state: 'absent',
      what: 'Not set up.',
      why: 'Only deploys to AWS Lambda need them.',
      next: 'Log in with aws sso login or put keys into the environment: https://docs.aws.amazon.com/sdkref/latest/guide/access.html',
    };
  }
  if (found.state === 'failed') return foundBy(found.error, 'problem');
  const { account, expires } = found;
  const what = `${account.arn}, account ${account.account}, ${account.region}`;
  if (expires !== undefined && expires.getTime() - now < SOON_MS) {
    return {
      state: 'warning',
      what,
      why: `They end at ${expires.toISOString()}.`,
      next: 'Log in again before a deploy: aws sso login, or new keys.',
    };
  }
  if (account.arn.endsWith(':root')) {
    return {
      state: 'warning',
      what,
      why: 'These are the keys of the root user, which may do everything and cannot be limited.',
      next: 'Make a role or user with the policy that nimbus doctor --policy prints, and delete these keys.',
    };
  }
  return { state: 'ok', what, ...(expires === undefined ? {} : { why: `They end at ${expires.toISOString()}.` }) };
}

export function withoutAccess(found: Exclude<LookedFor, AwsAccess>): Found {
  if (found.state === 'absent') return { state: 'absent', what: 'Not set up.' };
  return { state: 'unknown', what: 'It cannot be told without AWS credentials that work.' };
}

/** A check of AWS: what it may not look at, it cannot tell. */
export async function looking(work: () => Promise<Found | Found[]>): Promise<Found | Found[]> {
  const asked = await asking(async () => ({ ok: true, value: await work() }));
  return asked.ok ? asked.value : foundBy(asked.error, 'unknown');
}
