import os from 'node:os';
import * as vscode from 'vscode';
import { diagnose } from '../../core/doctor/doctor.ts';
import { findingText, hasProblem } from '../../shared/doctor.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { cloudChoice } from '../cloud/account.ts';
import type { Editor } from '../editor.ts';
import { selectedInterpreter } from '../python-extension.ts';

let channel: vscode.OutputChannel | undefined;

/** Checks what deploys need, as `nimbus doctor` does, and shows the same in an output channel of its own. */
export async function doctor(editor: Editor): Promise<Outcome<unknown>> {
  const { extension, log, store } = editor;
  await store.opened();
  const project = store.projects[0]?.folder ?? vscode.workspace.workspaceFolders?.[0]?.uri.fsPath ?? os.homedir();
  const { profile, region } = cloudChoice(editor, project);
  const title = vscode.l10n.t('Checking Python, Docker and AWS');
  const findings = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
    const pythonExtension = await selectedInterpreter(project, log);
    return diagnose({
      project,
      trustedProject: vscode.workspace.isTrusted,
      env: process.env,
      ...(profile ? { profile } : {}),
      ...(region === undefined ? {} : { region }),
      ...(pythonExtension === undefined || !vscode.workspace.isTrusted ? {} : { pythonExtension }),
    });
  });
  if (!channel) extension.subscriptions.push((channel = vscode.window.createOutputChannel('Nimbus Set-up')));
  channel.replace(`${findings.map(findingText).join('\n')}\n`);
  channel.show(true);
  if (!hasProblem(findings)) return ok(findings);
  return fail('set-up-problem', vscode.l10n.t('Something that is set up does not work.'), {
    next: vscode.l10n.t('The output Nimbus Set-up says what, and what to do.'),
  });
}
