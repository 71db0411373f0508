import * as vscode from 'vscode';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { RotatePlan } from '../../core/targets/plan.ts';
import type { DeploymentStatus, KeyRotated } from '../../shared/states.ts';
import { accountAgain, awsEnvironment, cloudChoice, headersOf, rememberChoice } from '../cloud/account.ts';
import { askProfile, LOG_IN } from '../cloud/choices.ts';
import { lookAtAws } from '../cloud/look.ts';
import type { Editor } from '../editor.ts';
import { runAction } from '../guard.ts';
import { operateInFront } from '../operate.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Runs `aws sso login` in a terminal, which opens the browser. */
export async function logInToAws(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const named = textIn(given, 'profile') ?? cloudChoice(editor, projectIn(editor, given) ?? '').profile;
  // As a variable: a name would have to be quoted in another way for each shell.
  const env = named ? { AWS_PROFILE: named } : {};
  const terminal = vscode.window.createTerminal({ name: vscode.l10n.t('AWS: log in'), env });
  terminal.show();
  terminal.sendText('aws sso login');
  return ok(undefined);
}

/** Chooses the profile that deploys of a project go with from now on. */
export async function selectAwsProfile(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  await editor.store.opened();
  const project = projectIn(editor, given);
  if (project === undefined) {
    return fail('no-project', vscode.l10n.t('No folder is open.'), { next: vscode.l10n.t('Open a folder first.') });
  }
  const before = cloudChoice(editor, project);
  const profile = await askProfile(before.profile);
  if (profile === undefined) return cancelled();
  if (profile === LOG_IN) return logInToAws(editor, { project });
  await rememberChoice(editor, project, { ...before, profile });
  return ok(profile);
}

/** Puts the key of a deployment's API on the clipboard. */
export async function copyApiKey(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const title = vscode.l10n.t('Copy API Key');
  const chosen = await chooseDeployment(editor, given, title, hasKey);
  if (!chosen.ok) return chosen;
  const { project } = chosen.value;
  // The one that is known here may have been replaced elsewhere; where AWS is not heard it may still do.
  await lookAtAws(editor, project, [chosen.value]);
  const status = project.status(chosen.value);
  const headers = status ? await headersOf(editor, project.folder, status) : ok({} as Record<string, string>);
  if (!headers.ok) return headers;
  const key = headers.value['x-api-key'];
  if (key === undefined) return fail('no-key', vscode.l10n.t('{0} asks for no API key.', chosen.value.model));
  await vscode.env.clipboard.writeText(key);
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) Copied'), 3000);
  return ok(undefined);
}

/** Replaces the key of a deployment's API, after asking; whoever has the one before is refused. */
export async function rotateApiKey(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Rotate API Key'), hasKey);
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const before = project.status(chosen.value)?.cloud;
  if (before?.keyId === undefined) return fail('no-key', vscode.l10n.t('{0} asks for no API key.', model));
  const account = await accountAgain(editor, project.folder, project.spec(model)?.deployments?.[deployment]);
  if (!account.ok) return account;
  const rotateIt = vscode.l10n.t('Rotate');
  const answer = await vscode.window.showWarningMessage(
    vscode.l10n.t('Replace the API key of {0}/{1} by a new one?', model, deployment),
    {
      modal: true,
      detail: vscode.l10n.t(
        'Every caller that has the key gets 403 until it has the new one. The playground takes the new one by itself.',
      ),
    },
    rotateIt,
  );
  if (answer !== rotateIt) return cancelled();
  const plan: RotatePlan = { kind: 'rotate', project: project.folder, model, deployment, cloud: account.value };
  const rotated = await operateInFront(editor, project, plan, vscode.l10n.t('Rotating the API key of {0}', model));
  const { keepNewKey } = await import('../../core/cloud/keys.ts');
  const { keyStore } = await import('../cloud/keys.ts');
  // It may have failed once the new key was there.
  const result = rotated.ok ? (rotated.value.result as KeyRotated) : undefined;
  const now = result?.cloud ?? project.status(chosen.value)?.cloud ?? before;
  if (now.keyId !== before.keyId) {
    const env = awsEnvironment(editor, project.folder);
    const kept = await keepNewKey({ before, now }, keyStore(editor.extension.secrets), env);
    if (!kept.ok) return kept;
  }
  if (!result) return rotated;
  void sayRotated(chosen.value, result);
  return ok({ model, deployment });
}

async function sayRotated({ project, model, deployment }: Chosen, { isRefused }: KeyRotated): Promise<void> {
  const copy = vscode.l10n.t('Copy API Key');
  const said = [
    vscode.l10n.t('{0}/{1} has a new API key.', model, deployment),
    ...(isRefused === true ? [vscode.l10n.t('The one before is refused.')] : []),
    ...(isRefused === false ? [vscode.l10n.t('API Gateway still took the one before a minute later.')] : []),
  ].join(' ');
  const chosen = await vscode.window.showInformationMessage(said, copy);
  if (chosen === copy)
    await runAction({
      label: copy,
      command: 'nimbus.copyApiKey',
      args: [{ project: project.folder, model, deployment }],
    });
}

function hasKey(status: DeploymentStatus | undefined): boolean {
  return status?.cloud?.keyId !== undefined;
}

/** The folder of the project that a button names, else of the window's first. */
function projectIn(editor: Editor, given: unknown): string | undefined {
  return textIn(given, 'project') ?? editor.store.projects[0]?.folder;
}

function textIn(given: unknown, field: string): string | undefined {
  const value = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}
