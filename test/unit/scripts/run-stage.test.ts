import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { runStage } from '../../../scripts/lib/run-stage.mjs';

/** What the test files begin with: `once(name)` is true the first time that it is asked, in whatever process. */
const HEAD = `
import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const notes = new URL('notes', import.meta.url);
const note = (name) => appendFileSync(notes, name + '\\n');
const once = (name) => {
  const isFirst = !readFileSync(notes, 'utf8').split('\\n').includes(name);
  note(name);
  return isFirst;
};
const fail = (text) => { throw new Error(text); };
`;

describe('a stage of npm test', function () {
  this.timeout(60_000);
  let folder: string;
  let said: string;

  beforeEach(() => {
    folder = mkdtempSync(path.join(os.tmpdir(), 'nimbus-stage-'));
    appendFileSync(path.join(folder, 'notes'), '');
    said = '';
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  async function run(files: Record<string, string>) {
    const paths = Object.entries(files).map(([name, code]) => {
      const file = path.join(folder, `${name}.mjs`);
      writeFileSync(file, HEAD + code);
      return file;
    });
    const stage = { title: 'Tiny', deadlineSeconds: 50, tests: true, mocha: { files: paths, timeoutSeconds: 20 } };
    const signal = new AbortController().signal;
    const result = await runStage('tiny', stage, { print: (text: string) => (said += text), signal, folder });
    const titles = (of: { title: string; message: string }[]): string[] =>
      of.map(({ title, message }) => `${title}: ${message.split('\n')[0]}`);
    const { passed, failed } = result;
    return { passed, failed, failures: titles(result.failures), again: titles(result.passedAgain) };
  }

  const notes = (): string[] => readFileSync(path.join(folder, 'notes'), 'utf8').trim().split('\n');

  it('runs the file of a test that failed once more, whole, and says that the test passed only then', async () => {
    assert.deepEqual(
      await run({
        well: `it('is well', () => note('well'));`,
        late: `it('comes before', () => note('before')); it('fails at first', () => once('late') && fail('too early'));`,
      }),
      { passed: 3, failed: 0, failures: [], again: ['fails at first: Error: too early'] },
    );
    assert.deepEqual(notes(), ['well', 'before', 'late', 'before', 'late']);
    assert.match(said, /Tiny, run again: .*late\.mjs/);
  });

  it('fails with a test that fails both times, and not with one that passed the first time', async () => {
    assert.deepEqual(
      await run({
        broken: `
          it('passes at first', () => once('well') || fail('not twice'));
          it('fails', () => fail('never'));
          it('fails at first', () => once('late') && fail('too early'));`,
      }),
      { passed: 2, failed: 1, failures: ['fails: Error: never'], again: ['fails at first: Error: too early'] },
    );
  });

  it('counts what a hook kept from running the first time as it is the second time', async () => {
    assert.deepEqual(
      await run({
        hook: `
          describe('a suite', () => {
            before(() => once('hook') && fail('not ready'));
            it('passes', () => undefined);
            it('fails', () => fail('never'));
          });`,
      }),
      {
        passed: 1,
        failed: 1,
        failures: ['a suite fails: Error: never'],
        again: ['a suite "before all" hook for "passes": Error: not ready'],
      },
    );
  });

  for (const ending of ['process.exit(0)', 'process.exit(3)', `process.on('exit', () => (process.exitCode = 3))`]) {
    it(`forgives nothing where the second run does not come to a good end: ${ending}`, async () => {
      const { failures, again } = await run({
        ended: `
          if (!once('loaded')) ${ending};
          describe('a suite', () => {
            before(() => once('hook') && fail('not ready'));
            it('passes', () => undefined);
          });`,
      });
      assert.deepEqual([failures.length, again], [1, []]);
    });
  }

  it('does not forgive a test that the second run does not come to', async () => {
    const { passed, failures, again } = await run({
      gone: `it('is well', () => undefined); if (once('loaded')) it('fails', () => fail('the first time'));`,
    });
    assert.deepEqual([passed, failures, again], [1, ['fails: Error: the first time'], []]);
  });

  it('runs nothing again where many fail', async () => {
    const { failed, again } = await run({
      broken: `for (const each of [1, 2, 3, 4, 5, 6]) it('fails ' + each, () => once('late ' + each) && fail('once'));`,
    });
    assert.deepEqual([failed, again, notes().length], [6, [], 6]);
  });

  it('fails where no test ran, and where it ended badly outside of any', async () => {
    assert.deepEqual((await run({ none: '' })).failures, ['Tiny: no test ran']);
    assert.match((await run({ bad: `it('ends it', () => process.exit(3));` })).failures[0]!, /^Tiny: ended with 3/);
  });
});
