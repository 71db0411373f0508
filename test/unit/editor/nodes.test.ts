import assert from 'node:assert/strict';
import type { HostConnection } from '../../../src/core/host/client.ts';
import type { ModelsDocument } from '../../../src/core/models/document.ts';
import { Project } from '../../../src/editor/store/project.ts';
import { nodeId, Nodes } from '../../../src/editor/tree/nodes.ts';
import { fail, type Outcome } from '../../../src/shared/outcome.ts';
import type { ModelSpec } from '../../../src/shared/spec.ts';

const SPEC: ModelSpec = { path: 'a', framework: 'custom', deployments: { local: { target: 'local' } } };

function projectWith(folder: string, count: number): Project {
  const project = new Project(folder, {
    now: () => 0,
    changed: () => undefined,
    awaited: { get: () => [], set: () => undefined },
    endedUnseen: () => undefined,
    connect: async (): Promise<Outcome<HostConnection>> => fail('none', 'There is none here.'),
  });
  const models = Object.fromEntries(Array.from({ length: count }, (_, index) => [`model-${index}`, SPEC]));
  project.read({ kind: 'ok', spec: { version: 1, models } });
  return project;
}

describe('the rows of the Models view', () => {
  it('are models where there is one project, projects where there are several with something in them', () => {
    const one = projectWith('/one', 2);
    const two = projectWith('/two', 1);
    const empty = projectWith('/empty', 0);
    assert.deepEqual(new Nodes(() => [one, empty]).children().map(nodeId), ['/one#model-0', '/one#model-1']);
    const several = new Nodes(() => [one, two, empty]);
    assert.deepEqual(several.children().map(nodeId), ['/one', '/two']);
    assert.deepEqual(several.children(several.children()[1]).map(nodeId), ['/two#model-0']);
  });

  it('are the same objects each time, with their parents', () => {
    const one = projectWith('/one', 2);
    const two = projectWith('/two', 1);
    const nodes = new Nodes(() => [one, two]);
    const [project] = nodes.children();
    const [model] = nodes.children(project);
    const [deployment] = nodes.children(model);
    assert.equal(nodes.children(project)[0], model);
    assert.equal(nodes.parent(deployment!), model);
    assert.equal(nodes.parent(model!), project);
    assert.equal(nodes.parent(project!), undefined);
    assert.equal(nodes.deployment(one, { model: 'model-0', deployment: 'local' }), deployment);
  });

  it('of 10,000 models make no row of a deployment that nobody opened', () => {
    const project = projectWith('/big', 10_000);
    let asked = 0;
    const counted = project.deploymentNames.bind(project);
    project.deploymentNames = (model) => {
      asked += 1;
      return counted(model);
    };
    const nodes = new Nodes(() => [project]);
    const models = nodes.children();
    assert.equal(models.length, 10_000);
    assert.equal(asked, 0);
    assert.equal(nodes.made('/big#model-7/local'), undefined);
    nodes.children(models[7]);
    assert.equal(asked, 1);
    assert.equal(nodes.made('/big#model-7/local')?.kind, 'deployment');
  });

  it('are forgotten with their model', () => {
    const project = projectWith('/one', 2);
    const nodes = new Nodes(() => [project]);
    const [first] = nodes.children();
    nodes.children(first);
    project.read({ kind: 'ok', spec: { version: 1, models: { 'model-1': SPEC } } });
    nodes.prune(project);
    assert.equal(nodes.made('/one#model-0'), undefined);
    assert.equal(nodes.made('/one#model-0/local'), undefined);
    assert.equal(nodes.made('/one#model-1')?.kind, 'model');
  });

  it('end with the stacks that no project of the window declares, each once', () => {
    const place = { account: '1'.repeat(12), region: 'eu-west-1', stack: 'nimbus-model-0-prod' };
    const ghost = { ...place, model: 'model-0', deployment: 'prod', stackStatus: 'CREATE_COMPLETE', outputs: {} };
    const elsewhere = { ...ghost, region: 'us-east-1' };
    const [one, two] = [projectWith('/one', 1), projectWith('/two', 1)];
    const nodes = new Nodes(() => [one, two]);
    assert.equal(nodes.children().length, 2);
    one.ghosts = [ghost];
    two.ghosts = [ghost, elsewhere];
    const group = nodes.children().at(-1)!;
    assert.equal(group.kind, 'ghosts');
    const found = nodes.children(group);
    assert.deepEqual(
      found.map((node) => node.kind === 'ghost' && [node.project.folder, node.region]),
      [
        ['/one', 'eu-west-1'],
        ['/two', 'us-east-1'],
      ],
    );
    assert.equal(nodes.parent(found[0]!), group);
    // One of another region has the name, and is another one.
    const prod = { target: 'lambda' as const, ...place };
    two.read({ kind: 'ok', spec: { version: 1, models: { 'model-0': { ...SPEC, deployments: { prod } } } } });
    assert.deepEqual(nodes.children(group).map(nodeId), [nodeId(found[1]!)]);
    // What a file that is no good declares is not known.
    const problem = { line: 0, column: 0, endLine: 0, endColumn: 1, message: 'No.' };
    const { document } = one;
    for (const unknown of [
      { kind: 'conflict', line: 0, problems: [problem] },
      { kind: 'invalid', problems: [problem] },
      { kind: 'newer', version: 2, spec: { version: 1, models: {} } },
      {
        kind: 'ok',
        spec: { version: 1, models: {} },
        later: [{ ...problem, model: 'a', deployment: 'prod', value: 'edge' }],
      },
    ] satisfies ModelsDocument[]) {
      one.read(unknown);
      assert.ok(nodes.children().every(({ kind }) => kind !== 'ghosts'));
    }
    one.read(document);
    assert.equal(nodes.children().at(-1), group);
    two.ghosts = [];
    assert.deepEqual(nodes.children().map(nodeId), ['/one', '/two']);
  });

  it('show a file that is no good above the last good models', () => {
    const project = projectWith('/one', 1);
    project.read({ kind: 'invalid', problems: [{ line: 0, column: 0, endLine: 0, endColumn: 1, message: 'No.' }] });
    assert.deepEqual(new Nodes(() => [project]).children().map(nodeId), ['/one#!file', '/one#model-0']);
  });
});
