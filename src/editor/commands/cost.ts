import * as vscode from 'vscode';
import type { SpentOn } from '../../core/cloud/spent.ts';
import { costOf, usageOf, usualRegion } from '../../core/cost/card.ts';
import { readPrices } from '../../core/cost/price-file.ts';
import type { Spent } from '../../shared/cost.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import { awsEnvironment } from '../cloud/account.ts';
import type { Editor } from '../editor.ts';
import { showError } from '../guard.ts';
import { pricesSetting } from '../prices-setting.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Shows what a deployment would cost on AWS Lambda in a month, as it was measured. */
export async function showCost(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Show Cost'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const key = { model, deployment };
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(project.folder));
  const prices = await readPrices(pricesSetting(project.folder));
  if (!prices.ok) return prices;
  const host = await project.host();
  if (!host.ok) return host;
  const status = project.status(key);
  const spec = project.spec(model);
  const declared = spec?.deployments?.[deployment];
  const spent =
    status?.cloud &&
    (await spentOf(editor, awsEnvironment(editor, project.folder), {
      cloud: status.cloud,
      image: status.image,
      spec,
      declared,
      prices: prices.value.list,
      freeTier: false,
    }));
  const card = costOf({
    key,
    spec,
    status,
    sweep: await host.value.api.sweep(model),
    ...(spent ? { spent } : {}),
    asked: {},
    region: settings.get<string>('cost.region')?.trim() || declared?.region || usualRegion(process.env),
    prices: prices.value,
    freeTier: false,
    usage: usageOf(declared),
  });
  const canSweep = status?.image !== undefined;
  if (!card.ok) return card.error.code === 'not-measured' ? notMeasured(chosen.value, canSweep) : card;
  (await editor.reports()).show(project, key, { kind: 'cost', cost: card.value, canSweep });
  return ok(card.value);
}

/** Of a deployment on AWS, where that can be asked: who has no credentials at hand still gets the rest. */
async function spentOf(editor: Editor, env: NodeJS.ProcessEnv, deployed: SpentOn): Promise<Spent | undefined> {
  const { cloudAccount } = await import('../../core/cloud/account.ts');
  const { spentOn } = await import('../../core/cloud/spent.ts');
  const { region, account: wanted } = deployed.cloud;
  const account = await cloudAccount({ region, account: wanted }, env);
  const spent = account.ok ? await spentOn(account.value, deployed) : account;
  if (spent.ok) return spent.value;
  showError(editor.log, {
    ...spent.error,
    what: vscode.l10n.t('What it has cost is not known. {0}', spent.error.what),
  });
  return undefined;
}

function notMeasured({ project, model, deployment }: Chosen, canSweep: boolean): Outcome<never> {
  const key = { project: project.folder, model, deployment };
  return fail('not-measured', vscode.l10n.t('{0} has answered no warm request yet.', keyText(key)), {
    why: vscode.l10n.t('What it costs depends on how long a request takes.'),
    ...(canSweep
      ? {
          next: vscode.l10n.t('Sweep its memory, or send two requests in the playground.'),
          action: { label: vscode.l10n.t('Memory Sweep'), command: 'nimbus.memorySweep', args: [key] },
        }
      : {
          next: vscode.l10n.t('Send two requests in the playground: the first is cold.'),
          action: { label: vscode.l10n.t('Open Playground'), command: 'nimbus.openPlayground', args: [key] },
        }),
  });
}
