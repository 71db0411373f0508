import assert from 'node:assert/strict';
import type { HostConnection } from '../../../src/core/host/client.ts';
import type { HostApi, HostEvents } from '../../../src/core/host/protocol.ts';
import type { RehearsePlan } from '../../../src/core/targets/plan.ts';
import type { ModelsDocument } from '../../../src/core/models/document.ts';
import { Project, type ProjectChange } from '../../../src/editor/store/project.ts';
import { fail, ok } from '../../../src/shared/outcome.ts';
import type { ModelSpec } from '../../../src/shared/spec.ts';
import type { DeploymentStatus, Operation } from '../../../src/shared/states.ts';

const SPEC: ModelSpec = { path: 'a.joblib', framework: 'sklearn', deployments: { local: { target: 'local' } } };

function good(models: Record<string, ModelSpec>): ModelsDocument {
  return { kind: 'ok', spec: { version: 1, models } };
}

function status(model: string, more: Partial<DeploymentStatus> = {}): DeploymentStatus {
  return {
    model,
    deployment: 'local',
    target: 'local',
    framework: 'sklearn',
    state: 'idle',
    url: `http://127.0.0.1:1/${model}/local`,
    version: '0'.repeat(64),
    workers: 0,
    lastMs: {},
    ...more,
  };
}

function operation(model: string, more: Partial<Operation> = {}): Operation {
  return {
    id: '1',
    kind: 'deploy',
    model,
    deployment: 'local',
    state: 'running',
    stages: [],
    startedAt: 0,
    logFile: '/log',
    ...more,
  };
}

