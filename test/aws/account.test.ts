/** The runner of `npm run test:aws`, with one small file of tests on the emulator in the place of an account. */
import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  CloudFormationClient,
  CreateStackCommand,
  paginateDescribeStacks,
  waitUntilStackCreateComplete,
} from '@aws-sdk/client-cloudformation';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import { IAMClient, ListRolesCommand } from '@aws-sdk/client-iam';
import { artifacts, node, root } from '../../scripts/lib/paths.mjs';
import type { AwsConfig } from '../../src/core/cloud/aws.ts';
import { BUILD_VARIABLES } from '../docker/project.ts';
import { docker } from '../docker/support.ts';
import { beyond } from './account/budget.ts';
import { leftoversOf } from './account/leftovers.ts';
import { modelPrefix, newRun, ROLE_PATH, ROLE_TAGS, roleName, stackPrefix } from './account/names.ts';
import { makeRole } from './account/role.ts';
import { startEmulator, type Emulator } from './emulator.ts';
import { openGate, type Gate, type Policy } from './gate.ts';
import { ACCOUNT, REGION } from './place.ts';
import { deployed, deployerOn, variablesOf } from './support.ts';

const MAIN = fileURLToPath(new URL('account/main.ts', import.meta.url));
const SMALL = fileURLToPath(new URL('account/small.ts', import.meta.url));
const read = (name: string): string => readFileSync(path.join(root, 'docs', name), 'utf8');
const policyIn = (document: string): Policy => JSON.parse(document) as Policy;
const FOREIGN = 'nimbus-foreign-prod';

