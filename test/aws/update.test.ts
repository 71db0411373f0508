/** Updates of a deployed function that need no update of its stack: real images, a real stack, on the emulator. */
import assert from 'node:assert/strict';
import { DescribeImagesCommand, ECRClient } from '@aws-sdk/client-ecr';
import {
  DeleteFunctionCommand,
  GetAliasCommand,
  GetFunctionConfigurationCommand,
  LambdaClient,
  PutProvisionedConcurrencyConfigCommand,
  UpdateAliasCommand,
  UpdateFunctionCodeCommand,
} from '@aws-sdk/client-lambda';
import { imagesToGo, pruneImages } from '../../src/core/cloud/images.ts';
import { levelling, levelOf, straighten, type Level } from '../../src/core/cloud/level.ts';
import { removeImages } from '../../src/core/cloud/repository.ts';
import { rollBack, updateCode, type CodeUpdate } from '../../src/core/cloud/update.ts';
import { versionsOf, type FunctionVersion } from '../../src/core/cloud/versions.ts';
import { imageTag } from '../../src/core/host/cloud-change.ts';
import type { Outcome } from '../../src/shared/outcome.ts';
import { Cloud, IMAGES, POLL, REGION, type Built, type DeployedFunction } from './deployed.ts';
import { ACCOUNT, deployed, done, failed } from './support.ts';

const INPUT = 'the shop is down';
const NEVER_PUSHED = `sha256:${'0'.repeat(64)}`;

