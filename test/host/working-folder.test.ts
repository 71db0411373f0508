/** A custom model runs in its own folder, as on AWS Lambda, and may write there without any harm. */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { post, TestProject, type Reply } from './support.ts';

/** `write` adds a line to a file of its own, `wait` goes on once the file of that name is there; each lists the folder. */
const HANDLER = `
import os, time
LABELS = open("labels.txt").read().split()

def load(path):
    return path

def predict(model, input):
    if "write" in input:
        with open(input["write"], "a") as file:
            file.write("line")
    if "wait" in input:
        open(input["wait"] + ".here", "w").close()
        while not os.path.exists(input["wait"]):
            time.sleep(0.005)
    texts = {name: open(name).read() for name in os.listdir() if name.endswith(".txt")}
    with open(os.path.join(model, "labels.txt")) as file:
        return {"texts": texts, "labels": LABELS, "byPath": file.read(), "pid": os.getpid()}
`;
const OWN = { 'labels.txt': 'yes no' };

describe('the working folder of a custom model', function () {
  this.timeout(60_000);
  let project: TestProject;
  let url: string;

  const ask = (input: unknown): Promise<Reply> => post(`${url}/predict`, { input });
  const answer = async (input: unknown = {}): Promise<any> => {
    const { status, body } = await ask(input);
    assert.equal(status, 200, JSON.stringify(body));
    return body.result;
  };
  const cold = (): Promise<unknown> => project.host.api.cold(project.key('model'));
  const copies = (): string => path.join(project.folder, '.nimbus/snapshots');
  const inCopies = (): string[] =>
    readdirSync(copies())
      .flatMap((hash) => readdirSync(path.join(copies(), hash, 'model')))
      .toSorted();
  const there = (file: string): Promise<true> => project.until(() => readdirSync(project.home).includes(file));
  const gate = (name: string): string => path.join(project.home, name);
  const open = (name: string): void => writeFileSync(gate(name), '');

  beforeEach(async () => {
    project = new TestProject();
    await project.connect();
    await deploy();
  });
  afterEach(() => project.end());

  async function deploy(more: Record<string, string> = {}): Promise<void> {
    project.write('model', HANDLER, { ...OWN, ...more });
    const operation = await project.execute(project.plan('model', { concurrency: 2 }));
    assert.equal(operation.state, 'succeeded', JSON.stringify(operation.error));
    url = `${project.host.hello.url}/model/local`;
  }

  it('has its files under their plain names', async () => {
    const { texts, labels } = await answer();
    assert.deepEqual([texts, labels], [OWN, ['yes', 'no']]);
  });

  it('keeps what a worker writes as long as it runs, and the next one starts without it', async () => {
    await answer({ write: 'own.txt' });
    assert.deepEqual((await answer({ write: 'own.txt' })).texts, { ...OWN, 'own.txt': 'lineline' });
    await cold();
    assert.deepEqual((await answer()).texts, OWN);
    assert.deepEqual(inCopies(), ['handler.py', 'labels.txt']);
  });

  it('is whole again after a worker has written into a file of the model', async () => {
    assert.equal((await answer({ write: 'labels.txt' })).byPath, 'yes noline');
    await cold();
    const { texts, labels } = await answer();
    assert.deepEqual([texts, labels], [OWN, ['yes', 'no']]);
  });

  it('needs no model to be right again: a broken new version does not take the old one away', async () => {
    await answer({ write: 'own.txt' });
    writeFileSync(path.join(project.folder, 'models/model/handler.py'), 'raise ValueError("broken")\n');
    await project.untilState('model', 'refused');
    await cold();
    assert.deepEqual((await answer()).texts, OWN);
  });

  it('is not taken away under a worker when another starts', async () => {
    const first = await answer({ write: 'own.txt' });
    const waiting = ask({ wait: gate('gate') });
    await there('gate.here');
    const second = await answer();
    assert.notEqual(second.pid, first.pid);
    assert.deepEqual(second.texts, OWN, 'nobody agreed to what the first has written');
    open('gate');
    const { status, body } = await waiting;
    assert.equal(status, 200, JSON.stringify(body));
    assert.equal(body.result.pid, first.pid);
    assert.deepEqual(body.result.texts, { ...OWN, 'own.txt': 'line' });
    assert.equal(body.result.byPath, OWN['labels.txt']);
    await cold();
    // The folder that was moved aside goes with its last worker.
    await project.until(() => readdirSync(copies()).length === 1);
    assert.deepEqual(inCopies(), ['handler.py', 'labels.txt']);
  });

  it('is not taken away under a worker whose version is two versions old, and goes with it', async () => {
    const waiting = ask({ wait: gate('gate') });
    await there('gate.here');
    await deploy({ 'labels.txt': 'two' });
    await deploy({ 'labels.txt': 'three' });
    assert.deepEqual((await answer()).labels, ['three']);
    open('gate');
    const { status, body } = await waiting;
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(body.result.texts, OWN);
    await project.until(() => readdirSync(copies()).length === 2);
    const left = readdirSync(copies()).map((hash) =>
      readFileSync(path.join(copies(), hash, 'model/labels.txt'), 'utf8'),
    );
    assert.deepEqual(left.toSorted(), ['three', 'two']);
  });
});
