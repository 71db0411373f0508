/** What of an image a push would send, on answers as ECR's API reference has them. */
import assert from 'node:assert/strict';
import { layersInRepository, pushSize, pushText } from '../../../src/core/cloud/layers.ts';
import type { ImageLayer } from '../../../src/shared/states.ts';
import { answering, type Answers } from '../../aws/answers.ts';

const [THERE, GONE] = ['a', 'b'].map((one) => `sha256:${one.repeat(64)}`) as [string, string];
const there: ImageLayer = { bytes: 130e6, packed: { digest: THERE, bytes: 50e6 } };
const gone: ImageLayer = { bytes: 180e6, packed: { digest: GONE, bytes: 60e6 } };

describe('what of an image is pushed', () => {
  let ecr: Answers;

  before(async () => {
    ecr = await answering(({ target, body }) => {
      if (target.endsWith('.BatchGetImage')) {
        const layers = [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip', digest: THERE, size: 50e6 }];
        const imageManifest = JSON.stringify({ schemaVersion: 2, config: { digest: GONE, size: 7 }, layers });
        return { status: 200, body: { images: [{ imageManifest }], failures: [] } };
      }
      const { layerDigests } = JSON.parse(body) as { layerDigests: string[] };
      const layers = layerDigests.map((layerDigest) => ({
        layerDigest,
        layerAvailability: layerDigest === THERE ? 'AVAILABLE' : 'UNAVAILABLE',
      }));
      return { status: 200, body: { layers, failures: [] } };
    });
  });
  after(() => ecr.end());

  const said = async (layers: ImageLayer[], hasRepository = true): Promise<string> =>
    pushText(await pushSize(ecr.config, layers, hasRepository), 'en');

  it('is nothing where the repository has all', async () => {
    assert.equal(await said([there, there]), 'the repository has all of its 2 layers');
  });

  it('is exact where all that it lacks was pushed from here before', async () => {
    assert.equal(await said([there, gone]), '1 of 2 layers is pushed, 60 MB compressed');
    assert.equal(await said([there, gone], false), '2 of 2 layers are pushed, 110 MB compressed');
  });

  it('is estimated where it was not, and says so: a model hardly gets smaller, packages do', async () => {
    const layers = [there, gone, { bytes: 10e6 }, { bytes: 30e6, isModel: true as const }];
    assert.match(await said(layers), /^3 of 4 layers are pushed, about 94 MB compressed \(an estimate: /);
  });

  it('is known of an image that was pushed, by its manifest', async () => {
    assert.deepEqual(await layersInRepository(ecr.config, GONE), [{ digest: THERE, bytes: 50e6 }]);
  });
});
