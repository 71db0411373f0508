/** Models of the frameworks that the other tests here do not have, from the Explorer to an answer that people can read. */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { cache, root, windows } from '../../scripts/lib/paths.mjs';
import { violations } from './accessibility.ts';
import { deployFromExplorer } from './deploy.ts';
import { Playground, type Input } from './playground.ts';
import { chooseTheme, EVERY_THEME } from './themes.ts';
import { startEditor, type EditorServer, type EditorWindow } from './window.ts';
import { row, showContainer } from './workbench.ts';

interface Sample {
  /** Below examples/models. */
  sample: string;
  /** What is clicked in a folder, where that is not the folder. */
  file?: string;
  /** As the review and the Models view write it. */
  framework: string;
  model: string;
  input: Input;
  /** What the answer says, top down. */
  answer: RegExp;
}

const MODELS: Sample[] = [
  {
    sample: 'hugging-face/topics',
    framework: 'Hugging Face',
    model: 'topics',
    input: { text: 'the chef baked the cake' },
    answer: /food\s*>0\.99/,
  },
  {
    sample: 'hugging-face/names',
    framework: 'Hugging Face',
    model: 'names',
    input: { text: 'Emma Smith works at Acme in Oslo .' },
    answer: /Emma Smith\s*PERSON.*Acme\s*COMPANY.*Oslo\s*PLACE/s,
  },
  {
    sample: 'onnx-topics',
    framework: 'ONNX',
    model: 'onnx-topics',
    input: { text: 'the chef made bread' },
    answer: /food\s*>0\.99/,
  },
  {
    sample: 'onnx-tensors',
    framework: 'ONNX',
    model: 'onnx-tensors',
    input: { json: [[0.5, 0.5]] },
    answer: /answers\s*float32 \[1, 2\]/,
  },
  {
    sample: 'torch/labelled',
    file: 'model.pt',
    framework: 'PyTorch',
    model: 'labelled',
    input: { json: [5.1, 3.5, 1.4, 0.2] },
    answer: /setosa\s*>0\.99/,
  },
  {
    sample: 'flowers.ubj',
    framework: 'XGBoost',
    model: 'flowers',
    input: { form: { sepal_length: '5.1', sepal_width: '3.5', petal_length: '1.4', petal_width: '0.2' } },
    answer: /0\s*0\.9\d/,
  },
  {
    sample: 'progress-lgb.txt',
    framework: 'LightGBM',
    model: 'progress-lgb',
    input: { json: [0.04, 0.05, 0.06, 0.02, -0.04, -0.03, -0.04, 0, 0.02, -0.02] },
    answer: /value\s*18\d\.\d/,
  },
  {
    sample: 'seq2seq',
    framework: 'custom',
    model: 'seq2seq',
    input: { text: 'three hundred and twenty-one' },
    answer: /321.*score\s*0\.9/s,
  },
];

describe('models of every framework', () => {
  let editor: EditorServer;
  let window: EditorWindow;
  let playground: Playground;

  before(async () => {
    editor = await startEditor();
    const workspace = path.join(editor.folder, 'frameworks');
    mkdirSync(workspace);
    for (const { sample } of MODELS) {
      const copy = path.join(workspace, 'models', path.basename(sample));
      cpSync(path.join(root, 'examples/models', sample), copy, { recursive: true });
    }
    symlinkSync(path.join(cache, 'frameworks'), path.join(workspace, '.venv'), windows ? 'junction' : 'dir');
    window = await editor.open(workspace, 'dark');
    playground = new Playground(window.page);
  });
  after(() => editor.stop());
  afterEach(async function () {
    if (this.currentTest?.isFailed()) await window.explainFailure(this.currentTest.title);
    assert.deepEqual(window.problems.splice(0), []);
  });

  for (const { sample, file, framework, model, input, answer } of MODELS) {
    it(`${framework}: ${model}`, async () => {
      const { page } = window;
      playground = await deployFromExplorer(page, ['models', path.basename(sample), ...(file ? [file] : [])], model);
      await showContainer(page, 'Nimbus');
      await row(page, `model ${model}, ${framework}`).waitFor();
      await row(page, new RegExp(`^deployment local of ${model}, `)).waitFor();
      assert.deepEqual(await playground.ask(input), { start: 'cold', status: 200 });
      assert.match(await playground.answer().innerText(), answer);
    });
  }

  it('are shown well in every theme', async () => {
    for (const theme of EVERY_THEME) {
      await chooseTheme(window.page, theme);
      for (const { model } of MODELS) {
        await playground.choose(model);
        await window.picture(`framework-${model}-${theme}`);
        assert.deepEqual(await violations(playground.frame), [], `${model} in ${theme}`);
      }
    }
  });
});
