import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createSandbox, type Ended, type Sandbox } from './nimbus.ts';

describe('nimbus batch, where something is in its way', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = createSandbox();
    const model = path.join(sandbox.folder, 'echo');
    mkdirSync(model);
    writeFileSync(path.join(model, 'handler.py'), 'def load(path): pass\ndef predict(model, input): return input\n');
    await sandbox.json(['deploy', 'echo', '--trust', '--yes']);
    write('in.txt', 'one\ntwo\n');
  });
  after(() => sandbox.remove());

  const write = (name: string, text: string): void => writeFileSync(path.join(sandbox.folder, name), text);
  const read = (name: string): string => readFileSync(path.join(sandbox.folder, name), 'utf8');
  const problem = ({ code, stdout, stderr }: Ended): { type: string; next: string } => {
    assert.equal(code, 1, stderr);
    return JSON.parse(stdout.trim().split('\n').at(-1)!) as { type: string; next: string };
  };

  it('says that it cannot write there', async () => {
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.txt', '--out', 'none/out.jsonl', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-not-writable');
    assert.match(ended.stdout, /none\/out\.jsonl cannot be written.*no such folder/);
    assert.doesNotMatch(ended.stdout, /partial/, 'what nobody has named');
  });

  it('says that a file is of a kind that it does not read, and that one is empty', async () => {
    write('x.parquet', 'PAR1');
    writeFileSync(path.join(sandbox.folder, 'x.txt'), Buffer.from([1, 0, 2]));
    for (const file of ['x.parquet', 'x.txt']) {
      const ended = await sandbox.nimbus(['batch', 'echo', file, '--json']);
      assert.equal(problem(ended).type, 'urn:nimbus:problem:file-not-supported');
      assert.match(ended.stdout, /\.jsonl .*\.csv/);
    }
    write('empty.txt', '');
    const empty = await sandbox.nimbus(['batch', 'echo', 'empty.txt']);
    assert.deepEqual([empty.code, empty.stdout], [0, '']);
    assert.match(empty.stderr, /empty\.txt is empty/);
  });

  it('logs of a request that there was none of say so', async () => {
    const { code, stdout, stderr } = await sandbox.nimbus(['logs', 'echo', '--request', 'nope']);
    assert.deepEqual([code, stdout], [0, '']);
    assert.match(stderr, /no log lines of a request nope/);
  });

  it('says that a folder is no file', async () => {
    const ended = await sandbox.nimbus(['batch', 'echo', '.', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-unreadable');
  });

  it('leaves the answers of an earlier run where the file breaks off', async () => {
    write('broken.csv', 'a,b\n1,2\n"3,4\n');
    write('out.jsonl', 'earlier\n');
    const ended = await sandbox.nimbus(['batch', 'echo', 'broken.csv', '--out', 'out.jsonl', '--json']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:file-unreadable');
    assert.equal(read('out.jsonl'), 'earlier\n');
  });

  it('leaves the answers of an earlier run where the endpoint refuses', async () => {
    write('out.jsonl', 'earlier\n');
    await sandbox.json(['stop', 'echo']);
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.txt', '--out', 'out.jsonl', '--json']);
    await sandbox.json(['start', 'echo']);
    assert.equal(problem(ended).type, 'urn:nimbus:problem:batch-refused');
    assert.equal(read('out.jsonl'), 'earlier\n');
    assert.ok(!existsSync(path.join(sandbox.folder, 'out.jsonl.partial')));
  });

  it('keeps the answers so far where the endpoint refuses later on', async () => {
    write('out.jsonl', 'earlier\n');
    // The third request of a thousand inputs has an input that no request can hold.
    write('in.jsonl', `${'1\n'.repeat(2000)}${JSON.stringify('x'.repeat(7_000_000))}\n`);
    const ended = await sandbox.nimbus(['batch', 'echo', 'in.jsonl', '--out', 'out.jsonl', '--json']);
    assert.match(problem(ended).next, /first 2000 answers are in out\.jsonl\.partial/);
    assert.equal(read('out.jsonl.partial').trim().split('\n').length, 2000);
    assert.equal(read('out.jsonl'), 'earlier\n');
  });
});
