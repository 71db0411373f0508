/** What a deployment has cost: metrics as the emulator keeps them, and answers of CloudWatch that it does not give. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { CloudWatchClient, PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { costSinceDeploy, type SpentQuestion } from '../../src/core/cloud/spent.ts';
import { BUILT_IN_PRICES } from '../../src/core/cost/price-list.ts';
import type { AwsConfig } from '../../src/core/cloud/aws.ts';
import { startEmulator, type Emulator } from './emulator.ts';

const HOUR_MS = 3_600_000;
const GB = 2 ** 30;
const now = new Date('2026-11-20T12:30:00.000Z');
const question: SpentQuestion = {
  functionName: 'nimbus-triage-prod',
  alias: 'live',
  apiName: 'nimbus-triage-prod',
  stage: 'prod',
  logGroup: '/aws/lambda/nimbus-triage-prod',
  since: new Date(now.getTime() - 48 * HOUR_MS),
  until: now,
  prices: BUILT_IN_PRICES['eu-west-1'],
  freeTier: false,
  usage: {
    architecture: 'x86_64',
    memoryMb: 1024,
    storageMb: 512,
    imageBytes: GB,
    logRetentionDays: 14,
    provisionedConcurrency: 0,
  },
};
const near = (one: number | undefined, other: number): void =>
  assert.ok(one !== undefined && Math.abs(one - other) <= 1e-9 * Math.abs(other), `${one} is not ${other}`);

describe('what a deployment has cost', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let config: AwsConfig;
  before(async () => {
    emulator = await startEmulator();
    config = { ...emulator.client, credentials: async () => emulator.client.credentials };
  });
  after(() => emulator?.end());

  /** AWS takes metrics of its own services from nobody; the emulator keeps them like any other. */
  async function count(
    namespace: string,
    name: string,
    dimensions: Record<string, string>,
    value: number,
    at: Date,
  ): Promise<void> {
    const client = new CloudWatchClient(emulator.client);
    const datum = {
      MetricName: name,
      Dimensions: Object.entries(dimensions).map(([Name, Value]) => ({ Name, Value })),
      Value: value,
      Timestamp: at,
    };
    await client.send(new PutMetricDataCommand({ Namespace: namespace, MetricData: [datum] }));
  }

  it('is nothing but its image where nobody called it', async () => {
    const spent = await costSinceDeploy(config, { ...question, functionName: 'never' });
    assert.ok(spent.ok, JSON.stringify(spent));
    const { items, invocations, isCutOff, dollars } = spent.value;
    assert.deepEqual([invocations, isCutOff, items.map(({ title }) => title)], [0, false, ['Image in ECR']]);
    near(dollars, (48 / 730) * 0.1);
  });

  it('is what was counted of this function, its API and its log since then', async () => {
    const until = new Date();
    const since = new Date(until.getTime() - 5 * HOUR_MS);
    const one = new Date(until.getTime() - 3 * HOUR_MS);
    const mine = { FunctionName: question.functionName };
    for (const [at, invocations] of [
      [one, 2],
      [new Date(until.getTime() - 60_000), 3],
      [new Date(since.getTime() - 2 * HOUR_MS), 1000],
    ] as const) {
      await count('AWS/Lambda', 'Invocations', mine, invocations, at);
      await count('AWS/Lambda', 'Duration', mine, invocations * 99.5, at);
    }
    await count('AWS/Lambda', 'Invocations', { FunctionName: 'another' }, 1000, one);
    // Of a call the value says nothing: the samples are counted.
    for (const _ of [1, 2, 3, 4]) {
      await count('AWS/ApiGateway', 'Count', { ApiName: question.apiName, Stage: question.stage }, 0, one);
    }
    await count('AWS/Logs', 'IncomingBytes', { LogGroupName: question.logGroup }, GB, one);
    const spent = await costSinceDeploy(config, { ...question, since, until });
    assert.ok(spent.ok, JSON.stringify(spent));
    const { invocations, calls, items, dollars } = spent.value;
    assert.deepEqual([invocations, calls], [5, 4]);
    const item = (title: string): number | undefined => items.find((each) => each.title === title)?.dollars;
    near(item('Lambda requests'), 5 * 0.2e-6);
    // Half a millisecond for each is what rounding up adds.
    near(item('Lambda duration'), 5 * 0.1 * 0.0000166667);
    near(item('API Gateway requests'), 4 * 3.5e-6);
    near(item('Log, ingested'), 0.57);
    assert.ok(item('Log, kept')! > 0);
    near(
      dollars,
      items.reduce((sum, each) => sum + each.dollars, 0),
    );
  });

  it('is billed month by month, page by page, on documented answers of CloudWatch', async () => {
    const october = Date.UTC(2026, 9, 31, 23) / 1000;
    const november = Date.UTC(2026, 10, 1, 0) / 1000;
    const counted = (Id: string, Timestamps: number[], Values: number[]): unknown => ({
      Id,
      Label: Id,
      StatusCode: 'Complete',
      Timestamps,
      Values,
    });
    const cloudWatch = await answering([
      {
        MetricDataResults: [
          { ...(counted('invocations', [october], [900_000]) as object), StatusCode: 'PartialData' },
          counted('durationMs', [october, november], [900_000 * 99.5, 900_000 * 99.5]),
        ],
        Messages: [],
        NextToken: 'more',
      },
      {
        MetricDataResults: [counted('invocations', [november], [900_000]), counted('durationMs', [], [])],
        Messages: [],
      },
    ]);
    try {
      const since = new Date('2026-10-31T23:15:00Z');
      const spent = await costSinceDeploy(cloudWatch.config, { ...question, since, freeTier: true });
      assert.ok(spent.ok, JSON.stringify(spent));
      const { invocations, items } = spent.value;
      assert.equal(invocations, 1_800_000);
      // A million of each month is free, and so are 400,000 GB-seconds, of which neither month used more.
      assert.deepEqual(
        items.map(({ title }) => title),
        ['Image in ECR'],
      );
      assert.deepEqual(
        cloudWatch.asked.map(({ NextToken }) => NextToken),
        [undefined, 'more'],
      );
      const [{ StartTime, MetricDataQueries }] = cloudWatch.asked as [Asked];
      assert.equal(StartTime, Date.UTC(2026, 9, 31, 23) / 1000);
      assert.deepEqual(
        MetricDataQueries.map(({ Id, MetricStat }) => [Id, MetricStat.Period, MetricStat.Stat]),
        [
          ['invocations', 3600, 'Sum'],
          ['durationMs', 3600, 'Sum'],
          ['calls', 3600, 'SampleCount'],
          ['logBytes', 3600, 'Sum'],
        ],
      );
    } finally {
      await cloudWatch.end();
    }
  });

  it('of environments that are kept ready is by the hour, on documented answers of CloudWatch', async () => {
    const at = now.getTime() / 1000 - 3600;
    const one = (Id: string, value: number): unknown => ({
      Id,
      StatusCode: 'Complete',
      Timestamps: [at],
      Values: [value],
    });
    const cloudWatch = await answering([
      { MetricDataResults: [one('invocations', 1000), one('durationMs', 99_500), one('readyInvocations', 750)] },
    ]);
    try {
      const usage = { ...question.usage, provisionedConcurrency: 2 };
      const spent = await costSinceDeploy(cloudWatch.config, { ...question, usage });
      assert.ok(spent.ok, JSON.stringify(spent));
      const item = (title: string): number | undefined =>
        spent.value.items.find((each) => each.title === title)?.dollars;
      near(item('Provisioned concurrency'), 2 * 48 * 3600 * 0.000004646);
      near(item('Provisioned duration'), 75 * 0.0000108407);
      near(item('Lambda duration'), 25 * 0.0000166667);
      const ready = cloudWatch.asked[0]!.MetricDataQueries.find(({ Id }) => Id === 'readyInvocations')!;
      assert.deepEqual(ready.MetricStat.Metric.Dimensions, [
        { Name: 'FunctionName', Value: 'nimbus-triage-prod' },
        { Name: 'Resource', Value: 'nimbus-triage-prod:live' },
      ]);
    } finally {
      await cloudWatch.end();
    }
  });

  it('of a log is for as long as that is kept, on documented answers of CloudWatch', async () => {
    const ago = (days: number): number => now.getTime() / 1000 - days * 86_400;
    const logBytes = { Id: 'logBytes', StatusCode: 'Complete', Timestamps: [ago(20), ago(2)], Values: [GB, GB] };
    const cloudWatch = await answering([{ MetricDataResults: [logBytes] }]);
    try {
      const since = new Date(now.getTime() - 30 * 24 * HOUR_MS);
      const spent = await costSinceDeploy(cloudWatch.config, { ...question, since });
      assert.ok(spent.ok, JSON.stringify(spent));
      const item = (title: string): number | undefined =>
        spent.value.items.find((each) => each.title === title)?.dollars;
      near(item('Log, ingested'), 2 * 0.57);
      near(item('Log, kept'), 0.15 * 0.03 * (((14 + 2) * 24) / 730));
    } finally {
      await cloudWatch.end();
    }
  });

  it('goes back as far as CloudWatch keeps hours, and says so', async () => {
    const cloudWatch = await answering([{ MetricDataResults: [] }]);
    try {
      const spent = await costSinceDeploy(cloudWatch.config, { ...question, since: new Date('2020-01-01T00:00:00Z') });
      assert.ok(spent.ok, JSON.stringify(spent));
      assert.deepEqual([spent.value.isCutOff, spent.value.since], [true, '2025-08-22T12:30:00.000Z']);
    } finally {
      await cloudWatch.end();
    }
  });

  it('is not known where CloudWatch refuses a metric, on a documented answer', async () => {
    const cloudWatch = await answering([
      {
        MetricDataResults: [
          {
            Id: 'calls',
            StatusCode: 'Forbidden',
            Timestamps: [],
            Values: [],
            Messages: [{ Code: 'Forbidden', Value: 'not authorized' }],
          },
        ],
      },
    ]);
    try {
      const spent = await costSinceDeploy(cloudWatch.config, question);
      assert.ok(!spent.ok && spent.error.code === 'metrics-refused', JSON.stringify(spent));
      assert.match(spent.error.why!, /calls: Forbidden\nnot authorized/);
      assert.match(spent.error.next!, /cloudwatch:GetMetricData/);
    } finally {
      await cloudWatch.end();
    }
  });
});

interface Asked {
  StartTime: number;
  NextToken?: string;
  MetricDataQueries: {
    Id: string;
    MetricStat: { Period: number; Stat: string; Metric: { Dimensions: { Name: string; Value: string }[] } };
  }[];
}

/** Answers GetMetricData with these documents, one after the other, and keeps what was asked. */
async function answering(documents: readonly unknown[]): Promise<{
  config: AwsConfig;
  asked: Asked[];
  end(): Promise<void>;
}> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const answer = async (): Promise<void> => {
      asked.push(JSON.parse(await text(request)) as Asked);
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
      response.end(JSON.stringify(documents[asked.length - 1]));
    };
    void answer();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const config: AwsConfig = {
    region: 'eu-west-1',
    credentials: async () => ({ accessKeyId: 'test', secretAccessKey: 'test' }),
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
  };
  return {
    config,
    asked,
    end: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
