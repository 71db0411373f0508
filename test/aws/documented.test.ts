/** What the emulator cannot be brought to, on answers as AWS documents them. */
import assert from 'node:assert/strict';
import { gatewayProblems } from '../../infra/app/bodies.ts';
import { coldStart } from '../../src/core/cloud/cold-start.ts';
import { predictThroughInvoke } from '../../src/core/cloud/invoke.ts';
import { predictThroughApi } from '../../src/core/cloud/predict.ts';
import { cloudState } from '../../src/core/cloud/status.ts';
import { warmUp } from '../../src/core/cloud/wake.ts';
import { answering, BROKEN, inTurn, refusal, type Answered, type Answers, type Asked } from './answers.ts';

const QUICK = { tries: 4, totalMs: 10_000, firstMs: 1, longestMs: 2 };
const ID = '79b4f56e-95b1-4643-9700-2807f4e68189';
const FUNCTION = 'nimbus-triage-prod';
const BODY = { input: 'the shop is down' };

describe('on documented answers of AWS', () => {
  const servers: Answers[] = [];
  async function serve(answer: (asked: Asked) => Answered | undefined): Promise<Answers> {
    const server = await answering(answer);
    servers.push(server);
    return server;
  }
  afterEach(async () => {
    for (const server of servers.splice(0)) await server.end();
  });

  const answered = {
    model: 'triage',
    version: 'a1'.repeat(32),
    result: { label: 'urgent' },
    timings: { start: 'warm', initMs: 0, handlerMs: 2 },
    requestId: ID,
  };
  const served = { status: 200, headers: { 'server-timing': 'handler;dur=0.01', 'x-request-id': ID }, body: answered };

  describe('of API Gateway: a prediction', () => {
    /** As the stack's own templates make them. */
    function ofTheGateway(type: string, headers: Record<string, string> = {}): Answered {
      const { code, ...problem } = gatewayProblems('key')[type]!;
      const body = { type: `urn:nimbus:problem:${code}`, ...problem, requestId: 'of-the-gateway' };
      const common = { 'content-type': 'application/problem+json', 'x-request-id': 'of-the-gateway' };
      return { status: problem.status, headers: { ...common, ...headers }, body };
    }
    const throttled = ofTheGateway('THROTTLED', { 'retry-after': '0' });

    for (const [name, first, reasons] of [
      ['one that came too soon', [throttled], ['too-many-requests']],
      ['one that timed out while it started', [ofTheGateway('INTEGRATION_TIMEOUT')], ['timed-out']],
      ['one that did not reach the function', [ofTheGateway('INTEGRATION_FAILURE')], ['worker-died']],
      ['a gateway that is down', [{ status: 503, body: { message: 'Service Unavailable' } }], ['not-an-endpoint']],
      ['a connection that broke', [BROKEN], ['unreachable']],
      [
        'one after the other',
        [throttled, BROKEN, throttled],
        ['too-many-requests', 'unreachable', 'too-many-requests'],
      ],
    ] as const) {
      it(`is sent again: ${name}`, async () => {
        const { url, asked } = await serve(inTurn(...first, served));
        const answer = await predictThroughApi({ url, key: 'secret' }, BODY, { retries: QUICK });
        assert.deepEqual(answer.body, answered);
        assert.deepEqual(
          answer.retries.map(({ reason }) => reason),
          reasons,
        );
        assert.equal(asked.length, first.length + 1);
        assert.deepEqual([asked[0]!.path, asked[0]!.headers['x-api-key']], ['/predict', 'secret']);
        // What the failed ones took is not among what the last one did.
        assert.equal(answer.phases.handlerMs, 0.01);
      });
    }

    const failed = {
      type: 'urn:nimbus:problem:handler-failed',
      title: 'The model failed',
      status: 500,
      detail: 'ValueError: no',
      requestId: ID,
    };
    for (const [name, only, code] of [
      ['of what the model failed at', { ...served, status: 500, body: failed }, 'handler-failed'],
      [
        'of a 502 that the function made',
        { ...served, status: 502, body: { ...failed, status: 502 } },
        'handler-failed',
      ],
      ['of a quota that is used up', ofTheGateway('QUOTA_EXCEEDED'), 'too-many-requests'],
      ['of a key that is not right', ofTheGateway('INVALID_API_KEY'), 'forbidden'],
      ['of a request that is too large', ofTheGateway('REQUEST_TOO_LARGE'), 'payload-too-large'],
      ['of an API that is not made right', ofTheGateway('API_CONFIGURATION_ERROR'), 'internal-error'],
    ] as const) {
      it(`is not sent again because ${name}`, async () => {
        const { url, asked } = await serve(() => only);
        const { problem, retries } = await predictThroughApi({ url }, BODY, { retries: QUICK });
        assert.equal(problem?.type, `urn:nimbus:problem:${code}`);
        assert.deepEqual([retries, asked.length], [[], 1]);
        assert.equal(asked[0]!.headers['x-api-key'], undefined);
      });
    }

    it('is sent again once only where the function may have crashed', async () => {
      const { url, asked } = await serve(() => ofTheGateway('DEFAULT_5XX'));
      const { problem, retries } = await predictThroughApi({ url }, BODY, { retries: QUICK });
      assert.deepEqual(
        [problem?.status, problem?.requestId, retries.length, asked.length],
        [502, 'of-the-gateway', 1, 2],
      );
    });

    it('ends when it is cancelled while it waits', async () => {
      const stop = new AbortController();
      const { url, asked } = await serve(() => {
        setImmediate(() => stop.abort());
        return ofTheGateway('THROTTLED', { 'retry-after': '5' });
      });
      await predictThroughApi({ url }, BODY, { signal: stop.signal });
      assert.equal(asked.length, 1);
    });
  });

  describe('of AWS Lambda: an invocation', () => {
    const proxied = {
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'server-timing': 'imports;dur=900, load;dur=400, handler;dur=2' },
      body: JSON.stringify(answered),
      isBase64Encoded: false,
    };
    const invoked = (body: unknown, lines: readonly string[], error?: string): Answered => ({
      status: 200,
      headers: {
        'x-amz-executed-version': '7',
        'x-amzn-requestid': ID,
        'x-amz-log-result': Buffer.from(lines.join('\n')).toString('base64'),
        ...(error === undefined ? {} : { 'x-amz-function-error': error }),
      },
      body,
    });
    const report = (more = ''): string =>
      `REPORT RequestId: ${ID}\tDuration: 2.41 ms\tBilled Duration: 3 ms\tMemory Size: 1769 MB\tMax Memory Used: 312 MB\t${more}`;
    const ask = (config: Answers['config']) =>
      predictThroughInvoke(config, { functionName: FUNCTION }, BODY, { retries: QUICK });

    it("has Lambda's own figures", async () => {
      const lines = [
        `START RequestId: ${ID} Version: 7`,
        'loads',
        `END RequestId: ${ID}`,
        report('Init Duration: 0.01 ms\t'),
      ];
      const { config, asked } = await serve(() => invoked(proxied, lines));
      const answer = await ask(config);
      assert.deepEqual([answer.start, answer.liveVersion, answer.report?.usedMb], ['cold', '7', 312]);
      assert.equal(asked[0]!.path, `/2015-03-31/functions/${FUNCTION}/invocations?Qualifier=live`);
      const event = JSON.parse(asked[0]!.body) as Record<string, unknown>;
      assert.deepEqual([event['httpMethod'], event['path'], event['body']], ['POST', '/predict', JSON.stringify(BODY)]);
    });

    it('is sent again where Lambda had no room, failed or was not reached', async () => {
      const { config, asked } = await serve(
        inTurn(
          refusal(429, 'TooManyRequestsException', 'Rate Exceeded.', { 'retry-after': '0' }),
          refusal(500, 'ServiceException', 'The AWS Lambda service encountered an internal error.'),
          BROKEN,
          invoked(proxied, [report()]),
        ),
      );
      const answer = await ask(config);
      assert.deepEqual(
        answer.retries.map(({ reason }) => reason),
        ['too-many-requests', 'unreachable', 'unreachable'],
      );
      assert.deepEqual([answer.status, answer.start, asked.length], [200, 'warm', 4]);
    });

    for (const [name, body, lines, code, status] of [
      [
        'ran out of time',
        { errorMessage: `2024-03-13T18:52:31.342Z ${ID} Task timed out after 29.03 seconds` },
        ['thinks', `END RequestId: ${ID}`, report('Status: timeout')],
        'timed-out',
        504,
      ],
      [
        'ran out of memory',
        {
          errorType: 'Runtime.ExitError',
          errorMessage: `RequestId: ${ID} Error: Runtime exited with error: signal: killed`,
        },
        ['thinks', report('Status: error\tError Type: Runtime.ExitError')],
        'out-of-memory',
        502,
      ],
      [
        'could not be loaded',
        { errorType: 'Runtime.ImportModuleError', errorMessage: "Unable to import module 'handler'" },
        ['thinks', report()],
        'init-failed',
        502,
      ],
    ] as const) {
      it(`says that it ${name}, and is not sent again`, async () => {
        const { config, asked } = await serve(() => invoked(body, lines, 'Unhandled'));
        const { problem, retries } = await ask(config);
        assert.deepEqual([problem?.type, problem?.status], [`urn:nimbus:problem:${code}`, status]);
        assert.deepEqual([problem?.lastLines, problem?.requestId], [['thinks'], ID]);
        assert.deepEqual([retries, asked.length], [[], 1]);
      });
    }

    it('says which right is missing', async () => {
      const message = `User: arn:aws:iam::123456789012:user/ana is not authorized to perform: lambda:InvokeFunction on resource: ${FUNCTION}`;
      const { config, asked } = await serve(() => refusal(403, 'AccessDeniedException', message));
      const { problem, status } = await ask(config);
      assert.deepEqual([problem?.type, status, asked.length], ['urn:nimbus:problem:denied', 0, 1]);
      assert.match(problem?.next ?? '', /lambda:InvokeFunction/);
    });
  });

  describe('of AWS Lambda: an inactive function', () => {
    const state = (State: string, more: object = {}): Answered => ({
      status: 200,
      body: { FunctionName: FUNCTION, State, LastUpdateStatus: 'Successful', ...more },
    });
    const pending =
      'The operation cannot be performed at this time. The function is currently in the following state: Pending';

    async function waking(...states: readonly Answered[]): Promise<Answers> {
      const next = inTurn(...states);
      return serve(({ method }) => (method === 'POST' ? refusal(409, 'ResourceConflictException', pending) : next()));
    }

    it('is woken by an invocation that fails, and waited for', async () => {
      const idle = { StateReason: 'The function is idle.', StateReasonCode: 'Idle' };
      const { config, asked } = await waking(
        state('Inactive', idle),
        state('Inactive', idle),
        state('Pending'),
        state('Active'),
      );
      const waits: string[] = [];
      const woken = await warmUp(config, { functionName: FUNCTION }, { pollMs: 1, onWait: (one) => waits.push(one) });
      assert.ok(woken.ok && woken.value.waitedMs > 0, JSON.stringify(woken));
      assert.deepEqual(waits, ['Inactive', 'Pending']);
      assert.equal(asked.filter(({ method }) => method === 'POST').length, 1);
    });

    it('is told why it does not wake', async () => {
      const gone = { StateReason: 'The container image was deleted.', StateReasonCode: 'ImageDeleted' };
      const { config } = await waking(state('Inactive'), state('Pending'), state('Inactive', gone));
      const woken = await warmUp(config, { functionName: FUNCTION }, { pollMs: 1 });
      assert.ok(!woken.ok);
      assert.deepEqual([woken.error.code, woken.error.why], ['not-active', gone.StateReason]);
    });
  });

  describe('of AWS Lambda: a cold start', () => {
    it('touches nothing where somebody else changes the function', async () => {
      const config = {
        FunctionName: FUNCTION,
        State: 'Active',
        LastUpdateStatus: 'Successful',
        CodeSha256: 'x',
        Version: '7',
      };
      const message = 'An update is in progress for resource';
      const server = await serve(({ method, path }) => {
        if (method === 'PUT') return refusal(409, 'ResourceConflictException', message);
        if (path.includes('/versions')) return { status: 200, body: { Versions: [config] } };
        return { status: 200, body: config };
      });
      const cold = await coldStart(server.config, FUNCTION, BODY, { pollMs: 1 });
      assert.ok(!cold.ok);
      assert.equal(cold.error.code, 'in-progress');
      assert.deepEqual(
        server.asked.map(({ method }) => method).filter((method) => method !== 'GET'),
        ['PUT'],
      );
    });
  });

  describe('of CloudFormation: a stack that', () => {
    const digest = `sha256:${'d'.repeat(64)}`;
    const xml = (status: string): Answered => ({
      status: 200,
      headers: { 'content-type': 'text/xml' },
      body: `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
        <StackName>${FUNCTION}</StackName><StackStatus>${status}</StackStatus><StackStatusReason>said so</StackStatusReason>
        <CreationTime>2026-01-01T00:00:00Z</CreationTime>
        <Parameters><member><ParameterKey>ImageDigest</ParameterKey><ParameterValue>${digest}</ParameterValue></member></Parameters>
        <Tags><member><Key>nimbus:version</Key><Value>a1</Value></member></Tags>
        </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
    });
    const live = (State: string, more: object = {}): Answered => ({
      status: 200,
      body: {
        Configuration: {
          FunctionName: FUNCTION,
          Version: '7',
          State,
          LastModified: '2026-01-01T00:00:00.000+0000',
          ...more,
        },
        Code: { ResolvedImageUri: `123456789012.dkr.ecr.eu-west-1.amazonaws.com/nimbus@${digest}` },
      },
    });
    const absent = refusal(404, 'ResourceNotFoundException', 'Function not found');

    for (const [status, fn, expected, next] of [
      ['CREATE_COMPLETE', live('Active'), 'serving', undefined],
      ['UPDATE_COMPLETE', live('Active'), 'serving', undefined],
      ['UPDATE_COMPLETE', live('Inactive', { StateReasonCode: 'Idle' }), 'inactive', undefined],
      ['UPDATE_COMPLETE', live('Pending'), 'waking', undefined],
      ['UPDATE_COMPLETE', live('Inactive', { StateReasonCode: 'ImageDeleted' }), 'failed', /pushes the image/],
      ['UPDATE_COMPLETE', live('Failed', { StateReasonCode: 'InternalError' }), 'failed', /Deploy again/],
      ['UPDATE_COMPLETE', absent, 'failed', /Remove the deployment/],
      ['UPDATE_ROLLBACK_COMPLETE', live('Active'), 'serving', /Deploy again/],
      ['CREATE_IN_PROGRESS', absent, 'creating', undefined],
      ['UPDATE_COMPLETE_CLEANUP_IN_PROGRESS', live('Active'), 'updating', undefined],
      ['UPDATE_ROLLBACK_IN_PROGRESS', live('Active'), 'rolling-back', undefined],
      ['UPDATE_ROLLBACK_FAILED', live('Active'), 'failed', /Continue update rollback/],
      ['ROLLBACK_COMPLETE', absent, 'failed', /deletes what is left/],
      ['DELETE_FAILED', live('Active'), 'failed', /delete/],
      ['DELETE_IN_PROGRESS', absent, 'deleting', undefined],
      ['REVIEW_IN_PROGRESS', absent, 'gone', undefined],
    ] as const) {
      const said =
        fn === absent ? 'no function' : (fn.body as { Configuration: { State: string } }).Configuration.State;
      it(`is ${status}, with ${said}: ${expected}`, async () => {
        const { config, asked } = await serve(({ method }) => (method === 'POST' ? xml(status) : fn));
        const state = await cloudState(config, { stack: FUNCTION, functionName: FUNCTION });
        assert.ok(state.ok, JSON.stringify(state));
        assert.equal(state.value.state, expected);
        assert.equal(state.value.isAhead, false);
        if (next) assert.match(state.value.next ?? '', next);
        else assert.equal(state.value.next, undefined);
        assert.equal(asked.length, 2);
      });
    }
  });
});
