import * as vscode from 'vscode';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { cloudChoice, headersOf, rememberChoice } from '../cloud/account.ts';
import { askProfile, LOG_IN } from '../cloud/choices.ts';
import type { Editor } from '../editor.ts';
import { chooseDeployment } from './pick.ts';

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
  const hasKey = (status: DeploymentStatus | undefined): boolean => status?.cloud?.keyId !== undefined;
  const chosen = await chooseDeployment(editor, given, title, hasKey);
  if (!chosen.ok) return chosen;
  const { project } = chosen.value;
  const status = project.status(chosen.value);
  const headers = status ? await headersOf(editor, project.folder, status) : ok({} as Record<string, string>);
  if (!headers.ok) return headers;
  const key = headers.value['x-api-key'];
  if (key === undefined) return fail('no-key', vscode.l10n.t('{0} asks for no API key.', chosen.value.model));
  await vscode.env.clipboard.writeText(key);
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) Copied'), 3000);
  return ok(undefined);
}

/** The folder of the project that a button names, else of the window's first. */
function projectIn(editor: Editor, given: unknown): string | undefined {
  return textIn(given, 'project') ?? editor.store.projects[0]?.folder;
}

function textIn(given: unknown, field: string): string | undefined {
  const value = typeof given === 'object' && given !== null ? (given as Record<string, unknown>)[field] : undefined;
  return typeof value === 'string' ? value : undefined;
}
