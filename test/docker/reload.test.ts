import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { post } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker } from './support.ts';

const answering = (what: string): string =>
  `def load(path):\n    return open(path + "/weights").read()\n\ndef predict(model, input):\n    return [${JSON.stringify(what)}, model]\n`;

/** References of the images that Nimbus made for this model of a project. */
async function imagesOf(model: string, { repository }: ContainerProject): Promise<string[]> {
  const printed = await docker('image', 'ls', '--format', '{{.Repository}}:{{.Tag}}');
  return printed.split('\n').filter((one) => one.startsWith(`${repository}:${model}.docker.`));
}

async function isThere(image: string): Promise<boolean> {
  return docker('image', 'inspect', image).then(
    () => true,
    () => false,
  );
}

/** Digests of an image's layers, the base's first. */
async function layersOf(reference: string): Promise<string[]> {
  return JSON.parse(await docker('image', 'inspect', '--format', '{{json .RootFS.Layers}}', reference)) as string[];
}

describe('a model that changes while a container serves it', function () {
  this.timeout(120_000);
  let project: ContainerProject;
  let url: string;

  const ask = async (): Promise<unknown> => (await post(`${url}/predict`, { input: 1 })).body.result;
  const image = (): string => project.status('changing')!.image!.id;

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    project.write('changing', answering('first'), { weights: 'a' });
    const plan = project.imagePlan('changing', { examples: [{ input: 1 }] });
    const operation = await project.execute(plan);
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
    url = `${project.host.hello.url}/changing/docker`;
  });
  after(() => project.end());

  it('answers by its new weights, of which the image has one new layer, and no request fails meanwhile', async () => {
    assert.deepEqual(await ask(), ['first', 'a']);
    const before = await project.until(() => project.status('changing'));
    const layers = await layersOf(image());
    writeFileSync(path.join(project.folder, 'models/changing/weights'), 'b');
    const seen = new Set<string>();
    while (!seen.has('["first","b"]')) seen.add(JSON.stringify(await ask()));
    assert.deepEqual([...seen], ['["first","a"]', '["first","b"]']);
    await project.until(() => project.status('changing')!.version !== before.version);
    const after = await layersOf(image());
    const changed = layers.filter((layer, index) => after[index] !== layer);
    assert.equal(layers.length, after.length);
    assert.equal(changed.length, 1, JSON.stringify({ layers, after }));
  });

  it('keeps no image of a version that does not serve', async () => {
    while ((await imagesOf('changing', project)).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await imagesOf('changing', project), [project.status('changing')!.image!.reference]);
  });

  it('that is deployed again with other words for it answers with them, and leaves no image without a name', async () => {
    const examples = [{ input: 1 }];
    const ids = [image()];
    // Images of the same content are one, of whatever run.
    for (const description of [randomUUID(), randomUUID()]) {
      const operation = await project.execute(project.imagePlan('changing', { examples, description }));
      assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error, undefined, 2));
      const card = (await (await fetch(url)).json()) as { description?: string };
      assert.equal(card.description, description);
      ids.push(await project.until(() => image() !== ids.at(-1) && image()));
    }
    while ((await imagesOf('changing', project)).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
    assert.deepEqual(await imagesOf('changing', project), [project.status('changing')!.image!.reference]);
    // The engine takes the name first.
    while (await isThere(ids[1]!)) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('whose next version fails keeps the image that serves', async () => {
    const serving = image();
    const failed = await project.execute(
      project.imagePlan('changing', { description: randomUUID(), examples: [{ input: 1, expect: 'nothing like it' }] }),
    );
    assert.equal(failed.state, 'failed');
    const { reference } = project.status('changing')!.image!;
    assert.equal(await docker('image', 'inspect', '--format', '{{.Id}}', reference), serving);
    assert.deepEqual(await imagesOf('changing', project), [reference]);
    await project.host.api.cold(project.key('changing'));
    assert.equal(((await ask()) as string[])[0], 'first');
  });

  it('is refused where it does not answer its example, and the old one serves on', async () => {
    writeFileSync(
      path.join(project.folder, 'models/changing/handler.py'),
      'def load(path):\n    raise ValueError("broken")\n\ndef predict(model, input):\n    pass\n',
    );
    const status = await project.untilState('changing', 'refused');
    assert.match(JSON.stringify(status.error), /broken/);
    assert.deepEqual(await ask(), ['first', 'b']);
    assert.deepEqual(await imagesOf('changing', project), [project.status('changing')!.image!.reference]);
    while ((await project.containers('changing')).length > 1) await new Promise((resolve) => setTimeout(resolve, 50));
  });

  it('leaves neither container nor image once it is removed', async () => {
    const key = { model: 'changing', deployment: 'docker' };
    const operation = await project.execute({ kind: 'remove', project: project.folder, ...key, dropModel: true });
    assert.equal(operation.state, 'succeeded');
    assert.deepEqual([await project.containers('changing'), await imagesOf('changing', project)], [[], []]);
  });
});
