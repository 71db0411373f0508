import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as vscode from 'vscode';
import { parseModels } from '../../src/core/models/parse.ts';
import { watchModels, type ModelsWatcher } from '../../src/core/models/watch.ts';
import { Project, type ProjectChange } from '../../src/editor/store/project.ts';
import type { Store, StoreChange } from '../../src/editor/store/store.ts';
import type { Node } from '../../src/editor/tree/nodes.ts';
import { ModelsTree } from '../../src/editor/tree/provider.ts';
import { rowOf } from '../../src/editor/tree/rows.ts';
import { tooltipOf } from '../../src/editor/tree/tooltips.ts';
import { fail, type UserError } from '../../src/shared/outcome.ts';
import type { ModelSpec } from '../../src/shared/spec.ts';
import type { CloudSeen, DeploymentStatus, State } from '../../src/shared/states.ts';

/** The tree over one folder whose models.json is real and whose host is not there. */
class Fixture {
  readonly folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-tree-'));
  readonly changes = new vscode.EventEmitter<StoreChange>();
  readonly drawn: (Node | undefined)[] = [];
  readonly project: Project;
  readonly tree: ModelsTree;
  watcher: ModelsWatcher | undefined;

  constructor() {
    this.project = new Project(this.folder, {
      now: Date.now,
      connect: async () => fail('none', 'There is none here.'),
      awaited: { get: () => [], set: () => undefined },
      endedUnseen: () => undefined,
      changed: (change: ProjectChange) => this.changes.fire({ ...change, project: this.project }),
    });
    const store: Pick<Store, 'projects' | 'onDidChange' | 'opened'> = {
      projects: [this.project],
      onDidChange: this.changes.event,
      opened: async () => undefined,
    };
    this.tree = new ModelsTree(store as Store);
    this.tree.onDidChangeTreeData((node) => this.drawn.push(node));
  }

  async watch(): Promise<void> {
    this.watcher = await watchModels(this.folder, (document) => this.project.read(document), { settleMs: 5 });
  }

  write(text: string): void {
    writeFileSync(path.join(this.folder, 'models.json'), text);
  }

  /** What the next change asks the view to draw again. */
  next(): Promise<Node | undefined> {
    return new Promise((resolve) => {
      const once = this.tree.onDidChangeTreeData((node) => {
        once.dispose();
        resolve(node ?? undefined);
      });
    });
  }

  async rows(parent?: Node): Promise<vscode.TreeItem[]> {
    return (await this.tree.getChildren(parent)).map((node) => this.tree.getTreeItem(node));
  }

