/** What may run is asked as designed: nothing of an untrusted project, pickles by what they name. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { PredictAnswer } from '../../src/shared/contract.ts';
import { deployArguments, ECHO, hostOf, leftBehind, refused, runPython, writeModel } from './models.ts';
import { createSandbox, python, root, type Sandbox } from './nimbus.ts';

/** Runs a command in a terminal of its own, types the answer once it asks, and Ctrl+C once it says `cancelAt`. */
async function inTerminal(
  sandbox: Sandbox,
  argv: string[],
  question: string,
  answer: string,
  cancelAt?: string,
): Promise<{ code: number | null; said: string }> {
  const node = process.env['NIMBUS_USER_NODE'] ?? process.execPath;
  const child = spawn(
    'python3',
    ['-c', TYPIST, question, answer, cancelAt ?? '', node, path.join(root, 'dist/cli.js'), ...argv],
    {
      cwd: sandbox.folder,
      env: { ...process.env, NIMBUS_HOME: sandbox.home, TERM: 'xterm' },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, said };
}

const TYPIST = `
import os, pty, sys
question, answer, cancel_at, *argv = sys.argv[1:]
pid, terminal = pty.fork()
if pid == 0:
    os.execv(argv[0], argv)
said = b""
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    asked = question.encode() in said
    said += some
    if not asked and question.encode() in said:
        os.write(terminal, answer.encode() + b"\\r")
    if cancel_at and cancel_at.encode() in said:
        cancel_at = ""
        os.write(terminal, b"\\x03")
sys.stdout.buffer.write(said)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

describe('consent on the command line', function () {
  this.timeout(90_000);
  let sandbox: Sandbox;
  beforeEach(() => {
    sandbox = createSandbox();
  });
  afterEach(() => sandbox.remove());

  const left = { models: undefined, snapshots: [] };
  const label = async (): Promise<unknown> =>
    ((await sandbox.json<PredictAnswer>(['predict', 'm', 'GOOD'])).result as { label: unknown }).label;
  const withoutTrust = (target: string): string[] => deployArguments(target).filter((one) => one !== '--trust');

  describe('to an untrusted project', () => {
    it('is asked for before anything of it runs', async () => {
      const canary = path.join(sandbox.folder, 'canary');
      const touch = `open(${JSON.stringify(canary)}, "a").close()\n`;
      writeModel(sandbox, 'code', `${touch}${ECHO}`, { 'sitecustomize.py': touch, 'helper.py': touch });
      for (const name of ['sitecustomize.py', 'json.py', 'pickle.py', 'sklearn.py']) {
        writeFileSync(path.join(sandbox.folder, name), touch);
      }
      const problem = await refused(sandbox, withoutTrust('code'), 2);
      assert.equal(problem.code, 'question-unanswered');
      assert.match(problem.text, /handler\.py, helper\.py.*--trust/s);
      for (const argv of [['list'], ['status']]) await sandbox.json(argv);
      await refused(sandbox, ['predict', 'code', 'x']);
      assert.ok(!existsSync(canary));
      assert.deepEqual(leftBehind(sandbox), left);
      // Once it is trusted it is not asked about again.
      await sandbox.json(deployArguments('code'));
      assert.ok(existsSync(canary));
      await sandbox.json(withoutTrust('code'));
    });

    it("is asked for before the project's own Python runs", async () => {
      const canary = path.join(sandbox.folder, 'python-ran');
      mkdirSync(path.join(sandbox.folder, '.venv/bin'), { recursive: true });
      writeFileSync(path.join(sandbox.folder, '.venv/pyvenv.cfg'), 'home = /usr/bin\n');
      writeFileSync(
        path.join(sandbox.folder, '.venv/bin/python'),
        `#!/bin/sh\ntouch "${canary}"\nexec "${python}" "$@"\n`,
        { mode: 0o755 },
      );
      writeModel(sandbox, 'code', ECHO);
      const { text } = await refused(sandbox, ['deploy', 'code', '--yes'], 2);
      assert.match(text, /\.venv\/bin\/python.*--trust/s);
      assert.ok(!existsSync(canary), 'it ran before anybody was asked');
      await sandbox.json(['deploy', 'code', '--yes', '--trust']);
      assert.ok(existsSync(canary), 'a trusted project runs on its own Python');
    });

    it('does not come with a repository: neither models.json nor .nimbus starts anything', async () => {
      const canary = path.join(sandbox.folder, 'canary');
      const handler = (project: string): string =>
        `open(${JSON.stringify(path.join(project, 'canary'))}, "a").close()\n${ECHO}`;
      writeModel(sandbox, 'code', handler(sandbox.folder));
      await sandbox.json(deployArguments('code'));
      assert.ok(existsSync(canary));
      await sandbox.endHost();
      // Somebody else clones it, with everything.
      const other = createSandbox();
      try {
        cpSync(sandbox.folder, other.folder, { recursive: true });
        const theirs = path.join(other.folder, 'canary');
        writeModel(other, 'code', handler(other.folder));
        rmSync(theirs);
        rmSync(canary);
        for (const argv of [
          ['predict', 'code', 'x'],
          ['start', 'code'],
          ['cold', 'code'],
        ]) {
          assert.match((await refused(other, argv)).text, /[Rr]edeploy|not deployed/);
        }
        const { models } = await other.json<{ models: { deployments: { state: string }[] }[] }>(['list']);
        assert.equal(models[0]!.deployments[0]!.state, 'not-deployed');
        assert.deepEqual([existsSync(theirs), existsSync(canary)], [false, false]);
      } finally {
        await other.remove();
      }
    });
  });

  describe("to a pickle with a class of the project's own package", () => {
    const train = (word: string, cls = 'Lower'): void => {
      mkdirSync(path.join(sandbox.folder, 'steps'), { recursive: true });
      writeFileSync(
        path.join(sandbox.folder, 'steps/text.py'),
        ['Lower', 'Upper']
          .map(
            (name) => `
from sklearn.base import BaseEstimator, TransformerMixin

class ${name}(TransformerMixin, BaseEstimator):
    def fit(self, X, y=None):
        return self
    def transform(self, X):
        return [text.${name.toLowerCase()}() for text in X]
    def __sklearn_is_fitted__(self):
        return True
`,
          )
          .join('\n'),
      );
      runPython(
        sandbox,
        `
import joblib
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.naive_bayes import MultinomialNB
from sklearn.pipeline import make_pipeline
from steps.text import ${cls}
model = make_pipeline(${cls}(), CountVectorizer(lowercase=False), MultinomialNB())
joblib.dump(model.fit(["good ${word}", "bad"], ["${word}", "no"]), "m.joblib")
`,
      );
    };

    it('is asked for once per set of names, and not again after retraining', async () => {
      train('yes');
      const problem = await refused(sandbox, withoutTrust('m.joblib'), 2);
      assert.equal(problem.code, 'question-unanswered');
      assert.match(problem.text, /steps\.text\.Lower.*--trust/s);
      assert.doesNotMatch(problem.text, /sklearn\./, 'what its framework writes is not asked about');
      assert.deepEqual(leftBehind(sandbox), left);

      const agreed = await inTerminal(sandbox, withoutTrust('m.joblib'), '[y/N]', 'y');
      assert.equal(agreed.code, 0, agreed.said);
      assert.match(agreed.said, /steps\.text\.Lower/);
      assert.equal(await label(), 'yes');

      // Retrained: the host serves it by itself, and a deploy does not ask.
      const { promise: served, resolve } = Promise.withResolvers<void>();
      const versions = new Set<string>();
      const host = await hostOf(sandbox, 'editor', {
        deployment: ({ version }) => void (versions.add(version).size > 1 && resolve()),
      });
      versions.add(host.hello.deployments[0]!.version);
      train('again');
      await served;
      host.close();
      assert.equal(await label(), 'again');
      await sandbox.json(withoutTrust('m.joblib'));

      // Another class is another question.
      train('other', 'Upper');
      const other = await refused(sandbox, withoutTrust('m.joblib'), 2);
      assert.match(other.text, /steps\.text\.Upper/);
      assert.equal(await label(), 'again', 'what was agreed to serves on');
    });

    it('is shown, and taken back, by nimbus trust', async () => {
      train('yes');
      const said = await sandbox.nimbus(deployArguments('m.joblib'));
      assert.equal(said.code, 0, said.stderr);
      assert.match(said.stdout, /Agreed to by --trust\.[^]*steps\.text\.Lower/);
      const shown = await sandbox.nimbus(['trust']);
      assert.match(shown.stdout, /this project's own code\n +pickles that name steps\.text\.Lower/);
      assert.equal((await refused(sandbox, ['trust', '--remove'], 2)).code, 'question-unanswered');
      const { removed } = await sandbox.json<{ removed: unknown[] }>(['trust', '--remove', '--yes']);
      assert.equal(removed.length, 2);
      assert.deepEqual((await sandbox.json<{ consents: unknown[] }>(['trust'])).consents, []);
      assert.equal((await refused(sandbox, withoutTrust('m.joblib'), 2)).code, 'question-unanswered');
    });

    it('is not kept where the deploy was cancelled before its end', async () => {
      writeModel(
        sandbox,
        'slow',
        'import time\ntime.sleep(600)\ndef load(path): pass\ndef predict(model, input): pass\n',
      );
      const consents = async (): Promise<unknown[]> =>
        (await sandbox.json<{ consents: unknown[] }>(['trust'])).consents;
      const { code, said } = await inTerminal(sandbox, withoutTrust('slow'), '[y/N]', 'y', '… start');
      assert.equal(code, 130, said);
      assert.deepEqual(await consents(), []);
    });

    it('is a no without an answer: nothing is deployed', async () => {
      train('yes');
      const { code, said } = await inTerminal(sandbox, withoutTrust('m.joblib'), '[y/N]', '');
      assert.equal(code, 130, said);
      assert.deepEqual(leftBehind(sandbox), left);
    });
  });

  describe('to a pickle that names dangerous globals', () => {
    const train = (number: number): void =>
      runPython(
        sandbox,
        `
import joblib, os
from sklearn.preprocessing import FunctionTransformer
from sklearn.pipeline import make_pipeline
class Run:
    def __reduce__(self):
        return os.system, ("touch ran-${number}",)
joblib.dump(make_pipeline(FunctionTransformer(kw_args={"run": Run()})), "m.joblib")
`,
      );
    const ran = (number: number): boolean =>
      existsSync(path.join(sandbox.folder, `ran-${number}`)) ||
      existsSync(path.join(sandbox.folder, `.nimbus/functions/ran-${number}`));

    it('is given by no flag, and is asked for each version', async () => {
      train(1);
      for (const flags of [[], ['--yes'], ['--trust'], ['--trust', '--yes']]) {
        const problem = await refused(sandbox, ['deploy', 'm.joblib', '--python', python, ...flags], 2);
        assert.equal(problem.code, 'question-unanswered');
        assert.match(problem.text, /posix\.system: runs a command.*no flag allows this/s);
      }
      // Neither by one key nor by another name.
      for (const answer of ['y', 'yes', 'M']) {
        const { code, said } = await inTerminal(sandbox, deployArguments('m.joblib'), 'load it all the same:', answer);
        assert.equal(code, 130, said);
      }
      assert.equal(ran(1), false);
      assert.deepEqual(leftBehind(sandbox), left);

      const agreed = await inTerminal(sandbox, deployArguments('m.joblib'), 'load it all the same:', 'm');
      assert.equal(agreed.code, 0, agreed.said);
      assert.equal(ran(1), true, 'it is what the user wanted');
      await sandbox.json(deployArguments('m.joblib'));

      train(22);
      const again = await refused(sandbox, deployArguments('m.joblib'), 2);
      assert.match(again.text, /posix\.system/);
      assert.equal(ran(22), false);
    });
  });
});
