import assert from 'node:assert/strict';
import { costCard, costOf, usualRegion } from '../../../src/core/cost/card.ts';
import { measuredOf, type Known } from '../../../src/core/cost/measured.ts';
import { BUILT_IN_PRICES } from '../../../src/core/cost/price-list.ts';
import { costNotes, measuredText, monthsText, sinceText } from '../../../src/shared/cost.ts';
import type { DeploymentStatus } from '../../../src/shared/states.ts';
import type { SweepReport, SweepRow } from '../../../src/shared/sweep.ts';

/** What an image of this machine would be of. */
const OWN = process.arch === 'arm64' ? 'arm64' : 'x86_64';
const key = { model: 'sentiment', deployment: 'docker' };
const status: DeploymentStatus = {
  ...key,
  target: 'docker',
  framework: 'sklearn',
  state: 'serving',
  url: 'http://127.0.0.1:1/sentiment/docker',
  version: 'a'.repeat(64),
  workers: 1,
  lastMs: { cold: 900.4, warm: 7.2 },
  image: { id: 'sha256:one', reference: 'r', bytes: 500e6, python: '3.13', platform: 'linux-arm64' },
};
const row = (memoryMb: number, billedMs: number): SweepRow => ({
  memoryMb,
  cpus: 1,
  outcome: 'answered',
  warm: 50,
  failed: 0,
  p50Ms: billedMs,
  p95Ms: billedMs,
  billedMs,
  coldBilledMs: 700,
  costPerMillion: memoryMb * billedMs,
});
const sweep: SweepReport = {
  ...key,
  at: '2026-11-20T10:00:00.000Z',
  image: 'sha256:one',
  architecture: 'arm64',
  inputs: { from: 'card', count: 1 },
  engineCpus: 2,
  timeoutSeconds: 29,
  prices: { region: 'us-east-1', source: '', read: '2026-10' },
  rows: [row(512, 10), row(1769, 2.4)],
};
const known: Known = { key, spec: {}, status, sweep, asked: {} };
const figures = (changes: Partial<Known>): unknown[] => {
  const found = measuredOf({ ...known, ...changes });
  assert.ok(found.ok, JSON.stringify(found));
  const { memoryMb, warmMs, coldMs, architecture, measured } = found.value;
  return [memoryMb, warmMs, coldMs, architecture, measured.from];
};
const refusal = (changes: Partial<Known>): string => {
  const found = measuredOf({ ...known, ...changes });
  assert.ok(!found.ok && found.error.code === 'not-measured', JSON.stringify(found));
  return `${found.error.what} ${found.error.next}`;
};

describe('how long a request takes', () => {
  it('is what a sweep of this image found at the memory', () => {
    assert.deepEqual(figures({}), [1769, 2.4, 700, 'arm64', 'sweep']);
    assert.deepEqual(figures({ spec: { memoryMb: 512 } }), [512, 10, 700, 'arm64', 'sweep']);
    assert.deepEqual(figures({ asked: { memoryMb: 512 } }), [512, 10, 700, 'arm64', 'sweep']);
  });

  it('is else what the deployment took last, in whole milliseconds', () => {
    assert.deepEqual(figures({ sweep: undefined }), [1769, 8, 901, 'arm64', 'docker']);
    assert.deepEqual(figures({ spec: { memoryMb: 640 } }), [640, 8, 901, 'arm64', 'docker']);
    const local = { ...status, target: 'local', lastMs: { preinitialised: 3 } } as DeploymentStatus;
    delete local.image;
    assert.deepEqual(figures({ sweep: undefined, status: local }), [1769, 3, undefined, OWN, 'local']);
  });

  it('is else what a sweep of an older image found', () => {
    const older = { ...sweep, image: 'sha256:zero' };
    assert.deepEqual(figures({ sweep: older }), [1769, 8, 901, 'arm64', 'docker']);
    const quiet = { ...status, lastMs: {} };
    const found = measuredOf({ ...known, sweep: older, status: quiet });
    assert.ok(found.ok && found.value.measured.from === 'sweep' && found.value.measured.isOlder);
  });

  it('is that of the cheapest size where only a sweep knows, of others than the model’s own', () => {
    const others = { ...sweep, rows: [row(512, 10), row(1024, 9)] };
    assert.deepEqual(figures({ status: undefined, sweep: others }), [512, 10, 700, 'arm64', 'sweep']);
  });

  it('is what AWS counted of a deployment there, at its own memory', () => {
    const spent = {
      since: '2026-11-01T00:00:00.000Z',
      until: '2026-11-20T00:00:00.000Z',
      isCutOff: false,
      invocations: 4,
      calls: 5,
      durationMs: 42,
      items: [],
      dollars: 0,
    };
    const there = { ...known, status: { ...status, target: 'lambda' as const, lastMs: {} }, spent };
    assert.deepEqual(figures(there), [1769, 11, undefined, 'arm64', 'lambda']);
    assert.deepEqual(figures({ ...there, asked: { memoryMb: 512 } }), [512, 10, 700, 'arm64', 'sweep']);
    const nothing = { ...there, spent: { ...spent, invocations: 0, durationMs: 0 } };
    assert.deepEqual(figures(nothing), [1769, 2.4, 700, 'arm64', 'sweep']);
    assert.match(refusal({ ...nothing, sweep: undefined }), /as far as CloudWatch has counted\. Send one/);
    assert.equal(sinceText(spent, 'en'), 'Since its deploy, 11/1/2026');
    assert.match(sinceText({ ...spent, isCutOff: true }, 'en'), /^Since 11\/1\/2026, the earliest/);
  });

  it('is what the user says, whatever was measured', () => {
    assert.deepEqual(figures({ asked: { warmMs: 20.1, memoryMb: 300 } }), [300, 21, undefined, 'arm64', 'given']);
    assert.deepEqual(figures({ asked: { warmMs: 20 }, status: undefined, sweep: undefined }), [
      1769,
      20,
      undefined,
      'x86_64',
      'given',
    ]);
  });

  it('is not known of another memory, nor before a warm answer, and how to know it is said', () => {
    assert.match(refusal({ asked: { memoryMb: 600 } }), /at 600 MB\. .*nimbus sweep sentiment\/docker --memory 600/);
    const onlyCold = { ...status, lastMs: { cold: 900 } };
    assert.match(
      refusal({ sweep: undefined, status: onlyCold }),
      /no warm request yet\. Send another one: nimbus predict/,
    );
    assert.match(refusal({ sweep: undefined, status: { ...status, lastMs: {} } }), /no request yet\. Send two/);
    assert.match(refusal({ sweep: undefined, status: undefined }), /nimbus sweep sentiment\/docker\. .*--duration/);
    // A size that ran out of memory was measured, and has no duration.
    const failed: SweepRow = { memoryMb: 128, cpus: 1, outcome: 'out-of-memory', warm: 0, failed: 0 };
    assert.match(refusal({ asked: { memoryMb: 128 }, sweep: { ...sweep, rows: [failed] } }), /at 128 MB/);
  });
});

