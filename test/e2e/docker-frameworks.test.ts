/** Models of several frameworks in images on both kinds of base, asked in the playground; with a real engine. */
import assert from 'node:assert/strict';
import { execFile, execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { cache, root } from '../../scripts/lib/paths.mjs';
import type { BASE_IMAGES } from '../docker/project.ts';
import { buildAsBefore, buildOnTestBases } from './building.ts';
import { Playground } from './playground.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { row, showContainer } from './workbench.ts';

interface Sample {
  /** Below examples/models. */
  sample: string;
  framework: string;
  pythonVersion: keyof typeof BASE_IMAGES;
  text: string;
  answer: RegExp;
}

const MODELS: Record<string, Sample> = {
  entities: {
    sample: 'entities',
    framework: 'spacy',
    pythonVersion: '3.13',
    text: 'Ada Lovelace moved to Paris.',
    answer: /Ada Lovelace\s*PERSON/,
  },
  sentiment: {
    sample: 'sentiment.joblib',
    framework: 'sklearn',
    pythonVersion: '3.11',
    text: 'I loved the food.',
    answer: /positive/,
  },
  topics: {
    sample: 'onnx-topics',
    framework: 'onnx',
    pythonVersion: '3.13',
    text: 'the chef made bread',
    answer: /food\s*>0\.99/,
  },
};

describe('models of several frameworks in Docker', function () {
  this.timeout(300_000);
  let editor: EditorServer;
  let window: EditorWindow;
  let workspace: string;

  before(async () => {
    buildOnTestBases();
    editor = await startEditor();
    workspace = path.join(editor.folder, 'several');
    mkdirSync(workspace);
    symlinkSync(path.join(cache, 'python'), path.join(workspace, '.venv'));
    const models = Object.entries(MODELS).map(([name, { sample, framework, pythonVersion }]) => {
      cpSync(path.join(root, 'examples/models', sample), path.join(workspace, sample), { recursive: true });
      return [name, { path: sample, framework, pythonVersion }];
    });
    const file = path.join(workspace, 'models.json');
    writeFileSync(file, JSON.stringify({ version: 1, models: Object.fromEntries(models) }));
    window = await editor.open(workspace, 'dark');
    await showContainer(window.page, 'Nimbus');
  });
  after(async () => {
    try {
      // With their images. One that was not deployed is not there to be removed.
      for (const name of Object.keys(MODELS)) {
        const remove = [editor.cli, 'remove', `${name}/docker`, '--yes'];
        await promisify(execFile)(process.execPath, remove, { cwd: workspace }).catch(() => undefined);
      }
    } finally {
      await editor.stop();
      buildAsBefore();
    }
  });
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  for (const [name, { sample, pythonVersion, text, answer }] of Object.entries(MODELS)) {
    it(`${name} on Python ${pythonVersion} answers cold and warm`, async () => {
      const python = path.join(cache, 'python/bin/python');
      const deploy = [editor.cli, 'deploy', sample, '--target', 'docker', '--python', python, '--trust', '--yes'];
      await promisify(execFile)(process.execPath, deploy, { cwd: workspace });
      const { page } = window;
      const deployment = row(page, new RegExp(`^deployment docker of ${name}, .*Docker, \\d+ MB`));
      // A model that had no deployment before has its first one folded away.
      const model = page.locator(`[role="treeitem"][aria-expanded][aria-label^="model ${name}"]`);
      await model.waitFor({ timeout: 30_000 });
      if ((await model.getAttribute('aria-expanded')) === 'false') await model.click();
      await deployment.waitFor({ timeout: 30_000 });
      const playground = new Playground(page);
      await playground.openBy(deployment, name);
      assert.deepEqual(await playground.ask({ text }), { start: 'cold', status: 200 });
      assert.deepEqual(await playground.send(text), { start: 'warm', status: 200 });
      assert.match(await playground.answer().innerText(), answer);
      await window.picture(`docker-${name}`);
      const started = ['ps', '--all', '--format', '{{.Image}}', '--filter', `label=nimbus.deployment=${name}/docker`];
      assert.notEqual(execFileSync('docker', started, { encoding: 'utf8' }), '');
    });
  }
});
