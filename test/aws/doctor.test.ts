/** `nimbus doctor` as a user types it: without AWS, and on the emulator with users of several rights. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  AttachUserPolicyCommand,
  CreateAccessKeyCommand,
  CreatePolicyCommand,
  CreateUserCommand,
  IAMClient,
} from '@aws-sdk/client-iam';
import type { Check, Finding } from '../../src/shared/doctor.ts';
import { createSandbox, root, type Sandbox } from '../cli/nimbus.ts';
import { startEmulator, type Emulator } from './emulator.ts';

describe('nimbus doctor', function () {
  this.timeout(60_000);
  let emulator: Emulator;
  let sandbox: Sandbox;

  before(async () => {
    emulator = await startEmulator();
    sandbox = createSandbox();
  });
  after(async () => {
    await sandbox?.remove();
    await emulator?.end();
  });

  async function doctor(env: NodeJS.ProcessEnv): Promise<{ code: number | null; of: (check: Check) => Finding }> {
    const { code, stdout } = await sandbox.nimbus(['doctor', '--json'], { env: { HOME: sandbox.home, ...env } });
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    return { code, of: (check) => findings.find((one) => one.check === check)! };
  }
  const AWS_CHECKS = ['credentials', 'bootstrap', 'repository', 'permissions', 'quotas'] as const;
  const onEmulator = (keys: NodeJS.ProcessEnv): NodeJS.ProcessEnv => ({
    AWS_ENDPOINT_URL: emulator.endpoint,
    AWS_REGION: emulator.client.region,
    ...keys,
  });

  /** Keys of a new user with one policy. */
  async function userWith(name: string, policy: object): Promise<NodeJS.ProcessEnv> {
    const client = new IAMClient(emulator.client);
    await client.send(new CreateUserCommand({ UserName: name }));
    const made = await client.send(
      new CreatePolicyCommand({ PolicyName: name, PolicyDocument: JSON.stringify(policy) }),
    );
    await client.send(new AttachUserPolicyCommand({ UserName: name, PolicyArn: made.Policy!.Arn }));
    const { AccessKey: key } = await client.send(new CreateAccessKeyCommand({ UserName: name }));
    return { AWS_ACCESS_KEY_ID: key!.AccessKeyId, AWS_SECRET_ACCESS_KEY: key!.SecretAccessKey };
  }
  const printed = JSON.parse(readFileSync(path.join(root, 'docs/aws-policy.json'), 'utf8')) as {
    Statement: { Sid: string; Condition?: object }[];
  };
  /** The emulator's simulation hears nothing of the tags that conditions are about. */
  const policy = { ...printed, Statement: printed.Statement.map((one) => ({ ...one, Condition: undefined })) };

  it('takes a machine without AWS for one that is not set up', async () => {
    const { code, of } = await doctor({});
    assert.equal(code, 0);
    for (const check of AWS_CHECKS) assert.equal(of(check).state, 'absent', check);
    assert.equal(of('python').state, 'ok');
    assert.equal(of('engine').state, 'ok');
  });

  it('takes credentials that do not work for a problem, and says what to do', async () => {
    const profile = { AWS_PROFILE: 'nobody', AWS_REGION: 'eu-west-1', AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, of } = await doctor(profile);
    assert.equal(code, 1);
    assert.equal(of('credentials').state, 'problem');
    assert.match(of('credentials').next!, /--profile/);
    assert.equal(of('bootstrap').state, 'unknown');
  });

  it('says who one is and what the account lacks', async () => {
    const { of } = await doctor(onEmulator(await userWith('ana', policy)));
    assert.match(of('credentials').what, /user\/ana, account 000000000000, eu-west-1/);
    assert.equal(of('bootstrap').state, 'absent');
    assert.match(of('bootstrap').next!, /npx cdk bootstrap aws:\/\/000000000000\/eu-west-1/);
    assert.equal(of('repository').state, 'absent');
    assert.equal(of('permissions').state, 'ok', of('permissions').why);
  });

  it('names what a user may not do', async () => {
    const Statement = policy.Statement.filter(({ Sid }) => Sid !== 'PushImages');
    const { code, of } = await doctor(onEmulator(await userWith('bob', { ...policy, Statement })));
    assert.equal(code, 1);
    assert.equal(of('permissions').state, 'problem');
    assert.match(of('permissions').why!, /^PushImages: .*ecr:PutImage/);
  });

  it('prints the policy that it checks against', async () => {
    const { code, stdout } = await sandbox.nimbus(['doctor', '--policy']);
    assert.equal(code, 0);
    assert.deepEqual(JSON.parse(stdout), printed);
  });
});
