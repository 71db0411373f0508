/** What a deployment on AWS has cost since it was deployed, from what CloudWatch counted. */
import type { MetricDataQuery, MetricDataResult } from '@aws-sdk/client-cloudwatch';
import { ALIAS } from '../../../infra/app/published.ts';
import { ASSUMED, pricesOf, usageOf } from '../cost/card.ts';
import { bill, type Charge } from '../cost/charges.ts';
import { architectureOf } from '../cost/measured.ts';
import { GB, itemsOf, KEPT_LOG, storageGb, type BillOptions } from '../cost/monthly.ts';
import { MONTH_HOURS, type PriceList } from '../cost/prices.ts';
import type { LineItem, Spent, Usage } from '../../shared/cost.ts';
import { fail, ok, type Outcome } from '../../shared/outcome.ts';
import { DEFAULTS, type DeploymentSpec, type ModelSpec } from '../../shared/spec.ts';
import type { CloudStatus, ImageStatus } from '../../shared/states.ts';
import type { CloudAccess } from '../targets/plan.ts';
import { awsConfig, type AwsConfig } from './aws.ts';
import { asking } from './errors.ts';
import { describeStack } from './stack.ts';

export interface SpentOn {
  cloud: CloudStatus;
  image: ImageStatus | undefined;
  /** What models.json says of its model and of itself. */
  spec: Pick<ModelSpec, 'memoryMb'> | undefined;
  declared: DeploymentSpec | undefined;
  prices: PriceList;
  freeTier: boolean;
}

/** Since its stack was made. Errors: `region-unpriced`, `stack-gone`, as of `costSinceDeploy` and of `awsFailure`. */
export async function spentOn(
  { region, variables }: Pick<CloudAccess, 'region' | 'variables'>,
  { cloud, image, spec, declared, prices: list, freeTier }: SpentOn,
): Promise<Outcome<Spent>> {
  const prices = pricesOf(list, region);
  if (!prices.ok) return prices;
  return asking(async () => {
    const config = await awsConfig(region, variables);
    const stack = await describeStack(config, cloud.stack);
    if (!stack?.CreationTime) {
      return fail('stack-gone', `There is no stack ${cloud.stack} in ${region}.`, { next: 'Deploy the model again.' });
    }
    const { functionName, stage, logGroup } = cloud;
    return costSinceDeploy(config, {
      functionName,
      alias: ALIAS,
      // The API has the name of the stack.
      apiName: cloud.stack,
      stage,
      logGroup,
      since: stack.CreationTime,
      until: new Date(),
      prices: prices.value,
      freeTier,
      usage: {
        ...ASSUMED,
        ...usageOf(declared),
        architecture: architectureOf(image?.platform),
        memoryMb: spec?.memoryMb ?? DEFAULTS.memoryMb,
        imageBytes: image?.bytes ?? 0,
      },
    });
  });
}

export interface SpentQuestion extends BillOptions {
  functionName: string;
  /** What the API calls: `live`. */
  alias: string;
  /** Of the REST API: its name, not its id. */
  apiName: string;
  stage: string;
  /** `/aws/lambda/…` */
  logGroup: string;
  since: Date;
  until: Date;
  /** As they are now; how long requests took is what CloudWatch says. */
  usage: Pick<
    Usage,
    'architecture' | 'memoryMb' | 'storageMb' | 'imageBytes' | 'logRetentionDays' | 'provisionedConcurrency'
  >;
}

/** CloudWatch keeps hours for 455 days, and shorter periods for less: GetMetricData, "Amazon CloudWatch retains metric data". */
const HOUR_MS = 3_600_000;
const KEPT_MS = 455 * 24 * HOUR_MS;
/** Durations are billed in whole milliseconds, rounded up: half of one more each, on average. */
const ROUNDED_MS = 0.5;

/** What was counted in one hour. */
interface Hour {
  at: Date;
  invocations: number;
  durationMs: number;
  readyInvocations: number;
  calls: number;
  logBytes: number;
}
type Count = Exclude<keyof Hour, 'at'>;

