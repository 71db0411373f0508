/** What hangs on an operation that ended after its window was loaded anew, or closed: nobody waited for it any more. */
import * as vscode from 'vscode';
import { fail, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { CloudDeployed, Operation, Rehearsal } from '../../shared/states.ts';
import { accountAgain } from '../cloud/account.ts';
import { remember } from '../consent.ts';
import type { Editor } from '../editor.ts';
import { guarded, showError, withLog } from '../guard.ts';
import type { Project } from '../store/project.ts';
import { deployToLambda, sayDeployed } from './lambda.ts';

/**
 * Tells of a failure, of a deploy to AWS, and of a rehearsal, whose plan is then to be seen: there is none where nothing has
 * changed since the last deploy. Of the rest its row tells.
 */
export async function tellUnseen(editor: Editor, project: Project, operation: Operation): Promise<void> {
  const { kind, state, model, error, logFile, result } = operation;
  if (state === 'failed') {
    const what = vscode.l10n.t('The {0} of {1} failed: {2}', kind, keyText(operation), error?.what ?? '');
    showError(editor.log, withLog({ code: 'failed-unseen', ...error, what }, logFile));
    return;
  }
  if ((kind === 'deploy' || kind === 'redeploy') && isOnAws(result)) return sayDeployed(project, operation, result);
  if (kind !== 'rehearse') return;
  const { id, isDeployed } = result as Rehearsal;
  if (isDeployed) return;
  const show = vscode.l10n.t('Show Plan');
  const text = vscode.l10n.t('{0} was rehearsed for AWS Lambda. Nothing is deployed yet.', model);
  if ((await vscode.window.showInformationMessage(text, show)) !== show) return;
  await guarded(editor.log, { id: 'nimbus.deploy', trusted: true }, () => goOn(editor, project, operation, id));
}

function isOnAws(result: Operation['result']): result is CloudDeployed {
  return result !== undefined && 'cloud' in result;
}

/** Errors: the host that rehearsed it has ended since, or it was rehearsed again; as of `deployToLambda`. */
async function goOn(editor: Editor, project: Project, operation: Operation, rehearsal: string): Promise<Outcome<void>> {
  const host = await project.host();
  if (!host.ok) return host;
  const { model, deployment } = operation;
  const plan = await host.value.api.rehearsedPlan({ model, deployment }, rehearsal);
  if (!plan) {
    return fail('not-rehearsed', vscode.l10n.t('The rehearsal of {0} is not known any more.', keyText(operation)), {
      next: vscode.l10n.t('Deploy it again: its image is there.'),
    });
  }
  const account = await accountAgain(editor, project.folder, plan.deploymentSpec);
  if (!account.ok) return account;
  const outcome = await deployToLambda(editor, project, plan, account.value, operation);
  await remember(project.folder, plan.consent, outcome);
  return outcome;
}
