/** The same inputs through two deployments: one model on two Pythons, one of which has scikit-learn. */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, watch, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { InputDifferences } from '../../src/core/compare/parity.ts';
import type { EnvironmentDifferences, Tolerance } from '../../src/shared/parity.ts';
import { deployArguments, modelsFile, refused, writeModel } from './models.ts';
import { createSandbox, type Ended, type Sandbox } from './nimbus.ts';

/** Has no package that the tests' own Python has. */
const SYSTEM_PYTHON = execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

const TWIN = `
import os
import time
from importlib.util import find_spec

HERE = find_spec("sklearn") is not None

def load(path):
    return None

def predict(model, input):
    if input == "nobody":
        raise ValueError(os.urandom(4).hex())
    if input == "only one" and not HERE:
        raise KeyError("not here")
    if isinstance(input, dict):
        open(input["waits"], "w").close()
        while os.path.exists(input["waits"]):
            time.sleep(0.005)
    label = input if input != "other" or HERE else "another"
    return {"label": label, "score": 0.5 if HERE else 0.500001, "length": len(input)}
`;

/** What every input of this file is part of: it may stand in answers only. */
const SECRET = 'a text of a user';

interface Document {
  deployments: { deployment: string }[];
  tolerance: Tolerance;
  inputs: number;
  same: number;
  different: number;
  failedAlike: number;
  largest: number;
  differences: InputDifferences[];
  environments: EnvironmentDifferences;
}

