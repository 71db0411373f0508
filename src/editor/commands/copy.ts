import * as vscode from 'vscode';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { CodeLanguage } from '../../shared/playground.ts';
import type { Editor } from '../editor.ts';
import { externalUrl } from '../endpoint.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Puts the endpoint's URL on the clipboard, as this user's machine reaches it. */
export async function copyEndpointUrl(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Copy Endpoint URL'));
  if (!chosen.ok) return chosen;
  const url = await urlOf(chosen.value);
  if (!url.ok) return url;
  return copied(url.value.external);
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
  const url = await urlOf(chosen.value);
  if (!url.ok) return url;
  const [{ codeFor }, { exampleInput }, { fetchCard }] = await Promise.all([
    import('../../core/invoke/snippets.ts'),
    import('../../core/invoke/example.ts'),
    import('../../core/invoke/card.ts'),
  ]);
  const declared = chosen.value.project.spec(chosen.value.model)?.examples?.[0]?.input;
  const input = declared ?? exampleInput(await fetchCard(url.value.here));
  return copied(codeFor(language, url.value.external, { input }));
}

/** The endpoint's URL where the extension runs, and on the user's own machine. */
async function urlOf({ project, model, deployment }: Chosen): Promise<Outcome<{ here: string; external: string }>> {
  const status = project.status({ model, deployment });
  if (!status) return fail('not-deployed', vscode.l10n.t('{0} has no endpoint on this machine yet.', model));
  return ok({ here: status.url, external: await externalUrl(status.url) });
}

async function copied(text: string): Promise<Outcome<string>> {
  await vscode.env.clipboard.writeText(text);
  vscode.window.setStatusBarMessage(vscode.l10n.t('$(check) Copied'), 3000);
  return ok(text);
}
