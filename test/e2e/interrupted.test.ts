import assert from 'node:assert/strict';
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { text } from 'node:stream/consumers';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { isRunning, SlowModel } from './slow-model.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  fileRow,
  notification,
  openExplorerMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
} from './workbench.ts';

const DEPLOYING = /^deployment local of slow, deploying/;

describe('a deploy that takes long', () => {
  let editor: EditorServer;
  let workspace: string;
  let window: EditorWindow;
  let slow: SlowModel;

  before(async () => {
    editor = await startEditor();
    workspace = path.join(editor.folder, 'slow-deploy');
    makeWorkspace(workspace);
    slow = new SlowModel(workspace);
    window = await editor.open(workspace, 'dark', { 'nimbus.playground.openAfterDeploy': false });
  });
  after(async () => {
    slow.letGo();
    await editor.stop();
  });
  beforeEach(() => slow.hold());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
  });

  it('goes on while the window reloads, is there again, and is cancelled from its row', async () => {
    const { page } = window;
    await deployFromExplorer();
    const worker = await slow.loading();
    await showContainer(page, 'Nimbus');
    await row(page, DEPLOYING).waitFor();
    const reloaded = page.waitForEvent('load');
    await runCommand(page, 'Developer: Reload Window');
    await reloaded;
    await showContainer(page, 'Nimbus');
    await row(page, DEPLOYING).waitFor({ timeout: 30_000 });
    assert.equal(isRunning(worker), true);
    await window.picture('deploying-after-reload');
    await row(page, DEPLOYING).hover();
    await row(page, DEPLOYING).getByRole('button', { name: 'Cancel Operation' }).click();
    await page.getByText('No models yet.').waitFor();
    assert.equal(isRunning(worker), false);
    assert.equal(existsSync(path.join(workspace, 'models.json')), false);
  });

  it('says that it failed, in a window that was reloaded meanwhile', async () => {
    const { page } = window;
    await deployFromExplorer();
    await slow.loading();
    const reloaded = page.waitForEvent('load');
    await runCommand(page, 'Developer: Reload Window');
    await reloaded;
    await showContainer(page, 'Nimbus');
    await row(page, DEPLOYING).waitFor({ timeout: 30_000 });
    slow.letFail();
    await notification(page, 'The deploy of slow/local failed: ').waitFor({ timeout: 30_000 });
    await row(page, /^deployment local of slow, deploy failed/).waitFor();
    await window.picture('failed-after-reload');
    await notification(page, 'The deploy of slow/local failed').getByRole('button', { name: 'Show Log' }).click();
    await page.getByRole('tab', { name: /-deploy-slow-local\.log/ }).waitFor();
    await runCommand(page, 'View: Close All Editors');
    // Its rows move when it first shows .nimbus, and a click must not fall into that.
    await showContainer(page, /^Explorer/);
    await fileRow(page, '.nimbus').waitFor();
  });

  it('of the window refuses the command line the same model', async () => {
    const { page } = window;
    await deployFromExplorer();
    await slow.loading();
    const { code, problem } = await nimbus(['deploy', 'slow', '--yes', '--trust', '--json']);
    assert.equal(code, 1);
    assert.match(
      problem,
      /A deploy of slow\/local is under way\..*Wait until it has ended, or cancel it: with Ctrl\+C where it runs, or with Cancel Operation in the Models view\./s,
    );

    await showContainer(page, 'Nimbus');
    slow.letGo();
    await row(page, /^deployment local of slow, (serving|idle)/).waitFor({ timeout: 30_000 });
    assert.equal(existsSync(path.join(workspace, 'models.json')), true);
  });

  it('of the command line shows in the window, which says why it deploys nothing now', async () => {
    const { page } = window;
    const cli = start(['deploy', 'slow', '--yes', '--trust', '--json']);
    await slow.loading();
    await row(page, /^deployment local of slow, redeploying/).waitFor();
    await deployFromExplorer();
    await notification(page, 'A redeploy of slow/local is under way.').waitFor();
    await window.picture('deploy-under-way');
    slow.letGo();
    const [code] = await once(cli, 'close');
    assert.equal(code, 0);
  });

  async function deployFromExplorer(): Promise<void> {
    const { page } = window;
    await chooseMenuItem(await openExplorerMenu(page, ['slow'], 'Deploy Model'));
    await quickInput(page, 'Deploy slow (')
      .getByRole('option', { name: 'Deploy as slow' })
      .waitFor({ timeout: 30_000 });
    await page.keyboard.press('Enter');
  }

  function start(args: string[]): ChildProcess {
    return spawn(process.execPath, [editor.cli, ...args], { cwd: workspace, stdio: ['ignore', 'pipe', 'pipe'] });
  }

  async function nimbus(args: string[]): Promise<{ code: number; problem: string }> {
    const child = start(args);
    const [out, err, [code]] = await Promise.all([text(child.stdout!), text(child.stderr!), once(child, 'close')]);
    return { code: Number(code), problem: out + err };
  }
});
