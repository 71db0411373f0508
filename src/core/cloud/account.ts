/** Who deploys, and where to. */
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentSpec } from '../../shared/spec.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { awsConfig, awsVariables } from './aws.ts';
import { asking } from './errors.ts';
import { awsProfiles, noteAccount, variablesFor } from './profiles.ts';
import { didYouMean } from '../../shared/nearest.ts';

export interface CloudAccount extends CloudAccess {
  /** Of who calls: `arn:aws:iam::123456789012:user/ana`. */
  arn: string;
}

/** What a region is called: `eu-west-1`. */
export const REGION = /^[a-z]{2,3}(-[a-z]+)+-\d+$/;

/** What the user asked for, or models.json says. */
export interface WantedAccount {
  region?: string;
  /** Of the AWS configuration. */
  profile?: string;
  /** Where the deployment is: no other will do. Twelve digits. */
  account?: string;
}

/**
 * The account that a deployment is in, or is to be in; asked for before anything is built: who has no credentials need not wait
 * for an image. Errors: it is in another region; as of `cloudAccount`.
 */
export async function accountFor(
  { region, profile }: Pick<WantedAccount, 'region' | 'profile'>,
  declared: DeploymentSpec | undefined,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<CloudAccount>> {
  const where = region ?? declared?.region;
  if (region !== undefined && declared?.stack !== undefined && declared.region !== region) {
    return fail('another-region', `It is deployed in ${declared.region}, not in ${region}.`, {
      next: 'Deploy it there under another name: --as NAME.',
    });
  }
  const wanted = {
    ...(where === undefined ? {} : { region: where }),
    ...(profile === undefined ? {} : { profile }),
    ...(declared?.account === undefined ? {} : { account: declared.account }),
  };
  return cloudAccount(wanted, env);
}

/**
 * Asks AWS who calls. The region is the wanted one, else that of the environment or of the profile. `env` is that of this
 * process; where an account is wanted and no profile, as of `variablesFor`. Errors: no region; no credentials, expired ones; another account than the wanted one.
 */
export async function cloudAccount(
  { region, profile, account: wanted }: WantedAccount,
  env: NodeJS.ProcessEnv,
): Promise<Outcome<CloudAccount>> {
  if (profile !== undefined) {
    const names = (await awsProfiles(env)).map(({ name }) => name);
    if (!names.includes(profile)) {
      return fail('no-profile', `The AWS configuration has no profile ${profile}.`, {
        next: `${didYouMean(profile, names)}Profiles: ${names.join(', ') || 'none'}. aws configure sso makes one.`,
      });
    }
  }
  const own = wanted === undefined ? awsVariables(env) : variablesFor(wanted, env);
  const variables = profile === undefined ? own : { ...awsVariables(env), AWS_PROFILE: profile };
  if (region !== undefined && !REGION.test(region)) {
    return fail('no-region', `${region} is not the name of a region of AWS.`, { next: 'Give one such as eu-west-1.' });
  }
  return asking(async () => {
    const { STSClient, GetCallerIdentityCommand } = await import('@aws-sdk/client-sts');
    const where = region ?? (await regionOf(variables));
    const client = new STSClient(await awsConfig(where, variables));
    const { Account: account = '', Arn: arn = '' } = await client.send(new GetCallerIdentityCommand({}));
    // Only a convenience for the next time.
    await noteAccount(variables, account).catch(() => undefined);
    if (wanted !== undefined && account !== wanted) {
      return fail('wrong-account', `The deployment is in account ${wanted}, and these credentials are of ${account}.`, {
        why: `They are of ${arn}.`,
        next: `Choose a profile of ${wanted}: --profile NAME.`,
      });
    }
    return ok({ account, region: where, arn, variables });
  });
}

/** As the SDK finds it. Throws where nothing says. */
async function regionOf(variables: Record<string, string>): Promise<string> {
  const named = variables['AWS_REGION'] ?? variables['AWS_DEFAULT_REGION'];
  if (named !== undefined) return named;
  const { STSClient } = await import('@aws-sdk/client-sts');
  const { AWS_PROFILE: profile } = variables;
  return new STSClient(profile === undefined ? {} : { profile }).config.region();
}
