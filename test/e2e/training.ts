import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import process from 'node:process';
import { python } from '../../scripts/lib/paths.mjs';
import { safetensors } from '../unit/detect/files.ts';

/** Trains `own.joblib`, a pipeline with a function of the workspace's own module. `extra`: one more text to learn. */
export function trainWithOwnModule(workspace: string, extra = 'fine'): void {
  writeFileSync(path.join(workspace, 'shop.py'), 'def clean(texts):\n    return [text.lower() for text in texts]\n');
  run(workspace, [
    'import joblib, shop',
    'from sklearn.feature_extraction.text import CountVectorizer',
    'from sklearn.linear_model import LogisticRegression',
    'from sklearn.pipeline import make_pipeline',
    'from sklearn.preprocessing import FunctionTransformer',
    'pipeline = make_pipeline(FunctionTransformer(shop.clean), CountVectorizer(), LogisticRegression())',
    `pipeline.fit(["good", "bad", ${JSON.stringify(extra)}], ["yes", "no", "yes"])`,
    'joblib.dump(pipeline, "own.joblib")',
  ]);
}

/** Makes `evil.pkl`, an estimator that makes the file `canary` when it is loaded. */
export function makeDangerous(workspace: string, canary: string): void {
  run(workspace, [
    'import os, pickle',
    'from sklearn.feature_extraction.text import CountVectorizer',
    'from sklearn.linear_model import LogisticRegression',
    'from sklearn.pipeline import make_pipeline',
    'class Evil:',
    '    def __reduce__(self):',
    `        return os.system, (${JSON.stringify(`touch '${canary}'`)},)`,
    'pipeline = make_pipeline(CountVectorizer(), LogisticRegression()).fit(["good", "bad"], ["yes", "no"])',
    'pipeline.memory = Evil()',
    'pickle.dump(pipeline, open("evil.pkl", "wb"))',
  ]);
}

/** Makes `foreign`, a folder of Hugging Face whose own code makes the file `canary` when it runs. */
export function makeForeign(workspace: string, canary: string): void {
  const folder = path.join(workspace, 'foreign');
  mkdirSync(folder);
  const config = { architectures: ['BertModel'], model_type: 'bert', auto_map: { AutoModel: 'own.Own' } };
  writeFileSync(path.join(folder, 'config.json'), JSON.stringify(config));
  writeFileSync(path.join(folder, 'tokenizer.json'), '{}');
  writeFileSync(path.join(folder, 'own.py'), `open(${JSON.stringify(canary)}, "a").close()\nclass Own: ...\n`);
  writeFileSync(path.join(folder, 'model.safetensors'), safetensors());
}

function run(folder: string, lines: string[]): void {
  execFileSync(python, ['-c', lines.join('\n')], { cwd: folder, env: { ...process.env, PYTHONPATH: folder } });
}
