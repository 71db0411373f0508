/** An image goes to a registry and to a folder, and what is left is cleaned up, as a user does it; with a real engine. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { makeWorkspace } from '../../scripts/lib/workspace.mjs';
import { startRegistry, type Registry } from '../docker/support.ts';
import { buildAsBefore, buildOnTestBases, removeImages, repositoryIn } from './building.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  clipboard,
  notification,
  openContextMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
  webview,
} from './workbench.ts';

describe('an image that goes elsewhere', () => {
  let editor: EditorServer;
  let window: EditorWindow;
  let registry: Registry;
  let workspace: string;
  /** The repository of its own images. */
  let images: string;
  const homeBefore = process.env['NIMBUS_HOME'];
  let home: string;

  before(async () => {
    buildOnTestBases();
    // Projects of other tests, which are gone by now, would keep environments from being cleaned up.
    home = mkdtempSync(path.join(tmpdir(), 'nh-'));
    process.env['NIMBUS_HOME'] = home;
    registry = await startRegistry();
    editor = await startEditor();
    workspace = path.join(editor.folder, 'shipped');
    makeWorkspace(workspace);
    images = repositoryIn(workspace);
    const deploy = [editor.cli, 'deploy', 'rules', '--target', 'docker', '--trust', '--yes'];
    execFileSync(process.execPath, deploy, { cwd: workspace, stdio: 'pipe' });
    window = await editor.open(workspace, 'dark');
    await showContainer(window.page, 'Nimbus');
    await row(window.page, /^deployment docker of rules, .*Docker, \d+ MB/).waitFor({ timeout: 30_000 });
  });
  after(async () => {
    await editor.stop();
    await registry.end();
    if (homeBefore === undefined) delete process.env['NIMBUS_HOME'];
    else process.env['NIMBUS_HOME'] = homeBefore;
    rmSync(home, { recursive: true, force: true, maxRetries: 5 });
    buildAsBefore();
    removeImages(images);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  const choose = async (item: string): Promise<void> => {
    const deployment = row(window.page, /^deployment docker of rules/);
    await chooseMenuItem(await openContextMenu(window.page, deployment, item));
  };

  const inputOf = (title: string) => quickInput(window.page, title).locator('input').first();

  async function dismissNotifications(): Promise<void> {
    await runCommand(window.page, 'Notifications: Clear All Notifications');
  }

  it('is pushed to a registry that the user names, which is remembered', async () => {
    const { page } = window;
    await choose('Push to Registry');
    const title = 'Push rules/docker to a Registry';
    await inputOf(title).fill(`${registry.address}/Team/rules`);
    await quickInput(page, 'Write it in lowercase').waitFor();
    await window.picture('push-wrong-name');
    await inputOf(title).fill(`${registry.address}/team/rules:first`);
    await page.keyboard.press('Enter');
    await notification(page, 'Pushing the image of rules: 2 of 3 · layers').waitFor();
    const said = notification(page, `rules is pushed as ${registry.address}/team/rules:first`);
    await said.waitFor({ timeout: 60_000 });
    await said.getByRole('button', { name: 'Copy Digest' }).click();
    const copied = await clipboard(page, registry.address);
    assert.match(copied, /\/team\/rules@sha256:[0-9a-f]{64}$/);
    const answer = await fetch(`http://${registry.address}/v2/team/rules/manifests/${copied.split('@')[1]}`, {
      headers: { Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
    assert.equal(answer.status, 200);
    await row(page, /^deployment docker of rules/).hover();
    const tooltip = page.locator('.workbench-hover', { hasText: copied });
    await tooltip.waitFor();
    assert.doesNotMatch(await tooltip.innerText(), /Made with/, 'nothing says what a handler.py was made with');
    await window.picture('push-tooltip');
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await choose('Push to Registry');
      assert.equal(await inputOf(title).inputValue(), `${registry.address}/team/rules:first`);
      await window.picture(`push-prompt-${theme}`);
      await page.keyboard.press('Enter');
      await notification(page, 'it was there already').waitFor();
      await window.picture(`push-result-${theme}`);
      await dismissNotifications();
    }
  });

  it('that is refused says what to do, with the log', async () => {
    const { page } = window;
    const closed = await startRegistry({ closed: true });
    try {
      await choose('Push to Registry');
      await inputOf('to a Registry').fill(`${closed.address}/team/rules`);
      await page.keyboard.press('Enter');
      const said = notification(page, 'does not let you push');
      await said.waitFor({ timeout: 30_000 });
      assert.match(await said.innerText(), new RegExp(`docker login ${closed.address}`));
      await said.getByRole('button', { name: 'Show Log' }).waitFor();
      await window.picture('push-refused');
      await dismissNotifications();
    } finally {
      await closed.end();
    }
  });

  it('is ejected to a folder that builds without Nimbus', async () => {
    const { page } = window;
    const into = path.join(editor.folder, 'elsewhere');
    mkdirSync(path.join(into, 'there already'), { recursive: true });
    await choose('Eject');
    const title = 'Eject rules: Where Its Folder Goes';
    // VS Code's folder dialog goes back to the first folder once it has read that.
    await quickInput(page, title).getByRole('option', { name: 'models' }).waitFor();
    await inputOf(title).fill(`${into}/`);
    await quickInput(page, title).getByRole('option', { name: 'there already' }).waitFor();
    await window.picture('eject-folder');
    await quickInput(page, title).getByRole('button', { name: 'Eject Here' }).click();
    const said = notification(page, `rules is in ${path.join(into, 'rules')}`);
    await said.waitFor({ timeout: 60_000 });
    await window.picture('eject-result');
    assert.ok(existsSync(path.join(into, 'rules/Dockerfile')));
    await said.getByRole('button', { name: 'Open README' }).click();
    await webview(page).getByRole('heading', { name: 'What is what' }).waitFor();
    await window.picture('eject-readme');
    // VS Code's own preview fails where the theme changes while it loads.
    await runCommand(page, 'View: Close All Editors');
    await dismissNotifications();
  });

  it('leaves what can be cleaned up, of which the user chooses', async () => {
    const { page } = window;
    const environment = path.join(process.env['NIMBUS_HOME']!, 'cache/environments/0123456789abcdef0123');
    const longAgo = new Date('2020-01-01T00:00:00Z');
    mkdirSync(environment, { recursive: true });
    writeFileSync(path.join(environment, 'file'), 'x'.repeat(3_000_000));
    utimesSync(environment, longAgo, longAgo);
    const title = /Clean Up: frees up to [34]/;
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await runCommand(page, 'Nimbus: Clean Up');
      await quickInput(page, title).getByText('Environments that no deployment uses').waitFor({ timeout: 30_000 });
      await window.picture(`clean-up-${theme}`);
      await page.keyboard.press('Escape');
      await quickInput(page, title).waitFor({ state: 'detached' });
    }
    assert.ok(existsSync(environment));
    await runCommand(page, 'Nimbus: Clean Up');
    await quickInput(page, title).getByRole('button', { name: 'OK' }).click();
    await notification(page, /Removed \d+, which frees up to [34]/).waitFor({ timeout: 30_000 });
    await window.picture('clean-up-result');
    assert.ok(!existsSync(environment));
    await row(page, /^deployment docker of rules, .*Docker, \d+ MB/).waitFor();
  });
});
