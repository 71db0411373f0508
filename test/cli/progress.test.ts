/** What a user in front of a terminal sees while an operation runs, and where its log is. */
import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSandbox, python, type Sandbox } from './nimbus.ts';
import { inTerminal } from './pseudo-terminal.ts';

const SLOW = (answer: string): string => `
import time

def load(path):
    time.sleep(2.5)
    return "${answer}"

def predict(model, input):
    return {"answer": model}
`;
const DEPLOY = ['deploy', 'slow', '--python', python, '--trust', '--yes'];

describe('nimbus deploy in a terminal', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  const write = (handler: string): void => writeFileSync(path.join(sandbox.folder, 'slow/handler.py'), handler);

  before(() => {
    sandbox = createSandbox();
    mkdirSync(path.join(sandbox.folder, 'slow'));
  });
  after(() => sandbox.remove());

  it('says how long a stage runs, and how long it took before', async () => {
    write(SLOW('first'));
    const first = await inTerminal(sandbox, DEPLOY, []);
    assert.equal(first.code, 0, first.said);
    assert.match(first.said, /… start {3}\d s/);
    assert.doesNotMatch(first.said, /about \d/);
    write(SLOW('second'));
    const second = await inTerminal(sandbox, DEPLOY, []);
    assert.match(second.said, /… start {3}about [34] s/, second.said);
    assert.match(second.said, /… start {3}\d s of about [34] s/);
  });

  it('names the log of one that fails, with the lines of the model', async () => {
    write(SLOW('third').replace('time.sleep(2.5)', 'raise OSError("no such weights")'));
    const { code, stderr } = await sandbox.nimbus(DEPLOY);
    assert.equal(code, 1);
    const [, log] = /^ {2}log: (\/.*\.log)$/m.exec(stderr) ?? assert.fail(stderr);
    assert.ok(existsSync(log!));
  });
});
