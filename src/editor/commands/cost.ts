import * as vscode from 'vscode';
import { costOf, usualRegion } from '../../core/cost/card.ts';
import { readPrices } from '../../core/cost/price-file.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText } from '../../shared/spec.ts';
import type { Editor } from '../editor.ts';
import { chooseDeployment, type Chosen } from './pick.ts';

/** Shows what a deployment would cost on AWS Lambda in a month, as it was measured. */
export async function showCost(editor: Editor, given: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseDeployment(editor, given, vscode.l10n.t('Show Cost'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const key = { model, deployment };
  const settings = vscode.workspace.getConfiguration('nimbus', vscode.Uri.file(project.folder));
  const file = settings.get<string>('cost.pricesFile')?.trim();
  const prices = await readPrices({ ...process.env, ...(file ? { NIMBUS_PRICES: file } : {}) });
  if (!prices.ok) return prices;
  const host = await project.host();
  if (!host.ok) return host;
  const status = project.status(key);
  const card = costOf({
    key,
    spec: project.spec(model),
    status,
    sweep: await host.value.api.sweep(model),
    asked: {},
    region: settings.get<string>('cost.region')?.trim() || usualRegion(process.env),
    prices: prices.value,
    freeTier: false,
  });
  const canSweep = status?.image !== undefined;
  if (!card.ok) return card.error.code === 'not-measured' ? notMeasured(chosen.value, canSweep) : card;
  (await editor.reports()).show(project, key, { kind: 'cost', cost: card.value, canSweep });
  return ok(card.value);
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
