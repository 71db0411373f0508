/** Which account of AWS a project's deployments are in, as the user chose last, and how its failures read in the editor. */
import * as vscode from 'vscode';
import { accountFor, type CloudAccount } from '../../core/cloud/account.ts';
import { awsVariables } from '../../core/cloud/aws.ts';
import { ok, type Outcome, type UserError } from '../../shared/outcome.ts';
import type { DeploymentSpec } from '../../shared/spec.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { sentence } from './choices.ts';
import type { Editor } from '../editor.ts';

/** Unset: nobody chose. */
export interface CloudChoice {
  /** Of the AWS configuration; `''` is what the environment of this process says. */
  profile?: string;
  region?: string;
}

function placeOf(project: string): string {
  return `nimbus.aws ${project}`;
}

/**
 * The profile that the AWS Toolkit wrote into its setting `aws.profile`, `profile:dev`, as it did until it began to keep its choice
 * to itself (https://github.com/aws/aws-toolkit-vscode/blob/main/packages/toolkit/package.json). Other kinds of credentials, such as
 * `ec2:instance`, are none of a configuration.
 */
function toolkitProfile(project: string): string | undefined {
  const value = vscode.workspace.getConfiguration('aws', vscode.Uri.file(project)).get<unknown>('profile');
  return typeof value === 'string' ? /^(?:profile:)?([^:]+)$/.exec(value.trim())?.[1] : undefined;
}

/** The last choice of this project, else the settings. `project` is its folder. */
export function cloudChoice({ extension }: Editor, project: string): CloudChoice {
  const kept = extension.workspaceState.get<CloudChoice>(placeOf(project), {});
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(project));
  const profile = kept.profile ?? (settings.get<string>('aws.profile')?.trim() || toolkitProfile(project));
  const region = kept.region ?? (settings.get<string>('aws.region')?.trim() || undefined);
  return { ...(profile === undefined ? {} : { profile }), ...(region === undefined ? {} : { region }) };
}

export async function rememberChoice({ extension }: Editor, project: string, choice: CloudChoice): Promise<void> {
  await extension.workspaceState.update(placeOf(project), choice);
}

/** The variables with which AWS is called for this project. */
export function awsEnvironment(editor: Editor, project: string): Record<string, string> {
  const { profile } = cloudChoice(editor, project);
  return { ...awsVariables(process.env), ...(profile ? { AWS_PROFILE: profile } : {}) };
}

/**
 * Asks AWS who calls, with a choice. Where a deployment is already, its own region counts. Errors: as of `accountFor`, with
 * ways out that the editor has.
 */
export async function accountOf(
  { profile, region }: CloudChoice,
  declared: DeploymentSpec | undefined,
  project: string,
): Promise<Outcome<CloudAccount>> {
  const isThere = declared?.account !== undefined;
  const asked = {
    ...(profile && !isThere ? { profile } : {}),
    ...(region === undefined || declared?.stack !== undefined ? {} : { region }),
  };
  // Another profile may be the one of the account in which it is.
  const env = profile && isThere ? { ...process.env, AWS_PROFILE: profile } : process.env;
  const found = await accountFor(asked, declared, env);
  return found.ok ? found : { ok: false, error: withWayOut(found.error, { project, ...(profile ? { profile } : {}) }) };
}

/** For what is deployed already, without a question. Errors: as of `accountOf`. */
export async function accountAgain(
  editor: Editor,
  project: string,
  declared: DeploymentSpec | undefined,
): Promise<Outcome<CloudAccount>> {
  const title = vscode.l10n.t('Asking AWS whose credentials these are');
  return vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    accountOf(cloudChoice(editor, project), declared, project),
  );
}

/** Headers with which a deployment is called; none where it is on this machine. Errors: as of `headersFor`. */
export async function headersOf(
  editor: Editor,
  project: string,
  { cloud }: Pick<DeploymentStatus, 'cloud'>,
): Promise<Outcome<Record<string, string>>> {
  if (!cloud) return ok({});
  const { headersFor } = await import('../../core/cloud/keys.ts');
  const { variablesFor } = await import('../../core/cloud/profiles.ts');
  const { keyStore } = await import('./keys.ts');
  const env = awsEnvironment(editor, project);
  const found = await headersFor(cloud, keyStore(editor.extension.secrets), env);
  if (found.ok) return found;
  const { AWS_PROFILE: profile } = variablesFor(cloud.account, env);
  return { ok: false, error: withWayOut(found.error, { project, ...(profile ? { profile } : {}) }) };
}

/** What a failure of AWS's offers here: its text names options of the command line. */
export function withWayOut(
  { why, ...rest }: UserError,
  { project, profile }: { project: string; profile?: string },
): UserError {
  // What AWS's clients say ends without a full stop, and a message has more behind it.
  const error = { ...rest, ...(why === undefined ? {} : { why: sentence(why) }) };
  const logIn = { label: vscode.l10n.t('Log In'), command: 'nimbus.logInToAws', args: [{ project, profile }] };
  const select = {
    label: vscode.l10n.t('Select Profile'),
    command: 'nimbus.selectAwsProfile',
    args: [{ project }],
  };
  switch (error.code) {
    case 'expired-credentials':
      return { ...error, next: vscode.l10n.t('Log in again, then try again.'), action: logIn };
    case 'no-credentials': {
      const next = vscode.l10n.t('Log in (aws sso login), or choose a profile of your AWS configuration.');
      return { ...error, next, action: profile === undefined ? select : logIn };
    }
    case 'wrong-account':
      return { ...error, next: vscode.l10n.t('Choose a profile of that account.'), action: select };
    case 'no-region':
      return { ...error, next: vscode.l10n.t('Deploy Model asks for one, and the setting nimbus.aws.region has one.') };
    default:
      return error;
  }
}
