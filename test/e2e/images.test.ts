/** The image of a deployment, looked into and swept, as a user does it; with a real engine. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cache } from '../../scripts/lib/paths.mjs';
import { violations } from './accessibility.ts';
import { buildAsBefore, buildOnTestBases, labelIn, removeImages, repositoryIn } from './building.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import {
  chooseMenuItem,
  notification,
  openContextMenu,
  quickInput,
  row,
  runCommand,
  showContainer,
  webview,
} from './workbench.ts';

const BUILD_MS = 100_000;

/** Needs about 200 MB, and the more processors the better. */
const HANDLER = `
import numpy

def load(path):
    return numpy.random.default_rng(1).random((300, 300))

def predict(model, input):
    memory = numpy.ones(25 << 20)
    product = model
    for _ in range(input["products"]):
        product = product @ model / 150
    return {"value": float(product.sum() + memory[0])}
`;

describe('an image', function () {
  this.timeout(300_000);
  let editor: EditorServer;
  let window: EditorWindow;
  /** The repository of its own images, and what chooses its own containers. */
  let images: string;
  let own: string;

  before(async () => {
    buildOnTestBases();
    editor = await startEditor();
    const workspace = path.join(editor.folder, 'images');
    mkdirSync(path.join(workspace, 'products'), { recursive: true });
    images = repositoryIn(workspace);
    own = labelIn(workspace);
    symlinkSync(path.join(cache, 'python'), path.join(workspace, '.venv'));
    writeFileSync(path.join(workspace, 'products/handler.py'), HANDLER);
    writeFileSync(path.join(workspace, 'products/requirements.txt'), 'numpy\n');
    const examples = [{ input: { products: 4 } }, { input: { products: 8 } }];
    const models = { products: { path: 'products', framework: 'custom', examples } };
    writeFileSync(path.join(workspace, 'models.json'), JSON.stringify({ version: 1, models }));
    window = await editor.open(workspace, 'dark');
    const deploy = [editor.cli, 'deploy', 'products', '--target', 'docker', '--trust', '--yes'];
    await promisify(execFile)(process.execPath, deploy, { cwd: workspace });
    await showContainer(window.page, 'Nimbus');
    await row(window.page, /^deployment docker of products, .*Docker, \d+ MB/).waitFor({ timeout: 30_000 });
  });
  after(async () => {
    await editor.stop();
    buildAsBefore();
    removeImages(images);
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  const choose = async (item: string): Promise<void> => {
    const deployment = row(window.page, /^deployment docker of products/);
    await chooseMenuItem(await openContextMenu(window.page, deployment, item));
  };

  it('is built again only where something changed', async () => {
    await choose('Build Image');
    await notification(window.page, /image of products is unchanged/).waitFor({ timeout: BUILD_MS });
    await window.picture('image-built');
    await notification(window.page, /is unchanged/)
      .getByRole('button', { name: 'Show Report' })
      .click();
    const report = webview(window.page);
    await report.getByRole('heading', { name: 'Image of products/docker' }).waitFor();
    await report.getByRole('row', { name: /numpy/ }).first().waitFor();
    await report.getByText('It needs a container.').waitFor();
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      await window.picture(`image-report-${theme}`);
      assert.deepEqual(await violations(report), [], theme);
    }
  });

  it('has a Dockerfile to be read, and not to be written', async () => {
    await webview(window.page).getByRole('button', { name: 'Open Dockerfile' }).click();
    const text = window.page.locator('.monaco-editor .view-lines').first();
    await text.getByText('The function of products').waitFor();
    await window.picture('image-dockerfile');
    await text.click();
    await window.page.keyboard.type('x');
    await window.page
      .getByText(/read-only/)
      .first()
      .waitFor();
  });

  it('is swept over memory sizes, and one that is too small is told as such', async () => {
    const { page } = window;
    await runCommand(page, 'Nimbus: Memory Sweep');
    const sizes = quickInput(page, 'Memory sweep of products (1/2)');
    await sizes.locator('input').fill('128, none');
    await page.keyboard.press('Enter');
    await sizes.getByText('Whole numbers from 128').waitFor();
    await sizes.locator('input').fill('128, 512, 1769, 3008');
    await window.picture('sweep-sizes');
    await page.keyboard.press('Enter');
    const limit = quickInput(page, 'Memory sweep of products (2/2)');
    await limit.locator('input').fill('9000');
    await page.keyboard.press('Enter');
    await notification(page, /Memory sweep of products/).waitFor();
    await window.picture('sweep-running');
    const report = webview(page);
    await report.getByRole('heading', { name: 'Memory sweep of products/docker' }).waitFor({ timeout: BUILD_MS });
    await report.getByRole('row', { name: /^128 MB .*out of memory/ }).waitFor();
    await report.getByRole('row', { name: /cheapest/ }).waitFor();
    await report.getByText(/^The cheapest with a p95 within 9,000 ms is/).waitFor();
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`sweep-report-${theme}`);
      assert.deepEqual(await violations(report), [], theme);
    }
  });

  it('shows its last sweep again', async () => {
    const { page } = window;
    await runCommand(page, 'View: Close All Editors');
    await choose('Memory Sweep');
    const question = quickInput(page, 'Memory sweep of products');
    await question.getByRole('option', { name: /Show the Last Sweep/ }).click();
    const report = webview(page);
    await report.getByRole('row', { name: /^128 MB .*out of memory/ }).waitFor();
    // In a narrow panel what does not fit is scrolled to, with the keyboard too.
    const size = page.viewportSize()!;
    await page.setViewportSize({ ...size, width: 760 });
    const sizes = report.getByRole('region', { name: 'Measured at each size' });
    await report.locator('.columns').first().waitFor();
    assert.ok(await sizes.evaluate((box) => box.scrollWidth > box.clientWidth));
    await window.picture('sweep-report-narrow');
    assert.deepEqual(await violations(report), []);
    await sizes.focus();
    await page.keyboard.press('ArrowRight');
    await report.locator('.scrolling[role=region]').evaluate(
      (box) =>
        new Promise<void>((resolve) => {
          if (box.scrollLeft > 0) resolve();
          else box.addEventListener('scroll', () => resolve(), { once: true });
        }),
    );
    await page.setViewportSize(size);
  });

  it('says what it would cost, by that sweep', async () => {
    const { page } = window;
    await choose('Show Cost');
    const report = webview(page);
    await report.getByRole('heading', { name: 'Cost of products/docker' }).waitFor();
    await report.getByText(/^AWS Lambda in us-east-1 · 1,769 MB, /).waitFor();
    await report.getByText(/^Measured by the memory sweep of /).waitFor();
    await report.getByRole('row', { name: /^API Gateway requests .*\$3\.50$/ }).waitFor();
    await report.getByRole('row', { name: /^t3\.medium \$34\.\d\d / }).waitFor();
    for (const theme of EVERY_THEME) {
      await chooseTheme(page, theme);
      await window.picture(`cost-${theme}`);
      assert.deepEqual(await violations(report), [], theme);
    }
    await report.getByRole('button', { name: 'Memory Sweep' }).click();
    await quickInput(page, 'Memory sweep of products').waitFor();
    await page.keyboard.press('Escape');
  });

  it('leaves nothing of a sweep that is cancelled', async () => {
    const { page } = window;
    await choose('Memory Sweep');
    await quickInput(page, 'Memory sweep of products')
      .getByRole('option', { name: /Sweep Again/ })
      .click();
    await quickInput(page, '(1/2)').locator('input').fill('1769, 3008');
    await page.keyboard.press('Enter');
    await quickInput(page, '(2/2)').waitFor();
    await page.keyboard.press('Enter');
    const running = notification(page, /Memory sweep of products/);
    await running.getByText(/answers/).waitFor({ timeout: BUILD_MS });
    await running.getByRole('button', { name: 'Cancel' }).click();
    await row(page, /^deployment docker of products, .*Docker, \d+ MB/).waitFor({ timeout: 30_000 });
    const left = ['ps', '--all', '--quiet', '--filter', own];
    assert.equal(execFileSync('docker', left, { encoding: 'utf8' }), '');
  });
});
