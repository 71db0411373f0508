/** What a run may use, what that costs at most, and what it has used. */
import { CloudFormationClient, paginateDescribeStacks } from '@aws-sdk/client-cloudformation';
import { GetFunctionConfigurationCommand, LambdaClient } from '@aws-sdk/client-lambda';
import { ALIAS } from '../../../infra/app/published.ts';
import type { AwsConfig } from '../../../src/core/cloud/aws.ts';
import { costSinceDeploy } from '../../../src/core/cloud/spent.ts';
import { ASSUMED } from '../../../src/core/cost/card.ts';
import { bill } from '../../../src/core/cost/charges.ts';
import { itemsOf } from '../../../src/core/cost/monthly.ts';
import { MONTH_HOURS, type Prices } from '../../../src/core/cost/prices.ts';
import type { MonthlyCost } from '../../../src/shared/cost.ts';
import { stackPrefix } from './names.ts';

/** What ends a run that goes beyond it. */
export const MOST = {
  /** Deployments made, one after the other or at once. */
  deployments: 20,
  memoryMb: 1769,
  /** Through the API or past it, all deployments together. */
  requests: 5000,
} as const;

/** Requests answered at a time: the suite sends one after the other, and gives up on none before its function does. */
const AT_ONCE = 2;
/** The images share their bases; they are there for an hour, a day where somebody cleans the day after. */
const IMAGES_GB = 4;
const IMAGES_HOURS = 24;
const LOG_GB = 0.1;
/** The largest answers of the contract have 6 MB. */
const ANSWERS_GB = 0.5;
/** CloudWatch is asked so often, for so many metrics of each deployment: `costSinceDeploy`. */
export const LOOK_SECONDS = 60;
const METRICS_OF_A_DEPLOYMENT = 5;
/** US dollars of a metric that is read by GetMetricData: https://aws.amazon.com/cloudwatch/pricing/ */
const METRIC_READ = 0.01 / 1000;

/** US dollars at most, of a run of so many minutes, without what is free for every account. */
export function estimate(prices: Prices, minutes: number): MonthlyCost {
  const items = itemsOf(prices, 'x86_64');
  const metrics = Math.ceil((minutes * 60) / LOOK_SECONDS) * MOST.deployments * METRICS_OF_A_DEPLOYMENT;
  const { items: billed, dollars } = bill(
    [
      items.duration({ base: minutes * 60 * AT_ONCE * (MOST.memoryMb / 1024) }),
      items.requests({ base: MOST.requests }),
      items.calls({ base: MOST.requests }),
      items.image({ base: IMAGES_GB * (IMAGES_HOURS / MONTH_HOURS) }),
      items.logIngested({ base: LOG_GB }),
      items.dataOut({ base: ANSWERS_GB }),
    ],
    0,
  );
  const looks = {
    title: 'CloudWatch metrics read',
    quantity: metrics,
    unit: 'metrics',
    dollars: metrics * METRIC_READ,
  };
  return { requests: MOST.requests, items: [...billed, looks], dollars: dollars + looks.dollars };
}

export interface Used {
  /** Stacks that were there at any time. */
  deployments: number;
  largestMemoryMb: number;
  requests: number;
  dollars: number;
}

/** Why a run is to end; `undefined` where it may go on. */
export function beyond(used: Used, limit: number): string | undefined {
  if (used.deployments > MOST.deployments) return `It has made ${used.deployments} deployments.`;
  if (used.largestMemoryMb > MOST.memoryMb) return `A function of it has ${used.largestMemoryMb} MB.`;
  if (used.requests > MOST.requests) return `It has sent ${used.requests} requests.`;
  if (used.dollars > limit) return `It has cost $${used.dollars.toFixed(2)}.`;
  return undefined;
}

/**
 * Counts what a run's functions have answered: CloudWatch's figures, which are up to three minutes late. It remembers the
 * stacks that it saw, also when they are gone.
 */
export class Meter {
  readonly #config: AwsConfig;
  readonly #prices: Prices;
  readonly #prefix: string;
  readonly #seen = new Map<string, { stack: string; stage: string; since: Date; memoryMb: number }>();

  constructor(config: AwsConfig, prices: Prices, run: string) {
    this.#config = config;
    this.#prices = prices;
    this.#prefix = stackPrefix(run);
  }

  /** Throws what the clients throw. */
  async look(): Promise<Used> {
    const client = new CloudFormationClient(this.#config);
    for await (const { Stacks: stacks = [] } of paginateDescribeStacks({ client }, {})) {
      for (const { StackId: id, StackName: name, CreationTime: since, Outputs: outputs = [] } of stacks) {
        if (!id || !since || !name?.startsWith(this.#prefix)) continue;
        const stage = outputs.find(({ OutputKey }) => OutputKey === 'Stage')?.OutputValue ?? '';
        const memoryMb = Math.max(await this.#memoryOf(name), this.#seen.get(id)?.memoryMb ?? 0);
        this.#seen.set(id, { stack: name, stage, since, memoryMb });
      }
    }
    const all = [...this.#seen.values()];
    // A stack of the same name, deleted and made again, has the same metrics.
    const first = new Map(all.toReversed().map((one) => [one.stack, one]));
    const used = { deployments: all.length, largestMemoryMb: 0, requests: 0, dollars: 0 };
    for (const { memoryMb } of all) used.largestMemoryMb = Math.max(used.largestMemoryMb, memoryMb);
    for (const { stack, stage, since } of first.values()) {
      const spent = await costSinceDeploy(this.#config, {
        functionName: stack,
        alias: ALIAS,
        apiName: stack,
        stage,
        logGroup: `/aws/lambda/${stack}`,
        since,
        until: new Date(),
        prices: this.#prices,
        freeTier: false,
        usage: { ...ASSUMED, architecture: 'x86_64', memoryMb: used.largestMemoryMb, imageBytes: 0 },
      });
      if (!spent.ok) throw new Error(`${spent.error.what} ${spent.error.why ?? ''}`);
      used.requests += Math.max(spent.value.invocations, spent.value.calls);
      used.dollars += spent.value.dollars;
    }
    return used;
  }

  /** Of a function that is not there yet, or not any more, 0. */
  async #memoryOf(functionName: string): Promise<number> {
    const command = new GetFunctionConfigurationCommand({ FunctionName: functionName });
    const client = new LambdaClient(this.#config);
    const found = await client.send(command).catch((error: Error) => {
      if (error.name === 'ResourceNotFoundException') return undefined;
      throw error;
    });
    return found?.MemorySize ?? 0;
  }
}
