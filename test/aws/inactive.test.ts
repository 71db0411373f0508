/** A function that AWS Lambda made inactive, asked by the command line, on answers as AWS documents them: the emulator has none. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { gatewayProblems } from '../../infra/app/bodies.ts';
import { createSandbox, type Sandbox } from '../cli/nimbus.ts';
import { answering, inTurn, refusal, type Answered, type Answers, type Asked } from './answers.ts';

const ACCOUNT = '123456789012';
const NAME = 'nimbus-rules-prod';
const VERSION = 'a1'.repeat(32);
const DIGEST = `sha256:${'d'.repeat(64)}`;

const xml = (body: string): Answered => ({ status: 200, headers: { 'content-type': 'text/xml' }, body });
const OUTPUTS = { ApiId: 'a1b2c3', Stage: 'v1', FunctionName: NAME, LogGroup: `/aws/lambda/${NAME}`, Url: 'x' };
const STACK = xml(
  `<DescribeStacksResponse xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"><DescribeStacksResult><Stacks><member>
    <StackName>${NAME}</StackName><StackStatus>CREATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>
    <Parameters><member><ParameterKey>ImageDigest</ParameterKey><ParameterValue>${DIGEST}</ParameterValue></member></Parameters>
    <Outputs>${Object.entries(OUTPUTS)
      .map(([key, value]) => `<member><OutputKey>${key}</OutputKey><OutputValue>${value}</OutputValue></member>`)
      .join('')}</Outputs>
    <Tags><member><Key>nimbus:version</Key><Value>${VERSION}</Value></member></Tags>
  </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`,
);
const IDENTITY = xml(
  `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
    <Arn>arn:aws:iam::${ACCOUNT}:user/ana</Arn><UserId>A</UserId><Account>${ACCOUNT}</Account>
  </GetCallerIdentityResult></GetCallerIdentityResponse>`,
);
const FUNCTION = {
  status: 200,
  body: {
    Configuration: { FunctionName: NAME, Version: '1', State: 'Inactive', StateReasonCode: 'Idle' },
    Code: { ResolvedImageUri: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/nimbus@${DIGEST}` },
  },
};
const state = (State: string, more: object = {}): Answered => ({
  status: 200,
  body: { FunctionName: NAME, State, LastUpdateStatus: 'Successful', ...more },
});
/** As the stack's own templates make it of an integration that did not answer. */
const { code, ...unavailable } = gatewayProblems('none')['INTEGRATION_FAILURE']!;
const REFUSED: Answered = {
  status: unavailable.status,
  body: { type: `urn:nimbus:problem:${code}`, ...unavailable, requestId: 'of-the-gateway' },
};
const ANSWER = {
  model: 'rules',
  version: VERSION,
  result: { label: 'urgent' },
  timings: { start: 'cold', initMs: 900, handlerMs: 2 },
  requestId: '79b4f56e-95b1-4643-9700-2807f4e68189',
};
const ANSWERED: Answered = { status: 200, headers: { 'server-timing': 'handler;dur=2' }, body: ANSWER };
const PENDING = refusal(
  409,
  'ResourceConflictException',
  'The operation cannot be performed at this time. The function is currently in the following state: Pending',
);
const INVOKED: Answered = {
  status: 200,
  headers: { 'x-amz-executed-version': '1' },
  body: { statusCode: 200, headers: { 'server-timing': 'handler;dur=2' }, body: JSON.stringify(ANSWER) },
};

