import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import * as vscode from 'vscode';
import type { PredictAnswer, Problem } from '../../src/shared/contract.ts';
import { Store } from '../../src/editor/store/store.ts';
import { ModelsTree } from '../../src/editor/tree/provider.ts';
import { hostOfWindow, leaveNothing, modelsFile, run, runAgreeing, workspace, writeEcho } from './host-window.ts';

const KEY = { model: 'rules', deployment: 'local' };

describe('deploying a custom model by its command', () => {
  before(async function () {
    this.timeout(90_000);
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(path.join(workspace, 'rules')));
    assert.deepEqual(outcome, { ok: true, value: KEY });
  });
  after(leaveNothing);

  it('declares it in models.json', () => {
    const { models } = JSON.parse(readFileSync(modelsFile, 'utf8'));
    assert.equal(models.rules.path, 'rules');
    assert.deepEqual(models.rules.deployments, { local: { target: 'local' } });
  });

  it('opens its playground', () => playgroundOpened('rules'));

  it('answers at its URL, which Copy Endpoint URL copies', async () => {
    const copied = await run('nimbus.copyEndpointUrl', { model: KEY.model });
    assert.equal(copied.ok, true);
    const url = await urlOf();
    assert.equal(await vscode.env.clipboard.readText(), url);
    const answer = (await predict(url)) as PredictAnswer;
    assert.equal(answer.model, 'rules');
    assert.notEqual(answer.result, undefined);
  });

  it('copies the request as code', async () => {
    for (const [command, sign] of [
      ['nimbus.copyAsCurl', /^curl /],
      ['nimbus.copyAsPython', /urllib\.request/],
      ['nimbus.copyAsTypeScript', /await fetch\(/],
    ] as const) {
      await run(command, KEY);
      assert.match(await vscode.env.clipboard.readText(), sign);
    }
  });

  it('is stopped, started and made cold again', async () => {
    const url = await urlOf();
    assert.equal((await run('nimbus.stop', KEY)).ok, true);
    const stopped = (await predict(url)) as Problem;
    assert.equal(stopped.status, 503);
    assert.match(stopped.type, /stopped$/);
    assert.equal((await run('nimbus.start', KEY)).ok, true);
    assert.equal(((await predict(url)) as PredictAnswer).timings.start, 'cold');
    assert.equal(((await predict(url)) as PredictAnswer).timings.start, 'warm');
    assert.equal((await run('nimbus.forceCold', KEY)).ok, true);
    assert.equal(((await predict(url)) as PredictAnswer).timings.start, 'cold');
  });

  it('shows its log as a document that cannot be edited', async () => {
    await run('nimbus.showLogs', KEY);
    const { document } = vscode.window.activeTextEditor!;
    assert.equal(document.uri.scheme, 'nimbus-log');
    assert.equal(document.languageId, 'log');
  });

  it('answers the selection of an editor in its playground', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'I loved it\nI hated it\n' });
    const { selection } = await vscode.window.showTextDocument(document, { selection: new vscode.Range(1, 0, 1, 10) });
    assert.equal(document.getText(selection), 'I hated it');
    // The playground of the deploy is in the same group.
    assert.deepEqual(await run('nimbus.predictSelection', KEY), { ok: true, value: undefined });
    assert.equal(vscode.window.activeTextEditor?.document, document, 'the text stays in sight, with the focus');
    assert.equal(vscode.window.tabGroups.all.length, 2);
  });

  it('is redeployed without a question', async () => {
    const outcome = await run('nimbus.redeploy', KEY);
    assert.equal(outcome.ok, true);
  });

  it('shows in the Models view of another window with its state and its last latencies', async () => {
    const memory = { get: (_: string, usual: unknown) => usual, update: async () => undefined } as never;
    const log = vscode.window.createOutputChannel('test', { log: true });
    const store = new Store(memory, { get: async () => undefined } as never, log);
    const tree = new ModelsTree(store);
    try {
      await tree.getChildren();
      const project = store.projects.find(({ folder }) => folder === realpathSync(workspace))!;
      await project.host();
      const [model] = await tree.getChildren();
      const [deployment] = await tree.getChildren(model);
      tree.getTreeItem(deployment!);
      await run('nimbus.forceCold', KEY);
      await predict(await urlOf());
      while (!/cold/.test(String(tree.getTreeItem(deployment!).description))) {
        await new Promise((resolve) => tree.onDidChangeTreeData(resolve));
      }
      const { label, description, contextValue, accessibilityInformation } = tree.getTreeItem(deployment!);
      assert.equal(label, 'local');
      assert.match(String(description), /^(warm [\d.,]+ m?s · )?cold [\d.,]+ m?s$/);
      assert.equal(contextValue, 'deployment:serving');
      assert.equal(
        tree.getTreeItem(model!).contextValue,
        'model:serving',
        'it has the commands of its only deployment',
      );
      assert.equal(accessibilityInformation!.label, `deployment local of rules, serving · ${String(description)}`);
    } finally {
      tree.dispose();
      store.dispose();
      log.dispose();
    }
  });
});

