import * as vscode from 'vscode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { CodeLanguage } from '../../shared/playground.ts';
import type { DeploymentStatus } from '../../shared/states.ts';
import { headersOf } from '../cloud/account.ts';
import type { Editor } from '../editor.ts';
import { externalUrl } from '../endpoint.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Puts the endpoint's URL on the clipboard, as this user's machine reaches it. */
export async function copyEndpointUrl(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Copy Endpoint URL'));
  if (!chosen.ok) return chosen;
  const endpoint = await endpointOf(chosen.value);
  return endpoint.ok ? copied(endpoint.value.external) : endpoint;
}

export async function copyAsCurl(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  return copyAs(editor, given, 'curl');
}

export async function copyAsPython(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  return copyAs(editor, given, 'python');
}

export async function copyAsTypeScript(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  return copyAs(editor, given, 'typescript');
}

const TITLES: Record<CodeLanguage, string> = { curl: 'curl', python: 'Python', typescript: 'TypeScript' };

async function copyAs(editor: Editor, given: unknown, language: CodeLanguage): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Copy as {0}', TITLES[language]));
  if (!chosen.ok) return chosen;
  const endpoint = await endpointOf(chosen.value);
  if (!endpoint.ok) return endpoint;
  const { status, external } = endpoint.value;
  const [{ codeFor }, { exampleInput }, { fetchCard }] = await Promise.all([
    import('../../core/invoke/snippets.ts'),
    import('../../core/invoke/example.ts'),
    import('../../core/invoke/card.ts'),
  ]);
  const { project, model } = chosen.value;
  let input = project.spec(model)?.examples?.[0]?.input;
  if (input === undefined) {
    const headers = await headersOf(editor, project.folder, status);
    if (!headers.ok) return headers;
    input = exampleInput(await fetchCard(status.url, { headers: headers.value }));
  }
  return copied(codeFor(language, external, { input }, { withKey: status.cloud?.keyId !== undefined }));
}

/** `external` is its URL on the user's own machine. */
async function endpointOf({
  project,
  model,
  deployment,
}: Chosen): Promise<Outcome<{ status: DeploymentStatus; external: string }>> {
  const status = project.status({ model, deployment });
  if (!status) return fail('not-deployed', vscode.l10n.t('{0} has no endpoint on this machine yet.', model));
  return ok({ status, external: await externalUrl(status.url) });
}

async function copied(text: string): Promise<Outcome<string>> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) Copied'), 3000);
  return ok(text);
}