  dispose(): void {
    this.watcher?.close();
    this.tree.dispose();
    this.changes.dispose();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

const models = (entries: Record<string, ModelSpec>): string => JSON.stringify({ version: 1, models: entries }, null, 2);
const SENTIMENT: ModelSpec = {
  path: 'models/sentiment.joblib',
  framework: 'sklearn',
  deployments: { local: { target: 'local' } },
};
const ENTITIES: ModelSpec = { path: 'models/entities', framework: 'spacy' };

describe('the Models view', () => {
  let fixture: Fixture;

  beforeEach(() => (fixture = new Fixture()));
  afterEach(() => fixture.dispose());

  it('shows what models.json declares', async () => {
    fixture.write(models({ sentiment: SENTIMENT, entities: { ...ENTITIES, path: '/elsewhere/entities' } }));
    await fixture.watch();
    const rows = await fixture.rows();
    assert.deepEqual(
      rows.map(({ label, description }) => `${String(label)} | ${String(description)}`),
      ['sentiment | scikit-learn', 'entities | spaCy · not deployed · outside the project'],
    );
    assert.equal(
      rows[1]!.accessibilityInformation!.label,
      'model entities, spaCy · not deployed · outside the project',
    );
    const [sentiment] = await fixture.tree.getChildren();
    const [local] = await fixture.rows(sentiment);
    assert.equal(local!.label, 'local');
    assert.equal(local!.contextValue, 'deployment:undeployed');
    assert.equal(rows[0]!.contextValue, 'model:undeployed', 'it has the commands of its only deployment');
  });

  it('draws the one row again that an edit from outside changed', async () => {
    fixture.write(models({ sentiment: SENTIMENT, entities: ENTITIES }));
    await fixture.watch();
    await fixture.rows();
    fixture.drawn.length = 0;
    const next = fixture.next();
    fixture.write(models({ sentiment: SENTIMENT, entities: { ...ENTITIES, description: 'People and places' } }));
    const node = await next;
    assert.equal(node?.kind === 'model' && node.model, 'entities');
    assert.equal(fixture.drawn.length, 1);
  });

  it('keeps the last good models under a row that says where the file is no good', async () => {
    fixture.write(models({ sentiment: SENTIMENT }));
    await fixture.watch();
    const next = fixture.next();
    fixture.write('{\n  "version": 1,\n  "models": { "sentiment" {} }\n}\n');
    await next;
    const rows = await fixture.rows();
    assert.deepEqual(
      rows.map(({ label }) => label),
      ['models.json', 'sentiment'],
    );
    assert.match(String(rows[0]!.description), /^line 3, column \d+: A colon is missing/);
    assert.equal(rows[0]!.contextValue, 'problem:invalid');
    const [, { selection }] = rows[0]!.command!.arguments as [vscode.Uri, { selection: vscode.Range }];
    assert.equal(selection.start.line, 2);
  });

  it('shows what needs a newer Nimbus beside the rest', async () => {
    const prod = { target: 'kubernetes', cluster: 'eu-west-1' };
    fixture.write(
      JSON.stringify({
        version: 1,
        models: {
          vision: { path: 'vision.onnx', framework: 'caff' },
          sentiment: { ...SENTIMENT, deployments: { prod, local: { target: 'local' } } },
        },
      }),
    );
    await fixture.watch();
    const rows = await fixture.rows();
    assert.deepEqual(
      rows.map(({ label, description, contextValue }) => [label, description, contextValue]),
      [
        ['sentiment', 'scikit-learn', 'model:deployed'],
        ['vision', 'needs a newer Nimbus (framework caff)', 'model:later'],
      ],
    );
    const [sentiment] = await fixture.tree.getChildren();
    assert.deepEqual(
      (await fixture.rows(sentiment)).map(({ label, description }) => [label, description]),
      [
        ['local', 'not deployed on this machine'],
        ['prod', 'needs a newer Nimbus (target kubernetes)'],
      ],
    );
    assert.deepEqual(fixture.project.deploymentNames('sentiment'), ['local'], 'no command is offered it');
    const next = fixture.next();
    fixture.write(models({ sentiment: SENTIMENT }));
    await next;
    assert.equal((await fixture.rows()).length, 1);
  });

  it('offers to migrate an old file and shows what would become of it', async () => {
    fixture.write(
      JSON.stringify([{ modelName: 'Old One', modelType: 'sklearn', modelPathOrName: 'a.pkl', description: '' }]),
    );
    await fixture.watch();
    const rows = await fixture.rows();
    assert.deepEqual(
      rows.map(({ label, contextValue }) => [label, contextValue]),
      [
        ['models.json', 'problem:legacy'],
        ['old-one', 'model:undeployed'],
      ],
    );
  });

  it('says of a deployment first what matters most: its state, then its warm time', () => {
    const image = { id: 'sha256:00', reference: 'r', bytes: 152e6, python: '3.12', platform: 'linux-x86_64' };
    const error = { code: 'c', what: 'It does not load.' };
    const described = (state: State, more: Partial<DeploymentStatus> = {}): string => {
      const status = { state, lastMs: { warm: 2.1, cold: 1240 }, image, ...more };
      const project = {
        later: () => undefined,
        operation: () => undefined,
        status: () => status,
        unasked: () => undefined,
      };
      const node = {
        kind: 'deployment',
        project: project as unknown as Project,
        model: 'm',
        deployment: 'docker',
      } as const;
      return rowOf(node).description;
    };
    assert.equal(described('serving'), 'warm 2.1 ms · cold 1.24 s · Docker, 152 MB');
    assert.equal(described('serving', { lastMs: {} }), 'serving · Docker, 152 MB');
    assert.equal(described('idle'), 'idle · cold 1.24 s · warm 2.1 ms · Docker, 152 MB');
    assert.equal(described('changed'), 'changed · warm 2.1 ms · cold 1.24 s · Docker, 152 MB');
    assert.equal(
      described('refused', { error }),
      'refused · warm 2.1 ms · cold 1.24 s · It does not load. · Docker, 152 MB',
    );
    assert.match(described('failed', { error }), /^failed · It does not load\. · warm/);
  });

  describe('of a deployment on AWS', () => {
    const cloud = {
      account: '123456789012',
      region: 'eu-west-1',
      stack: 'nimbus-m-prod',
      auth: 'key',
      digest: `sha256:${'5'.repeat(64)}`,
    };
    const at = '2026-03-01T09:31:07Z';
    const node = (more: object = {}, unasked?: UserError): Node => {
      const status = {
        state: 'serving',
        lastMs: { warm: 12 },
        cloud,
        image: { id: 'sha256:00', reference: 'r', bytes: 152e6, python: '3.12', platform: 'linux-x86_64' },
        url: 'https://abc.execute-api.eu-west-1.amazonaws.com/prod',
        version: '2'.repeat(64),
        framework: 'sklearn',
        workers: 0,
        ...more,
      };
      const project = {
        later: () => undefined,
        operation: () => undefined,
        status: () => status,
        unasked: () => unasked,
      };
      return { kind: 'deployment', project: project as unknown as Project, model: 'm', deployment: 'prod' };
    };
    const tooltip = (of: Node): string => tooltipOf(of).value.replaceAll('\\', '').replaceAll('&nbsp;', ' ');

    it('says where it is, and has a context of its own', () => {
      const { description, context } = rowOf(node());
      assert.equal(description, 'warm 12 ms · AWS Lambda, eu-west-1');
      assert.equal(context, 'deployment:serving:cloud');
      const value = tooltip(node());
      for (const fact of [
        'https://abc',
        '123456789012',
        'eu-west-1',
        'nimbus-m-prod',
        '2222222',
        'sha256:55555',
        'API key',
      ])
        assert.ok(value.includes(fact), `${fact}: ${value}`);
      assert.ok(!value.includes('Workers'));
    });

    it("says AWS's states in its own words, with why and what to do", () => {
      const seen = { isAhead: false, at };
      const drifted = { at, parts: ['AWS::Lambda::Function nimbus-m-prod'] };
      const place = 'warm 12 ms · AWS Lambda, eu-west-1';
      const states: [DeploymentStatus['state'], Partial<CloudSeen>, string, string, RegExp][] = [
        ['serving', { state: 'serving', liveVersion: '7' }, place, 'circle-filled', /Version of the function: 7/],
        ['serving', { isAhead: true }, `${place} · ahead of its stack`, 'circle-filled', /nothing is to be done/],
        ['serving', { drifted }, `drifted · ${place}`, 'diff', /Compare With AWS shows what; Redeploy/],
        ['changed', { drifted }, `changed · drifted · ${place}`, 'diff-modified', /Function nimbus-m-prod/],
        ['updating', { state: 'creating' }, `being created · ${place}`, 'sync', /being created/],
        ['updating', { state: 'rolling-back' }, `rolling back · ${place}`, 'discard', /answers meanwhile/],
        ['updating', { state: 'deleting' }, `being deleted · ${place}`, 'trash', /being deleted/],
        ['idle', { state: 'inactive' }, `inactive · ${place}`, 'circle-slash', /The next request wakes it/],
        ['starting', { state: 'waking' }, `waking up · ${place}`, 'loading~spin', /waking up/],
        ['gone', { state: 'gone' }, `gone · ${place}`, 'question', /gone/],
      ];
      for (const [state, more, description, icon, said] of states) {
        const one = node({ state, seen: { state: 'serving', ...seen, ...more } });
        const row = rowOf(one);
        assert.deepEqual([row.description, row.icon], [description, icon]);
        assert.ok(row.spoken.includes(more.drifted ? 'drifted' : 'm, '), row.spoken);
        assert.match(tooltip(one), said);
      }
      // It is redeployed as what has changed is.
      assert.equal(rowOf(node({ seen: { state: 'serving', ...seen, drifted } })).context, 'deployment:changed:cloud');
    });

    it('says in the tooltip alone why AWS could not be asked', () => {
      const what = 'The AWS credentials have expired.';
      const unasked = node({}, { code: 'expired-credentials', what, next: 'Log in again, then try again.' });
      assert.equal(rowOf(unasked).description, rowOf(node()).description);
      assert.match(tooltip(unasked), /credentials have expired\.[^]*Log in again/);
      assert.notEqual(rowOf(unasked).details, rowOf(node()).details, 'it is drawn again');
    });
  });

  it('lists what AWS has beside it until models.json has it, each with its own commands', async () => {
    const place = { account: '123456789012', region: 'eu-west-1', stack: 'nimbus-topics-prod' };
    const ghost = {
      model: 'topics',
      deployment: 'prod',
      stackStatus: 'UPDATE_COMPLETE',
      createdAt: '2026-03-01T09:31:07Z',
    };
    fixture.write(models({ sentiment: SENTIMENT }));
    await fixture.watch();
    fixture.project.ghosts = [{ ...place, ...ghost, outputs: {} }];
    const nodes = await fixture.tree.getChildren();
    const group = nodes.at(-1)!;
    assert.deepEqual(
      [rowOf(group).label, rowOf(group).description, rowOf(group).context],
      ['Also in AWS', 'in no models.json here', 'ghosts'],
    );
    const [row] = await fixture.rows(group);
    assert.deepEqual(
      [row!.label, row!.description, row!.contextValue],
      ['topics/prod', 'update complete · eu-west-1', 'ghost'],
    );
    assert.equal(
      row!.accessibilityInformation!.label,
      'stack nimbus-topics-prod in account 123456789012, update complete · eu-west-1',
    );
    const [node] = await fixture.tree.getChildren(group);
    assert.match(tooltipOf(node!).value, /colleague/);
    const next = fixture.next();
    const prod = { target: 'lambda' as const, ...place };
    fixture.write(models({ sentiment: SENTIMENT, topics: { ...ENTITIES, deployments: { prod } } }));
    await next;
    assert.ok((await fixture.tree.getChildren()).every(({ kind }) => kind === 'model'));
  });

  it('makes a tooltip only when it is looked at', async () => {
    fixture.write(models({ sentiment: { ...SENTIMENT, description: '**Reviews**' } }));
    await fixture.watch();
    const [node] = await fixture.tree.getChildren();
    const item = fixture.tree.getTreeItem(node!);
    assert.equal(item.tooltip, undefined);
    await fixture.tree.resolveTreeItem(item, node!);
    const { value } = (item as { tooltip?: unknown }).tooltip as vscode.MarkdownString;
    assert.match(value, /\\\*\\\*Reviews\\\*\\\*/);
    assert.match(value, /models\/sentiment.joblib/);
  });

  it('of 10,000 models draws one row again for one edit, and asks for no deployment that is folded away', async () => {
    const many: Record<string, ModelSpec> = {};
    for (let index = 0; index < 10_000; index += 1) many[`model-${index}`] = SENTIMENT;
    fixture.project.read(parseModels(models(many)));
    const rows = await fixture.rows();
    assert.equal(rows.length, 10_000);
    assert.equal(rows[0]!.collapsibleState, vscode.TreeItemCollapsibleState.Collapsed);
    fixture.drawn.length = 0;
    fixture.project.read(parseModels(models({ ...many, 'model-7777': { ...SENTIMENT, description: 'edited' } })));
    assert.deepEqual(
      fixture.drawn.map((node) => node?.kind === 'model' && node.model),
      ['model-7777'],
    );
    assert.equal(fixture.tree.nodes.made(`${fixture.folder}#model-7777/local`), undefined);
  });
});