describe('the tests on a real account', function () {
  this.timeout(180_000);
  let emulator: Emulator;
  let gate: Gate;
  let config: AwsConfig;
  /** What a killed run leaves on this machine. */
  let temporary: string;

  before(async () => {
    emulator = await startEmulator();
    config = { ...emulator.client, credentials: async () => emulator.client.credentials };
    temporary = mkdtempSync(path.join(os.tmpdir(), 'nimbus-run-'));
    await makeStack(FOREIGN, 'foreign');
    // What the runner needs is what its page says, what the suite needs is what users get.
    const [policy, bootstrap] = ['aws-policy.json', 'aws-bootstrap-policy.json'].map((name) => policyIn(read(name)));
    gate = await openGate(emulator, (role) => {
      if (!role.startsWith('nimbus-test-')) return undefined;
      return role.endsWith('-bootstrap') ? [policy!, bootstrap!] : [policy!];
    });
    gate.allow(policyIn(/```json\n([^]*?)```/.exec(read('aws-testing.md'))![1]!));
  });
  after(async () => {
    await gate?.end();
    await emulator?.end();
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5 });
    // The emulator's engine pulls by digest.
    const all = await docker('image', 'ls', '--digests', '--format', '{{.Repository}}@{{.Digest}}', repository());
    for (const reference of [...references, ...all.split('\n').filter(Boolean)]) {
      await docker('image', 'rm', '--force', reference);
    }
    for (const run of runs) {
      for (const kind of ['log', 'json']) rmSync(path.join(artifacts, `aws-${run}.${kind}`), { force: true });
    }
  });

  const references = new Set<string>();
  const runs = new Set<string>();

  const repository = (): string => `${new URL(emulator.endpoint).host}/nimbus`;

  /** Resolves when it, and who cleans up after it, have ended. */
  interface Started {
    child: ChildProcess;
    ended: Promise<{ code: number | null; said: string }>;
    /** Resolves with the first line like this. */
    line(pattern: RegExp): Promise<string>;
  }
  function start(argv: string[], env: NodeJS.ProcessEnv = {}): Started {
    const child = spawn(node, [MAIN, ...argv], {
      env: {
        ...process.env,
        ...BUILD_VARIABLES,
        ...variablesOf({ ...emulator.client, endpoint: gate.endpoint }),
        TMPDIR: temporary,
        NIMBUS_TEST_AWS_ACCOUNT: ACCOUNT,
        ...env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = '';
    let wake = (): void => undefined;
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        wake();
      });
    }
    const ended = once(child, 'close').then(([code]) => {
      wake();
      for (const [, run] of said.matchAll(/: run (\w+)$/gm)) runs.add(run!);
      for (const [, reference] of said.matchAll(/IMAGE (\S+)/g)) references.add(reference!);
      return { code: code as number | null, said };
    });
    const line = async (pattern: RegExp): Promise<string> => {
      while (!pattern.test(said)) {
        if (child.exitCode !== null) throw new Error(`It ended:\n${said}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return pattern.exec(said)![0];
    };
    return { child, ended, line };
  }

  /** With a log group in it. */
  async function makeStack(name: string, model: string): Promise<void> {
    const client = new CloudFormationClient(emulator.client);
    const group = { Type: 'AWS::Logs::LogGroup', Properties: { LogGroupName: `/aws/lambda/${name}` } };
    const TemplateBody = JSON.stringify({ Resources: { Log: group } });
    const Tags = [{ Key: 'nimbus:model', Value: model }];
    await client.send(new CreateStackCommand({ StackName: name, TemplateBody, Tags }));
    await waitUntilStackCreateComplete({ client, maxWaitTime: 60, minDelay: 1, maxDelay: 1 }, { StackName: name });
  }
  async function stackNames(): Promise<string[]> {
    const names: string[] = [];
    const client = new CloudFormationClient(emulator.client);
    for await (const { Stacks: stacks = [] } of paginateDescribeStacks({ client }, {})) {
      names.push(...stacks.map(({ StackName: name }) => name!));
    }
    return names.toSorted();
  }
  async function roleNames(): Promise<string[]> {
    const { Roles: roles = [] } = await new IAMClient(emulator.client).send(
      new ListRolesCommand({ PathPrefix: ROLE_PATH }),
    );
    return roles.map(({ RoleName: name }) => name!);
  }

  it('are not run unless an account is named, and it is that of the credentials, and the costs are within the limit', async () => {
    for (const [env, expected] of [
      [{ NIMBUS_TEST_AWS_ACCOUNT: '' }, /NIMBUS_TEST_AWS_ACCOUNT is not set/],
      [{ NIMBUS_TEST_AWS_ACCOUNT: '111111111111' }, /are of account 000000000000, not of 111111111111/],
      [{ NIMBUS_TEST_AWS_LIMIT: '0.01' }, /may cost up to \$0\.\d\d, and the limit is \$0\.01/],
    ] as const) {
      const { code, said } = await start(['--yes', '--only', SMALL], env).ended;
      assert.equal(code, 2, said);
      assert.match(said, expected);
    }
    const { code, said } = await start(['--only', SMALL]).ended;
    assert.equal(code, 2, said);
    assert.match(said, /costs \$0\.\d\d at most/);
    assert.match(said, /--yes agrees/);
    assert.deepEqual([await stackNames(), await roleNames()], [[FOREIGN], []]);
  });

  it('leave nothing but what an account has once: the bootstrap', async () => {
    const { code, said } = await start(['--yes', '--only', SMALL]).ended;
    assert.equal(code, 0, said);
    assert.match(said, /1 passed, 0 failed/);
    assert.match(said, /Used, .*: 1 requests and \$0\.\d+, by 1 deployments with 1769 MB/);
    assert.match(said, /removes the stack nimbus-test-(\w+)-rules-prod[^]*removes the role nimbus-test-\1\n/);
    assert.match(said, /removes the stack nimbus-images/);
    assert.match(said, /nothing is left/);
    assert.deepEqual([await stackNames(), await roleNames()], [['CDKToolkit', FOREIGN], []]);
  });

  it('leave nothing either where the runner is killed in the middle, and take nothing of others', async () => {
    const deployer = await deployerOn(emulator);
    const description = { stackName: 'nimbus-images', repository: 'nimbus', account: ACCOUNT, region: REGION };
    deployed(await deployer.api.deploy({ what: { kind: 'repository', description }, pollMs: 50 }));
    await deployer.kill();
    const foreign = `${repository()}:foreign.prod.1`;
    const archive = path.join(temporary, 'empty.tar');
    writeFileSync(archive, Buffer.alloc(1024));
    await docker('import', archive, foreign);
    references.add(foreign);
    await docker('push', foreign);

    const started = start(['--yes', '--only', SMALL], { NIMBUS_TEST_STAYS: '1' });
    await started.line(/IMAGE/);
    assert.ok((await stackNames()).some((name) => /^nimbus-test-\w+-rules-prod$/.test(name)));
    started.child.kill('SIGKILL');
    const { said } = await started.ended;
    assert.match(said, /nothing is left/);
    assert.deepEqual(
      [await stackNames(), await roleNames()],
      [['CDKToolkit', FOREIGN, 'nimbus-images'].toSorted(), []],
    );
    const [run] = /(?<=: run )\w+/.exec(said)!;
    assert.deepEqual(await leftoversOf(config, run), []);
    const { imageDetails } = await new ECRClient(emulator.client).send(
      new DescribeImagesCommand({ repositoryName: 'nimbus' }),
    );
    assert.deepEqual(
      imageDetails?.map(({ imageTags }) => imageTags),
      [['foreign.prod.1']],
    );
  });

  it('are ended where they go beyond what they may use', () => {
    const within = { deployments: 1, largestMemoryMb: 1769, requests: 5000, dollars: 0.5 };
    assert.equal(beyond(within, 0.5), undefined);
    assert.match(beyond(within, 0.4)!, /has cost \$0\.50/);
    assert.match(beyond({ ...within, requests: 5001 }, 1)!, /5001 requests/);
    assert.match(beyond({ ...within, largestMemoryMb: 1770 }, 1)!, /1770 MB/);
    assert.match(beyond({ ...within, deployments: 21 }, 1)!, /21 deployments/);
  });

  it('are cleaned up by hand where the machine went down, but for a run that goes on', async () => {
    const [over, going] = [newRun(), newRun()];
    for (const [run, until] of [
      [over, new Date(0)],
      [going, new Date(Date.now() + 3_600_000)],
    ] as const) {
      const tags = {
        [ROLE_TAGS.run]: run,
        [ROLE_TAGS.region]: REGION,
        [ROLE_TAGS.until]: until.toISOString(),
      };
      await makeRole(
        { ...config, endpoint: gate.endpoint },
        { account: ACCOUNT, name: roleName(run), policies: ['aws-policy.json'], tags },
      );
      await makeStack(`${stackPrefix(run)}rules-prod`, `${modelPrefix(run)}rules`);
      // Somebody else's, of the same name by chance.
      await makeStack(`${stackPrefix(run)}other`, 'other');
    }
    // It looks in the region of each.
    const { code, said } = await start(['--clean'], { AWS_REGION: 'us-east-1' }).ended;
    assert.equal(code, 0, said);
    assert.match(said, new RegExp(`The run ${going} may go on until .*--clean ${going}`));
    const names = await stackNames();
    assert.ok(!names.includes(`${stackPrefix(over)}rules-prod`));
    for (const name of ['other', `rules-prod`]) assert.ok(names.includes(stackPrefix(going) + name), name);
    assert.ok(names.includes(`${stackPrefix(over)}other`) && names.includes(FOREIGN));
    assert.deepEqual(await roleNames(), [roleName(going)]);
    assert.equal((await start(['--clean', going]).ended).code, 0);
    assert.deepEqual(await roleNames(), []);
  });
});
