/** What AWS bills: the shape of a region's prices, and the parts of AWS Lambda's that everything else counts with. */
import type { Architecture } from '../../shared/spec.ts';
import { BUILT_IN_PRICES } from './price-list.ts';

/** Where a price is from, and the month as of which it is known: `2026-10`. */
export interface Dated {
  source: string;
  known: string;
}

/** Of what was used in a month, the part above the tier before and up to `upTo` units costs `price` each. The last has no end. */
export interface Tier {
  upTo?: number;
  price: number;
}

/** One region's prices in US dollars, without tax and discounts. A GB has 2^30 bytes, a month 730 hours. */
export interface Prices {
  lambda: Dated & {
    perMillionRequests: number;
    /** Per GB of memory and second, on demand. */
    gbSecond: Record<Architecture, readonly Tier[]>;
    /** Per GB and second that an environment is kept ready, used or not. */
    provisionedGbSecond: Record<Architecture, number>;
    /** Per GB and second that an environment which is kept ready answers. */
    provisionedDurationGbSecond: Record<Architecture, number>;
    /** Per GB of /tmp above 512 MB, and second of duration. */
    storageGbSecond: number;
  };
  /** REST APIs. */
  apiGateway: Dated & { perMillionRequests: readonly Tier[] };
  /** Private repositories. */
  ecr: Dated & { gbMonth: number };
  /** CloudWatch Logs, the standard class. */
  logs: Dated & { ingestedGb: number; storedGbMonth: number };
  /** To the internet. */
  transfer: Dated & { outGb: readonly Tier[] };
  ec2: Dated & {
    /** Linux, on demand. */
    t3MediumHour: number;
    /** A vCPU's hour above the baseline, as T3 has it unless it is told otherwise (unlimited mode). */
    t3SurplusVcpuHour: number;
  };
  /** General purpose SSD, gp3. */
  ebs: Dated & { gbMonth: number };
  publicIpv4: Dated & { hour: number };
  /** Linux, on demand. */
  fargate: Dated & { vcpuHour: Record<Architecture, number>; gbHour: Record<Architecture, number> };
  /** The control plane, of a Kubernetes version in standard support. */
  eks: Dated & { clusterHour: number };
  /** Application Load Balancer. A capacity unit (LCU) is 25 new connections a second, or 1 GB an hour. */
  loadBalancer: Dated & { hour: number; unitHour: number };
  /** A month's use that is free for every account, for as long as it exists, over all regions together. */
  freeTier: Dated & { lambdaRequests: number; lambdaGbSeconds: number; logsGb: number; transferOutGb: number };
}

export type PriceList = Readonly<Record<string, Prices>>;

/** AWS's own convention for what costs by the hour: https://docs.aws.amazon.com/pricing-calculator/latest/userguide/ */
export const MONTH_HOURS = 730;
export const MONTH_SECONDS = MONTH_HOURS * 3600;

/** What memory sweeps are priced with: on-demand requests and duration in the first tier, without the free tier. */
const SWEPT = BUILT_IN_PRICES['us-east-1'].lambda;
export const SWEEP_PRICES = { region: 'us-east-1', source: SWEPT.source, read: SWEPT.known };

/**
 * Milliseconds that AWS Lambda bills for some: whole ones, rounded up. Of a container image they count from the start of
 * its initialisation (https://aws.amazon.com/lambda/pricing/, "Duration").
 */
export function billedMs(ms: number): number {
  return Math.ceil(ms);
}

/** US dollars of a million requests that are billed `billed` milliseconds each on average, by `SWEEP_PRICES`. */
export function costPerMillion(billed: number, memoryMb: number, architecture: Architecture): number {
  const gbSeconds = (billed / 1000) * (memoryMb / 1024);
  return SWEPT.perMillionRequests + 1e6 * gbSeconds * SWEPT.gbSecond[architecture][0].price;
}
