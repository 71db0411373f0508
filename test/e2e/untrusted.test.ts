/** A folder that is not trusted runs nothing; a killed extension host loses nothing. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { findHost } from '../../src/core/host/client.ts';
import { deployFromExplorer } from './deploy.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { fileRow, quickInput, row, runCommand, showContainer } from './workbench.ts';

describe('a folder of somebody else', () => {
  let editor: EditorServer;
  let window: EditorWindow;
  let project: string;
  let canary: string;

  before(async () => {
    editor = await startEditor(undefined, true);
    project = path.join(editor.folder, 'theirs');
    canary = path.join(editor.folder, 'canary');
    mkdirSync(path.join(project, 'code'), { recursive: true });
    writeFileSync(path.join(project, 'code/handler.py'), HANDLER.replace('CANARY', JSON.stringify(canary)));
    const declared = { path: 'code', framework: 'custom', deployments: { local: { target: 'local' } } };
    writeFileSync(path.join(project, 'models.json'), JSON.stringify({ version: 1, models: { code: declared } }));
    window = await editor.open(project, 'dark');
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
  });

  it('is shown, and nothing of it runs', async () => {
    const { page } = window;
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of code, needs a trusted workspace/).waitFor();
    await window.picture('untrusted');
    // Neither from the palette nor from the Explorer.
    await page.keyboard.press('F1');
    await quickInput(page, '').locator('input').fill('>Nimbus: ');
    await quickInput(page, '').getByText('Nimbus: Open models.json').waitFor();
    assert.equal(await quickInput(page, '').getByText('Nimbus: Deploy Model').count(), 0);
    await page.keyboard.press('Escape');
    await showContainer(page, /^Explorer/);
    await fileRow(page, 'code').click({ button: 'right' });
    await page.getByRole('menuitem', { name: /^Copy Path/ }).waitFor();
    assert.equal(await page.getByRole('menuitem', { name: 'Deploy Model' }).count(), 0);
    await page.keyboard.press('Escape');
    assert.equal(await findHost({ project, kind: 'cli' }), undefined, 'no host was started');
    assert.ok(!existsSync(canary) && !existsSync(path.join(project, '.nimbus')));
  });

  it('is served once it is trusted', async () => {
    const { page } = window;
    await runCommand(page, 'Workspaces: Manage Workspace Trust');
    await page.getByRole('button', { name: /^Trust$/ }).click();
    await page.getByText('You trust this folder').waitFor();
    await page
      .locator('.monaco-modal-editor-block')
      .getByRole('button', { name: /^Close/ })
      .last()
      .click();
    await showContainer(page, 'Nimbus');
    await row(page, /^deployment local of code, not deployed on this machine/).waitFor();
    await deployFromExplorer(page, ['code'], 'code');
    assert.ok(existsSync(canary));
  });

  it('is deployed to the end while the extension host is killed, and found again by the next one', async () => {
    const { page } = window;
    const before = await findHost({ project, kind: 'cli' });
    assert.ok(before);
    const gate = path.join(editor.folder, 'gate');
    const handler = path.join(project, 'code/handler.py');
    writeFileSync(handler, `${readFileSync(handler, 'utf8')}${GATED.replace('GATE', JSON.stringify(gate))}`);
    await showContainer(page, 'Nimbus');
    await runCommand(page, 'Nimbus: Redeploy');
    while (!existsSync(`${gate}.here`)) await delay(50);
    const hosts = extensionHosts(editor.profile);
    assert.ok(hosts.length > 0);
    for (const pid of hosts) process.kill(pid, 'SIGKILL');
    while (extensionHosts(editor.profile).some((pid) => hosts.includes(pid))) await delay(50);
    while (extensionHosts(editor.profile).length === 0) await delay(50);
    writeFileSync(gate, '');
    const version = before.hello.deployments[0]!.version;
    for (;;) {
      const now = await findHost({ project, kind: 'cli' });
      now?.close();
      assert.equal(now?.hello.pid, before.hello.pid, 'the function host is a process of its own');
      if (now.hello.deployments[0]!.version !== version) break;
      await delay(50);
    }
    before.close();
    // The window's new extension host is connected to it.
    await runCommand(page, 'Nimbus: Stop');
    await row(page, /^deployment local of code, stopped/).waitFor({ timeout: 30_000 });
    await window.picture('after-a-crash');
  });
});

const HANDLER = `
open(CANARY, "a").close()

def load(path):
    return None

def predict(model, input):
    return input
`;

const GATED = `
import os, time
gate = GATE
open(gate + ".here", "w").close()
while not os.path.exists(gate):
    time.sleep(0.01)
`;

/** Those of one profile's server: nothing else says which process is one. */
function extensionHosts(profile: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => {
      try {
        const [line, environ] = ['cmdline', 'environ'].map((name) => readFileSync(`/proc/${pid}/${name}`, 'latin1'));
        return pid > 0 && line!.includes('--type=extensionHost') && environ!.includes(profile);
      } catch {
        return false;
      }
    });
}