describe('the cost card', () => {
  const measured = measuredOf(known);
  assert.ok(measured.ok);
  const question = {
    ...key,
    region: 'eu-west-1',
    prices: { list: BUILT_IN_PRICES },
    freeTier: false,
    measured: measured.value,
    usage: { imageBytes: 500e6 },
  };

  it('tells the usual months, and the one that was asked for', () => {
    const usual = costCard(question);
    assert.ok(usual.ok);
    assert.deepEqual(
      usual.value.months.map(({ requests }) => requests),
      [0, 10_000, 1_000_000],
    );
    const more = costCard({ ...question, requests: 50_000 });
    assert.ok(more.ok);
    assert.deepEqual(
      more.value.months.map(({ requests }) => requests),
      [0, 10_000, 50_000, 1_000_000],
    );
    const costs = more.value.months.map(({ dollars }) => dollars);
    assert.deepEqual(
      costs,
      costs.toSorted((one, other) => one - other),
    );
    assert.ok(more.value.allColdDollars!.every((dollars, at) => dollars >= costs[at]!));
    assert.deepEqual(
      more.value.alternatives.map(({ id }) => id),
      ['t3.medium', 'fargate', 'eks', 'provisioned'],
    );
  });

  it('is a line of the plan of a deploy', () => {
    const card = costCard(question);
    assert.ok(card.ok);
    assert.match(
      monthsText(card.value, 'en'),
      /^a month costs about \$0\.05 without requests, \$0\.\d\d for 10,000, \$\d\.\d\d for 1,000,000, by .*eu-west-1, known as of \d{4}-\d\d or later\)$/,
    );
  });

  it('says what it stands on: where durations and prices are from, as of when', () => {
    const card = costCard({ ...question, prices: { list: BUILT_IN_PRICES, file: '/home/ada/prices.json' } });
    assert.ok(card.ok);
    assert.match(measuredText(card.value, 'en'), /memory sweep of 11\/20\/2026: 50 warm requests at 1,769 MB/);
    const notes = costNotes(card.value, 'en').join('\n');
    assert.match(
      notes,
      /Prices of eu-west-1 .* without the free tier, known as of \d{4}-\d{2} or later, some from \/home\/ada\/prices\.json/,
    );
    assert.equal(card.value.prices.sources[0], 'https://aws.amazon.com/lambda/pricing/');
    assert.match(notes, /t3\.medium has x86_64 processors/);
    assert.doesNotMatch(notes, /No cold start/);
    assert.equal(card.value.prices.sources.length, 11);
  });

  it('of a model without a cold start has no such figures, and says so', () => {
    const { coldMs: _, ...warmOnly } = measured.value;
    const card = costCard({ ...question, measured: warmOnly, usage: { imageBytes: 0 } });
    assert.ok(card.ok);
    assert.equal(card.value.allColdDollars, undefined);
    assert.match(costNotes(card.value, 'en').join('\n'), /There is no image yet[^]*No cold start was measured/);
  });

  it('is of the deployment’s own image, at the memory and with the share of cold starts that one names', () => {
    const card = costOf({
      ...known,
      region: usualRegion({ AWS_REGION: 'eu-west-1' }),
      prices: question.prices,
      freeTier: true,
      usage: { coldShare: 0.5 },
    });
    assert.ok(card.ok);
    const { usage, region, freeTier } = card.value;
    assert.deepEqual([usage.imageBytes, usage.coldShare, region, freeTier], [500e6, 0.5, 'eu-west-1', true]);
    assert.equal(usualRegion({ AWS_REGION: ' ' }), 'us-east-1');
  });

  it('with provisioned concurrency has that in its bill, and not among what else there is', () => {
    const card = costCard({ ...question, usage: { imageBytes: 0, provisionedConcurrency: 1 } });
    assert.ok(card.ok);
    assert.ok(card.value.months[0]!.items.some(({ title }) => title === 'Provisioned concurrency'));
    assert.deepEqual(
      card.value.alternatives.map(({ id }) => id),
      ['t3.medium', 'fargate', 'eks'],
    );
  });

  it('is refused for a region without prices', () => {
    const card = costCard({ ...question, region: 'eu-west-9' });
    assert.ok(!card.ok && card.error.code === 'region-unpriced');
    assert.match(card.error.next!, /Did you mean eu-west-1\? .*NIMBUS_PRICES/);
  });
});