describe('nimbus parity', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = createSandbox();
    writeModel(sandbox, 'twin', TWIN);
    await sandbox.json(deployArguments('twin', '--concurrency', '1'));
  });
  after(() => sandbox.remove());

  /** Changes the model's entry in models.json. */
  function declare(change: (spec: Record<string, unknown>) => void): void {
    const file = modelsFile(sandbox);
    const document = JSON.parse(readFileSync(file, 'utf8')) as { models: { twin: Record<string, unknown> } };
    change(document.models.twin);
    writeFileSync(file, JSON.stringify(document, undefined, 2));
  }
  const inputs = (name: string, ...all: unknown[]): string[] => {
    const lines = all.map((input) => `${JSON.stringify(input)}\n`);
    writeFileSync(path.join(sandbox.folder, name), lines.join(''));
    return ['parity', 'twin', '--inputs', name];
  };
  const document = ({ stdout }: Ended): Document => JSON.parse(stdout) as Document;

  it('does not run where there is no second deployment, and says how to get one', async () => {
    const problem = await refused(sandbox, ['parity', 'twin'], 2);
    assert.equal(problem.code, 'one-deployment');
    assert.match(problem.text, /nimbus deploy twin --target docker/);
  });

  it('does not run without inputs', async () => {
    await sandbox.json(['deploy', 'twin', '--as', 'bare', '--python', SYSTEM_PYTHON, '--trust', '--yes']);
    assert.equal((await refused(sandbox, ['parity', 'twin'], 2)).code, 'no-examples');
    const none = await refused(sandbox, inputs('empty.jsonl'), 2);
    assert.equal(none.code, 'no-inputs');
    assert.match((await refused(sandbox, ['parity', 'twin', '--inputs', 'none.csv'], 2)).text, /none\.csv/);
  });

  it('takes the examples in models.json, and numbers that are nearly equal for equal', async () => {
    declare((spec) => (spec['examples'] = [{ input: SECRET }, { input: `${SECRET} too` }]));
    const ended = await sandbox.nimbus(['parity', 'twin', '--json']);
    assert.equal(ended.code, 0, ended.stdout + ended.stderr);
    const found = document(ended);
    assert.deepEqual([found.inputs, found.same, found.different, found.differences], [2, 2, 0, []]);
    assert.deepEqual(
      found.deployments.map(({ deployment }) => deployment),
      ['local', 'bare'],
    );
    assert.equal(found.tolerance.relative, 1e-4);
    assert.ok(found.largest > 1e-6 && found.largest < 3e-6, String(found.largest));
    const sklearn = found.environments.packages.find(({ name }) => name === 'scikit-learn');
    assert.equal(typeof sklearn?.first, 'string');
    assert.equal(sklearn?.second, undefined);
    const text = await sandbox.nimbus(['parity', 'twin']);
    assert.equal(text.code, 0);
    assert.match(text.stdout, /The answers are the same: 2 inputs\./);
    assert.match(text.stdout, /apart by 0\.0001 of their size/);
    assert.match(text.stdout, /Only in local: .*scikit-learn|Only in local: .* more\./);
  });

  it('says where answers differ, and ends with 1', async () => {
    const ended = await sandbox.nimbus([...inputs('some.jsonl', 'same', 'other', 'only one', 'nobody'), '--json']);
    assert.equal(ended.code, 1, ended.stderr);
    const found = document(ended);
    assert.deepEqual([found.inputs, found.same, found.different, found.failedAlike], [4, 2, 2, 1]);
    const [label, error] = found.differences;
    assert.deepEqual([label!.index, label!.line], [1, 2]);
    assert.deepEqual(label!.differences, [{ path: '$.label', kind: 'value', first: 'other', second: 'another' }]);
    assert.equal(error!.index, 2);
    assert.equal((error!.differences[0]!.second as { type: string }).type, 'KeyError');
    const text = await sandbox.nimbus(['parity', 'twin', '--inputs', 'some.jsonl']);
    assert.equal(text.code, 1);
    assert.match(text.stdout, /input 2\n +local +bare\n +\$\.label +"other" +"another"/);
    assert.match(text.stdout, /input 3\n[^\n]*\n +\$ +\{"label":"only one".* +fails: KeyError/);
    // The whole of what it says, and where the stack is.
    assert.match(text.stdout, /^ {2}twin\/bare: KeyError: 'not here'$/m);
    const [, request] = /^ {2}Where: nimbus logs twin\/bare --request (\S+)$/m.exec(text.stdout)!;
    const { stdout: lines } = await sandbox.nimbus(['logs', 'twin/bare', '--request', request!]);
    assert.match(lines, /handler\.py", line 15, in predict/);
    assert.match(text.stdout, /The answers differ: 2 of 4 inputs\./);
    assert.match(text.stdout, /1 input failed on both sides/);
  });

  it('compares what was named, in that order, and as exactly as was asked', async () => {
    const exact = [...inputs('one.jsonl', 'same'), '--deployments', 'bare,local', '--tolerance', '0'];
    const ended = await sandbox.nimbus([...exact, '--json']);
    assert.equal(ended.code, 1);
    assert.deepEqual(document(ended).differences[0]!.differences, [
      { path: '$.score', kind: 'value', first: 0.500001, second: 0.5 },
    ]);
    assert.equal(
      (await refused(sandbox, ['parity', 'twin', '--deployments', 'bare,none'], 2)).code,
      'unknown-deployment',
    );
    const wrong = await sandbox.nimbus(['parity', 'twin', '--tolerance', '2']);
    assert.equal(wrong.code, 2);
  });

  it('takes a column of a table', async () => {
    writeFileSync(path.join(sandbox.folder, 'table.csv'), 'id,text\n1,one\n2,other\n');
    const ended = await sandbox.nimbus(['parity', 'twin', '--inputs', 'table.csv', '--column', 'text', '--json']);
    assert.equal(ended.code, 1, ended.stderr);
    assert.deepEqual([document(ended).inputs, document(ended).different], [2, 1]);
  });

  it('has not run where nobody answered', async () => {
    assert.equal((await refused(sandbox, inputs('nobody.jsonl', 'nobody', 'nobody'), 2)).code, 'all-failed');
    await sandbox.json(['stop', 'twin/bare']);
    const problem = await refused(sandbox, inputs('one.jsonl', 'same'), 2);
    assert.match(problem.title!, /^twin\/bare: /);
    await sandbox.json(['start', 'twin/bare']);
  });

  it('is cancelled by Ctrl+C', async () => {
    const { promise: waits, resolve } = Promise.withResolvers<void>();
    const file = path.join(sandbox.folder, 'waits');
    const watcher = watch(sandbox.folder, () => {
      if (existsSync(file)) resolve();
    });
    const child = sandbox.start(inputs('wait.jsonl', { waits: file }));
    const ended = new Promise<number | null>((done) => child.once('close', done));
    await waits;
    watcher.close();
    child.kill('SIGINT');
    assert.equal(await ended, 130);
    rmSync(file);
  });

  it('leaves no text of a user in any log', () => {
    const files = [sandbox.home, path.join(sandbox.folder, '.nimbus')].flatMap((folder) =>
      readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name)),
    );
    const logs = files.filter((file) => file.endsWith('.log') && statSync(file).isFile());
    assert.ok(logs.length > 0);
    for (const file of logs) assert.ok(!readFileSync(file, 'utf8').includes(SECRET), file);
  });
});