describe('the log of a deployment', () => {
  before(async function () {
    this.timeout(90_000);
    const folder = path.join(workspace, 'noisy');
    mkdirSync(folder);
    const lines = [
      'schema = {"input": {"type": "object", "properties": {"age": {"type": "number"}}}}',
      'def load(path):',
      '    return None',
      'def predict(model, input):',
      '    print(input)',
      '    return 1',
    ];
    writeFileSync(path.join(folder, 'handler.py'), lines.join('\n'));
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.deepEqual(outcome, { ok: true, value: { model: 'noisy', deployment: 'local' } });
    await playgroundOpened('noisy');
  });
  after(leaveNothing);

  it('is of a model of tables, whose copied request has its columns', async () => {
    const key = { model: 'noisy', deployment: 'local' };
    for (const command of ['nimbus.copyAsCurl', 'nimbus.copyAsPython', 'nimbus.copyAsTypeScript']) {
      await run(command, key);
      const copied = await vscode.env.clipboard.readText();
      assert.match(copied, /"?input"?: ?\{\s*"?age"?: ?1/, command);
    }
  });

  it('grows while the model prints, and shows the lines of one request', async () => {
    const key = { model: 'noisy', deployment: 'local' };
    assert.equal((await run('nimbus.showLogs', key)).ok, true);
    const { document } = vscode.window.activeTextEditor!;
    const { requestId } = (await predict(await urlOf('noisy'))) as PredictAnswer;
    await grown(document, 1);
    await run('nimbus.showLogs', key, requestId);
    const { selection } = vscode.window.activeTextEditor!;
    assert.match(document.lineAt(selection.active.line).text, new RegExp(`#${requestId}$`));
  });

  it('goes on growing when the host was ended and Refresh has started it again', async () => {
    const key = { model: 'noisy', deployment: 'local' };
    await run('nimbus.showLogs', key);
    const { document } = vscode.window.activeTextEditor!;
    const before = await hostOfWindow();
    process.kill(before!.hello.pid, 'SIGTERM');
    await before!.closed;
    await run('nimbus.refresh');
    while (!(await run('nimbus.copyEndpointUrl', key)).ok) await setTimeout(50);
    const after = await hostOfWindow();
    after!.close();
    assert.notEqual(after!.hello.pid, before!.hello.pid);
    await predict(await urlOf('noisy'));
    await grown(document, 2);
  });
});

describe('a deploy that fails', () => {
  const folder = path.join(workspace, 'failing');
  after(async () => {
    await leaveNothing();
    rmSync(folder, { recursive: true });
  });

  it('leaves a log of its steps, which its row opens', async function () {
    this.timeout(90_000);
    writeEcho(folder, 'raise ValueError("no weights")');
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.equal(outcome.ok ? 'ok' : outcome.error.action?.command, 'nimbus.showOperationLog');
    const opened = await run('nimbus.showOperationLog', { model: 'failing', deployment: 'local' });
    assert.equal(opened.ok, true);
    assert.match(vscode.window.activeTextEditor!.document.getText(), /deploy failing\/local[^]*failed/);
  });
});

describe('a model that needs labels with each text', () => {
  const key = { model: 'topics', deployment: 'local' };
  before(async function () {
    this.timeout(90_000);
    const folder = path.join(workspace, 'topics');
    mkdirSync(folder);
    const labels = '{"type": "array", "items": {"type": "string"}, "examples": [["noise", "staff"]]}';
    const parameters = `{"type": "object", "properties": {"labels": ${labels}}, "required": ["labels"]}`;
    const lines = [
      `schema = {"input": {"type": "string"}, "parameters": ${parameters}}`,
      'def load(path):',
      '    return None',
      'def predict(model, input, parameters):',
      '    print(input, "is about", *parameters["labels"])',
      '    return {"label": parameters["labels"][0]}',
    ];
    writeFileSync(path.join(folder, 'handler.py'), lines.join('\n'));
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.deepEqual(outcome, { ok: true, value: key });
    await playgroundOpened('topics');
  });
  after(leaveNothing);

  it('gets those that stand in its playground with a selected text', async () => {
    await run('nimbus.showLogs', key);
    const log = vscode.window.activeTextEditor!.document;
    const document = await vscode.workspace.openTextDocument({ content: 'Too loud\n' });
    await vscode.window.showTextDocument(document);
    assert.deepEqual(await run('nimbus.predictSelection', key), { ok: true, value: undefined });
    while (!log.getText().includes('Too loud is about noise staff'))
      await new Promise((resolve) => {
        const once = vscode.workspace.onDidChangeTextDocument((change) => {
          once.dispose();
          resolve(change);
        });
      });
  });
});

describe('a model that takes rows of a table', () => {
  const key = { model: 'table', deployment: 'local' };
  before(async function () {
    this.timeout(90_000);
    const folder = path.join(workspace, 'table');
    mkdirSync(folder);
    const lines = [
      'schema = {"input": {"type": "object", "properties": {"age": {"type": "number"}}}}',
      'def load(path):',
      '    return None',
      'def predict(model, input):',
      '    return input["age"]',
    ];
    writeFileSync(path.join(folder, 'handler.py'), lines.join('\n'));
    const outcome = await runAgreeing('nimbus.deploy', vscode.Uri.file(folder));
    assert.deepEqual(outcome, { ok: true, value: key });
    await playgroundOpened('table');
  });
  after(leaveNothing);

  it('is not offered a text: Predict Selection says why and what to do', async () => {
    const document = await vscode.workspace.openTextDocument({ content: 'I hated it\n' });
    await vscode.window.showTextDocument(document);
    for (const given of [[], [key]]) {
      const outcome = await run('nimbus.predictSelection', ...given);
      assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'takes-no-text');
      assert.match(outcome.ok ? '' : outcome.error.what, /^table takes no text/);
      assert.equal(outcome.ok ? '' : outcome.error.action?.command, 'nimbus.openPlayground');
    }
  });

  it('is copied with a row that it answers', async () => {
    await run('nimbus.copyAsTypeScript', key);
    assert.match(await vscode.env.clipboard.readText(), /"age": 1/);
  });
});

