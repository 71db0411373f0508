/** The questions that only a deploy to AWS has: which profile, which region, who may call. */
import * as vscode from 'vscode';
import { REGION } from '../../core/cloud/account.ts';
import { awsProfiles } from '../../core/cloud/profiles.ts';
import { AUTHS, type Auth } from '../../shared/spec.ts';
import { askText, BACK, choose, type Choice } from '../quick.ts';

/** What a profile's question ends with beside a name; `''` is the environment. */
export const LOG_IN = Symbol('log in');

/** Undefined where the user went back or cancelled. */
export async function askProfile(current: string | undefined): Promise<string | typeof LOG_IN | undefined> {
  const profiles = await awsProfiles(process.env);
  const items: Choice<string | typeof LOG_IN>[] = [
    { label: vscode.l10n.t('$(terminal) The environment'), description: environmentText(), value: '' },
    ...profiles.map(({ name, region }) => ({
      label: `$(account) ${name}`,
      ...(region === undefined ? {} : { description: region }),
      value: name,
    })),
    { label: vscode.l10n.t('Not logged in?'), kind: vscode.QuickPickItemKind.Separator },
    {
      label: vscode.l10n.t('$(sign-in) Log In…'),
      description: vscode.l10n.t('aws sso login, in a terminal'),
      value: LOG_IN,
    },
  ];
  const active = items.find(({ value }) => value === (current ?? ''));
  const chosen = await choose<string | typeof LOG_IN>({
    title: vscode.l10n.t('Profile of the AWS configuration'),
    placeholder: vscode.l10n.t('Whose credentials deploy it'),
    back: true,
    items,
    ...(active ? { active } : {}),
  });
  return chosen === BACK ? undefined : chosen;
}

/** How the AWS tools would find credentials without a profile that is named. */
export function environmentText(): string {
  const { AWS_PROFILE: profile, AWS_ACCESS_KEY_ID: key } = process.env;
  if (profile) return vscode.l10n.t('AWS_PROFILE is {0}', profile);
  return key ? vscode.l10n.t('the keys in AWS_ACCESS_KEY_ID') : vscode.l10n.t('what AWS finds by itself');
}

/**
 * Those that every account has without opting in.
 * https://docs.aws.amazon.com/global-infrastructure/latest/regions/aws-regions.html
 */
const REGIONS: readonly [string, string][] = [
  ['us-east-1', 'N. Virginia'],
  ['us-east-2', 'Ohio'],
  ['us-west-1', 'N. California'],
  ['us-west-2', 'Oregon'],
  ['ca-central-1', 'Canada'],
  ['sa-east-1', 'São Paulo'],
  ['eu-central-1', 'Frankfurt'],
  ['eu-west-1', 'Ireland'],
  ['eu-west-2', 'London'],
  ['eu-west-3', 'Paris'],
  ['eu-north-1', 'Stockholm'],
  ['ap-south-1', 'Mumbai'],
  ['ap-northeast-1', 'Tokyo'],
  ['ap-northeast-2', 'Seoul'],
  ['ap-northeast-3', 'Osaka'],
  ['ap-southeast-1', 'Singapore'],
  ['ap-southeast-2', 'Sydney'],
];
const OTHER = Symbol('other');

/** Undefined where the user went back or cancelled. */
export async function askRegion(current: string | undefined): Promise<string | undefined> {
  const items: Choice<string | typeof OTHER>[] = [
    ...REGIONS.map(([value, place]) => ({ label: value, description: place, value })),
    { label: vscode.l10n.t('$(edit) Another region…'), value: OTHER, alwaysShow: true },
  ];
  const active = items.find(({ value }) => value === current);
  const title = vscode.l10n.t('Region of AWS');
  const chosen = await choose<string | typeof OTHER>({
    title,
    placeholder: vscode.l10n.t('The nearer to who calls, the sooner they have the answer'),
    back: true,
    items,
    ...(active ? { active } : {}),
  });
  if (chosen !== OTHER) return chosen === BACK ? undefined : chosen;
  const typed = await askText({
    title,
    value: current ?? '',
    placeholder: 'eu-south-1',
    back: true,
    check: (text) => (REGION.test(text) ? undefined : vscode.l10n.t('The name of a region, such as eu-south-1')),
  });
  return typeof typed === 'string' ? typed : undefined;
}

/** Undefined where the user went back or cancelled. */
export async function askAuth(current: Auth): Promise<Auth | undefined> {
  const details: Record<Auth, string> = {
    key: vscode.l10n.t('The playground sends it by itself. It meters callers, and identifies nobody'),
    iam: vscode.l10n.t('Their requests are signed with AWS credentials that may call it'),
    none: vscode.l10n.t('At your cost. You are asked for it again before anything is deployed'),
  };
  const items = AUTHS.map((value) => ({ label: capitalised(authText(value)), detail: details[value], value }));
  const active = items.find(({ value }) => value === current);
  const chosen = await choose<Auth>({
    title: vscode.l10n.t('Who may call it?'),
    back: true,
    items,
    ...(active ? { active } : {}),
  });
  return chosen === BACK ? undefined : chosen;
}

/** The beginning of a sentence. */
export function capitalised(text: string): string {
  return text.charAt(0).toLocaleUpperCase() + text.slice(1);
}

/** As a sentence of its own. */
export function sentence(text: string): string {
  return text.endsWith('.') ? capitalised(text) : `${capitalised(text)}.`;
}

/** Within a sentence. */
export function authText(auth: Auth): string {
  switch (auth) {
    case 'key':
      return vscode.l10n.t('callers with an API key');
    case 'iam':
      return vscode.l10n.t('callers who sign by IAM');
    case 'none':
      return vscode.l10n.t('anybody on the internet');
    default:
      return auth satisfies never;
  }
}
