/** What a model was made with against the Python that runs it: said before it loads, and kept with the deployment. */
import assert from 'node:assert/strict';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { ModelCard } from '../../src/shared/contract.ts';
import type { DeploymentStatus } from '../../src/shared/states.ts';
import { runPython } from './models.ts';
import { createSandbox, python, samples, type Sandbox } from './nimbus.ts';

interface Deployed {
  url: string;
  environment: {
    captured: { package: string; versions: string; from: string }[];
    diagnosis: { package: string; verdict: string; source?: string }[];
    problems: string[];
  };
}

describe('what a model was made with', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(() => {
    sandbox = createSandbox();
    sandbox.add(path.join(samples, 'sentiment.joblib'), 'models/sentiment.joblib');
    writeFileSync(path.join(sandbox.folder, 'requirements.txt'), 'numpy==1.24.4\njupyter==1.0\n');
  });
  after(() => sandbox.remove());

  const argv = ['deploy', 'models/sentiment.joblib', '--python', python];

  it('is said with what differs and what may break, and does not stand in the way', async () => {
    const { code, stdout } = await sandbox.nimbus(argv);
    assert.equal(code, 0);
    assert.match(stdout, /^ {2}made with scikit-learn [\d.]+, numpy 1\.24\.4$/m);
    const said = stdout.indexOf('! numpy is ');
    assert.match(
      stdout.slice(said),
      /^! numpy is 2[\d.]+; the model was made with 1\.24\.4 \(requirements\.txt\)\. NumPy 2 is made to load what NumPy 1\.26 pickled/,
    );
    assert.ok(said < stdout.indexOf('environment'), 'before anything is loaded');
    assert.ok(!stdout.includes('jupyter'));
  });

  it('is there for machines, on the card and in the status', async () => {
    const { url, environment } = await sandbox.json<Deployed>(argv);
    assert.deepEqual(
      environment.diagnosis.map((one) => [one.package, one.verdict]),
      [
        ['scikit-learn', 'equal'],
        ['numpy', 'compatible'],
        ['python', 'unknown'],
      ],
    );
    assert.match(environment.diagnosis[1]!.source!, /^https:\/\/numpy\.org/);
    assert.equal(environment.problems.length, 1);
    const card = (await (await fetch(url)).json()) as ModelCard;
    assert.deepEqual(
      card.madeWith,
      environment.captured.map((one) => ({ package: one.package, versions: one.versions, from: one.from })),
    );
    assert.equal(card.madeWith![1]!.from, 'requirements.txt');
    const { deployments } = await sandbox.json<{ deployments: DeploymentStatus[] }>(['status']);
    assert.deepEqual(deployments[0]!.differs, environment.problems);
  });

  it('is no reason to make an environment where one allows other versions', async () => {
    const folder = path.join(sandbox.folder, 'old');
    mkdirSync(folder);
    writeFileSync(path.join(folder, 'requirements.txt'), 'numpy<1\n');
    writeFileSync(
      path.join(folder, 'handler.py'),
      'def load(path):\n    return None\n\ndef predict(model, input):\n    return input\n',
    );
    const old = ['deploy', 'old', '--python', python, '--trust'];
    const asked = await sandbox.nimbus(old);
    assert.notEqual(asked.code, 0);
    assert.match(asked.stdout + asked.stderr, /has other versions; --allow-mismatch runs it with that all the same/);
    const { code, stdout } = await sandbox.nimbus([...old, '--allow-mismatch']);
    assert.equal(code, 0, stdout);
    assert.match(stdout, /! numpy/);
  });

  it('names a module that is neither of the project nor of a package that is known, before anything is loaded', async () => {
    runPython(
      sandbox,
      `
import os, pickle, sys
from sklearn.pipeline import Pipeline
sys.path.insert(0, os.getcwd())
for module in ("acme_scaling", "own_scaling", "feature_engine"):
    open(module + ".py", "w").write("from sklearn.base import BaseEstimator\\nclass Scaler(BaseEstimator): pass\\n")
import acme_scaling, feature_engine, own_scaling
steps = [(module.__name__, module.Scaler()) for module in (acme_scaling, own_scaling, feature_engine)]
pickle.dump(Pipeline(steps), open("steps.pkl", "wb"))
os.remove("acme_scaling.py")
os.remove("feature_engine.py")`,
    );
    const { stdout } = await sandbox.nimbus(['deploy', 'steps.pkl', '--python', python, '--trust']);
    assert.match(
      stdout,
      /! It names the module acme_scaling, and there is no acme_scaling\.py beside the model or in the/,
    );
    assert.doesNotMatch(stdout, /module (?:own_scaling|feature_engine|sklearn|numpy)/);
    assert.match(stdout, /made with .*feature-engine unknown/);
  });

  it('finds a module that lies beside the model, and says where it would look where it is gone', async () => {
    runPython(
      sandbox,
      `
import os, pickle, sys
from sklearn.dummy import DummyRegressor
from sklearn.pipeline import make_pipeline
os.makedirs("clean", exist_ok=True)
sys.path.insert(0, os.path.join(os.getcwd(), "clean"))
open("clean/features.py", "w").write("from sklearn.base import BaseEstimator\\nclass Plain(BaseEstimator):\\n    def fit(self, X, y=None): self.fitted_ = True; return self\\n    def transform(self, X): return X\\n")
import features
pickle.dump(make_pipeline(features.Plain(), DummyRegressor()).fit([[1.0]], [2.0]), open("clean/cleaned.pkl", "wb"))`,
    );
    const deploy = ['deploy', 'clean/cleaned.pkl', '--python', python, '--trust'];
    const { code, stdout, stderr } = await sandbox.nimbus(deploy);
    assert.equal(code, 0, stderr);
    assert.doesNotMatch(stdout, /It names the module features/);
    const { result } = await sandbox.json<{ result: { value: number } }>(['predict', 'cleaned', '--input', '[1]']);
    assert.equal(result.value, 2);
    rmSync(path.join(sandbox.folder, 'clean/features.py'));
    const refused = await sandbox.nimbus(deploy);
    assert.equal(refused.code, 1);
    assert.match(refused.stdout, /no features\.py beside the model or in the project's folder/);
    assert.match(refused.stderr, /Put features\.py beside cleaned\.pkl or in /);
    assert.doesNotMatch(refused.stderr, /pip install/);
  });
});
