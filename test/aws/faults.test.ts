/** What goes wrong in the middle of a deploy to AWS, it is cancelled, its host dies, AWS refuses. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { ECRClient, ListImagesCommand } from '@aws-sdk/client-ecr';
import { findHost } from '../../src/core/host/client.ts';
import { inTerminal } from '../cli/pseudo-terminal.ts';
import { patience } from './place.ts';
import { cloudProject, DEPLOY, MODEL, RULES, STACK, type CloudProject } from './project.ts';

describe('a deploy to AWS Lambda that does not come to its end', function () {
  this.timeout(patience(180_000));
  let project: CloudProject;

  before(async () => {
    project = await cloudProject({ mostMemoryMb: 3008 });
  });
  after(() => project?.end());
  afterEach(() => project.place.slow(0));

  /** Starts a deploy, and answers when CloudFormation has made or changed some of its resources. */
  async function deployUntilHalf(slow: number): Promise<ReturnType<CloudProject['sandbox']['start']>> {
    project.place.slow(slow);
    const child = project.sandbox.start([...DEPLOY, '--yes'], project.variables);
    let said = '';
    await new Promise<void>((resolve, reject) => {
      for (const stream of [child.stdout!, child.stderr!]) {
        stream.setEncoding('utf8').on('data', (text: string) => {
          said += text;
          if (/… stack {3}[1-9]\d* of/.test(said)) resolve();
        });
      }
      child.once('close', () => reject(new Error(`It ended:\n${said}`)));
    });
    return child;
  }

  async function images(): Promise<string[]> {
    const { imageIds = [] } = await new ECRClient(project.place.client).send(
      new ListImagesCommand({ repositoryName: 'nimbus' }),
    );
    return imageIds.flatMap(({ imageTag: tag }) => (tag?.startsWith(`${RULES}.`) ? [tag] : []));
  }

  it('is cancelled while its stack is made: nothing of it is left', async () => {
    // What all deploys share is made first, at full speed.
    project.writeModels({ [RULES]: MODEL });
    const child = await deployUntilHalf(0.2);
    child.kill('SIGINT');
    project.place.slow(0);
    assert.deepEqual(await once(child, 'close'), [130, null]);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await images(), []);
  });

  it('asks in a terminal before it deletes a half-made stack, and goes on until then', async () => {
    project.place.slow(0.3);
    const question = 'Cancel and delete? [y/N]';
    const { code, said } = await inTerminal(
      project.sandbox,
      DEPLOY,
      [
        ['Deploy? [y/N]', 'y\n'],
        ['layers sent', ''],
        [' of ', '\u0003'],
        [question, 'n\n'],
        [' of ', '\u0003'],
        [question, 'y\n'],
      ],
      project.variables,
    );
    assert.equal(code, 130, said);
    assert.equal(said.split(question).length - 1, 2, said);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
  });

  it('is cancelled while its first answer is waited for: nothing of it is left', async () => {
    const child = project.sandbox.start([...DEPLOY, '--yes'], project.variables);
    let [said, isKilled] = ['', false];
    for (const stream of [child.stdout!, child.stderr!]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        said += text;
        if (isKilled) return;
        if (/✓ push/.test(said) && /… first answer/.test(said.slice(said.indexOf('✓ push'))))
          isKilled = child.kill('SIGINT');
      });
    }
    assert.deepEqual(await once(child, 'close'), [130, null], said);
    assert.deepEqual(await project.stackNames(), ['CDKToolkit', 'nimbus-images']);
    assert.equal(project.declared(), undefined);
    assert.deepEqual(await images(), []);
  });

  it('that AWS would refuse is refused before anything of the account is touched', async () => {
    const { code, stdout, stderr } = await project.nimbus([...DEPLOY, '--yes', '--timeout', '60']);
    assert.equal(code, 1);
    assert.match(stderr, /timeoutSeconds: It is 60\.\n.*1 to 29/);
    assert.doesNotMatch(stdout, /Plan|push/);
    assert.equal(project.declared(), undefined);
  });

  it('goes on where its host was killed: the next deploy follows it to its end', async () => {
    const child = await deployUntilHalf(0.2);
    process.env['NIMBUS_HOME'] = project.sandbox.home;
    const host = await findHost({ project: project.sandbox.folder, kind: 'cli' });
    process.kill(host!.hello.pid, 'SIGKILL');
    await once(child, 'close');
    // What it is was written before.
    assert.equal(project.declared()!['stack'], STACK);
    assert.equal(project.declared()!['url'], undefined);
    const again = project.succeeded([...DEPLOY, '--yes']);
    project.place.slow(0);
    assert.match(await again, new RegExp(String.raw`${RULES} answers at`));
    assert.ok(project.declared()!['url']);
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('is cancelled while its stack is updated: what was deployed before serves', async () => {
    const before = await project.status();
    project.writeModels({ [RULES]: { ...MODEL, memoryMb: 512, deployments: { prod: project.declared() } } });
    const child = await deployUntilHalf(0.5);
    child.kill('SIGINT');
    project.place.slow(0);
    assert.deepEqual(await once(child, 'close'), [130, null]);
    const after = await project.status();
    assert.deepEqual([after.version, after.cloud], [before.version, before.cloud]);
    // models.json still says something else than what serves.
    assert.equal(after.state, 'changed');
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });

  it('that AWS refuses says the first cause, and what was deployed before serves [emulated]', async () => {
    const before = await project.status();
    project.writeModels({ [RULES]: { ...MODEL, memoryMb: 4096, deployments: { prod: project.declared() } } });
    const { code, stderr } = await project.nimbus([...DEPLOY, '--yes']);
    assert.equal(code, 1);
    assert.match(stderr, /The stack could not be updated: Function\w* \(AWS::Lambda::Function\) failed\./);
    assert.match(stderr, /'MemorySize' value failed to satisfy constraint.*3008/);
    assert.match(stderr, /new accounts have 3,008 MB at most.*What was deployed before is back and serves\./);
    assert.deepEqual((await project.status()).cloud, before.cloud);
    assert.match(await project.succeeded(['predict', RULES, 'the shop is down']), /urgent/);
  });
});