describe('commands without anything to work on', () => {
  after(() => vscode.commands.executeCommand('notifications.clearAll'));

  for (const command of ['stop', 'start', 'forceCold', 'openPlayground', 'copyAsCurl', 'showLogs', 'cancelOperation']) {
    it(`nimbus.${command} says so`, async () => {
      const outcome = await run(`nimbus.${command}`);
      assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'no-deployment');
    });
  }

  it('nimbus.deploy names what it looked for in a file that is no model', async () => {
    const outcome = await run('nimbus.deploy', vscode.Uri.file(path.join(workspace, 'reviews.txt')));
    assert.equal(outcome.ok, false);
    assert.match(outcome.ok ? '' : `${outcome.error.what} ${outcome.error.why}`, /reviews\.txt/);
  });

  it('nimbus.stop takes no other deployment for one that is gone', async () => {
    const outcome = await run('nimbus.stop', KEY);
    assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'deployment-gone');
  });

  it('nimbus.deploy says why an empty pickle is no model', async () => {
    const empty = path.join(workspace, 'empty.pkl');
    writeFileSync(empty, '');
    const outcome = await run('nimbus.deploy', vscode.Uri.file(empty));
    assert.match(outcome.ok ? '' : outcome.error.what, /empty\.pkl/);
  });

  it('nimbus.deploy refuses what is not on disk', async () => {
    const outcome = await run('nimbus.deploy', vscode.Uri.parse('untitled:model.joblib'));
    assert.equal(outcome.ok ? 'ok' : outcome.error.code, 'not-on-disk');
  });
});

/** Resolves once a log has the text of `predict` this often. */
async function grown(document: vscode.TextDocument, times: number): Promise<void> {
  while (document.getText().split('I loved the food').length - 1 < times) {
    await new Promise((resolve) => {
      const once = vscode.workspace.onDidChangeTextDocument((change) => {
        once.dispose();
        resolve(change);
      });
    });
  }
}

/** Resolves once the model's playground has its tab. */
async function playgroundOpened(model: string): Promise<void> {
  const titles = (): string[] =>
    vscode.window.tabGroups.all
      .flatMap((group) => group.tabs)
      .filter(({ input, isActive }) => input instanceof vscode.TabInputWebview && isActive)
      .map(({ label }) => label);
  while (!titles().includes(`Playground: ${model}`)) {
    await new Promise((resolve) => {
      const once = vscode.window.tabGroups.onDidChangeTabs((change) => {
        once.dispose();
        resolve(change);
      });
    });
  }
}

async function urlOf(model = 'rules'): Promise<string> {
  const host = await hostOfWindow();
  const status = host!.hello.deployments.find((one) => one.model === model);
  host!.close();
  return status!.url;
}

async function predict(url: string): Promise<unknown> {
  const response = await fetch(`${url}/predict`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ input: 'I loved the food' }),
  });
  return response.json();
}
