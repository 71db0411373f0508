/** A deployment on AWS once it is there: its state, its log and its predictions, on the emulator with a real image. */
import assert from 'node:assert/strict';
import { CloudWatchLogsClient, PutLogEventsCommand, CreateLogStreamCommand } from '@aws-sdk/client-cloudwatch-logs';
import {
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  type LambdaClient,
  ListVersionsByFunctionCommand,
  PublishVersionCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
  UpdateFunctionConfigurationCommand,
  waitUntilFunctionUpdatedV2,
} from '@aws-sdk/client-lambda';
import { APIGatewayClient, UpdateStageCommand } from '@aws-sdk/client-api-gateway';
import { apiUrl, type AwsConfig } from '../../src/core/cloud/aws.ts';
import { coldStart } from '../../src/core/cloud/cold-start.ts';
import { drift } from '../../src/core/cloud/drift.ts';
import { predictThroughInvoke } from '../../src/core/cloud/invoke.ts';
import { followLines } from '../../src/core/cloud/log-tail.ts';
import { recentLines, requestLog } from '../../src/core/cloud/logs.ts';
import { predictThroughApi } from '../../src/core/cloud/predict.ts';
import { cloudState, ghosts } from '../../src/core/cloud/status.ts';
import { warmUp } from '../../src/core/cloud/wake.ts';
import type { LogLine } from '../../src/shared/states.ts';
import type { Wait } from '../../src/shared/waits.ts';
import { answering, refusal } from './answers.ts';
import { ACCOUNT, getJson } from './support.ts';
import { IMAGES, INPUT, REGION, SECRET, STACK, Triage, value, VERSION } from './triage.ts';

const PLACE = { stack: STACK, functionName: STACK };