describe('an inactive function, on documented answers of AWS', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  let aws: Answers | undefined;

  before(() => {
    sandbox = createSandbox();
    const declared = { target: 'lambda', account: ACCOUNT, region: 'eu-west-1', stack: NAME, auth: 'none' };
    const rules = { path: 'rules', framework: 'custom', deployments: { prod: declared } };
    writeFileSync(path.join(sandbox.folder, 'models.json'), JSON.stringify({ version: 1, models: { rules } }));
  });
  // What a host knows of a deployment is of one server.
  afterEach(async () => {
    await sandbox.endHost();
    await aws?.end();
  });
  after(() => sandbox.remove());

  /** `states` of the function and answers to predictions and invocations, one after the other. */
  async function amazon(states: Answered[], predictions: Answered[], invocations: Answered[] = []): Promise<Answers> {
    const [looked, predicted, invoked] = [inTurn(...states), inTurn(...predictions), inTurn(...invocations)];
    aws = await answering(({ method, path: url, body }: Asked) => {
      if (url.endsWith('/predict')) return predicted();
      if (url.includes('/invocations')) return invoked();
      if (url.includes('/configuration')) return looked();
      if (url.includes('/functions/') && method === 'GET') return FUNCTION;
      return body.includes('GetCallerIdentity') ? IDENTITY : STACK;
    });
    return aws;
  }
  const variables = () => ({
    AWS_ENDPOINT_URL: aws!.url,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
    AWS_REGION: 'eu-west-1',
  });
  const predict = (...more: string[]) =>
    sandbox.nimbus(['predict', 'rules/prod', 'it is down', ...more], { env: variables() });

  it('is woken through the API, and the wait is told apart from the time', async () => {
    await amazon([state('Pending'), state('Pending'), state('Active')], [REFUSED, ANSWERED]);
    const { code, stdout, stderr } = await predict();
    assert.equal(code, 0, stderr);
    assert.match(stdout, /urgent/);
    assert.match(stderr, /… AWS Lambda made it inactive and gets it ready again/);
    assert.match(stderr, /took 1\.\d\d s to get it ready again\. The times below are without that\./);
    // A second and more was waited for.
    assert.doesNotMatch(stdout, /cold 1\./);
  });

  it('is woken through Invoke', async () => {
    await amazon([state('Inactive'), state('Pending'), state('Active')], [], [PENDING, PENDING, INVOKED]);
    const { code, stdout, stderr } = await predict('--invoke', '--json');
    assert.equal(code, 0, stderr);
    const { result, wokenMs, retries, client } = JSON.parse(stdout);
    assert.deepEqual([result, retries], [{ label: 'urgent' }, []]);
    assert.ok(wokenMs >= 1000 && client.totalMs < wokenMs, stdout);
  });

  it('that does not get ready says why, without trying on', async () => {
    const gone = { StateReason: 'The container image was deleted.', StateReasonCode: 'ImageDeleted' };
    const { asked } = await amazon([state('Pending'), state('Pending'), state('Inactive', gone)], [REFUSED]);
    const { code, stderr } = await predict();
    assert.equal(code, 1);
    assert.match(
      stderr,
      /could not get nimbus-rules-prod ready\.\n {2}The container image was deleted\.\nDeploy it again/,
    );
    assert.equal(asked.filter(({ path: url }) => url.endsWith('/predict')).length, 1);
  });

  it('is not waited for any more where that is cancelled', async () => {
    await amazon([state('Pending')], [REFUSED]);
    const child = sandbox.start(['predict', 'rules/prod', 'it is down'], variables());
    child.stderr!.setEncoding('utf8').on('data', (text: string) => {
      if (text.includes('gets it ready again')) child.kill('SIGINT');
    });
    assert.deepEqual(await once(child, 'close'), [130, null]);
  });

  it('is left to the gateway where the credentials may not ask', async () => {
    const denied = refusal(403, 'AccessDeniedException', 'not authorized to perform: lambda:GetFunctionConfiguration');
    const { asked } = await amazon([denied], [REFUSED, ANSWERED]);
    const { code, stderr } = await predict();
    assert.equal(code, 0, stderr);
    assert.match(stderr, /Sent again once \(.*\), after /);
    assert.equal(asked.filter(({ path: url }) => url.includes('/configuration')).length, 1);
  });
});
