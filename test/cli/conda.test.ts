/** A model whose Python is a conda environment that rattler made, as pixi does. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import path from 'node:path';
import { condaEnvironment } from '../unit/environment/python.ts';
import { BASE, LOCK, LockSandbox, MINOR } from './lock-sandbox.ts';

describe('nimbus lock in a conda environment', function () {
  this.timeout(120_000);
  let lab: LockSandbox;
  before(() => {
    lab = new LockSandbox();
  });
  beforeEach(() => lab.reset());
  after(() => lab.sandbox.remove());

  it('locks what wheels carry, and refuses what conda alone has, with the reason', async () => {
    const prefix = path.join(lab.sandbox.folder, '../conda/training');
    await condaEnvironment(prefix, path.join(lab.sandbox.folder, '../my-channel'));
    // No conda package of Python can be made here: what makes the folder run is a virtual environment in it.
    execFileSync(BASE, ['-I', '-m', 'venv', '--without-pip', prefix]);
    const { url } = await lab.index();
    const more = { NIMBUS_INDEX_URL: url, CONDA_PREFIX: prefix, VIRTUAL_ENV: '' };
    const made = await lab.run([...LOCK, '--python', MINOR, '--platform', 'linux-x86_64'], more);
    assert.equal(made.code, 0, made.stderr);
    assert.match(
      made.stdout,
      /! One package of the conda environment training cannot be in an image: graphviz 9\.0\.0 \(my-channel\)\. An image is built of wheels/,
    );
    const again = await lab.run([...LOCK, '--python', MINOR, '--platform', 'linux-x86_64', '--json'], more);
    const { conda } = JSON.parse(again.stdout) as { conda: { refused: unknown; libraries: unknown } };
    assert.deepEqual(conda.refused, [{ name: 'graphviz', version: '9.0.0', channel: 'my-channel' }]);
    assert.deepEqual(conda.libraries, [{ name: 'libdot', version: '1.0', channel: 'my-channel' }]);
  });
});
