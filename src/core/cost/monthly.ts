/** What AWS bills a deployment as `infra/app` makes it: a function of an image behind a REST API, with a log. */
import type { Usage } from '../../shared/cost.ts';
import { charge, type Charge } from './charges.ts';
import type { Architecture } from '../../shared/spec.ts';
import { MONTH_HOURS, MONTH_SECONDS, type Prices, type Tier } from './prices.ts';

/** AWS bills a GB of 2^30 bytes. */
export const GB = 2 ** 30;
/** Size of /tmp that costs nothing: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html */
export const FREE_STORAGE_MB = 512;
/** Size of a log that is kept, of one that is ingested: the example of https://aws.amazon.com/cloudwatch/pricing/ */
export const KEPT_LOG = 0.15;

export interface BillOptions {
  prices: Prices;
  /** Leaves out what is free for every account, as if nothing else of the account used it. */
  freeTier: boolean;
}

type Parts = Parameters<typeof charge>[3];

/** What is billed of a deployment, each with its title, unit and price. */
export function itemsOf({ lambda, apiGateway, ecr, logs, transfer }: Prices, architecture: Architecture) {
  const perCall = apiGateway.perMillionRequests.map(({ price, ...rest }) => ({ ...rest, price: price / 1e6 }));
  const item = (title: string, unit: string, price: number | readonly Tier[]) => (parts: Parts) =>
    charge(title, unit, price, parts);
  return {
    requests: item('Lambda requests', 'requests', lambda.perMillionRequests / 1e6),
    duration: item('Lambda duration', 'GB-seconds', lambda.gbSecond[architecture]),
    provisioned: item('Provisioned concurrency', 'GB-seconds', lambda.provisionedGbSecond[architecture]),
    provisionedDuration: item('Provisioned duration', 'GB-seconds', lambda.provisionedDurationGbSecond[architecture]),
    storage: item(`/tmp above ${FREE_STORAGE_MB} MB`, 'GB-seconds', lambda.storageGbSecond),
    calls: item('API Gateway requests', 'requests', perCall),
    image: item('Image in ECR', 'GB-months', ecr.gbMonth),
    logIngested: item('Log, ingested', 'GB', logs.ingestedGb),
    logKept: item('Log, kept', 'GB-months', logs.storedGbMonth),
    dataOut: item('Data out', 'GB', transfer.outGb),
  };
}

/** All that is billed of a deployment. What is free for an account's first twelve months only is never left out. */
export function lambdaCharges(usage: Usage, options: BillOptions): Charge[] {
  const items = itemsOf(options.prices, usage.architecture);
  return [...functionCharges(usage, options), items.calls({ perRequest: 1 }), ...sharedCharges(usage, options)];
}

/** What any server would be billed as well: the image's storage, its log, its answers' way to the internet. */
export function sharedCharges(usage: Usage, { prices, freeTier }: BillOptions): Charge[] {
  const items = itemsOf(prices, usage.architecture);
  const { logsGb, transferOutGb } = prices.freeTier;
  const logGb = usage.logBytes / GB;
  const months = (usage.logRetentionDays * 24) / MONTH_HOURS;
  return [
    items.image({ base: usage.imageBytes / GB }),
    items.logIngested({ perRequest: logGb, free: freeTier ? logsGb : 0 }),
    items.logKept({ perRequest: logGb * KEPT_LOG * months }),
    items.dataOut({ perRequest: usage.answerBytes / GB, free: freeTier ? transferOutGb : 0 }),
  ];
}

/**
 * With provisioned concurrency the environments that are kept ready answer as many requests as fit into their month, one
 * at a time; the others are on demand. AWS Lambda's free tier does not apply to such a function
 * (https://aws.amazon.com/lambda/pricing/, "Provisioned Concurrency Pricing").
 */
function functionCharges(usage: Usage, { prices, freeTier }: BillOptions): Charge[] {
  const {
    architecture,
    memoryMb,
    warmMs,
    coldMs = warmMs,
    coldShare,
    storageMb,
    provisionedConcurrency: ready,
  } = usage;
  const items = itemsOf(prices, architecture);
  const { lambdaRequests, lambdaGbSeconds } = prices.freeTier;
  const gb = memoryMb / 1024;
  const warmSeconds = warmMs / 1000;
  const seconds = warmSeconds + (coldShare * (coldMs - warmMs)) / 1000;
  const answeredReady = (ready * MONTH_SECONDS) / warmSeconds;
  const isFree = freeTier && ready === 0;
  return [
    items.requests({ perRequest: 1, free: isFree ? lambdaRequests : 0 }),
    items.duration({
      perRequest: gb * seconds,
      free: isFree ? lambdaGbSeconds : answeredReady * gb * seconds,
    }),
    items.provisioned({ base: ready * gb * MONTH_SECONDS }),
    items.provisionedDuration({ perRequest: gb * warmSeconds, most: ready * gb * MONTH_SECONDS }),
    items.storage({ perRequest: storageGb(storageMb) * seconds }),
  ];
}

/** GB of /tmp that are billed. */
export function storageGb(storageMb: number): number {
  return Math.max(0, storageMb - FREE_STORAGE_MB) / 1024;
}
