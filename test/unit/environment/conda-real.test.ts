/** Conda environments as rattler makes them: the library that resolves, links and records for pixi. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { before, describe, it } from 'mocha';
import { candidates } from '../../../src/core/environment/candidates.ts';
import { condaEnvironments, condaOnly, condaRefusal } from '../../../src/core/environment/conda.ts';
import { probe } from '../../../src/core/environment/probe.ts';
import { temporaryFolder } from '../models/temporary.ts';
import { condaEnvironment, testPython } from './python.ts';

describe('a real conda environment', function () {
  this.timeout(60_000);
  const temporary = temporaryFolder();
  const at = (...parts: string[]): string => path.join(temporary.folder, ...parts);

  before(function () {
    // Its layout is another one there.
    if (process.platform === 'win32') this.skip();
  });

  it('lists what was asked for and is no Python package, and what came along', async () => {
    const prefix = at('envs/training');
    await condaEnvironment(prefix, at('my-channel'));
    const report = await condaOnly(prefix);
    assert.deepEqual(report.refused, [{ name: 'graphviz', version: '9.0.0', channel: 'my-channel' }]);
    assert.deepEqual(report.libraries, [{ name: 'libdot', version: '1.0', channel: 'my-channel' }]);
    assert.match(
      condaRefusal(report)!.what,
      /^One package of the conda environment training cannot be in an image: graphviz 9\.0\.0 \(my-channel\)\.$/,
    );
  });

  it('is found below a root, in the list of environments, and where pixi makes it in a project', async () => {
    const project = at('project');
    const places = [at('mamba/envs/a'), at('elsewhere/b'), path.join(project, '.pixi/envs/default')];
    for (const [index, place] of places.entries()) {
      await condaEnvironment(place, at(`channel-${index}`, 'my-channel'));
      mkdirSync(path.join(place, 'bin'), { recursive: true });
      // No conda package of Python can be made here; which one it runs is not what is asked.
      symlinkSync(testPython(), path.join(place, 'bin/python'));
    }
    mkdirSync(at('home/.conda'), { recursive: true });
    writeFileSync(at('home/.conda/environments.txt'), `${places[1]}\n`);
    const env = { HOME: at('home'), MAMBA_ROOT_PREFIX: at('mamba') };
    assert.deepEqual(await condaEnvironments(env), [places[0], places[1]]);
    const [first] = await candidates({ project, env, platform: 'linux' });
    assert.deepEqual(first, { python: path.join(places[2]!, 'bin/python'), source: 'project' });
  });

  it('tells the probe that it is one', async () => {
    const prefix = at('envs/probed');
    await condaEnvironment(prefix, at('my-channel'));
    await promisify(execFile)(testPython(), ['-I', '-m', 'venv', '--without-pip', prefix]);
    const found = await probe(path.join(prefix, 'bin/python'), ['tiny-one']);
    assert.ok(found.ok, JSON.stringify(found));
    assert.equal(found.value.conda, prefix);
    assert.deepEqual(found.value.packages, { 'tiny-one': '1.0' });
  });
});
