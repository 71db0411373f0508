/** What nothing uses any more goes; what others made, and what any deployment uses, stays. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import type { PruneItem, PruneResult } from '../../src/shared/prune.ts';
import { repositoryOf } from '../../src/core/image/image.ts';
import { projectId } from '../../src/core/places.ts';
import { connectHost } from '../../src/core/host/client.ts';
import { buildPlanOf } from '../../src/core/targets/plan.ts';
import { ECHO, post } from '../host/support.ts';
import { ContainerProject } from './project.ts';
import { docker, LAMBDA_PYTHON } from './support.ts';

const LONG_AGO = new Date('2020-01-01T00:00:00Z');

describe('cleaning up', function () {
  this.timeout(180_000);
  let project: ContainerProject;
  let url: string;
  /** The repository of its own images. */
  let own: string;
  const mark = randomUUID();
  const tags: string[] = [];

  before(async () => {
    project = new ContainerProject();
    await project.connect();
    url = await project.deployImage('keeper', ECHO, { pythonVersion: '3.13' });
    await project.until(() => project.status('keeper')?.image);
    // After a deploy its host removes other images of the deployment, such as these tests make: another host does not.
    await project.host.api.shutdown();
    await project.host.closed;
    await project.connect();
    own = project.repository;
  });
  after(async () => {
    const left = await docker('ps', '--all', '--quiet', '--filter', `label=nimbus-test.run=${mark}`);
    if (left !== '') await docker('rm', '--force', ...left.split('\n'));
    const serving = project.status('keeper')?.image?.reference;
    await project?.end();
    await docker('image', 'rm', '--force', ...tags, ...(serving === undefined ? [] : [serving]));
  });

  /** Another name for an image that is there anyway. */
  async function named(name: string): Promise<string> {
    await docker('tag', LAMBDA_PYTHON, name);
    tags.push(name);
    return name;
  }

  /** A container of nothing that runs. */
  async function container(...options: string[]): Promise<string> {
    return docker('create', '--label', `nimbus-test.run=${mark}`, ...options, LAMBDA_PYTHON);
  }

  const exists = async (...what: string[]): Promise<boolean> =>
    docker(...what).then(
      () => true,
      () => false,
    );

  async function found(): Promise<PruneItem[]> {
    return (await project.host.api.prunable()).items;
  }

  async function prune(items: PruneItem[]): Promise<PruneResult> {
    const result = await project.host.api.prune(items);
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }

  it('removes images of versions that are gone, and none that only look like it', async () => {
    const old = await named(`${own}:keeper.docker.000000000000`);
    const gone = await named(`${own}:removed.docker.000000000000`);
    const others = [
      await named(`${own}0:keeper.docker.000000000000`),
      await named(`nimbus/${'0'.repeat(16)}:keeper.docker.000000000000`),
      await named(`registry.example/${own}:keeper.docker.000000000000`),
      await named(`${own.replace('/', '-')}:keeper.docker.000000000000`),
    ];
    const items = (await found()).filter(({ kind }) => kind === 'images');
    assert.deepEqual(items.map((one) => one.id).toSorted(), [old, gone].toSorted());
    const { removed, failed } = await prune(items);
    assert.deepEqual(failed, []);
    assert.equal(removed.length, 2);
    for (const name of [old, gone]) assert.ok(!(await exists('image', 'inspect', name)), name);
    for (const name of [...others, project.status('keeper')!.image!.reference]) {
      assert.ok(await exists('image', 'inspect', name), name);
    }
    assert.deepEqual((await post(`${url}/predict`, { input: 'still there' })).body.result, 'still there');
  });

  it('removes what is chosen only, and nothing that is not its own finding', async () => {
    const old = await named(`${own}:keeper.docker.000000000001`);
    const serving = project.status('keeper')!.image!.reference;
    const asked: PruneItem[] = [
      { kind: 'images', id: serving, name: serving, bytes: 0 },
      { kind: 'images', id: LAMBDA_PYTHON, name: LAMBDA_PYTHON, bytes: 0 },
      { kind: 'logs', id: project.folder, name: 'the project', bytes: 0 },
    ];
    assert.deepEqual(await prune(asked), { removed: [], failed: [] });
    for (const name of [old, serving, LAMBDA_PYTHON]) assert.ok(await exists('image', 'inspect', name), name);
    assert.ok(existsSync(path.join(project.folder, 'models.json')));
  });

  it('removes containers that a killed host left, and none of others', async () => {
    await post(`${url}/predict`, { input: 1 });
    const [serving] = await project.containers('keeper');
    const ours = project.mark;
    const left = await container('--label', `nimbus.project=${ours}`, '--label', 'nimbus.host=killed');
    const others = [
      await container(),
      await container('--label', 'nimbus.project=ffffffffffffffff', '--label', 'nimbus.host=killed'),
      await container('--label', `nimbus.projects=${ours}`),
    ];
    const items = (await found()).filter(({ kind }) => kind === 'containers');
    assert.deepEqual(
      items.map((one) => one.id),
      [left],
    );
    await prune(items);
    assert.ok(!(await exists('container', 'inspect', left)));
    for (const one of [...others, serving!]) assert.ok(await exists('container', 'inspect', one), one);
    // They would hold the base, which is the image of all names here.
    await docker('rm', ...others);
  });

  it('leaves an image that somebody keeps a container of', async () => {
    const held = await named(`${own}:held.docker.000000000002`);
    const before = (await found()).filter((one) => one.id === held);
    assert.equal(before.length, 1);
    const user = await container();
    assert.ok(!(await found()).some((one) => one.id === held));
    assert.deepEqual(await prune(before), { removed: [], failed: [] });
    assert.ok(await exists('image', 'inspect', held));
    await docker('rm', user);
  });

  it('says what could not be removed, and removes the rest', async () => {
    const image = await named(`${own}:free.docker.000000000003`);
    const busy = path.join(project.home, 'cache/environments/0123456789abcdef0128');
    mkdirSync(path.join(busy, 'mounted'), { recursive: true });
    utimesSync(busy, LONG_AGO, LONG_AGO);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', path.join(busy, 'mounted')]);
    try {
      const { removed, failed } = await prune(await found());
      assert.deepEqual(
        failed.map(({ item }) => item.id),
        [busy],
      );
      assert.match(failed[0]!.why, /EBUSY/);
      assert.ok(removed.some((one) => one.id === image));
    } finally {
      // Half of it is there under no name that is used.
      assert.ok(!existsSync(busy));
      const left = readdirSync(path.dirname(busy)).find((name) => name.startsWith(path.basename(busy)))!;
      execFileSync('umount', [path.join(path.dirname(busy), left, 'mounted')]);
      rmSync(path.join(path.dirname(busy), left), { recursive: true });
    }
  });

  it('removes environments, old copies of the host and logs that nothing needs', async () => {
    const environments = path.join(project.home, 'cache/environments');
    const make = (name: string, age = LONG_AGO): string => {
      const place = path.join(environments, name);
      mkdirSync(path.join(place, 'bin'), { recursive: true });
      writeFileSync(path.join(place, 'bin/python'), 'x'.repeat(5000));
      utimesSync(place, age, age);
      return place;
    };
    const unused = make('0123456789abcdef0123');
    const half = make('0123456789abcdef0124.tmp-00000000');
    const fresh = make('0123456789abcdef0125', new Date());
    const used = make('0123456789abcdef0126');
    // Of another project of the same user, which no host serves now.
    const other = path.join(project.home, 'other');
    mkdirSync(path.join(other, '.nimbus'), { recursive: true });
    const record = { interpreter: path.join(used, 'bin/python') };
    writeFileSync(path.join(other, '.nimbus/state.json'), JSON.stringify({ deployments: { 'a/local': record } }));
    const notes = path.join(project.home, 'data/projects');
    const otherId = projectId(other);
    writeFileSync(path.join(notes, `${otherId}.json`), JSON.stringify({ folder: realpathSync(other) }));
    const logs = path.join(project.home, 'logs', projectId(project.folder));
    const removedLog = path.join(logs, '2020-01-01T00-00-00-000Z-deploy-removed-docker.log');
    writeFileSync(removedLog, 'text');
    const kept = readdirSync(logs).find((name) => name.endsWith('-deploy-keeper-docker.log'));
    const items = (await found()).filter(({ kind }) => kind !== 'images' && kind !== 'containers');
    assert.deepEqual(items.map((one) => one.id).toSorted(), [unused, half, removedLog].toSorted());
    assert.equal(items.find((one) => one.id === unused)?.bytes, 5000);
    await prune(items);
    for (const place of [unused, half, removedLog]) assert.ok(!existsSync(place), place);
    for (const place of [fresh, used, path.join(logs, kept!)]) assert.ok(existsSync(place), place);
  });

  it('frees what projects had whose folders are gone, and keeps what one may use that may only not be there now', async () => {
    const environments = path.join(project.home, 'cache/environments');
    const unused = path.join(environments, '0123456789abcdef0127');
    mkdirSync(unused);
    utimesSync(unused, LONG_AGO, LONG_AGO);
    const gone = 'aaaaaaaaaaaaaaa1';
    const notes = path.join(project.home, 'data/projects');
    writeFileSync(path.join(notes, `${gone}.json`), JSON.stringify({ folder: path.join(project.home, 'gone') }));
    mkdirSync(path.join(project.home, 'logs', gone));
    const image = await named(`${repositoryOf(gone)}:any.docker.000000000000`);
    const before = await found();
    for (const place of [image, path.join(project.home, 'logs', gone), unused]) {
      assert.ok(
        before.some((one) => one.id === place),
        place,
      );
    }
    writeFileSync(path.join(notes, 'bbbbbbbbbbbbbbb2.json'), JSON.stringify({ folder: '/nowhere/mounted/project' }));
    const elsewhere = await named(`${repositoryOf('bbbbbbbbbbbbbbb2')}:any.docker.000000000000`);
    const { items, remarks } = await project.host.api.prunable();
    assert.ok(!items.some((one) => one.id === elsewhere || one.kind === 'environments'));
    assert.equal(remarks.length, 1);
    // Which one, and how it is out of the way.
    assert.match(remarks[0]!, /\(\/nowhere\/mounted\/project\).* remove its files in /);
    assert.ok(remarks[0]!.includes(notes));
    rmSync(path.join(notes, 'bbbbbbbbbbbbbbb2.json'));
  });

  it('keeps what a project on a disk uses that is not mounted', async () => {
    const disk = path.join(project.home, 'disk');
    const place = path.join(project.home, 'cache/environments/0123456789abcdef0129');
    mkdirSync(path.join(place, 'bin'), { recursive: true });
    utimesSync(place, LONG_AGO, LONG_AGO);
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', 'tmpfs', disk]);
    const notes = path.join(project.home, 'data/projects');
    const disksId = projectId(disk);
    try {
      const host = await connectHost({ project: disk, kind: 'cli', env: project.env });
      assert.ok(host.ok);
      await host.value.api.shutdown();
      await host.value.closed;
    } finally {
      execFileSync('umount', [disk]);
    }
    // As after a deploy.
    const note = path.join(notes, `${disksId}.json`);
    const noted = JSON.parse(readFileSync(note, 'utf8')) as object;
    writeFileSync(note, JSON.stringify({ ...noted, interpreters: [path.join(place, 'bin/python')] }));
    const image = await named(`${repositoryOf(disksId)}:any.docker.000000000000`);
    mkdirSync(path.join(project.home, 'logs', disksId), { recursive: true });
    const kept = async (): Promise<void> => {
      const { items, remarks } = await project.host.api.prunable();
      const ids = new Set(items.map((one) => one.id));
      for (const one of [place, image, path.join(project.home, 'logs', disksId)]) assert.ok(!ids.has(one), one);
      assert.match(
        remarks.join('\n'),
        new RegExp(`cannot be looked at for now \\(${disk}\\): what is used there stays`),
      );
    };
    // First its empty folder is there; some systems then take that away too.
    await kept();
    rmSync(disk, { recursive: true });
    await kept();
    for (const end of ['json', 'key']) rmSync(path.join(notes, `${disksId}.${end}`));
    assert.ok((await found()).some((one) => one.id === place));
  });

  it('lets what another host of the same user runs be', async () => {
    const other = path.join(project.home, 'neighbour');
    mkdirSync(other);
    const host = await connectHost({ project: other, kind: 'cli', env: project.env });
    assert.ok(host.ok);
    try {
      const items = (await host.value.api.prunable()).items;
      const serving = project.status('keeper')!.image!.reference;
      const containers = await project.containers('keeper');
      assert.ok(!items.some((one) => one.id === serving || containers.includes(one.id)));
      const note = path.join(project.home, 'data/projects', `${projectId(other)}.json`);
      const { folder, interpreters } = JSON.parse(readFileSync(note, 'utf8')) as Record<string, unknown>;
      assert.deepEqual([folder, interpreters], [realpathSync(other), []]);
    } finally {
      await host.value.api.shutdown();
      await host.value.closed;
    }
  });

  it('leaves what a deploy that begins meanwhile uses', async () => {
    project.write('meanwhile', `${ECHO}# ${mark}\n`);
    const plan = project.imagePlan('meanwhile', { pythonVersion: '3.13' });
    const built = await project.execute(buildPlanOf(plan));
    assert.ok(built.result && 'isCached' in built.result, JSON.stringify(built.error));
    const { reference } = built.result.image;
    tags.push(reference);
    const environment = path.join(project.home, 'cache/environments/0123456789abcdef0128');
    mkdirSync(environment);
    utimesSync(environment, LONG_AGO, LONG_AGO);
    const items = (await found()).filter(({ id: one }) => [reference, environment].includes(one));
    assert.equal(items.length, 2);
    const pruned = project.host.api.prune(items);
    // The host looks at the engine first.
    const deployed = project.execute(plan);
    const result = await pruned;
    assert.ok(result.ok);
    assert.deepEqual(
      result.value.removed.map((one) => one.id),
      [environment],
    );
    assert.equal((await deployed).state, 'succeeded');
    assert.ok(await exists('image', 'inspect', reference));
  });

  it('waits for operations, which may need what nothing uses yet', async () => {
    project.write('slow', 'import time\ntime.sleep(600)\n' + ECHO);
    const started = await project.host.api.execute(project.plan('slow'));
    assert.ok(started.ok);
    const refused = await project.host.api.prune([]);
    assert.equal(refused.ok ? '' : refused.error.code, 'operation-running');
    await project.host.api.cancel(started.value.id);
  });
});
