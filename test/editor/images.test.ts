/** Which of several deployments in Docker Build Image is about. */
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import type { Outcome } from '../../src/shared/outcome.ts';
import { leaveNothing, modelsFile, run, runAgreeing, runCancelling } from './host-window.ts';

describe('building the image of a model by its command', () => {
  before(async () => {
    const docker = { target: 'docker' };
    const deploymentsOf = {
      several: { local: { target: 'local' }, small: docker, large: docker },
      one: { local: { target: 'local' }, only: docker },
      none: {},
    };
    // Their paths are missing, which is what a build says first.
    const models = Object.entries(deploymentsOf).map(([name, deployments]) => [
      name,
      { path: name, framework: 'custom', deployments },
    ]);
    writeFileSync(modelsFile, JSON.stringify({ version: 1, models: Object.fromEntries(models) }));
    // Nothing tells a test when the window has read it.
    while (code(await run('nimbus.buildImage', { model: 'none' })) !== MISSING) await setTimeout(50);
  });
  after(leaveNothing);

  const code = (outcome: Outcome<unknown>): string => (outcome.ok ? 'ok' : outcome.error.code);
  const MISSING = 'path-missing';

  it('asks which deployment is meant where several have one, and leaves it at that where nobody answers', async () => {
    for (const given of [{ model: 'several' }, { model: 'several', deployment: 'local' }]) {
      assert.equal(code(await runCancelling('nimbus.buildImage', given)), 'cancelled', JSON.stringify(given));
      assert.equal(code(await runAgreeing('nimbus.buildImage', given)), MISSING, JSON.stringify(given));
    }
  });

  it('asks nothing on the row of one, or where there is no choice', async () => {
    for (const given of [{ model: 'several', deployment: 'large' }, { model: 'one' }, { model: 'none' }]) {
      assert.equal(code(await run('nimbus.buildImage', given)), MISSING, JSON.stringify(given));
    }
  });
});
