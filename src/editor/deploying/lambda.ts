/** A deploy to AWS Lambda: rehearsed here, shown as a plan, agreed to, then done. */
import * as vscode from 'vscode';
import type { CloudAccount } from '../../core/cloud/account.ts';
import { monthText } from '../../core/cloud/month.ts';
import { planLines, rehearse, rehearsedText, type CloudReview, type Rehearsed } from '../../core/cloud/review.ts';
import type { DeployPlan } from '../../core/targets/plan.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { CloudDeployed } from '../../shared/states.ts';
import { sentence } from '../cloud/choices.ts';
import { headersOf, withWayOut } from '../cloud/account.ts';
import { typedName } from '../consent.ts';
import type { Editor } from '../editor.ts';
import { runAction } from '../guard.ts';
import { operateInFront } from '../operate.ts';
import { pricesSetting } from '../prices-setting.ts';
import type { Project } from '../store/project.ts';

/**
 * Nothing reaches AWS before the user agreed to the plan. Errors: the rehearsal fails; as of `reviewDeploy` and of the deploy.
 * What would not serve there is told, and counts as cancelled.
 */
export async function deployToLambda(
  editor: Editor,
  project: Project,
  plan: DeployPlan,
  account: CloudAccount,
): Promise<Outcome<void>> {
  const { model } = plan;
  const host = await project.host();
  if (!host.ok) return host;
  const rehearsing = vscode.l10n.t('Rehearsing {0} for AWS Lambda', model);
  const reviewed = await rehearse(account, plan, {
    run: (rehearsal) => operateInFront(editor, project, rehearsal, rehearsing),
    review: (work) => askingAws(project, account, work),
  });
  if (!reviewed.ok) return reviewed;
  const { review, rehearsal } = reviewed.value;
  if (rehearsal.isDeployed) {
    void vscode.window.showInformationMessage(
      vscode.l10n.t('Nothing has changed: {0} serves version {1} already.', model, rehearsal.version.slice(0, 7)),
    );
    return ok(undefined);
  }
  if (review.stops.length > 0) {
    await sayStops(review, plan);
    return cancelled();
  }
  const sweep = await host.value.api.sweep(model);
  const { region } = account;
  const env = pricesSetting(project.folder);
  const month = await monthText({ plan, rehearsal, region, sweep, env }, vscode.env.language);
  if (!(await agreedTo({ review, rehearsal }, month, plan))) return cancelled();
  const deploying = vscode.l10n.t('Deploying {0} to AWS Lambda', model);
  const done = await operateInFront(editor, project, { ...plan, cloud: review.plan }, deploying);
  if (!done.ok) return done;
  const deployed = done.value.result as CloudDeployed;
  // Read while the credentials are at hand: its first request needs it.
  await headersOf(editor, project.folder, deployed);
  void sayDeployed(project, plan, deployed);
  return ok(undefined);
}

/** Shows that AWS is asked, until the user cancels that. */
async function askingAws(
  project: Project,
  account: CloudAccount,
  work: () => Promise<Outcome<CloudReview>>,
): Promise<Outcome<CloudReview>> {
  const options = {
    location: vscode.ProgressLocation.Notification,
    title: vscode.l10n.t('Looking at what is in account {0}', account.account),
    cancellable: true,
  };
  const reviewed = await vscode.window.withProgress(options, (_progress, cancellation) =>
    Promise.race([
      work(),
      new Promise<Outcome<never>>((resolve) => {
        cancellation.onCancellationRequested(() => resolve(cancelled()));
      }),
    ]),
  );
  if (reviewed.ok) return reviewed;
  const profile = account.variables['AWS_PROFILE'];
  return {
    ok: false,
    error: withWayOut(reviewed.error, { project: project.folder, ...(profile ? { profile } : {}) }),
  };
}

async function agreedTo({ review, rehearsal }: Rehearsed, month: string, plan: DeployPlan): Promise<boolean> {
  const { model, deploymentSpec } = plan;
  const { account, region, arn } = review.account;
  const title = vscode.l10n.t('Deploy {0} to AWS Lambda?', model);
  const detail = [
    [vscode.l10n.t('Account {0}, {1}', account, region), arn].join('\n'),
    planLines(review, rehearsal, vscode.env.language).join('\n'),
    sentence(rehearsedText(rehearsal, vscode.env.language)),
    sentence(month),
    ...(review.kind === 'update' ? [] : [vscode.l10n.t('Cancelling it deletes what it has made so far.')]),
  ];
  if (deploymentSpec.auth === 'none') {
    return typedName(model, {
      warning: title,
      detail: [...detail, vscode.l10n.t('Anybody on the internet may call it, at your cost.')],
      goOn: vscode.l10n.t('Deploy for Anybody…'),
      title: vscode.l10n.t('Deploy {0} for anybody on the internet', model),
      prompt: vscode.l10n.t('Type the name of the model, {0}, to deploy it so.', model),
    });
  }
  const deploy = vscode.l10n.t('Deploy');
  const options = { modal: true, detail: detail.join('\n\n') };
  return (await vscode.window.showInformationMessage(title, options, deploy)) === deploy;
}

async function sayStops({ stops }: CloudReview, { model }: DeployPlan): Promise<void> {
  await vscode.window.showErrorMessage(
    vscode.l10n.t('{0} would not answer on AWS Lambda, so nothing was deployed.', model),
    { modal: true, detail: [...stops, vscode.l10n.t('Change that, and deploy again.')].join('\n\n') },
  );
}

async function sayDeployed(
  project: Project,
  { model, deployment }: DeployPlan,
  { answers, cloud }: CloudDeployed,
): Promise<void> {
  const times = answers.map(({ start, totalMs }) => {
    const time = formatMs(totalMs, vscode.env.language);
    return start === undefined ? time : `${start} ${time}`;
  });
  const text =
    times.length === 0
      ? vscode.l10n.t('{0} is on AWS Lambda, {1}.', model, cloud.region)
      : vscode.l10n.t('{0} answers on AWS Lambda, {1}: {2}.', model, cloud.region, times.join(', '));
  const open = vscode.l10n.t('Open Playground');
  if ((await vscode.window.showInformationMessage(text, open)) !== open) return;
  await runAction({
    label: open,
    command: 'nimbus.openPlayground',
    args: [{ project: project.folder, model, deployment }],
  });
}
