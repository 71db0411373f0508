/** What a deployment costs on AWS in a month, and what else could hold its traffic. */
import { formatMs } from './latency.ts';
import { keyText, type Architecture, type DeploymentKey } from './spec.ts';
import { formatMemory } from './sweep.ts';

/** What is billed of a deployment: one request of it, and what it keeps. */
export interface Usage {
  architecture: Architecture;
  memoryMb: number;
  /** Milliseconds that a warm request is billed, on average. */
  warmMs: number;
  /** Of a cold one, with its initialisation. Unset where none was measured: cold ones count as warm ones then. */
  coldMs?: number;
  /** Cold ones among the requests, 0 to 1. */
  coldShare: number;
  /** Size of /tmp. */
  storageMb: number;
  /** Of the image in its repository. */
  imageBytes: number;
  /** What a request adds to the log. */
  logBytes: number;
  logRetentionDays: number;
  /** Of an answer, with its headers. */
  answerBytes: number;
  /** Environments that are kept ready. */
  provisionedConcurrency: number;
}

export interface LineItem {
  /** `Lambda requests`. */
  title: string;
  /** What is billed, in `unit`, without what is free. */
  quantity: number;
  unit: string;
  dollars: number;
}

export interface MonthlyCost {
  /** A month. */
  requests: number;
  items: LineItem[];
  dollars: number;
}

/** From how many requests a month on something else costs no more than AWS Lambda. */
export interface BreakEven {
  /**
   * `at` these `requests`. `beyond-one`: at these `requests` one would cost as much, but cannot hold them: never below its
   * capacity. `never`: at no traffic. `from-first`: it costs no more even without a request. `too-small`: the model does
   * not fit in it.
   */
  kind: 'at' | 'beyond-one' | 'never' | 'from-first' | 'too-small';
  requests?: number;
  /** How many these requests need, at least; with `requests` only. */
  instances?: number;
}

export interface AlternativeCost {
  id: 't3.medium' | 'fargate' | 'eks' | 'provisioned';
  /** `Fargate, 1 vCPU, 4 GB`. */
  title: string;
  /** Requests that one holds in a month, if they came evenly and it never rested. */
  capacity: number;
  /** US dollars of a month in which it answers nothing. */
  idleDollars: number;
  breakEven: BreakEven;
}

/** What the duration is from. */
export type Measurement =
  | { from: 'given' }
  /** `isOlder`: of another image than the one that is deployed. */
  | { from: 'sweep'; at: string; warm: number; isOlder: boolean }
  /** Requests that AWS Lambda answered since then, ISO 8601. */
  | { from: 'lambda'; since: string; requests: number }
  /** The last requests here, whole as the host saw them. */
  | { from: 'docker' | 'local' };

export interface CostCard extends DeploymentKey {
  region: string;
  /** The oldest month as of which one of the prices is known, where they are from, and the file that changes some. */
  prices: { known: string; sources: string[]; file?: string };
  /** Whether what is free for every account was left out of the bill. */
  freeTier: boolean;
  measured: Measurement;
  usage: Usage;
  /** Ascending by their requests. */
  months: MonthlyCost[];
  /** US dollars of each of these months if every request of it were cold; unset where no cold one was measured. */
  allColdDollars?: number[];
  alternatives: AlternativeCost[];
  /** Of a deployment on AWS that could be asked. */
  spent?: Spent;
}

/** What a deployment was billed for, as far as CloudWatch counted it. */
export interface Spent {
  /** ISO 8601; the first hour counts whole. */
  since: string;
  until: string;
  /** It was there before `since`, which is as far back as CloudWatch keeps what it counted. */
  isCutOff: boolean;
  /** Requests that the function answered, and those that reached its API. */
  invocations: number;
  calls: number;
  /** Milliseconds of all invocations together, without initialisation. */
  durationMs: number;
  items: LineItem[];
  dollars: number;
}

/** Requests a month that are told where the user names none. */
export const USUAL_REQUESTS: readonly number[] = [0, 10_000, 1_000_000];

/** `–`, `< $0.01`, `$3.72`, `$1,240`: US dollars of a bill. */
export function formatBill(dollars: number, locale?: string): string {
  if (dollars === 0) return '–';
  if (dollars < 0.01) return '< $0.01';
  const digits = dollars < 1000 ? 2 : 0;
  return `$${dollars.toLocaleString(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits })}`;
}

/** `8.3 million`, `412,000`: requests, to two or three digits. */
export function formatRequests(requests: number, locale?: string): string {
  const rounded = Number(requests.toPrecision(3));
  if (rounded < 1e6) return Math.round(rounded).toLocaleString(locale);
  return `${(rounded / 1e6).toLocaleString(locale, { maximumFractionDigits: 1 })} million`;
}

/** Where something else begins to cost no more, for people. */
export function breakEvenText({ breakEven, capacity }: AlternativeCost, locale?: string): string {
  const { kind, requests = 0, instances = 0 } = breakEven;
  switch (kind) {
    case 'at':
      return `from ${formatRequests(requests, locale)} requests a month`;
    case 'beyond-one':
      return `never below the capacity of one, ${formatRequests(capacity, locale)} a month: ${formatRequests(requests, locale)}, for which one would cost the same, need ${instances} or more`;
    case 'never':
      return 'never';
    case 'from-first':
      return 'from the first request';
    case 'too-small':
      return 'the model does not fit in it';
  }
}

