/** What a run on a real account is told by its environment. */
import { fail, ok, type Outcome } from '../../../src/shared/outcome.ts';

/** As long as the credentials of a role that a role assumed: https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html */
const MOST_MINUTES = 60;

export interface RunSettings {
  /** Twelve digits: what STS has to answer. */
  account: string;
  region: string;
  /** In US dollars. */
  limit: number;
  /** After so many the suite is ended. */
  minutes: number;
}

/** Errors: it was not opted in; no region; a limit or a time that is no number, or too long. */
export function runSettings(env: NodeJS.ProcessEnv): Outcome<RunSettings> {
  const { NIMBUS_TEST_AWS_ACCOUNT: account = '', AWS_REGION: region } = env;
  if (!/^\d{12}$/.test(account)) {
    return fail('not-opted-in', 'This makes things in an AWS account, and costs money: it wants to be told which.', {
      why: account === '' ? 'NIMBUS_TEST_AWS_ACCOUNT is not set.' : 'NIMBUS_TEST_AWS_ACCOUNT is not twelve digits.',
      next: 'Set it to the number of an account for tests. docs/aws-testing.md says what is made there.',
    });
  }
  if (!region) {
    return fail('no-region', 'Nothing says in which AWS region.', { next: 'Set AWS_REGION: AWS_REGION=eu-west-1.' });
  }
  const limit = Number(env['NIMBUS_TEST_AWS_LIMIT'] ?? 1);
  if (!(limit > 0 && Number.isFinite(limit))) {
    return fail('invalid-limit', 'NIMBUS_TEST_AWS_LIMIT is no amount of US dollars.', {
      next: 'Set it to a number above 0: NIMBUS_TEST_AWS_LIMIT=0.5.',
    });
  }
  const minutes = Number(env['NIMBUS_TEST_AWS_MINUTES'] ?? MOST_MINUTES);
  if (!(minutes > 0 && minutes <= MOST_MINUTES)) {
    return fail('invalid-time', `NIMBUS_TEST_AWS_MINUTES is not a number of minutes up to ${MOST_MINUTES}.`, {
      why: 'The credentials of the run are good for an hour.',
      next: 'Set it to how long the suite may take at most.',
    });
  }
  return ok({ account, region, limit, minutes });
}
