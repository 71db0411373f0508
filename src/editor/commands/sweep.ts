import * as vscode from 'vscode';
import { ok, cancelled, type Outcome } from '../../shared/outcome.ts';
import {
  MEMORY_MB,
  parseSizes,
  SWEEP_REQUESTS,
  SWEEP_SIZES,
  SWEEP_SIZES_MB,
  verdictOf,
  type SweepReport,
} from '../../shared/sweep.ts';
import type { SweepPlan } from '../../core/targets/plan.ts';
import { knownValues } from '../deploying/variables.ts';
import type { Editor } from '../editor.ts';
import { operateInFront } from '../operate.ts';
import { askText, BACK, choose } from '../quick.ts';
import { chooseImage } from './images.ts';
import type { Chosen } from './pick.ts';

/**
 * Runs the image of a deployment at several memory sizes and shows what each costs; or, where `again` is not true, what
 * the last sweep found.
 */
export async function memorySweep(editor: Editor, given: unknown, again?: unknown): Promise<Outcome<unknown>> {
  const chosen = await chooseImage(editor, given, vscode.l10n.t('Memory Sweep'));
  if (!chosen.ok) return chosen;
  const { project, model, deployment } = chosen.value;
  const key = { model, deployment };
  const host = await project.host();
  if (!host.ok) return host;
  const last = await host.value.api.sweep(model);
  const show = async (sweep: SweepReport): Promise<void> =>
    (await editor.reports()).show(project, key, { kind: 'sweep', sweep });
  if (again !== true && last?.deployment === deployment) {
    const answer = await askAgain(last);
    if (answer === undefined) return cancelled();
    if (answer === 'last') return ok(await show(last));
  }
  const wish = await askWish(model, last);
  if (!wish) return cancelled();
  const plan = await planOf(editor, chosen.value, wish);
  const title = vscode.l10n.t('Memory sweep of {0}', model);
  const outcome = await operateInFront(editor, project, plan, title);
  if (!outcome.ok) return outcome;
  const { result } = outcome.value;
  if (!result || !('rows' in result)) throw new Error('a sweep has no report');
  await show(result);
  return ok(result);
}

async function askAgain(last: SweepReport): Promise<'again' | 'last' | undefined> {
  const at = new Date(last.at).toLocaleString(vscode.env.language);
  const answer = await choose<'again' | 'last'>({
    title: vscode.l10n.t('Memory sweep of {0}', last.model),
    items: [
      { label: vscode.l10n.t('$(refresh) Sweep Again'), value: 'again' },
      {
        label: vscode.l10n.t('$(graph) Show the Last Sweep'),
        description: at,
        detail: verdictOf(last, vscode.env.language),
        value: 'last',
      },
    ],
  });
  return answer === BACK ? undefined : answer;
}

interface Wish {
  sizesMb: number[];
  p95Ms?: number;
}

async function askWish(model: string, last: SweepReport | undefined): Promise<Wish | undefined> {
  const title = vscode.l10n.t('Memory sweep of {0}', model);
  let text = (last?.rows.map(({ memoryMb }) => memoryMb) ?? SWEEP_SIZES_MB).join(', ');
  for (;;) {
    const sizes = await askText({
      title,
      step: 1,
      totalSteps: 2,
      value: text,
      prompt: vscode.l10n.t(
        'Memory sizes in MB, {0} to {1}, up to {2} of them',
        MEMORY_MB.least,
        MEMORY_MB.most,
        SWEEP_SIZES,
      ),
      check: (value) =>
        parseSizes(value)
          ? undefined
          : vscode.l10n.t('Whole numbers from {0} to {1}, with commas between them', MEMORY_MB.least, MEMORY_MB.most),
    });
    if (sizes === undefined || sizes === BACK) return undefined;
    text = sizes;
    const p95 = await askText({
      title,
      step: 2,
      totalSteps: 2,
      back: true,
      value: String(last?.p95Ms ?? ''),
      prompt: vscode.l10n.t('p95 of a warm request in ms that a size must keep. Empty: the cheapest of all'),
      check: (value) =>
        value === '' || (Number.isInteger(Number(value)) && Number(value) > 0)
          ? undefined
          : vscode.l10n.t('A whole number, or nothing'),
    });
    if (p95 === undefined) return undefined;
    if (p95 !== BACK) return { sizesMb: parseSizes(sizes)!, ...(p95 === '' ? {} : { p95Ms: Number(p95) }) };
  }
}

async function planOf(editor: Editor, { project, model, deployment }: Chosen, wish: Wish): Promise<SweepPlan> {
  const names = project.spec(model)?.env ?? [];
  return {
    kind: 'sweep',
    model,
    deployment,
    project: project.folder,
    requests: SWEEP_REQUESTS,
    env: await knownValues(editor.extension.secrets, project.folder, names),
    ...wish,
  };
}
