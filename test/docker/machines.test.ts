/** Several machines with one engine: where paths and users have the same names there, each cleans up after itself only. */
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { addressOf } from '../../src/core/host/election.ts';
import { projectId } from '../../src/core/places.ts';
import { ECHO } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker, forwardEngine, LAMBDA_PYTHON, PYTHON_SLIM, type Forwarded } from './support.ts';

/** Of no deployment: after a deploy its host removes what else is called as that one. */
const TAG = 'removed.docker.000000000000';

/** What a machine has on an engine for a project. */
interface Names {
  mark: string;
  repository: string;
}

describe('an engine of several machines', function () {
  this.timeout(120_000);
  const run = randomUUID();
  const tags: string[] = [];
  let network: Forwarded;
  let project: ContainerProject;
  let own: Names;
  /** A container of another machine. */
  let theirs: string;
  let others: Names;
  /** Of versions that did not tell machines apart. */
  let plain: Names;

  before(async () => {
    network = await forwardEngine();
    project = new ContainerProject({ DOCKER_HOST: network.host });
    await project.connect();
    await project.deployImage('keeper', ECHO, { pythonVersion: '3.13' });
    own = { mark: project.mark, repository: project.repository };
    const file = path.join(project.home, 'data/machine');
    const id = readFileSync(file, 'utf8');
    writeFileSync(file, '0'.repeat(id.length));
    others = { mark: project.mark, repository: project.repository };
    writeFileSync(file, id);
    const address = addressOf(project.folder);
    assert.ok(address.ok);
    plain = { mark: address.value.mark, repository: `nimbus/${projectId(project.folder)}` };
    for (const { repository } of [own, others, plain]) {
      await docker('tag', LAMBDA_PYTHON, `${repository}:${TAG}`);
      tags.push(`${repository}:${TAG}`);
    }
  });
  after(async () => {
    const left = await docker('ps', '--all', '--quiet', '--filter', `label=nimbus-test.run=${run}`);
    if (left !== '') await docker('rm', '--force', ...left.split('\n'));
    const serving = project.status('keeper')?.image?.reference;
    await project?.end();
    network?.end();
    await docker('image', 'rm', '--force', ...tags, ...(serving === undefined ? [] : [serving]));
  });

  /** A container as a host that was killed leaves it. */
  async function left({ mark }: Names): Promise<string> {
    const labels = [`nimbus-test.run=${run}`, `nimbus.project=${mark}`, 'nimbus.host=killed'];
    return docker('create', ...labels.flatMap((one) => ['--label', one]), PYTHON_SLIM);
  }

  async function there(): Promise<string[]> {
    const printed = await docker('ps', '--all', '--quiet', '--no-trunc', '--filter', `label=nimbus-test.run=${run}`);
    return printed.split('\n').filter(Boolean);
  }

  /** Starts another host. What it sweeps is gone once one that certainly is its own is. */
  async function swept(): Promise<void> {
    const ours = await left(own);
    await project.host.api.shutdown();
    await project.host.closed;
    await project.connect();
    while ((await there()).includes(ours)) await new Promise((resolve) => setTimeout(resolve, 20));
  }

  async function prunable(): Promise<string[]> {
    return (await project.host.api.prunable()).items.map(({ id }) => id);
  }

  it('keeps what other machines have there', async () => {
    theirs = await left(others);
    const old = await left(plain);
    await swept();
    assert.deepEqual((await there()).toSorted(), [theirs, old].toSorted());
    const ours = await left(own);
    assert.deepEqual((await prunable()).toSorted(), [ours, `${own.repository}:${TAG}`].toSorted());
    const items = (await project.host.api.prunable()).items;
    const pruned = await project.host.api.prune(items);
    assert.ok(pruned.ok && pruned.value.failed.length === 0, JSON.stringify(pruned));
    for (const { repository } of [others, plain]) await docker('image', 'inspect', `${repository}:${TAG}`);
  });

  it('that only this one uses has what it made before it told machines apart', async () => {
    delete project.env['DOCKER_HOST'];
    await swept();
    while ((await there()).length > 1) await new Promise((resolve) => setTimeout(resolve, 20));
    assert.deepEqual(await there(), [theirs]);
    assert.deepEqual(await prunable(), [`${plain.repository}:${TAG}`]);
  });
});
