/** What a month of a deployment will cost that is about to be made, as its plan says it. */
import { costOf, usageOf } from '../cost/card.ts';
import { readPrices } from '../cost/price-file.ts';
import type { DeployPlan } from '../targets/plan.ts';
import { monthsText } from '../../shared/cost.ts';
import type { Rehearsal } from '../../shared/states.ts';
import type { SweepReport } from '../../shared/sweep.ts';

export interface MonthQuestion {
  plan: Pick<DeployPlan, 'model' | 'deployment' | 'spec' | 'deploymentSpec'>;
  rehearsal: Rehearsal;
  region: string;
  /** The model's last one. */
  sweep: SweepReport | undefined;
  /** Says where prices are read from, as of `readPrices`. */
  env: NodeJS.ProcessEnv;
}

/**
 * By a sweep of this very image, else by the rehearsal: its first answer is taken for a warm one, which takes less. Where it
 * cannot be told, why. `locale` is BCP 47.
 */
export async function monthText(
  { plan, rehearsal, region, sweep, env }: MonthQuestion,
  locale?: string,
): Promise<string> {
  const { image, initMs, firstAnswerMs } = rehearsal;
  const prices = await readPrices(env);
  if (!prices.ok) return `a month's cost is not known: ${prices.error.what}`;
  const lastMs = firstAnswerMs === undefined ? {} : { warm: firstAnswerMs, cold: initMs + firstAnswerMs };
  const card = costOf({
    key: plan,
    spec: plan.spec,
    status: { target: 'docker', image, lastMs },
    sweep,
    asked: {},
    region,
    prices: prices.value,
    freeTier: false,
    usage: usageOf(plan.deploymentSpec),
  });
  return card.ok ? monthsText(card.value, locale) : `a month's cost is not known: ${card.error.what}`;
}
