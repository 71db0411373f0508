/** `nimbus deploy --target lambda` and what follows it, as a user types it, on the emulator. */
import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import type { CloudDeployed } from '../../src/shared/states.ts';
import { python } from '../cli/nimbus.ts';
import { cloudProject, DEPLOY, MODEL, SECRET, type CloudProject } from './project.ts';
import { getJson, logs } from './support.ts';

describe('a deploy to AWS Lambda', function () {
  this.timeout(180_000);
  let project: CloudProject;

  before(async () => {
    project = await cloudProject();
  });
  after(() => project?.end());

  it('says what to do where there are no credentials, before anything is built', async () => {
    const none = { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '', AWS_EC2_METADATA_DISABLED: 'true' };
    const { code, stderr, stdout } = await project.nimbus([...DEPLOY, '--yes'], {
      ...none,
      HOME: project.sandbox.home,
    });
    assert.equal(code, 1);
    assert.match(stderr, /There are no AWS credentials that work\.\n.*\n.*--profile/);
    assert.doesNotMatch(stdout, /lock|image/);
  });

  it('shows its plan and does nothing where nobody agrees', async () => {
    const { code, stdout, stderr } = await project.nimbus(DEPLOY);
    assert.equal(code, 2, stderr);
    assert.match(stdout, /Plan for account 000000000000, eu-west-1, as arn:aws:iam::000000000000:root/);
    assert.match(stdout, /\+ CDK's bootstrap .*\n.*\+ the image repository nimbus.*\n.*\+ the stack nimbus-rules-prod/);
    assert.match(stdout, /rehearsed with 1769 MB: initialisation \d+ ms, first answer/);
    assert.match(stderr, /Deploy\?.*\n.*terminal.*\n.*--yes/);
    assert.deepEqual(await project.stackNames(), []);
    assert.equal(project.declared(), undefined);
  });

  it('ends with real answers, cold and warm, and has all in models.json but the key', async () => {
    const stdout = await project.succeeded([...DEPLOY, '--yes', '--json']);
    const deployed = JSON.parse(stdout.trim()) as CloudDeployed & { url: string };
    assert.deepEqual(deployed.result, { label: 'urgent', greeting: SECRET });
    assert.deepEqual(
      deployed.answers.map(({ start }) => start),
      ['cold', 'warm'],
    );
    const { cloud } = deployed;
    assert.deepEqual(project.declared(), {
      target: 'lambda',
      account: '000000000000',
      region: 'eu-west-1',
      stack: 'nimbus-rules-prod',
      url: cloud.url,
    });
    const status = await project.status();
    assert.deepEqual(status.cloud, cloud);
    assert.equal(status.state, 'serving');
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images', 'nimbus-rules-prod']);
  });

  it('is predicted with its key, which lies in a file that only the user can read', async () => {
    assert.match(await project.succeeded(['predict', 'rules/prod', 'all is well']), /normal/);
    const file = path.join(project.sandbox.home, 'data/keys.json');
    assert.equal(statSync(file).mode & 0o777, 0o600);
    const keys = JSON.parse(readFileSync(file, 'utf8')) as Record<string, string>;
    const [[id, key]] = Object.entries(keys) as [[string, string]];
    assert.match(id, /^000000000000\/eu-west-1\/\w+\/\w+$/);
    for (const name of ['models.json', '.nimbus/state.json']) {
      const text = readFileSync(path.join(project.sandbox.folder, name), 'utf8');
      assert.ok(!text.includes(key) && !text.includes(SECRET), name);
    }
    const url = project.declared()!['url'] as string;
    const body = { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"text":"x"}' };
    assert.equal((await fetch(`${url}/predict`, body)).status, 403);
  });

  it('says that nothing has changed, and builds, pushes and deploys nothing', async () => {
    const before = await project.status();
    const stdout = await project.succeeded([...DEPLOY, '--yes']);
    assert.match(stdout, /Nothing has changed: rules serves version [0-9a-f]{7} already\./);
    assert.match(stdout, /– image {3}nothing has changed since the last deploy/);
    assert.doesNotMatch(stdout, /push|Plan/);
    assert.deepEqual(await project.status(), before);
  });

  it('does not run another target under its name, which would lose sight of it', async () => {
    const { code, stderr } = await project.nimbus(['deploy', 'rules', '--as', 'prod', '--python', python, '--trust']);
    assert.equal(code, 1);
    assert.match(stderr, /rules\/prod runs on AWS Lambda/);
  });

  it('is removed with all that it had', async () => {
    const { cloud } = await project.status();
    const refused = await project.nimbus(['remove', 'rules/prod']);
    assert.equal(refused.code, 2);
    assert.match(refused.stderr, /In account 000000000000, eu-west-1, go: the stack nimbus-rules-prod/);
    await project.succeeded(['remove', 'rules/prod', '--yes']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    const { logGroups } = await logs(project.emulator, 'DescribeLogGroups', { logGroupNamePrefix: cloud!.logGroup });
    assert.deepEqual(logGroups, []);
    for (const kind of ['/restapis', '/apikeys', '/usageplans']) {
      assert.deepEqual((await getJson(project.emulator, 'apigateway', kind)).item, [], kind);
    }
    assert.equal(readFileSync(path.join(project.sandbox.home, 'data/keys.json'), 'utf8').trim(), '{}');
  });

  it('of which a first one fails leaves neither a stack nor an entry', async () => {
    project.writeModels({
      rules: {
        ...MODEL,
        deployments: { prod: { target: 'lambda', quota: { requests: 5, per: 'day' }, auth: 'iam' } },
      },
    });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /quota: Requests are counted by API key, and auth is iam\./);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
  });
});
