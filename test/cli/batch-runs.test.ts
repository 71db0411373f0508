/** Batches that are interrupted, or whose model does not survive some of the inputs. */
import assert from 'node:assert/strict';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  truncateSync,
  watch,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { deployArguments, writeModel } from './models.ts';
import { createSandbox, type Ended, type Sandbox } from './nimbus.ts';
import { inTerminal } from './pseudo-terminal.ts';

/** Notes each input that it gets; waits at one until a file is there, ends its worker for another, hangs at a third. */
const moody = (folder: string): string => `
import os, time

FOLDER = ${JSON.stringify(folder)}

def load(path):
    return None

def predict(model, input):
    with open(FOLDER + "/seen", "a") as seen:
        seen.write(input + "\\n")
    if input == "wait":
        while not os.path.exists(FOLDER + "/gate"):
            time.sleep(0.005)
    if input.startswith("die"):
        os._exit(3)
    if input == "hang":
        time.sleep(600)
    return input.upper()
`;

type Line = { index: number; line: number; result?: string; error?: { type: string; detail: string } };

describe('nimbus batch, a run of it', function () {
  this.timeout(120_000);
  let sandbox: Sandbox;
  const running: ChildProcess[] = [];
  before(async () => {
    sandbox = createSandbox();
    await sandbox.json(deployArguments(writeModel(sandbox, 'moody', moody(sandbox.folder))));
    await sandbox.json(deployArguments(writeModel(sandbox, 'hasty', moody(sandbox.folder)), '--timeout', '1'));
  });
  beforeEach(() => {
    for (const name of ['seen', 'gate', 'in.txt', 'out.jsonl', 'out.jsonl.partial', 'out.jsonl.partial.json'])
      rmSync(at(name), { force: true });
  });
  afterEach(() => {
    for (const child of running.splice(0)) child.kill('SIGKILL');
  });
  after(() => sandbox.remove());

  const at = (name: string): string => path.join(sandbox.folder, name);
  const read = (name: string): string => readFileSync(at(name), 'utf8');
  const lines = (name = 'out.jsonl'): Line[] =>
    read(name)
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line);
  const inputs = (count: number, special: Record<number, string> = {}): string[] =>
    Array.from({ length: count }, (_, index) => special[index] ?? `text ${index}`);
  const write = (texts: string[]): void => writeFileSync(at('in.txt'), `${texts.join('\n')}\n`);
  const ARGV = ['batch', 'moody', 'in.txt', '--out', 'out.jsonl'];

  /** Starts a batch that stops at an input, and resolves once the answers before its chunk are in the file. */
  const startAndWait = async (texts: string[]): Promise<{ child: ChildProcess; stderr: () => string }> => {
    write(texts);
    const child = sandbox.start(ARGV);
    running.push(child);
    let said = '';
    child.stderr!.setEncoding('utf8').on('data', (text: string) => (said += text));
    child.stdout!.resume();
    const changes = watch(sandbox.folder);
    // The last line may be half there.
    const answers = (): number =>
      existsSync(at('out.jsonl.partial')) ? read('out.jsonl.partial').split('\n').length - 1 : 0;
    while (answers() === 0 || !read('seen').includes('wait')) await once(changes, 'change');
    changes.close();
    return { child, stderr: () => said };
  };
  const problemOf = ({ code, stdout }: Ended): { kind: string; detail: string; next: string } => {
    assert.equal(code, 1, stdout);
    const problem = JSON.parse(stdout) as { type: string; detail: string; next: string };
    return { ...problem, kind: problem.type.split(':').at(-1)! };
  };

  it('fails only the inputs that end or hold up their worker', async () => {
    const texts = inputs(400, { 123: 'die', 300: 'hang' });
    write(texts);
    const summary = await sandbox.json<{ succeeded: number; failed: number }>(ARGV.with(1, 'hasty'));
    assert.deepEqual([summary.succeeded, summary.failed], [398, 2]);
    assert.deepEqual(
      lines().map(({ result, error }) => result ?? error!.type),
      texts.map((text) => (text === 'die' ? 'worker-died' : text === 'hang' ? 'timed-out' : text.toUpperCase())),
    );
    assert.deepEqual(
      lines().map(({ index, line }) => [index, line]),
      texts.map((_, index) => [index, index + 1]),
    );
  });

  it('ends where the model survives nothing, and keeps what is answered', async () => {
    write([...inputs(100), ...Array.from({ length: 200 }, (_, index) => `die ${index}`)]);
    const { kind, detail, next } = problemOf(await sandbox.nimbus([...ARGV, '--json']));
    assert.equal(kind, 'batch-refused');
    assert.match(detail, /20 inputs in a row, each sent alone/);
    assert.match(next, /first 100 answers are in out\.jsonl\.partial.*--resume/);
  });

  for (const signal of ['SIGINT', 'SIGKILL'] as const) {
    it(`goes on with --resume after ${signal}, and sends nothing again that is answered`, async () => {
      const texts = inputs(700, { 350: 'wait' });
      const { child, stderr } = await startAndWait(texts);
      child.kill(signal);
      assert.deepEqual(await once(child, 'close'), signal === 'SIGINT' ? [130, null] : [null, signal]);
      if (signal === 'SIGINT') assert.match(stderr(), /first \d+ answers are in out\.jsonl\.partial\. .*--resume/);
      assert.ok(!existsSync(at('out.jsonl')));
      const kept = lines('out.jsonl.partial').length;
      assert.ok(kept >= 100 && kept <= 350, `${kept} answers`);
      // A process that is killed may leave a line that is cut anywhere.
      appendFileSync(at('out.jsonl.partial'), `{"index":${kept},"line":${kept + 1},"resu`);
      writeFileSync(at('gate'), '');
      rmSync(at('seen'));
      const done = await sandbox.json<{ inputs: number; succeeded: number }>([...ARGV, '--resume']);
      assert.deepEqual([done.inputs, done.succeeded], [700, 700]);
      assert.deepEqual(
        lines(),
        texts.map((text, index) => ({ index, line: index + 1, result: text.toUpperCase() })),
      );
      const seen = read('seen').trim().split('\n');
      assert.deepEqual(new Set(seen), new Set(texts.slice(kept)));
      assert.ok(!existsSync(at('out.jsonl.partial')) && !existsSync(at('out.jsonl.partial.json')));
    });
  }

  it('says in a terminal how far it is, in one line', async () => {
    write(inputs(700));
    const { code, said } = await inTerminal(sandbox, ARGV, []);
    assert.equal(code, 0);
    // This terminal says that it has no columns: a line is cut after twenty. Once the file is read the number is exact.
    assert.match(said, /\d+ of (about 7\d0|700) \(\d+/);
    // The summary takes the place of the last of them, whole.
    assert.equal(said.trimEnd().split('\n').length, 1, said);
    assert.match(said, /\[2K700 inputs in [\d.]+ s: 700 answered, 0 failed\. Answers: out\.jsonl\r\n$/);
    // Without a terminal there is nothing but the summary.
    const { stdout, stderr } = await sandbox.nimbus(ARGV);
    assert.match(stdout, /^700 inputs in .*\n$/);
    assert.equal(stderr, '');
  });

  it('ends with the whole summary where the answers go to the terminal too', async () => {
    write(['a', 'b']);
    const { said } = await inTerminal(sandbox, ['batch', 'moody', 'in.txt'], []);
    assert.match(said, /2 inputs in [\d.]+ s: 2 answered, 0 failed\r\n$/);
  });

  describe('that is not finished', () => {
    beforeEach(async () => {
      const { child } = await startAndWait(inputs(700, { 350: 'wait' }));
      child.kill('SIGKILL');
      await once(child, 'close');
      writeFileSync(at('gate'), '');
    });

    it('is not replaced by the same command', async () => {
      const before = read('out.jsonl.partial');
      const { kind, next } = problemOf(await sandbox.nimbus([...ARGV, '--json']));
      assert.equal(kind, 'batch-unfinished');
      assert.match(next, /--resume/);
      assert.equal(read('out.jsonl.partial'), before);
    });

    it('does not go with a file that changed, and is not thrown away for it either', async () => {
      write(inputs(3));
      const { kind, detail, next } = problemOf(await sandbox.nimbus([...ARGV, '--resume', '--json']));
      assert.equal(kind, 'batch-changed');
      assert.match(detail, /in\.txt has changed/);
      assert.match(next, /[Mm]ove out\.jsonl\.partial away/);
      const before = read('out.jsonl.partial');
      const again = problemOf(await sandbox.nimbus([...ARGV, '--json']));
      assert.equal(again.kind, 'batch-unfinished');
      assert.match(again.detail, /in\.txt has changed/);
      assert.equal(read('out.jsonl.partial'), before);
      renameSync(at('out.jsonl.partial'), at('earlier'));
      assert.equal((await sandbox.json<{ inputs: number }>(ARGV)).inputs, 3);
      assert.deepEqual(
        lines().map((line) => line.result),
        ['TEXT 0', 'TEXT 1', 'TEXT 2'],
      );
    });

    it('does not go with another version of the model', async () => {
      writeModel(sandbox, 'moody', `${moody(sandbox.folder)}\n# another\n`);
      await sandbox.json(deployArguments('moody'));
      const { kind, detail } = problemOf(await sandbox.nimbus([...ARGV, '--resume', '--json']));
      assert.equal(kind, 'batch-changed');
      assert.match(detail, /of version [0-9a-f]{7} of the model; it is [0-9a-f]{7} now/);
    });

    it('keeps only whole lines in order', async () => {
      const whole = read('out.jsonl.partial').split('\n').slice(0, 7).join('\n');
      writeFileSync(at('out.jsonl.partial'), `${whole}\n\0\0\0\0\n{"index":8,"line":9,"result":1}\n`);
      assert.equal((await sandbox.json<{ inputs: number }>([...ARGV, '--resume'])).inputs, 700);
      assert.deepEqual(
        lines().map(({ index, line }) => [index, line]),
        inputs(700).map((_, index) => [index, index + 1]),
      );
    });

    it('begins with --resume where nothing is kept', async () => {
      truncateSync(at('out.jsonl.partial'), 10);
      assert.equal((await sandbox.json<{ inputs: number }>([...ARGV, '--resume'])).inputs, 700);
    });
  });
});