/**
 * Invocations, durations, calls of the API and bytes of the log, hour by hour, billed month by month (UTC) so that tiers and
 * what is free count as AWS counts them. Of the function's metrics those of all its versions are taken, since all of them
 * are billed. One call of GetMetricData for each 100,800 data points, of which AWS bills $0.01 per 1,000 metrics; it needs
 * `cloudwatch:GetMetricData`. Errors: `metrics-refused`. Throws what the client throws.
 *
 * Metrics: https://docs.aws.amazon.com/lambda/latest/dg/monitoring-metrics-types.html (Duration has no initialisation in it),
 * https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-metrics-and-dimensions.html (Count is the
 * statistic SampleCount, with what was throttled or refused, which is not billed),
 * https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/CloudWatch-Logs-Monitoring-CloudWatch-Metrics.html
 */
export async function costSinceDeploy(config: AwsConfig, question: SpentQuestion): Promise<Outcome<Spent>> {
  const { since, until } = question;
  const kept = new Date(until.getTime() - KEPT_MS);
  const isCutOff = since < kept;
  const from = isCutOff ? kept : since;
  const counted = await hoursOf(config, question, from);
  if (!counted.ok) return counted;
  const hours = counted.value;
  const bills = grouped(hours, ({ at }) => at.toISOString().slice(0, 7)).map((month) =>
    bill(chargesOf(month, question), 0),
  );
  const standing = bill(standingCharges(hours, from, question), 0);
  const items = together([...bills, standing].flatMap((one) => one.items));
  return ok({
    since: from.toISOString(),
    until: until.toISOString(),
    isCutOff,
    invocations: sum(hours, 'invocations'),
    calls: sum(hours, 'calls'),
    durationMs: sum(hours, 'durationMs'),
    items,
    dollars: items.reduce((all, { dollars }) => all + dollars, 0),
  });
}

/** Of one month's requests. */
function chargesOf(hours: readonly Hour[], { usage, prices, freeTier }: SpentQuestion): Charge[] {
  const items = itemsOf(prices, usage.architecture);
  const invocations = sum(hours, 'invocations');
  const seconds = (sum(hours, 'durationMs') + invocations * ROUNDED_MS) / 1000;
  const ready = invocations === 0 ? 0 : Math.min(1, sum(hours, 'readyInvocations') / invocations);
  const gbSeconds = seconds * (usage.memoryMb / 1024);
  const free = prices.freeTier;
  const isFree = freeTier && usage.provisionedConcurrency === 0;
  return [
    items.requests({ base: invocations, free: isFree ? free.lambdaRequests : 0 }),
    items.duration({ base: gbSeconds * (1 - ready), free: isFree ? free.lambdaGbSeconds : 0 }),
    items.provisionedDuration({ base: gbSeconds * ready }),
    items.storage({ base: seconds * storageGb(usage.storageMb) }),
    items.calls({ base: sum(hours, 'calls') }),
    items.logIngested({ base: sum(hours, 'logBytes') / GB, free: freeTier ? free.logsGb : 0 }),
  ];
}

/** Of what is kept, with and without requests. */
function standingCharges(hours: readonly Hour[], from: Date, { usage, prices, until }: SpentQuestion): Charge[] {
  const items = itemsOf(prices, usage.architecture);
  const elapsed = (until.getTime() - from.getTime()) / HOUR_MS;
  const logGbHours = hours.reduce((all, { at, logBytes }) => {
    const keptHours = Math.min((until.getTime() - at.getTime()) / HOUR_MS, usage.logRetentionDays * 24);
    return all + (logBytes / GB) * KEPT_LOG * Math.max(0, keptHours);
  }, 0);
  return [
    items.provisioned({ base: usage.provisionedConcurrency * (usage.memoryMb / 1024) * elapsed * 3600 }),
    items.image({ base: (usage.imageBytes / GB) * (elapsed / MONTH_HOURS) }),
    items.logKept({ base: logGbHours / MONTH_HOURS }),
  ];
}

