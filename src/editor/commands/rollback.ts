import * as vscode from 'vscode';
import { awsConfig } from '../../core/cloud/aws.ts';
import type { CloudAccount } from '../../core/cloud/account.ts';
import type { FunctionVersion } from '../../core/cloud/versions.ts';
import type { RollbackPlan } from '../../core/targets/plan.ts';
import { cancelled, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { CloudStatus, RolledBack } from '../../shared/states.ts';
import { accountAgain, withWayOut } from '../cloud/account.ts';
import { lookAtAws } from '../cloud/look.ts';
import type { Editor } from '../editor.ts';
import { operateInFront } from '../operate.ts';
import { BACK, choose, type Choice } from '../quick.ts';
import { chooseOnAws } from './pick.ts';

/** Lets a version serve again that was deployed to AWS before: the user chooses which, and agrees. */
export async function rollBack(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseOnAws(editor, given, vscode.l10n.t('Roll Back'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment, cloud } = chosen.value;
  const key = { model, deployment };
  const declared = project.spec(model)?.deployments?.[deployment];
  const account = await accountAgain(editor, project.folder, declared);
  if (!account.ok) return account;
  const versions = await keptVersions(account.value, cloud, project.folder);
  if (!versions.ok) return versions;
  const name = keyText(key);
  if (versions.value.length < 2) {
    return fail('no-version', vscode.l10n.t('There is nothing before what {0} serves.', name), {
      next: vscode.l10n.t('Deploy the model as it should be.'),
    });
  }
  const to = await chooseVersion(name, versions.value);
  if (!to) return cancelled();
  if (!(await agreedTo(name, to, versions.value))) return cancelled();
  const plan: RollbackPlan = { ...key, kind: 'rollback', project: project.folder, cloud: account.value, to: to.number };
  const done = await operateInFront(editor, project, plan, vscode.l10n.t('Rolling {0} back', name));
  if (!done.ok) return done;
  const { number, before, version } = done.value.result as RolledBack;
  await lookAtAws(editor, project, [key]);
  void vscode.window.showInformationMessage(
    vscode.l10n.t(
      '{0} serves version {1} again (model {2}), in the place of {3}.',
      name,
      number,
      version.slice(0, 7),
      before,
    ),
  );
  return ok(done.value.result);
}

async function keptVersions(
  { region, variables }: CloudAccount,
  cloud: CloudStatus,
  project: string,
): Promise<Outcome<FunctionVersion[]>> {
  const title = vscode.l10n.t('Asking AWS Lambda which versions of {0} it keeps', cloud.functionName);
  const { versionsOf } = await import('../../core/cloud/versions.ts');
  const config = await awsConfig(region, variables);
  const found = await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, () =>
    versionsOf(config, cloud),
  );
  const profile = variables['AWS_PROFILE'];
  return found.ok ? found : { ok: false, error: withWayOut(found.error, { project, ...(profile ? { profile } : {}) }) };
}

/** Undefined where the user cancelled, or chose what serves already. */
async function chooseVersion(name: string, versions: readonly FunctionVersion[]): Promise<FunctionVersion | undefined> {
  const at = versions.findIndex(({ live }) => live);
  const items = versions.map((value): Choice<FunctionVersion> => ({
    label: `$(${value.live ? 'circle-filled' : 'circle-outline'}) ${vscode.l10n.t('Version {0}', value.number)}`,
    description: [
      value.version === undefined
        ? vscode.l10n.t('published by hand')
        : vscode.l10n.t('model {0}', value.version.slice(0, 7)),
      new Date(value.publishedAt).toLocaleString(vscode.env.language),
      ...(value.live ? [vscode.l10n.t('serves')] : []),
    ].join(' · '),
    value,
  }));
  const before = items[at + 1] ?? items.find(({ value }) => !value?.live);
  const chosen = await choose<FunctionVersion>({
    title: vscode.l10n.t('Roll {0} Back', name),
    placeholder: vscode.l10n.t('Which version is to serve? The newest first'),
    items,
    ...(before ? { active: before } : {}),
  });
  if (chosen === undefined || chosen === BACK) return undefined;
  if (!chosen.live) return chosen;
  void vscode.window.showInformationMessage(vscode.l10n.t('Version {0} serves already.', chosen.number));
  return undefined;
}

async function agreedTo(name: string, to: FunctionVersion, versions: readonly FunctionVersion[]): Promise<boolean> {
  const rollIt = vscode.l10n.t('Roll Back');
  const live = versions.find((one) => one.live);
  const detail = [
    vscode.l10n.t('It serves with the configuration that it had: memory and environment variables too.'),
    ...(live ? [vscode.l10n.t('Version {0}, which serves now, is kept.', live.number)] : []),
    vscode.l10n.t('What is on this machine stays as it is: Redeploy has it serve again.'),
  ];
  const question = vscode.l10n.t('Let version {0} of {1} serve?', to.number, name);
  const answer = await vscode.window.showWarningMessage(question, { modal: true, detail: detail.join('\n\n') }, rollIt);
  return answer === rollIt;
}
