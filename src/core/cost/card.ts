/** The cost card of a deployment: its bill at some numbers of requests, and what else could hold them. */
import { USUAL_REQUESTS, type AlternativeCost, type CostCard, type Spent, type Usage } from '../../shared/cost.ts';
import { didYouMean } from '../../shared/nearest.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import type { DeploymentKey, DeploymentSpec } from '../../shared/spec.ts';
import { defined } from '../defined.ts';
import { alternativesOf } from './alternatives.ts';
import { breakEven } from './break-even.ts';
import { bill } from './charges.ts';
import { measuredOf, type Known, type Measured } from './measured.ts';
import { lambdaCharges } from './monthly.ts';
import type { KnownPrices } from './price-file.ts';
import type { Dated, PriceList, Prices } from './prices.ts';

/** What is not measured, and taken so. */
export const ASSUMED = {
  /**
   * AWS saw fewer than this in production: https://docs.aws.amazon.com/lambda/latest/dg/lambda-runtime-environment.html,
   * "Cold starts and latency". Of a model with few requests most are cold.
   */
  coldShare: 0.01,
  /** AWS Lambda's own three lines, START, END and REPORT, with the 26 bytes that CloudWatch counts for each. */
  logBytes: 400,
  /** JSON of a class with its scores, and headers. */
  answerBytes: 2000,
  storageMb: 512,
  logRetentionDays: 14,
  provisionedConcurrency: 0,
} as const satisfies Partial<Usage>;

export interface DeploymentQuestion extends Known, Pick<CostQuestion, 'region' | 'prices' | 'freeTier' | 'requests'> {
  /** In the place of what is assumed. */
  usage?: Partial<Usage>;
}

/** Of a deployment as it was measured. Errors: `not-measured`, `region-unpriced`. */
export function costOf(question: DeploymentQuestion): Outcome<CostCard> {
  const measured = measuredOf(question);
  if (!measured.ok) return measured;
  const { key, status, spent, usage, region, prices, freeTier, requests } = question;
  return costCard({
    model: key.model,
    deployment: key.deployment,
    region,
    prices,
    freeTier,
    measured: measured.value,
    usage: { imageBytes: status?.image?.bytes ?? 0, ...usage },
    ...(requests === undefined ? {} : { requests }),
    ...(spent ? { spent } : {}),
  });
}

/** What models.json says of a deployment, of what is billed. */
export function usageOf(spec: DeploymentSpec | undefined): Partial<Usage> {
  const { ephemeralStorageMb, provisionedConcurrency, logRetentionDays } = spec ?? {};
  return defined({ storageMb: ephemeralStorageMb, provisionedConcurrency, logRetentionDays });
}

/** The region that prices are of where nobody names one. */
export function usualRegion(env: NodeJS.ProcessEnv): string {
  return env['AWS_REGION']?.trim() || 'us-east-1';
}

export interface CostQuestion extends DeploymentKey {
  region: string;
  prices: KnownPrices;
  freeTier: boolean;
  measured: Measured;
  /** What is known otherwise: of the image's bytes, of the share of cold starts. */
  usage: Pick<Usage, 'imageBytes'> & Partial<Usage>;
  /** A number of requests a month to be told beside the usual ones. */
  requests?: number;
  spent?: Spent;
}

/** Errors: `region-unpriced`. */
export function costCard(question: CostQuestion): Outcome<CostCard> {
  const { model, deployment, region, freeTier, requests, spent } = question;
  const { list, file } = question.prices;
  const found = pricesOf(list, region);
  if (!found.ok) return found;
  const prices = found.value;
  const { measured, ...figures } = question.measured;
  const usage: Usage = { ...ASSUMED, ...figures, ...question.usage };
  const options = { prices, freeTier };
  const charges = lambdaCharges(usage, options);
  const all = [...new Set([...USUAL_REQUESTS, ...(requests === undefined ? [] : [requests])])];
  const months = all.toSorted((one, other) => one - other).map((count) => bill(charges, count));
  const cold = usage.coldMs === undefined ? undefined : lambdaCharges({ ...usage, coldShare: 1 }, options);
  return ok({
    model,
    deployment,
    region,
    prices: { ...datesOf(prices), ...(file === undefined ? {} : { file }) },
    freeTier,
    measured,
    usage,
    months,
    ...(cold ? { allColdDollars: months.map((month) => bill(cold, month.requests).dollars) } : {}),
    alternatives: alternativesOf(usage, options).map((alternative): AlternativeCost => {
      const { id, title, capacity } = alternative;
      const idleDollars = bill(alternative.charges, 0).dollars;
      return { id, title, capacity, idleDollars, breakEven: breakEven(charges, alternative) };
    }),
    ...(spent ? { spent } : {}),
  });
}

/** The oldest month of all sections, and each page that a price is from. */
function datesOf(prices: Prices): Pick<CostCard['prices'], 'known' | 'sources'> {
  const sections: Dated[] = Object.values(prices);
  const [known = ''] = sections.map((section) => section.known).toSorted();
  return { known, sources: [...new Set(sections.map(({ source }) => source))] };
}

/** Errors: `region-unpriced`. */
export function pricesOf(list: PriceList, region: string): Outcome<Prices> {
  if (Object.hasOwn(list, region)) return ok(list[region]!);
  const known = Object.keys(list);
  return fail('region-unpriced', `Nimbus knows no prices of ${region}.`, {
    next: `${didYouMean(region, known)}Name one that it knows with --region: ${known.join(', ')}. Or name a file with prices in NIMBUS_PRICES; docs/cost.md says how.`,
  });
}
