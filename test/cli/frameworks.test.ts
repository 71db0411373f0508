/** A model of every framework, all the way: deployed by the command line, and asked what its framework is asked directly. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { frameworksPython } from '../../scripts/lib/paths.mjs';
import type { BatchLine } from '../../src/core/invoke/batch.ts';
import type { PredictAnswer } from '../../src/shared/contract.ts';
import type { Framework } from '../../src/shared/spec.ts';
import { assertClose } from '../runtime/frameworks/cases.ts';
import { createSandbox, python, root, samples, type Sandbox } from './nimbus.ts';

interface Row {
  /** Below examples/models. */
  sample: string;
  python: string;
  /** Two that it takes, and one that it does not. */
  inputs: [unknown, unknown];
  bad: unknown;
  /** Makes a copy of the sample, at this path, one that was made with another version. */
  age(copy: string): void;
  /** What is said of that. */
  said: RegExp;
}

const ROWS: Record<Framework, Row> = {
  spacy: {
    sample: 'entities',
    python,
    inputs: ['Ada Lovelace works at Globex in Paris.', 'Nothing to see here.'],
    bad: [1, 2],
    age: (copy) => edit(path.join(copy, 'meta.json'), /"spacy_version":\s*"[^"]*"/, '"spacy_version":">=3.2.0,<3.3.0"'),
    said: /spacy is 3\.8\.\d+; the model asks for >=3\.2\.0,<3\.3\.0/,
  },
  sklearn: {
    sample: 'sentiment.joblib',
    python,
    inputs: ['I loved the food, and the staff was friendly.', 'Never again.'],
    bad: [1, 2],
    age: (copy) => {
      const script = `import joblib, sys, sklearn.base
model = joblib.load(sys.argv[1])
sklearn.base.__version__ = "1.2.2"
joblib.dump(model, sys.argv[1])`;
      execFileSync(python, ['-c', script, copy]);
    },
    said: /scikit-learn is 1\.\d+\.\d+; the model (asks for|was made with) .*1\.2\.2/,
  },
  transformers: {
    sample: 'hugging-face/topics',
    python: frameworksPython,
    inputs: ['the chef baked the cake', 'rain fell'],
    bad: 3,
    age: (copy) =>
      edit(path.join(copy, 'config.json'), /"transformers_version": "[^"]*"/, '"transformers_version": "99.1.0"'),
    said: /transformers is \d+\.\d+\.\d+; the model asks for >=99\.1\.0/,
  },
  onnx: {
    sample: 'onnx-topics',
    python: frameworksPython,
    inputs: ['the chef made bread', 'the team won the match'],
    bad: { wrong: [] },
    age: (copy) => writeFileSync(path.join(copy, 'requirements.txt'), 'onnxruntime==99.0.0\n'),
    said: /onnxruntime is 1\.\d+\.\d+; the model was made with 99\.0\.0 \(.*requirements\.txt\)/,
  },
  torch: {
    sample: 'torch/exported.pt2',
    python: frameworksPython,
    inputs: [
      [[5.1, 3.5, 1.4, 0.2]],
      [
        [6.3, 3.3, 6, 2.5],
        [5.9, 3, 4.2, 1.5],
      ],
    ],
    bad: [[1, 2]],
    age: (copy) => {
      const script = `import re, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as archive:
    files = {name: archive.read(name) for name in archive.namelist()}
with zipfile.ZipFile(sys.argv[1], "w") as archive:
    for name, data in files.items():
        archive.writestr(name, re.sub(rb'("torch_version": *)"[^"]*"', rb'\\1"99.0.0"', data))`;
      execFileSync(frameworksPython, ['-c', script, copy]);
    },
    said: /torch is 2\.\d+\.\d+\S*; the model was made with 99\.0\.0 \(.*\.pt2\)\. An older PyTorch may/,
  },
  xgboost: {
    sample: 'flowers.ubj',
    python: frameworksPython,
    inputs: [
      [5.1, 3.5, 1.4, null],
      [6.3, 3.3, 6, 2.5],
    ],
    bad: { petal: [] },
    // Universal binary JSON: a list of three numbers of one byte each.
    age: (copy) => edit(copy, /(version\[#L.{8}i)./s, '$1c'),
    said: /xgboost is \d+\.\d+\.\d+; the model asks for >=99\.\d+/,
  },
  lightgbm: {
    sample: 'flowers-lgb.txt',
    python: frameworksPython,
    inputs: [
      [6.3, 3.3, 6, 2.5],
      [5.1, null, 1.4, 0.2],
    ],
    bad: [1, 'x'],
    age: (copy) => edit(copy, /^version=v\d+$/m, 'version=v99'),
    said: /lightgbm is 4\.\d+\.\d+; the model asks for >=99/,
  },
  custom: {
    sample: 'seq2seq',
    python: frameworksPython,
    inputs: ['three hundred and twenty-one', 'seven thousand and five'],
    bad: 'three apples',
    age: (copy) => writeFileSync(path.join(copy, 'requirements.txt'), 'torch==99.0.0\n'),
    said: /torch is 2\.\d+\.\d+\S*; the model asks for ==99\.0\.0/,
  },
};

/** Bytes go through latin1 unchanged. */
function edit(file: string, what: RegExp, by: string): void {
  const text = readFileSync(file, 'latin1');
  assert.match(text, what);
  writeFileSync(file, text.replace(what, by), 'latin1');
}

describe('a model of every framework, by the command line', function () {
  this.timeout(120_000);
  const frameworks = Object.keys(ROWS) as Framework[];
  let sandbox: Sandbox;
  /** What the frameworks answer to both inputs. */
  const direct = new Map<Framework, unknown[]>();

  before(() => {
    sandbox = createSandbox();
    for (const one of [python, frameworksPython]) {
      const asked = frameworks.filter((framework) => ROWS[framework].python === one);
      const calls = asked.map((name) => [name, path.join(samples, ROWS[name].sample), ROWS[name].inputs]);
      const printed = execFileSync(one, [path.join(import.meta.dirname, 'direct.py'), JSON.stringify(calls)], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'ignore'],
        env: { ...process.env, PYTHONPATH: path.join(root, 'infra/runtime'), PYTHONDONTWRITEBYTECODE: '1' },
      });
      const answers = JSON.parse(printed.trim().split('\n').at(-1)!) as unknown[][];
      for (const [index, framework] of asked.entries()) direct.set(framework, answers[index]!);
    }
  });
  after(() => sandbox.remove());

  function deploy(framework: Framework, folder: string): { argv: string[]; model: string } {
    const { sample, python: interpreter } = ROWS[framework];
    const model = path.join(folder, sample);
    sandbox.add(path.join(samples, sample), model);
    // The code is the project's own where the model is code.
    const trust = framework === 'custom' ? ['--trust'] : [];
    return { argv: ['deploy', model, '--python', interpreter, ...trust], model: path.join(sandbox.folder, model) };
  }

  for (const framework of frameworks) {
    it(`${framework} answers as it does when called directly, in a batch beside an input that is wrong too`, async () => {
      const { inputs, bad } = ROWS[framework];
      const { argv } = deploy(framework, 'models');
      const deployed = await sandbox.json<{ framework: string }>([...argv, '--name', framework]);
      assert.equal(deployed.framework, framework);
      const [first, second] = direct.get(framework)!;
      const asked = ['predict', framework, '--input', JSON.stringify(inputs[0])];
      assertClose((await sandbox.json<PredictAnswer>(asked)).result, first, 1e-6);
      const lines = [inputs[0], bad, inputs[1]].map((input) => JSON.stringify(input));
      writeFileSync(path.join(sandbox.folder, 'inputs.jsonl'), `${lines.join('\n')}\n`);
      const batch = await sandbox.nimbus(['batch', framework, 'inputs.jsonl', '--json']);
      const [one, wrong, other] = batch.stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as BatchLine & { result?: unknown; error?: { type: string } });
      assertClose(one?.result, first, 1e-6);
      assert.equal(wrong?.error?.type, 'invalid-input', batch.stdout);
      assertClose(other?.result, second, 1e-6);
    });

    it(`${framework}: another version than the model was made with is said before anything is loaded`, async () => {
      const { argv, model } = deploy(framework, `aged-${framework}`);
      ROWS[framework].age(model);
      const { stdout, stderr } = await sandbox.nimbus([...argv, '--name', `aged-${framework}`]);
      const text = stdout + stderr;
      const said = text.search(ROWS[framework].said);
      assert.notEqual(said, -1, text);
      const started = text.search(/^ {2}\S start /m);
      assert.ok(started === -1 || said < started, text);
    });
  }
});

describe('a model that does not say what shape it takes', function () {
  this.timeout(120_000);
  const sandbox = createSandbox();
  after(() => sandbox.remove());

  it('is shown no call to go on with that it has just not answered', async () => {
    const script = 'import sys, torch; torch.jit.save(torch.jit.script(torch.nn.Linear(4, 2)), sys.argv[1])';
    execFileSync(frameworksPython, ['-c', script, path.join(sandbox.folder, 'scripted.pt')], { stdio: 'pipe' });
    const { stdout, code, stderr } = await sandbox.nimbus([
      'deploy',
      'scripted.pt',
      '--python',
      frameworksPython,
      '--trust',
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /nimbus predict scripted --input JSON {3}\(what it takes, .*\/scripted\/local\/\)/);
  });
});