/** `512 MB, x86_64, billed 4.6 ms warm, 1.47 s cold`. */
export function usageText({ memoryMb, architecture, warmMs, coldMs }: Usage, locale?: string): string {
  const cold = coldMs === undefined ? '' : `, ${formatMs(coldMs, locale)} cold`;
  return `${formatMemory(memoryMb, locale)}, ${architecture}, billed ${formatMs(warmMs, locale)} warm${cold}`;
}

/** Titles of what follows a bill's items. */
export function totalTitle({ coldMs, coldShare }: Usage, locale?: string): string {
  const share = coldShare.toLocaleString(locale, { style: 'percent', maximumFractionDigits: 2 });
  return coldMs === undefined ? 'Together' : `Together, ${share} cold`;
}
export const ALL_COLD = 'If all were cold';

/** What the durations are from, and what that means for AWS Lambda. */
export function measuredText(
  card: Pick<CostCard, 'measured' | 'usage' | keyof DeploymentKey>,
  locale?: string,
): string {
  const { measured, usage } = card;
  const memory = formatMemory(usage.memoryMb, locale);
  const sweeping = `nimbus sweep ${keyText(card)}`;
  switch (measured.from) {
    case 'given':
      return 'The duration is the one that you gave; its cold start is not known.';
    case 'sweep': {
      const at = new Date(measured.at).toLocaleDateString(locale);
      const older = measured.isOlder ? ', of an older version of the image' : '';
      return `Measured by the memory sweep of ${at}${older}: ${measured.warm.toLocaleString(locale)} warm requests at ${memory}, on the processor of this machine, which is not AWS Lambda’s.`;
    }
    case 'lambda':
      return `Measured on AWS Lambda: ${measured.requests.toLocaleString(locale)} requests since ${new Date(measured.since).toLocaleDateString(locale)}, on average. CloudWatch does not count what initialisation took.`;
    case 'docker':
      return `Measured on the last requests in Docker at ${memory}, whole as the host saw them, with the start of the container: AWS Lambda bills less of each, on another processor. ${sweeping} measures what it bills.`;
    case 'local':
      return `Measured on the last requests on this machine, which has other processors than AWS Lambda at ${memory} and no limits: it may take longer there. Deploy to Docker, and ${sweeping} measures it under Lambda’s limits.`;
  }
}

/** What the figures stand on, a sentence or two each; the pages to check the prices with are beside them. */
export function costNotes({ usage, region, prices, freeTier, alternatives }: CostCard, locale?: string): string[] {
  const bytes = (count: number): string => count.toLocaleString(locale);
  const { file, known } = prices;
  return [
    'Idle: a month without a request. “From … requests”: if they came evenly; with peaks one server holds fewer.',
    `Assumed: a log of ${bytes(usage.logBytes)} bytes and an answer of ${bytes(usage.answerBytes)} bytes for each request, the log kept for ${usage.logRetentionDays} days. ${
      usage.imageBytes === 0
        ? 'There is no image yet: its storage is left out.'
        : 'The image counts uncompressed; in ECR it is smaller.'
    }`,
    ...(usage.coldMs === undefined ? ['No cold start was measured: all requests count as warm.'] : []),
    ...(alternatives.some(({ breakEven }) => breakEven.kind === 'too-small')
      ? ['A t3.medium has 4 GB, of which its system takes a part.']
      : []),
    ...(usage.architecture === 'arm64'
      ? ['A t3.medium has x86_64 processors: it needs an image of its own, and other milliseconds.']
      : []),
    `Prices of ${region} in US dollars without tax, ${freeTier ? 'without what is free for every account' : 'without the free tier'}, known as of ${known} or later${file === undefined ? '' : `, some from ${file}`}. AWS changes them.`,
  ];
}

/** `a month costs about $0.02 without requests, $0.07 for 10,000, …`: of a deployment that is about to be made. */
export function monthsText({ months, region, prices }: CostCard, locale?: string): string {
  const said = months.map(({ requests, dollars }) => {
    const bill = dollars === 0 ? 'nothing' : formatBill(dollars, locale);
    return `${bill} ${requests === 0 ? 'without requests' : `for ${requests.toLocaleString(locale)}`}`;
  });
  return `a month costs about ${said.join(', ')}, by what a request took here (prices of ${region}, known as of ${prices.known} or later)`;
}

/** `Since its deploy, 11/20/2026`. */
export function sinceText({ since, isCutOff }: Spent, locale?: string): string {
  const day = new Date(since).toLocaleDateString(locale);
  return isCutOff ? `Since ${day}, the earliest that is counted` : `Since its deploy, ${day}`;
}

/** What is not in the bill of what a deployment has cost. */
export const SPENT_NOTE =
  'From what CloudWatch counted, which has neither the initialisation of cold starts nor the bytes of answers: the bill is higher by these. Memory and image as they are now.';

/** What was used: `1,200 requests`. */
export function quantityText({ quantity, unit }: LineItem, locale?: string): string {
  return `${quantity.toLocaleString(locale, { maximumSignificantDigits: 3 })} ${unit}`;
}

/** Lines of the bills, each with what it comes to in each month. What the most requests are billed for, fewer are at most. */
export function monthRows({ months }: Pick<CostCard, 'months'>): { title: string; dollars: number[] }[] {
  const titles = months.at(-1)?.items.map(({ title }) => title) ?? [];
  return titles.map((title) => ({
    title,
    dollars: months.map(({ items }) => items.find((one) => one.title === title)?.dollars ?? 0),
  }));
}
