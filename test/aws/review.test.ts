/** What the review of a deploy takes from a stack that serves, on answers as AWS documents them: the emulator denies nothing. */
import assert from 'node:assert/strict';
import { levellingRevision } from '../../src/core/cloud/revision.ts';
import { rehearse, type CloudReview } from '../../src/core/cloud/review.ts';
import { cloudState } from '../../src/core/cloud/status.ts';
import type { DeployPlan } from '../../src/core/targets/plan.ts';
import type { Auth } from '../../src/shared/spec.ts';
import type { Operation, Rehearsal } from '../../src/shared/states.ts';
import { answering, type Answered, type Answers } from './answers.ts';
import { done } from './support.ts';

const ACCOUNT = '123456789012';
const NAME = 'nimbus-rules-prod';
const DIGEST = `sha256:${'d'.repeat(64)}`;
const XMLNS = 'xmlns="http://cloudformation.amazonaws.com/doc/2010-05-15/"';

const xml = (status: number, body: string): Answered => ({ status, headers: { 'content-type': 'text/xml' }, body });
const refused = (status: number, code: string, message: string): Answered =>
  xml(
    status,
    `<ErrorResponse ${XMLNS}><Error><Type>Sender</Type><Code>${code}</Code><Message>${message}</Message></Error></ErrorResponse>`,
  );
const members = (name: 'Parameter' | 'Output', values: Record<string, string>): string => {
  const one = ([key, value]: [string, string]): string =>
    `<member><${name}Key>${key}</${name}Key><${name}Value>${value}</${name}Value></member>`;
  return `<${name}s>${Object.entries(values).map(one).join('')}</${name}s>`;
};
const FUNCTION = {
  status: 200,
  body: {
    Configuration: { FunctionName: NAME, Version: '1', State: 'Active' },
    Code: { ResolvedImageUri: `${ACCOUNT}.dkr.ecr.eu-west-1.amazonaws.com/nimbus@${DIGEST}` },
  },
};
const DRIFTS = xml(
  200,
  `<DescribeStackResourceDriftsResponse ${XMLNS}><DescribeStackResourceDriftsResult><StackResourceDrifts><member>
    <LogicalResourceId>Function</LogicalResourceId><ResourceType>AWS::Lambda::Function</ResourceType>
    <PhysicalResourceId>${NAME}</PhysicalResourceId><StackResourceDriftStatus>MODIFIED</StackResourceDriftStatus>
    <PropertyDifferences><member><PropertyPath>/MemorySize</PropertyPath><ExpectedValue>512</ExpectedValue>
    <ActualValue>256</ActualValue><DifferenceType>NOT_EQUAL</DifferenceType></member></PropertyDifferences>
  </member></StackResourceDrifts></DescribeStackResourceDriftsResult></DescribeStackResourceDriftsResponse>`,
);
const DENIED = refused(
  403,
  'AccessDenied',
  `User: arn:aws:iam::${ACCOUNT}:user/ana is not authorized to perform: cloudformation:GetTemplate`,
);

describe('the review of a deploy over one that serves, on documented answers of AWS', () => {
  let aws: Answers | undefined;
  afterEach(() => aws?.end());

  /** Its stack has these parameters beside the image's digest. `more`: XML of the stack. */
  async function serve(parameters: Record<string, string>, more = ''): Promise<Answers> {
    const stack = `<DescribeStacksResponse ${XMLNS}><DescribeStacksResult><Stacks><member>
      <StackName>${NAME}</StackName><StackStatus>UPDATE_COMPLETE</StackStatus><CreationTime>2026-01-01T00:00:00Z</CreationTime>
      ${members('Parameter', { ImageDigest: DIGEST, ...parameters })}${members('Output', { ApiId: 'a1b2c3' })}${more}
      </member></Stacks></DescribeStacksResult></DescribeStacksResponse>`;
    aws = await answering(({ path, body }) => {
      if (path.includes('/functions/')) return FUNCTION;
      if (body.includes('Action=GetTemplate')) return DENIED;
      if (body.includes('Action=DescribeStackResourceDrifts')) return DRIFTS;
      if (body.includes(`StackName=${NAME}`)) return xml(200, stack);
      if (body.includes('Action=')) return refused(400, 'ValidationError', 'Stack with id CDKToolkit does not exist');
      return { status: 200, body: { repositories: [] } };
    });
    return aws;
  }

  /** What was deployed from here last has the revision `ours`, and the function's code alone is new. */
  async function reviewed({ auth = 'key' }: { auth?: Auth } = {}): Promise<CloudReview> {
    const variables = { AWS_ENDPOINT_URL: aws!.url, AWS_ACCESS_KEY_ID: 'test', AWS_SECRET_ACCESS_KEY: 'test' };
    const account = { account: ACCOUNT, region: 'eu-west-1', arn: `arn:aws:iam::${ACCOUNT}:user/ana`, variables };
    const deploymentSpec = { target: 'lambda', stack: NAME, auth };
    const result: Partial<Rehearsal> = {
      version: 'a1'.repeat(32),
      initMs: 900,
      memoryMb: 512,
      image: { bytes: 1e8 } as Rehearsal['image'],
      configuration: { memoryMb: 512 },
      changes: [],
      deployed: { digest: DIGEST, apiId: 'a1b2c3', revision: 'ours' },
    };
    const rehearsed = await rehearse(account, { model: 'rules', deployment: 'prod', deploymentSpec } as DeployPlan, {
      run: async () => ({ ok: true, value: { result } as Operation }),
      review: (work) => work(),
    });
    return done(rehearsed).review;
  }

  it('goes on where nobody may read its template', async () => {
    const { asked } = await serve({ Revision: 'elsewhere', KeyRevision: '' });
    const { changes, plan } = await reviewed();
    assert.ok(asked.some(({ body }) => body.includes('Action=GetTemplate')));
    assert.equal(plan.isCodeOnly, false);
    assert.deepEqual(changes.slice(-2), [
      `~ the stack ${NAME}: a new version of the function, and its alias live`,
      '    it was changed elsewhere since it was deployed from here',
    ]);
  });

  it('counts what was changed by hand until a deploy, not until any update of the stack', async () => {
    const checked = Date.parse('2026-03-01T12:00:00Z');
    const [before, after] = [checked - 60_000, checked + 60_000].map((time) => time.toString(36)) as [string, string];
    const DRIFTED = `<LastUpdatedTime>2026-03-02T00:00:00Z</LastUpdatedTime><DriftInformation>
      <StackDriftStatus>DRIFTED</StackDriftStatus><LastCheckTimestamp>${new Date(checked).toISOString()}</LastCheckTimestamp>
      </DriftInformation>`;
    for (const [revision, isCounted] of [
      [before, true],
      [levellingRevision(before), true],
      [levellingRevision(levellingRevision(before)), true],
      [levellingRevision('by-another-tool'), true],
      [after, false],
      [levellingRevision(after), false],
    ] as const) {
      await serve({ Revision: revision, KeyRevision: '-rotated' }, DRIFTED);
      const { drifted } = done(await cloudState(aws!.config, { stack: NAME, functionName: NAME }));
      assert.deepEqual(drifted?.parts, isCounted ? [`AWS::Lambda::Function ${NAME}`] : undefined, revision);
      await aws!.end();
    }
    aws = undefined;
  });
});
