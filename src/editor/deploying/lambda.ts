/** A deploy to AWS Lambda: rehearsed here, shown as a plan, agreed to, then done. */
import * as vscode from 'vscode';
import type { CloudAccount } from '../../core/cloud/account.ts';
import { monthText } from '../../core/cloud/month.ts';
import { planLines, rehearse, rehearsedText, type CloudReview, type Rehearsed } from '../../core/cloud/review.ts';
import type { HostConnection } from '../../core/host/client.ts';
import type { CloudPlan, DeployPlan } from '../../core/targets/plan.ts';
import { formatMs } from '../../shared/latency.ts';
import { cancelled, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import type { CloudDeployed, Operation } from '../../shared/states.ts';
import { sentence } from '../cloud/choices.ts';
import { headersOf, withWayOut } from '../cloud/account.ts';
import { keyStore } from '../cloud/keys.ts';
import { typedName } from '../consent.ts';
import type { Editor } from '../editor.ts';
import { runAction } from '../guard.ts';
import { operateInFront } from '../operate.ts';
import { pricesSetting } from '../prices-setting.ts';
import type { Project } from '../store/project.ts';

/**
 * Nothing reaches AWS before the user agreed to the plan. `rehearsed`: it was rehearsed already, in a window that was loaded anew
 * since. Errors: the rehearsal fails; as of `reviewDeploy` and of the deploy. What would not serve there is told, and counts as
 * cancelled.
 */
export async function deployToLambda(
  editor: Editor,
  project: Project,
  plan: DeployPlan,
  account: CloudAccount,
  rehearsed?: Operation,
): Promise<Outcome<void>> {
  const { model } = plan;
  const host = await project.host();
  if (!host.ok) return host;
  const agreed = await agreedPlan(editor, { project, host: host.value, plan, account }, rehearsed);
  if (!agreed.ok) return agreed;
  if (agreed.value === 'deployed') return ok(undefined);
  const deploying = vscode.l10n.t('Deploying {0} to AWS Lambda', model);
  const before = project.status(plan)?.cloud;
  const done = await operateInFront(editor, project, { ...plan, cloud: agreed.value }, deploying);
  if (!done.ok) return done;
  const deployed = done.value.result as CloudDeployed;
  const { forgetKeyBefore } = await import('../../core/cloud/keys.ts');
  await forgetKeyBefore(before, deployed.cloud, keyStore(editor.extension.secrets));
  // Read while the credentials are at hand: its first request needs it.
  await headersOf(editor, project.folder, deployed);
  void sayDeployed(project, plan, deployed);
  return ok(undefined);
}

interface Wanted {
  project: Project;
  host: HostConnection;
  plan: DeployPlan;
  account: CloudAccount;
}

/** Rehearses, reviews and asks; `deployed` where there is nothing to do. Until it is answered a reload offers the plan again. */
async function agreedPlan(
  editor: Editor,
  { project, host, plan, account }: Wanted,
  rehearsed: Operation | undefined,
): Promise<Outcome<CloudPlan | 'deployed'>> {
  const { model } = plan;
  let operation = rehearsed;
  const rehearsing = vscode.l10n.t('Rehearsing {0} for AWS Lambda', model);
  try {
    const reviewed = await rehearse(account, plan, {
      run: async (rehearsal) => {
        if (rehearsed && !rehearsal.anyway) return ok(rehearsed);
        const done = await operateInFront(editor, project, rehearsal, rehearsing);
        if (done.ok) operation = done.value;
        return done;
      },
      review: (work) => askingAws(project, account, work),
    });
    if (!reviewed.ok) return reviewed;
    const { review, rehearsal } = reviewed.value;
    if (rehearsal.isDeployed) {
      void vscode.window.showInformationMessage(
        vscode.l10n.t('Nothing has changed: {0} serves version {1} already.', model, rehearsal.version.slice(0, 7)),
      );
      return ok('deployed');
    }
    if (review.stops.length > 0) {
      await sayStops(review, plan);
      return cancelled();
    }
    const sweep = await host.api.sweep(model);
    const env = pricesSetting(project.folder);
    const month = await monthText({ plan, rehearsal, region: account.region, sweep, env }, vscode.env.language);
    return (await agreedTo({ review, rehearsal }, month, plan)) ? ok(review.plan) : cancelled();
  } finally {
    if (operation) project.forget(operation);
  }
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
    ...(review.kind === 'update'
      ? []
      : [vscode.l10n.t('Cancelling it deletes the stack and the image again; what the account has once stays.')]),
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

/** With a way to the playground. */
export async function sayDeployed(
  project: Project,
  { model, deployment }: DeploymentKey,
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
