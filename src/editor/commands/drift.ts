import * as vscode from 'vscode';
import { awsConfig } from '../../core/cloud/aws.ts';
import type { Drift } from '../../core/cloud/drift.ts';
import { ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import { accountAgain } from '../cloud/account.ts';
import { lookAtAws } from '../cloud/look.ts';
import { waitingFor } from '../cloud/waiting.ts';
import type { Editor } from '../editor.ts';
import { runAction } from '../guard.ts';
import { chooseOnAws, type ChosenOnAws } from './pick.ts';

/** Has AWS compare a deployment with its stack, and shows what somebody changed by hand. */
export async function compareWithAws(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseOnAws(editor, given, vscode.l10n.t('Compare With AWS'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment, cloud } = chosen.value;
  const key = { model, deployment };
  const account = await accountAgain(editor, project.folder, project.spec(model)?.deployments?.[deployment]);
  if (!account.ok) return account;
  const { region, variables } = account.value;
  const { drift, driftTexts } = await import('../../core/cloud/drift.ts');
  const title = vscode.l10n.t('AWS compares {0} with its stack', keyText(key));
  const found = await waitingFor(title, async (signal) => drift(await awsConfig(region, variables), cloud, signal));
  if (!found.ok) return found;
  // CloudFormation keeps what it found: the row says it by the same look as that of every other window.
  await lookAtAws(editor, project, [key]);
  const status = project.status(key);
  const about = { isChanged: status?.state === 'changed', isAhead: status?.seen?.isAhead ?? false };
  const texts = driftTexts(key, found.value, { ...about, why: status?.error?.what });
  const { parts, unknown, at } = found.value;
  if (parts.length === 0 && unknown === undefined && !about.isChanged) {
    void vscode.window.showInformationMessage(texts.at(-1)!);
    return ok(found.value);
  }
  const when = new Date(at).toLocaleString(vscode.env.language);
  const head = [
    vscode.l10n.t('{0}, as AWS compared it: {1}', keyText(key), when),
    vscode.l10n.t('The stack {0} in account {1}, {2}', cloud.stack, cloud.account, region),
  ];
  await (await editor.drifts()).show(key, project.folder, `${[head.join('\n'), ...texts].join('\n\n')}\n`);
  if (parts.length > 0) void offerRedeploy(chosen.value, found.value);
  return ok(found.value);
}

async function offerRedeploy({ project, model, deployment }: ChosenOnAws, { parts }: Drift): Promise<void> {
  const redeploy = vscode.l10n.t('Redeploy');
  const what = parts.map(({ id }) => id).join(', ');
  const text = vscode.l10n.t('{0} was changed by hand on AWS: {1}.', keyText({ model, deployment }), what);
  if ((await vscode.window.showWarningMessage(text, redeploy)) !== redeploy) return;
  const args = [{ project: project.folder, model, deployment }];
  await runAction({ label: redeploy, command: 'nimbus.redeploy', args });
}