/** A project whose host is played here. */
function setUp(statuses: DeploymentStatus[] = [], operations: Operation[] = [], awaited: readonly string[] = []) {
  const unseen: Operation[] = [];
  const changes: ProjectChange[] = [];
  const hosts: { events: HostEvents; end(): void }[] = [];
  const clock = { now: 0 };
  const api: Partial<HostApi> = {
    execute: async (plan) => ok(operation(plan.model)),
    cancel: async () => ok(undefined),
  };
  const project = new Project('/project', {
    now: () => clock.now,
    changed: (change) => changes.push(change),
    awaited: { get: () => awaited, set: (ids) => (awaited = ids) },
    endedUnseen: (failed) => unseen.push(failed),
    connect: async (events) => {
      const closed = Promise.withResolvers<void>();
      hosts.push({ events, end: () => closed.resolve() });
      const hello = { protocol: 1, version: '0', pid: 1, url: '', deployments: statuses, operations };
      return ok({ api, hello, closed: closed.promise, close: () => undefined } as unknown as HostConnection);
    },
  });
  const flush = (): ProjectChange[] => changes.splice(0);
  return { project, hosts, clock, flush, unseen, awaited: () => awaited };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('a project of the window', () => {
  it('tells of the one model that an edit changed', () => {
    const { project, flush } = setUp();
    project.read(good({ one: SPEC, two: SPEC }));
    assert.deepEqual(flush(), [{ kind: 'list' }]);
    project.read(good({ one: SPEC, two: { ...SPEC, description: 'new' } }));
    assert.deepEqual(flush(), [{ kind: 'model', model: 'two' }]);
    project.read(good({ one: SPEC, two: { ...SPEC, description: 'new' } }));
    assert.deepEqual(flush(), []);
  });

  it('keeps the last good models while the file is no good, and tells once', () => {
    const { project, flush } = setUp();
    project.read(good({ one: SPEC }));
    flush();
    const broken: ModelsDocument = {
      kind: 'invalid',
      problems: [{ line: 3, column: 1, endLine: 3, endColumn: 2, message: 'A comma is missing after this.' }],
    };
    project.read(broken);
    assert.deepEqual(project.modelNames(), ['one']);
    assert.deepEqual(flush(), [{ kind: 'list' }]);
    project.read(good({ one: { ...SPEC, description: 'repaired' } }));
    assert.equal(project.spec('one')?.description, 'repaired');
    assert.deepEqual(flush(), [{ kind: 'list' }]);
  });

  it('adds what only the host knows behind what is declared', async () => {
    const { project } = setUp([status('undeclared')], [operation('arriving')]);
    project.read(good({ declared: SPEC }));
    await project.host();
    assert.deepEqual(project.modelNames(), ['declared', 'undeclared', 'arriving']);
    assert.deepEqual(project.deploymentNames('arriving'), ['local']);
  });

  it('finds a running operation again after a reload', async () => {
    const { project } = setUp([], [operation('arriving', { id: '7' })]);
    await project.host();
    assert.equal(project.operation({ model: 'arriving', deployment: 'local' })?.id, '7');
  });

  it('shows a deploy that failed while the window reloaded, unless a later one did not', async () => {
    const error = { code: 'no', what: 'It did not work.' };
    const failed = (model: string): Operation => operation(model, { id: model, state: 'failed', error });
    const { project, unseen, awaited } = setUp(
      [],
      [failed('one'), failed('two'), failed('other'), operation('two', { id: '9', state: 'succeeded' })],
      ['one', 'gone'],
    );
    await project.host();
    assert.deepEqual(project.modelNames(), ['one', 'other']);
    assert.equal(project.operation({ model: 'one', deployment: 'local' })?.state, 'failed');
    assert.deepEqual(
      unseen.map(({ id }) => id),
      ['one'],
      'only what this window began is told of in front of the user',
    );
    assert.deepEqual(awaited(), []);
  });

  it('tells of a deploy that a reload took its waiter from, once it failed', async () => {
    const { project, hosts, unseen, awaited } = setUp([], [operation('one', { id: '7' })], ['7']);
    await project.host();
    assert.deepEqual([unseen, awaited()], [[], ['7']]);
    const error = { code: 'no', what: 'It did not work.' };
    hosts[0]!.events.operation(operation('one', { id: '7', state: 'failed', error }));
    assert.deepEqual([unseen.length, awaited()], [1, []]);
  });

  it('waits for an operation in sight of the next window, and no longer than it runs', async () => {
    const { project, hosts, unseen, awaited } = setUp();
    const plan = { kind: 'remove', project: '/project', model: 'one', deployment: 'local', dropModel: false } as const;
    const running = project.execute(plan);
    await settled();
    assert.deepEqual(awaited(), ['1']);
    hosts[0]!.events.operation(operation('one', { state: 'failed' }));
    await running;
    assert.deepEqual([unseen, awaited()], [[], []]);
  });

  it('tells of a rehearsal whose plan nobody has answered yet, in whichever window comes next', async () => {
    const rehearsed = operation('one', { kind: 'rehearse', state: 'succeeded' });
    const next = setUp([], [rehearsed], ['1']);
    await next.project.host();
    assert.deepEqual([next.unseen, next.awaited()], [[rehearsed], []]);

    const { project, hosts, awaited } = setUp();
    const plan = { kind: 'rehearse', model: 'one', deployment: 'local' } as RehearsePlan;
    const running = project.execute(plan);
    await settled();
    hosts[0]!.events.operation(rehearsed);
    assert.ok((await running).ok);
    assert.deepEqual(awaited(), ['1']);
    project.forget(rehearsed);
    assert.deepEqual(awaited(), []);
  });

  it('tells of a deployment alone while its row is there already', async () => {
    const { project, hosts, flush } = setUp([status('one')]);
    project.read(good({ one: SPEC }));
    await project.host();
    flush();
    hosts[0]!.events.deployment(status('one', { state: 'serving' }));
    assert.deepEqual(flush(), [{ kind: 'deployment', key: { model: 'one', deployment: 'local' } }]);
    hosts[0]!.events.deployment(status('one', { deployment: 'second' }));
    assert.deepEqual(flush(), [{ kind: 'model', model: 'one' }]);
    hosts[0]!.events.deployment(status('other'));
    assert.deepEqual(flush(), [{ kind: 'list' }]);
  });

  it('answers an execution when its operation ended', async () => {
    const { project, hosts } = setUp();
    const plan = { kind: 'remove', project: '/project', model: 'one', deployment: 'local', dropModel: false } as const;
    const running = project.execute(plan);
    await settled();
    assert.equal(project.operation(plan)?.state, 'running');
    hosts[0]!.events.operation(operation('one', { state: 'succeeded' }));
    assert.equal((await running).ok, true);
    assert.equal(project.operation(plan), undefined);
  });

  it('keeps the removal of a stack that it does not declare apart from its own deployment of that name', async () => {
    const { project, flush, hosts } = setUp([status('a')]);
    project.read(good({ a: SPEC }));
    await project.host();
    flush();
    const place = { account: '1'.repeat(12), region: 'eu-west-1', stack: 'nimbus-a-local' };
    const removal = operation('a', { id: '2', kind: 'remove', undeclared: place });
    hosts[0]!.events.operation(removal);
    assert.deepEqual([project.operation(removal), project.removalOf(place)], [undefined, removal]);
    assert.equal(project.removalOf({ ...place, region: 'us-east-1' }), undefined);
    hosts[0]!.events.operation({ ...removal, state: 'failed' });
    assert.deepEqual([project.operation(removal), project.removalOf(place)], [undefined, undefined]);
    const change = { kind: 'ghost', place };
    assert.deepEqual(flush(), [change, change]);
  });

  it('keeps why AWS could not be asked until it was', () => {
    const { project, flush } = setUp();
    const key = { model: 'a', deployment: 'prod' };
    project.read(good({ a: { ...SPEC, deployments: { prod: { target: 'lambda' } } } }));
    flush();
    project.noteAsked(key, undefined);
    assert.deepEqual(flush(), []);
    const error = { code: 'expired-credentials', what: 'The AWS credentials have expired.' };
    project.noteAsked(key, error);
    assert.equal(project.unasked(key), error);
    project.noteAsked(key, undefined);
    assert.equal(project.unasked(key), undefined);
    assert.deepEqual(flush(), [
      { kind: 'deployment', key },
      { kind: 'deployment', key },
    ]);
  });

  it('keeps a failed operation in sight and answers with its error', async () => {
    const { project, hosts } = setUp();
    const plan = { kind: 'remove', project: '/project', model: 'one', deployment: 'local', dropModel: false } as const;
    const running = project.execute(plan);
    await settled();
    const { error } = fail('no', 'It did not work.') as { error: { code: string; what: string } };
    hosts[0]!.events.operation(operation('one', { state: 'failed', error }));
    assert.deepEqual(await running, { ok: false, error });
    assert.equal(project.operation(plan)?.state, 'failed');
  });

  it('reaches for a host that ended, unless it ended at once', async () => {
    const { project, hosts, clock } = setUp([status('one')]);
    await project.host();
    clock.now = 60_000;
    hosts[0]!.end();
    await settled();
    assert.equal(hosts.length, 2);
    hosts[1]!.end();
    await settled();
    assert.equal(hosts.length, 2);
    assert.equal(project.hostError?.code, 'host-ended');
    assert.deepEqual(project.statuses(), []);
  });

  it('says so when the host ends in the middle of an operation', async () => {
    const { project, hosts } = setUp();
    const plan = { kind: 'remove', project: '/project', model: 'one', deployment: 'local', dropModel: false } as const;
    const running = project.execute(plan);
    await settled();
    hosts[0]!.end();
    const outcome = await running;
    assert.equal(outcome.ok ? undefined : outcome.error.code, 'host-ended');
  });

  it('shares one connection among all who ask at once', async () => {
    const { project, hosts } = setUp();
    const [one, other] = await Promise.all([project.host(), project.host()]);
    assert.equal(one.ok && other.ok && one.value === other.value, true);
    assert.equal(hosts.length, 1);
  });
});