describe('a deployment on AWS', function () {
  this.timeout(120_000);
  let triage: Triage;
  let config: AwsConfig;
  let lambda: LambdaClient;
  let outputs: Record<string, string>;
  let access: { url: string; key: string };

  before(async () => {
    triage = await Triage.start();
    ({ config, lambda } = triage);
  });
  afterEach(() => triage.emulator.slow(0));
  after(async () => triage?.end());

  it('is gone before it is deployed', async () => {
    assert.deepEqual(value(await cloudState(config, PLACE)), { state: 'gone', isAhead: false, outputs: {} });
  });

  it('is being made, then serves: what and since when', async () => {
    triage.emulator.slow(0.1);
    const deploying = triage.deployer.api.deploy({
      what: triage.describe(),
      variables: { GREETING: SECRET },
      pollMs: 50,
    });
    await triage.deployer.until((event) => event.kind === 'progress' && event.done >= 2);
    assert.equal(value(await cloudState(config, PLACE)).state, 'creating');
    triage.emulator.slow(0);
    const ended = value(await deploying);
    assert.equal(ended.state, 'deployed');
    outputs = ended.state === 'deployed' ? ended.outputs : {};
    const { value: key } = await getJson(
      triage.emulator,
      'apigateway',
      `/apikeys/${outputs['KeyId']}?includeValue=true`,
    );
    const api = { apiId: outputs['ApiId']!, region: REGION, stage: outputs['Stage']! };
    access = { url: apiUrl(api, triage.emulator.endpoint), key };
    const state = value(await cloudState(config, PLACE));
    assert.ok(state.deployedAt && Math.abs(Date.now() - Date.parse(state.deployedAt)) < 120_000);
    assert.deepEqual(
      { ...state, deployedAt: '' },
      {
        state: 'serving',
        isAhead: false,
        version: VERSION,
        digest: triage.digest,
        liveVersion: '1',
        deployedAt: '',
        stackStatus: 'CREATE_COMPLETE',
        outputs,
      },
    );
  });

  const log = () => ({ logGroup: outputs['LogGroup']! });
  const texts = (lines: readonly LogLine[], source: LogLine['source']): string[] =>
    lines.filter((line) => line.source === source).map(({ text }) => text);

  it("answers through Invoke: cold, then warm, by Lambda's own figures", async () => {
    const first = await predictThroughInvoke(config, { functionName: STACK }, { input: INPUT });
    assert.deepEqual((first.body as { result: unknown }).result, { label: 'urgent' }, JSON.stringify(first));
    assert.deepEqual([first.start, first.liveVersion, first.retries], ['cold', '1', []]);
    assert.ok(first.report?.initMs !== undefined && first.report.memoryMb === 1769);
    const { interpreterMs, importsMs, loadMs } = first.phases;
    assert.ok(Math.abs(interpreterMs + importsMs + loadMs - first.report.initMs) < 0.01, JSON.stringify(first));
    const second = await predictThroughInvoke(config, { functionName: STACK }, { input: INPUT });
    assert.deepEqual([second.start, second.report?.initMs, second.phases.interpreterMs], ['warm', undefined, 0]);
    assert.equal(second.requestId, second.report?.requestId);
  });

  it('answers through the API, and its log knows the request by both of its ids', async () => {
    const at = Date.now();
    const answer = await predictThroughApi(access, { input: INPUT });
    assert.deepEqual((answer.body as { result: unknown }).result, { label: 'urgent' }, JSON.stringify(answer));
    const { requestId = '' } = answer;
    const found = value(await requestLog(config, { ...log(), requestId, at, waitMs: 10_000, pollMs: 20 }));
    assert.deepEqual([found.report?.requestId, found.report?.initMs], [requestId, undefined]);
    const own = texts(found.lines, 'stdout');
    assert.ok(own.includes('looks at a text') && !own.includes('loads the words'), JSON.stringify(found.lines));
    assert.ok(found.lines.every((line) => line.requestId === requestId));
    const gateway = new RegExp(`^nimbus: request ${requestId} is (\\S+) of the gateway$`);
    const all = value(await recentLines(config, log()));
    const [ofTheGateway = ''] = all.flatMap(({ text }) => gateway.exec(text)?.[1] ?? []);
    assert.notEqual(ofTheGateway, requestId);
    assert.deepEqual(value(await requestLog(config, { ...log(), requestId: ofTheGateway })), found);
    const denied = await predictThroughApi({ ...access, key: 'another' }, { input: INPUT });
    assert.deepEqual([denied.status, denied.retries], [403, []]);
  });

  it('says how a function ended without an answer, and does not ask it again', async () => {
    const { problem, retries, status } = await predictThroughInvoke(config, { functionName: STACK }, { input: 'die' });
    assert.deepEqual([problem?.type, status, retries], ['urn:nimbus:problem:worker-died', 502, []]);
    assert.ok(problem?.lastLines?.includes('looks at a text'), JSON.stringify(problem));
  });

  it('has the last lines, and none of a request that it does not know', async () => {
    const all = value(await recentLines(config, log()));
    const last = value(await recentLines(config, { ...log(), limit: 2 }));
    assert.deepEqual(last, all.slice(-2));
    const none = { lines: [] };
    for (const requestId of ['3f1c2b3a-0000-4000-8000-0123456789ab', '"', 'looks', '']) {
      assert.deepEqual(value(await requestLog(config, { ...log(), requestId })), none);
    }
    assert.deepEqual(value(await recentLines(config, { logGroup: '/aws/lambda/never' })), []);
  });

  const ids = ['79b4f56e-95b1-4643-9700-2807f4e68189', '8f507cfc-0000-4697-b07a-ac58fc914c95'] as const;
  const report = (id: string, more = ''): string =>
    `REPORT RequestId: ${id}\tDuration: 3000.00 ms\tBilled Duration: 3000 ms\tMemory Size: 128 MB\tMax Memory Used: 56 MB\t${more}`;

  async function write(stream: string, messages: readonly string[]): Promise<void> {
    const logs = new CloudWatchLogsClient(config);
    const where = { logGroupName: outputs['LogGroup']!, logStreamName: stream };
    await logs.send(new CreateLogStreamCommand(where)).catch(() => undefined);
    const at = Date.now();
    const logEvents = messages.map((message, index) => ({ timestamp: at + index, message }));
    await logs.send(new PutLogEventsCommand({ ...where, logEvents }));
  }

  it('on lines as AWS Lambda is documented to write them: the first request has what was written while it was initialised, and that it ran out of time', async () => {
    await write('2026/01/01/[1]a', [
      'INIT_START Runtime Version: python:3.13.v14\tRuntime Version ARN: arn:aws:lambda:eu-west-1::runtime:7b6b',
      'loads',
      `START RequestId: ${ids[0]} Version: 1\n`,
      'thinks\n',
      `END RequestId: ${ids[0]}\n`,
      report(ids[0], 'Init Duration: 130.49 ms\tStatus: timeout'),
      `2026-01-01T18:52:31.342Z ${ids[0]} Task timed out after 3.00 seconds`,
      `START RequestId: ${ids[1]} Version: 1`,
      'thinks again',
      report(ids[1]),
    ]);
    const first = value(await requestLog(config, { ...log(), requestId: ids[0] }));
    assert.deepEqual(texts(first.lines, 'stdout'), ['loads', 'thinks']);
    assert.equal(texts(first.lines, 'platform').length, 5);
    assert.equal(first.report?.status, 'timeout');
    const second = value(await requestLog(config, { ...log(), requestId: ids[1] }));
    assert.deepEqual(texts(second.lines, 'stdout'), ['thinks again']);
  });

  it('new ones come by a live tail, once each, also those before it began', async () => {
    const stop = new AbortController();
    const lines: string[] = [];
    const sources: string[] = [];
    const since = Date.now();
    await write('2026/01/01/[1]b', ['before']);
    const followed = followLines(
      config,
      { account: ACCOUNT, ...log(), since },
      {
        signal: stop.signal,
        onSource: (source) => {
          sources.push(source);
          void write('2026/01/01/[1]b', ['while', 'while', 'end']);
        },
        onLine: ({ text }) => {
          lines.push(text);
          if (text === 'end') stop.abort();
        },
      },
    );
    assert.deepEqual(await followed, { ok: true, value: undefined });
    assert.deepEqual([lines, sources], [['before', 'while', 'while', 'end'], ['live']]);
  });

  it('new ones are looked for where a live tail is not allowed, once each', async () => {
    const message = 'User is not authorized to perform: logs:StartLiveTail';
    const answers = await answering(
      ({ target }) => (target.endsWith('.StartLiveTail') ? refusal(400, 'AccessDeniedException', message) : undefined),
      triage.emulator.endpoint,
    );
    const stop = new AbortController();
    const lines: string[] = [];
    const sources: (string | undefined)[] = [];
    const since = Date.now();
    const query = { account: ACCOUNT, ...log(), since, pollMs: 20 };
    const followed = followLines(answers.config, query, {
      signal: stop.signal,
      onSource: (source, why) => {
        sources.push(source, why);
        void write('2026/01/01/[1]c', ['one']);
      },
      onLine: ({ text }) => {
        lines.push(text);
        // What comes later is looked for from before it on, for lines that are late.
        if (text === 'one') void write('2026/01/01/[1]c', ['end']);
        if (text === 'end') stop.abort();
      },
    });
    assert.deepEqual(await followed, { ok: true, value: undefined });
    assert.deepEqual(
      [lines, sources],
      [
        ['one', 'end'],
        ['polling', message],
      ],
    );
    await answers.end();
  });

  it('starts cold on demand, without a trace: live, its description and its versions are as before', async () => {
    await predictThroughInvoke(config, { functionName: STACK }, { input: INPUT });
    const before = await traces();
    const cold = value(await coldStart(config, STACK, { input: INPUT }, { pollMs: 20 }));
    assert.deepEqual([cold.status, cold.start, cold.retries], [200, 'cold', []], JSON.stringify(cold));
    assert.ok(cold.report?.initMs !== undefined && cold.liveVersion !== '1');
    assert.deepEqual(await traces(), before);
    assert.deepEqual(value(await drift(config, { stack: STACK })).parts, []);
    // What serves is as warm as before.
    const warm = await predictThroughInvoke(config, { functionName: STACK }, { input: INPUT });
    assert.equal(warm.start, 'warm');
  });

  it('leaves nothing of a cold start that is cancelled once its version is there', async () => {
    const before = await traces();
    const stop = new AbortController();
    const said: (string | undefined)[] = [];
    const onWait = (wait: Wait | undefined): void => {
      said.push(wait?.kind);
      if (!wait) stop.abort();
    };
    const cold = value(await coldStart(config, STACK, { input: INPUT }, { pollMs: 20, signal: stop.signal, onWait }));
    assert.deepEqual([cold.problem?.title, said], ['Cancelled', ['version', undefined]]);
    assert.deepEqual(await traces(), before);
  });

  it('removes the mark that a killed process left', async () => {
    const before = await traces();
    const marked = { FunctionName: STACK, Description: `${before.description} [cold start]` };
    await lambda.send(new UpdateFunctionConfigurationCommand(marked));
    await updated();
    value(await coldStart(config, STACK, { input: INPUT }, { pollMs: 20 }));
    assert.deepEqual(await traces(), before);
  });

  /** As AWS wants it waited for before the next change. */
  const updated = () =>
    waitUntilFunctionUpdatedV2({ client: lambda, maxWaitTime: 60, minDelay: 1 }, { FunctionName: STACK });

  async function traces() {
    const { FunctionVersion: live } = await lambda.send(new GetAliasCommand({ FunctionName: STACK, Name: 'live' }));
    const latest = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: STACK }));
    const { Versions: versions = [] } = await lambda.send(new ListVersionsByFunctionCommand({ FunctionName: STACK }));
    return { live, description: latest.Description ?? '', versions: versions.map(({ Version: version }) => version) };
  }

  it('says what somebody changed by hand, but never the value of a variable', async () => {
    const change = { FunctionName: STACK, MemorySize: 512, Environment: { Variables: { GREETING: 'hunter3' } } };
    await lambda.send(new UpdateFunctionConfigurationCommand(change));
    await updated();
    const { parts } = value(await drift(config, { stack: STACK }));
    assert.deepEqual(
      parts.map(({ type, id, kind }) => [type, id, kind]),
      [['AWS::Lambda::Function', STACK, 'changed']],
    );
    const [memory, variables] = parts[0]!.differences.toSorted((a, b) => b.property.localeCompare(a.property));
    assert.deepEqual(memory, { property: '/MemorySize', expected: '1769', actual: '512' });
    assert.match(variables?.property ?? '', /^\/Environment\/Variables/);
    assert.ok(!JSON.stringify(parts).includes('hunter'), JSON.stringify(parts));
    // CloudFormation keeps what it saw, for whoever looks.
    const { drifted } = value(await cloudState(config, PLACE));
    assert.deepEqual(drifted?.parts, [`AWS::Lambda::Function ${STACK}`]);
    assert.ok(Math.abs(Date.now() - Date.parse(drifted.at)) < 60_000);
    const back = { FunctionName: STACK, MemorySize: 1769, Environment: { Variables: { GREETING: SECRET } } };
    await lambda.send(new UpdateFunctionConfigurationCommand(back));
    await updated();
    assert.deepEqual(value(await drift(config, { stack: STACK })).parts, []);
    assert.equal(value(await cloudState(config, PLACE)).drifted, undefined);
  });

  /** Of the function, that no stack published. */
  let newerVersion: string | undefined;

  it('is ahead of its stack after an update outside of it, which is no drift', async () => {
    const newer = await triage.pushAnother();
    const code = { FunctionName: STACK, ImageUri: `${triage.repository}@${newer}` };
    await lambda.send(new UpdateFunctionCodeCommand(code));
    await updated();
    const { Version: version } = await lambda.send(new PublishVersionCommand({ FunctionName: STACK }));
    await lambda.send(new UpdateAliasCommand({ FunctionName: STACK, Name: 'live', FunctionVersion: version }));
    newerVersion = version;
    const stage = { restApiId: outputs['ApiId'], stageName: outputs['Stage'] };
    const patchOperations = [{ op: 'replace' as const, path: '/variables/version', value: 'b2'.repeat(32) }];
    await new APIGatewayClient(config).send(new UpdateStageCommand({ ...stage, patchOperations }));
    const state = value(await cloudState(config, PLACE));
    assert.deepEqual(
      [state.state, state.isAhead, state.version, state.digest, state.liveVersion],
      ['serving', true, 'b2'.repeat(32), newer, version],
    );
    assert.deepEqual(value(await drift(config, { stack: STACK })).parts, []);
    assert.equal(value(await cloudState(config, PLACE)).drifted, undefined);
    assert.equal(value(await coldStart(config, STACK, { input: INPUT }, { pollMs: 20 })).start, 'cold');
    await lambda.send(new UpdateAliasCommand({ FunctionName: STACK, Name: 'live', FunctionVersion: '1' }));
    const back = value(await cloudState(config, PLACE));
    assert.deepEqual([back.isAhead, back.liveVersion], [false, '1']);
    const older = await coldStart(config, STACK, { input: INPUT }, { pollMs: 20 });
    assert.equal(older.ok || older.error.code, 'not-latest');
  });

  it('is updating, is rolled back, and serves again what was there before', async () => {
    triage.emulator.slow(0.3);
    triage.deployer.clear();
    const broken = { image: { repository: IMAGES.repository, digest: `sha256:${'0'.repeat(64)}` }, revision: 'r2' };
    const update = triage.deployer.api.deploy({ what: triage.describe(broken), pollMs: 20 });
    await triage.deployer.until((event) => event.kind === 'stage' && event.stage === 'update');
    assert.equal(value(await cloudState(config, PLACE)).state, 'updating');
    triage.emulator.slow(0);
    assert.equal((await update).ok, false);
    const state = value(await cloudState(config, PLACE));
    assert.deepEqual([state.state, state.stackStatus], ['serving', 'UPDATE_ROLLBACK_COMPLETE']);
    assert.match(state.why ?? '', /rolled back/);
    // A good update outside of the stack came after that.
    await lambda.send(new UpdateAliasCommand({ FunctionName: STACK, Name: 'live', FunctionVersion: newerVersion }));
    const ahead = value(await cloudState(config, PLACE));
    assert.deepEqual([ahead.state, ahead.isAhead, ahead.why, ahead.next], ['serving', true, undefined, undefined]);
    await lambda.send(new UpdateAliasCommand({ FunctionName: STACK, Name: 'live', FunctionVersion: '1' }));
  });

  it('is a ghost where nobody declares it', async () => {
    const found = value(await ghosts(config, []));
    assert.deepEqual(
      found.map(({ stack, model, deployment, version }) => [stack, model, deployment, version]),
      [[STACK, 'triage', 'prod', VERSION]],
    );
    assert.equal(found[0]?.outputs['ApiId'], outputs['ApiId']);
    assert.deepEqual(value(await ghosts(config, [STACK])), []);
  });

  it('needs no waking while it is active', async () => {
    assert.deepEqual(value(await warmUp(config, { functionName: STACK })), { waitedMs: 0 });
  });

  it('has failed where its function was deleted by hand, and is gone with its stack', async () => {
    await lambda.send(new DeleteFunctionCommand({ FunctionName: STACK }));
    const state = value(await cloudState(config, PLACE));
    assert.deepEqual([state.state, state.isAhead], ['failed', false]);
    assert.match(state.why ?? '', /deleted outside/);
    await triage.destroy();
    assert.equal(value(await cloudState(config, PLACE)).state, 'gone');
    const answer = await predictThroughInvoke(config, { functionName: STACK }, { input: INPUT });
    assert.deepEqual([answer.problem?.type, answer.retries], ['urn:nimbus:problem:not-found', []]);
  });
});