async function hoursOf(config: AwsConfig, question: SpentQuestion, from: Date): Promise<Outcome<Hour[]>> {
  const { CloudWatchClient, paginateGetMetricData } = await import('@aws-sdk/client-cloudwatch');
  const client = new CloudWatchClient(config);
  const hours = new Map<number, Hour>();
  const request = {
    // On the hour, since hours are what is asked for.
    StartTime: new Date(Math.floor(from.getTime() / HOUR_MS) * HOUR_MS),
    EndTime: question.until,
    MetricDataQueries: queriesOf(question),
  };
  try {
    for await (const { MetricDataResults: results = [] } of paginateGetMetricData({ client }, request)) {
      const refused = results.find(({ StatusCode: code }) => code === 'Forbidden' || code === 'InternalError');
      if (refused) return metricsRefused(refused);
      for (const result of results) take(result, hours);
    }
  } finally {
    client.destroy();
  }
  return ok([...hours.values()]);
}

function take(
  { Id: id, Timestamps: times = [], Values: values = [] }: MetricDataResult,
  hours: Map<number, Hour>,
): void {
  for (const [index, at] of times.entries()) {
    const hour = hours.get(at.getTime()) ?? {
      at,
      invocations: 0,
      durationMs: 0,
      readyInvocations: 0,
      calls: 0,
      logBytes: 0,
    };
    hour[id as Count] += values[index] ?? 0;
    hours.set(at.getTime(), hour);
  }
}

function queriesOf({ functionName, alias, apiName, stage, logGroup, usage }: SpentQuestion): MetricDataQuery[] {
  const query = (
    id: Count,
    [namespace, metric, statistic]: readonly [namespace: string, metric: string, statistic: 'Sum' | 'SampleCount'],
    dimensions: Record<string, string>,
  ): MetricDataQuery => ({
    Id: id,
    MetricStat: {
      Metric: {
        Namespace: namespace,
        MetricName: metric,
        Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      },
      Period: HOUR_MS / 1000,
      Stat: statistic,
    },
  });
  const ofFunction = { FunctionName: functionName };
  const ofAlias = { ...ofFunction, Resource: `${functionName}:${alias}` };
  return [
    query('invocations', ['AWS/Lambda', 'Invocations', 'Sum'], ofFunction),
    query('durationMs', ['AWS/Lambda', 'Duration', 'Sum'], ofFunction),
    ...(usage.provisionedConcurrency === 0
      ? []
      : [query('readyInvocations', ['AWS/Lambda', 'ProvisionedConcurrencyInvocations', 'Sum'], ofAlias)]),
    query('calls', ['AWS/ApiGateway', 'Count', 'SampleCount'], { ApiName: apiName, Stage: stage }),
    query('logBytes', ['AWS/Logs', 'IncomingBytes', 'Sum'], { LogGroupName: logGroup }),
  ];
}

function metricsRefused({ Id: id, StatusCode: code, Messages: messages = [] }: MetricDataResult): Outcome<never> {
  return fail('metrics-refused', 'CloudWatch does not say what was counted.', {
    why: [`${id}: ${code}`, ...messages.map(({ Value: text = '' }) => text)].join('\n'),
    next:
      code === 'Forbidden'
        ? 'Ask for the permission cloudwatch:GetMetricData, and try again.'
        : 'Try again in a minute.',
  });
}

function sum(hours: readonly Hour[], count: Count): number {
  return hours.reduce((all, hour) => all + hour[count], 0);
}

/** One item of each title, in the order of the first ones. */
function together(items: readonly LineItem[]): LineItem[] {
  return grouped(items, ({ title }) => title).map((same) => ({
    ...same[0]!,
    quantity: same.reduce((all, { quantity }) => all + quantity, 0),
    dollars: same.reduce((all, { dollars }) => all + dollars, 0),
  }));
}

/** `Map.groupBy`, which Node 20 does not have. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): T[][] {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return [...groups.values()];
}
