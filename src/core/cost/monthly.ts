/** What AWS bills a deployment as `infra/app` makes it: a function of an image behind a REST API, with a log. */
import type { Usage } from '../../shared/cost.ts';
import { charge, type Charge } from './charges.ts';
import { MONTH_HOURS, MONTH_SECONDS, type Prices } from './prices.ts';

/** AWS bills a GB of 2^30 bytes. */
export const GB = 2 ** 30;
/** Size of /tmp that costs nothing: https://docs.aws.amazon.com/lambda/latest/dg/configuration-ephemeral-storage.html */
export const FREE_STORAGE_MB = 512;
/** Size of a log that is kept, of one that is ingested: the example of https://aws.amazon.com/cloudwatch/pricing/ */
const KEPT_LOG = 0.15;

export interface BillOptions {
  prices: Prices;
  /** Leaves out what is free for every account, as if nothing else of the account used it. */
  freeTier: boolean;
}

/** All that is billed of a deployment. What is free for an account's first twelve months only is never left out. */
export function lambdaCharges(usage: Usage, options: BillOptions): Charge[] {
  const { prices } = options;
  return [
    ...functionCharges(usage, options),
    charge('API Gateway requests', 'requests', perOne(prices.apiGateway.perMillionRequests), { perRequest: 1 }),
    ...sharedCharges(usage, options),
  ];
}

/** What any server would be billed as well: the image's storage, its log, its answers' way to the internet. */
export function sharedCharges(usage: Usage, { prices, freeTier }: BillOptions): Charge[] {
  const { ecr, logs, transfer, freeTier: free } = prices;
  const logGb = usage.logBytes / GB;
  const months = (usage.logRetentionDays * 24) / MONTH_HOURS;
  return [
    charge('Image in ECR', 'GB-months', ecr.gbMonth, { base: usage.imageBytes / GB }),
    charge('Log, ingested', 'GB', logs.ingestedGb, { perRequest: logGb, free: freeTier ? free.logsGb : 0 }),
    charge('Log, kept', 'GB-months', logs.storedGbMonth, { perRequest: logGb * KEPT_LOG * months }),
    charge('Data out', 'GB', transfer.outGb, {
      perRequest: usage.answerBytes / GB,
      free: freeTier ? free.transferOutGb : 0,
    }),
  ];
}

/** Seconds that a request on demand is billed, on average. */
export function billedSeconds({ warmMs, coldMs = warmMs, coldShare }: Usage): number {
  return (warmMs + coldShare * (coldMs - warmMs)) / 1000;
}

/**
 * With provisioned concurrency the environments that are kept ready answer as many requests as fit into their month, one
 * at a time; the others are on demand. AWS Lambda's free tier does not apply to such a function
 * (https://aws.amazon.com/lambda/pricing/, "Provisioned Concurrency Pricing").
 */
function functionCharges(usage: Usage, { prices, freeTier }: BillOptions): Charge[] {
  const { architecture, memoryMb, warmMs, storageMb, provisionedConcurrency: ready } = usage;
  const { lambda, freeTier: free } = prices;
  const gb = memoryMb / 1024;
  const seconds = billedSeconds(usage);
  const warmSeconds = warmMs / 1000;
  const answeredReady = ready === 0 ? 0 : (ready * MONTH_SECONDS) / warmSeconds;
  const isFree = freeTier && ready === 0;
  const storageGb = Math.max(0, storageMb - FREE_STORAGE_MB) / 1024;
  return [
    charge('Lambda requests', 'requests', lambda.perMillionRequests / 1e6, {
      perRequest: 1,
      free: isFree ? free.lambdaRequests : 0,
    }),
    charge('Lambda duration', 'GB-seconds', lambda.gbSecond[architecture], {
      perRequest: gb * seconds,
      free: isFree ? free.lambdaGbSeconds : answeredReady * gb * seconds,
    }),
    charge('Provisioned concurrency', 'GB-seconds', lambda.provisionedGbSecond[architecture], {
      base: ready * gb * MONTH_SECONDS,
    }),
    charge('Provisioned duration', 'GB-seconds', lambda.provisionedDurationGbSecond[architecture], {
      perRequest: gb * warmSeconds,
      most: ready * gb * MONTH_SECONDS,
    }),
    charge(`/tmp above ${FREE_STORAGE_MB} MB`, 'GB-seconds', lambda.storageGbSecond, {
      perRequest: storageGb * seconds,
    }),
  ];
}

function perOne(tiers: Prices['apiGateway']['perMillionRequests']): Prices['apiGateway']['perMillionRequests'] {
  return tiers.map(({ price, ...rest }) => ({ ...rest, price: price / 1e6 }));
}