describe('updates of a function outside of its stack', function () {
  this.timeout(300_000);
  let cloud: Cloud;
  let lambda: LambdaClient;
  let images: Record<'one' | 'two' | 'three' | 'four', Built>;
  let prod: DeployedFunction;

  before(async () => {
    cloud = await Cloud.start();
    lambda = new LambdaClient(cloud.config);
    images = {
      one: await cloud.push('one', ['prod', 'second']),
      two: await cloud.push('two', ['prod']),
      three: await cloud.push('three', ['prod']),
      four: await cloud.push('four', ['prod']),
    };
    prod = await cloud.deploy('prod', images.one, { greeting: 'hello' });
  });
  after(() => cloud?.end());

  const config = () => cloud.config;
  const lines: string[] = [];
  const shell = (log: (line: string) => void = () => undefined, signal = new AbortController().signal) => ({
    log: (line: string) => {
      lines.push(line);
      log(line);
    },
    signal,
  });
  /** Which is tried with an input that is answered. */
  const update = (to: Pick<Built, 'digest' | 'version'>, more: Partial<CodeUpdate> = {}, around = shell()) =>
    updateCode(
      config(),
      {
        functionName: prod.functionName,
        repositoryUri: cloud.repositoryUri,
        digest: to.digest,
        version: to.version,
        api: prod.api,
        example: { input: INPUT },
        ...more,
      },
      around,
    );
  const back = (to: string) => rollBack(config(), { functionName: prod.functionName, to, api: prod.api }, shell());

  async function serves(built: Built): Promise<void> {
    const { result, version } = await cloud.ask(prod, 'POST', '/predict', INPUT);
    assert.deepEqual([result, version], [{ model: built.name, greeting: 'hello' }, built.version]);
    assert.equal((await cloud.ask(prod, 'GET', '/')).version, built.version);
    assert.equal((await cloud.ask(prod, 'GET', '/health')).version, built.version);
  }
  async function versions(): Promise<FunctionVersion[]> {
    return done(await versionsOf(config(), prod));
  }
  async function numbers(): Promise<string[]> {
    return (await versions()).map(({ number }) => number);
  }
  async function level(): Promise<Level> {
    return done(await levelOf(config(), prod));
  }
  /** As each update of a stack begins. */
  async function levelStack(): Promise<Level> {
    const found = await level();
    done(await straighten(config(), { ...prod, repositoryUri: cloud.repositoryUri, level: found }, shell()));
    if (found.state !== 'level') {
      const { digest, version, revision } = done(levelling(found, cloud.newRevision()));
      const request = {
        account: ACCOUNT,
        region: REGION,
        stackName: prod.stackName,
        digest,
        version,
        revision,
        ...POLL,
      };
      deployed(await cloud.deployer.api.level(request));
    }
    return found;
  }
  async function code(): Promise<{ latest: string | undefined; revision: string | undefined }> {
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: prod.functionName }));
    return { latest: found.CodeSha256, revision: found.RevisionId };
  }
  async function setCode(to: Built): Promise<void> {
    const ImageUri = `${cloud.repositoryUri}@${to.digest}`;
    await lambda.send(new UpdateFunctionCodeCommand({ FunctionName: prod.functionName, ImageUri }));
  }
  async function moveAlias(to: string): Promise<void> {
    await lambda.send(new UpdateAliasCommand({ FunctionName: prod.functionName, Name: 'live', FunctionVersion: to }));
  }

  it('begins level with its stack, whose version says what it is', async () => {
    await serves(images.one);
    const [only, ...others] = await versions();
    assert.deepEqual(others, []);
    const { digest, version } = images.one;
    assert.deepEqual(
      { ...only, publishedAt: '' },
      { number: '1', digest, version, by: 'stack', publishedAt: '', live: true },
    );
    assert.ok(Math.abs(Date.parse(only!.publishedAt) - Date.now()) < 600_000, only!.publishedAt);
    const { state, straight, stack } = await level();
    assert.deepEqual([state, straight, stack.digest, stack.version], ['level', true, digest, version]);
  });

  it('says that nothing has changed, and changes nothing', async () => {
    const before = await code();
    assert.deepEqual(done(await update(images.one)), { state: 'unchanged', number: '1', before: '1' });
    assert.deepEqual(await code(), before);
    assert.deepEqual(await numbers(), ['1']);
  });

  it('goes over to other code: one version more, which serves, and is ahead of the stack', async () => {
    assert.deepEqual(done(await update(images.two)), { state: 'updated', number: '2', before: '1' });
    await serves(images.two);
    const [newest, before] = await versions();
    assert.deepEqual(
      [newest?.number, newest?.by, newest?.live, newest?.version],
      ['2', 'update', true, images.two.version],
    );
    assert.deepEqual([before?.number, before?.live], ['1', false]);
    const { state, straight, live, stack } = await level();
    assert.deepEqual(
      [state, straight, live.digest, stack.digest],
      ['ahead', true, images.two.digest, images.one.digest],
    );
    assert.ok(!lines.some((line) => line.includes(INPUT)));
  });

  async function untouched(refused: Outcome<unknown>, code: string, why: RegExp): Promise<void> {
    const error = failed(refused);
    assert.deepEqual([error.code, why.test(error.why ?? '')], [code, true], JSON.stringify(error));
    await serves(images.two);
    assert.deepEqual(await numbers(), ['2', '1']);
  }

  it('moves nothing where the image was never pushed', async () => {
    const never = { digest: NEVER_PUSHED, version: images.three.version };
    await untouched(await update(never), 'image-refused', /does not exist/);
    assert.equal((await level()).straight, true);
  });

  it('moves nothing where the new version does not answer the example', async () => {
    const example = { input: 'raise three' };
    await untouched(await update(images.three, { example }), 'example-failed', /no answer to that/);
  });

  it('moves nothing where the image has another model than it should', async () => {
    const { digest } = images.three;
    const wrong = await update({ digest, version: images.four.version });
    await untouched(wrong, 'example-failed', new RegExp(images.three.version));
  });

  it('moves nothing where it is cancelled before the alias moves', async () => {
    const controller = new AbortController();
    const cancel = (line: string) => line.includes('published version') && controller.abort();
    await untouched(await update(images.three, {}, shell(cancel, controller.signal)), 'cancelled', /^/);
  });

  it('moves nothing where something else updates the function', async () => {
    await setCode(images.four);
    await untouched(await update(images.three), 'function-busy', /update is in progress/);
  });

  it('moves nothing where somebody moves the alias meanwhile: theirs counts', async () => {
    const moving: Promise<void>[] = [];
    const move = (line: string) => line.includes('published version') && moving.push(moveAlias('1'));
    const error = failed(await update(images.three, {}, shell(move)));
    await Promise.all(moving);
    assert.equal(error.code, 'function-busy', JSON.stringify(error));
    assert.equal(
      (await lambda.send(new GetAliasCommand({ FunctionName: prod.functionName, Name: 'live' }))).FunctionVersion,
      '1',
    );
    await moveAlias('2');
    assert.deepEqual(await numbers(), ['2', '1']);
  });

  it('moves nothing where there is no such function', async () => {
    const error = failed(await update(images.three, { functionName: 'nimbus-triage-gone' }));
    assert.equal(error.code, 'function-gone');
  });

  it('lets the function itself have what serves before its stack is updated', async () => {
    const crooked = await level();
    assert.deepEqual([crooked.state, crooked.straight], ['ahead', false]);
    await levelStack();
    await serves(images.two);
    const after = await level();
    assert.deepEqual([after.state, after.straight, after.stack.digest], ['level', true, images.two.digest]);
    const { parameters, tags } = await cloud.stack(prod.stackName);
    assert.deepEqual([parameters['Version'], tags['nimbus:version']], [images.two.version, images.two.version]);
    assert.deepEqual([after.live.by, after.live.number > '2'], ['stack', true]);
    // Level, but for the function itself: what the stack publishes next would be of three.
    failed(await update(images.three, { example: { input: 'raise three' } }));
    assert.deepEqual([(await levelStack()).state, (await level()).straight], ['level', true]);
    await cloud.deploy('prod', images.two, { memoryMb: 576 });
    await serves(images.two);
  });

  it('survives an update of the stack that fails: no old weights come back', async () => {
    done(await update(images.three));
    await levelStack();
    await serves(images.three);
    const broken = { digest: NEVER_PUSHED, version: images.four.version };
    const what = cloud.describe('prod', broken, { memoryMb: 768 });
    assert.equal(failed(await cloud.deployer.api.deploy({ what, ...POLL })).code, 'update-failed');
    await serves(images.three);
    assert.equal((await level()).state, 'level');
  });

  it('goes back to any version in one call, and says so', async () => {
    const all = await versions();
    const first = all.find(({ digest }) => digest === images.one.digest)!;
    const before = all.find(({ live }) => live)!.number;
    assert.deepEqual(done(await back(first.number)), { state: 'updated', number: first.number, before });
    await serves(images.one);
    assert.equal(done(await back(first.number)).state, 'unchanged');
    const error = failed(await back('99'));
    assert.deepEqual([error.code, error.why?.includes(`${before}, `)], ['no-version', true]);
    const { state, straight, live } = await level();
    assert.deepEqual([state, straight, live.digest], ['behind', false, images.one.digest]);
  });

  it('keeps what it went back to through an update of the stack', async () => {
    assert.equal((await levelStack()).state, 'behind');
    await serves(images.one);
    await cloud.deploy('prod', images.one, { memoryMb: 640 });
    await serves(images.one);
    assert.equal((await level()).state, 'level');
    const found = await lambda.send(new GetFunctionConfigurationCommand({ FunctionName: prod.functionName }));
    assert.equal(found.MemorySize, 640);
  });

  it('goes over to a version that is published already, where the same is deployed again', async () => {
    done(await update(images.two));
    const published = await numbers();
    done(await back(published[1]!));
    assert.deepEqual(done(await update(images.two)), { state: 'updated', number: published[0], before: published[1] });
    assert.deepEqual(await numbers(), published);
    await serves(images.two);
  });

  it('says what it could not say, and says it with the next update', async () => {
    const unsaid = done(await update(images.three, { api: { ...prod.api, apiId: 'gone' } }));
    assert.equal(unsaid.state, 'updated');
    assert.match(unsaid.unsaid?.why ?? '', /Stage|API/i);
    assert.equal((await cloud.ask(prod, 'GET', '/health')).version, images.two.version);
    assert.deepEqual(done(await update(images.three)), {
      state: 'unchanged',
      number: unsaid.number,
      before: unsaid.number,
    });
    await serves(images.three);
  });

  it('tells what becomes of environments that are kept initialised', async () => {
    const live = { FunctionName: prod.functionName, Qualifier: 'live' };
    await lambda.send(new PutProvisionedConcurrencyConfigCommand({ ...live, ProvisionedConcurrentExecutions: 2 }));
    const { provisioned } = done(await update(images.four));
    assert.deepEqual(provisioned, { wanted: 2, ready: 2, status: 'READY' });
    await serves(images.four);
  });

  it('prunes what is too old to go back to, and nothing that another deployment has', async () => {
    const second = await cloud.deploy('second', images.one, { greeting: 'hi' });
    const ecr = new ECRClient(config());
    const tagged = async (): Promise<string[]> => {
      const found = await ecr.send(new DescribeImagesCommand({ repositoryName: IMAGES.repository }));
      return found.imageDetails!.flatMap(({ imageTags = [] }) => imageTags).sort();
    };
    const tag = (deployment: string, version: string) => imageTag({ model: 'triage', deployment }, version);
    const tagsBegin = tag('prod', '');
    const prune = async (pushedBefore = {}) =>
      done(await pruneImages(config(), { ...prod, tagsBegin, ...pushedBefore }, shell()));
    const all = { pushedBefore: new Date(Date.now() + 600_000) };
    const everything = await tagged();
    assert.equal((await level()).stack.digest, images.one.digest);
    assert.deepEqual(await prune(all), { tags: [], versions: [] }, 'the last three, and that of the stack');
    await levelStack();
    const old = (await versions()).filter(({ digest }) => digest === images.one.digest);
    assert.ok(old.length > 1);
    assert.deepEqual(await prune(), { tags: [], versions: old.map(({ number }) => number) }, 'pushed within the hour');
    assert.deepEqual(await prune(all), { tags: [tag('prod', images.one.version)], versions: [] });
    assert.deepEqual(
      await tagged(),
      everything.filter((one) => one !== tag('prod', images.one.version)),
    );
    const { result } = await cloud.ask(second, 'POST', '/predict', INPUT);
    assert.deepEqual(result, { model: 'one', greeting: 'hi' });
    const kept = [...new Set((await versions()).map(({ digest }) => digest))];
    assert.deepEqual(kept, [images.four.digest, images.three.digest, images.two.digest]);
    await serves(images.four);
    assert.deepEqual(done(await removeImages(config(), tag('second', ''))).tags, [tag('second', images.one.version)]);
    assert.ok((await tagged()).every((one) => one.startsWith(tagsBegin)));
  });

  it('takes with a stack no image that another stack of its name runs, or may be about to', async () => {
    const key = { model: 'triage', deployment: 'prod' };
    const goingWith = async (stackName: string): Promise<string[]> => {
      const goes = done(await imagesToGo(config(), stackName, key));
      return Object.values({ ...images, never: { name: 'never', digest: NEVER_PUSHED } }).flatMap((one) =>
        goes(one) ? [one.name] : [],
      );
    };
    assert.deepEqual(await goingWith(prod.stackName), ['one', 'two', 'three', 'four', 'never']);
    await cloud.deploy('prod', images.two, { stackName: 'nimbus-triage-twin', greeting: 'hi' });
    assert.deepEqual(await goingWith(prod.stackName), ['three', 'four']);
    assert.deepEqual(await goingWith('nimbus-triage-twin'), []);
    assert.deepEqual(await goingWith('nimbus-triage-gone'), []);
  });

  it('says that the stack is gone, or the function', async () => {
    assert.equal(failed(await levelOf(config(), { ...prod, stackName: 'gone' })).code, 'stack-gone');
    const images = { ...prod, stackName: IMAGES.stackName };
    assert.equal(failed(await levelOf(config(), images)).code, 'stack-foreign');
    await lambda.send(new DeleteFunctionCommand({ FunctionName: prod.functionName }));
    assert.equal(failed(await versionsOf(config(), prod)).code, 'function-gone');
    assert.equal(failed(await levelOf(config(), prod)).code, 'function-gone');
    assert.equal(failed(await back('1')).code, 'function-gone');
  });
});
