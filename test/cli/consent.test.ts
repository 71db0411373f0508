/** What may run is asked as designed: nothing of an untrusted project, pickles by what they name. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import type { PredictAnswer } from '../../src/shared/contract.ts';
import { deployArguments, ECHO, hostOf, leftBehind, refused, runPython, writeModel } from './models.ts';
import { createSandbox, python, samples, type Sandbox } from './nimbus.ts';
import { safetensors } from '../unit/detect/files.ts';
import { inTerminal } from './pseudo-terminal.ts';

const ENTER = '\r';
const CONTROL_C = '\u0003';

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

    /** Gives the project a Python of its own; answers with the file that says that it ran. */
    const ownPython = (): string => {
      const canary = path.join(sandbox.folder, 'python-ran');
      mkdirSync(path.join(sandbox.folder, '.venv/bin'), { recursive: true });
      writeFileSync(path.join(sandbox.folder, '.venv/pyvenv.cfg'), 'home = /usr/bin\n');
      writeFileSync(
        path.join(sandbox.folder, '.venv/bin/python'),
        `#!/bin/sh\ntouch "${canary}"\nexec "${python}" "$@"\n`,
        { mode: 0o755 },
      );
      writeModel(sandbox, 'code', ECHO);
      return canary;
    };

    it("is asked for before the project's own Python runs", async () => {
      const canary = ownPython();
      const { text } = await refused(sandbox, ['deploy', 'code', '--yes'], 2);
      assert.match(text, /\.venv\/bin\/python.*--trust/s);
      assert.ok(!existsSync(canary), 'it ran before anybody was asked');
      await sandbox.json(['deploy', 'code', '--yes', '--trust']);
      assert.ok(existsSync(canary), 'a trusted project runs on its own Python');
    });

    const TRUST_QUESTION = 'Do you trust the project, so that it may run? [y/N]';

    it("runs the project's own Python after a yes in the terminal, which is remembered", async () => {
      const canary = ownPython();
      const { code, said } = await inTerminal(sandbox, ['deploy', 'code', '--yes'], [[TRUST_QUESTION, `yes${ENTER}`]]);
      assert.equal(code, 0, said);
      assert.match(said, /a Python of its own, \.venv\/bin\/python/);
      assert.ok(existsSync(canary), 'it is the Python that the user agreed to');
      await sandbox.json(['deploy', 'code', '--yes']);
    });

    it('runs on another Python after a no, and asks again the next time', async () => {
      const canary = ownPython();
      // The model itself is code of the project: that is a question of its own, and no answer to it is a no.
      const typed = [
        [TRUST_QUESTION, `no${ENTER}`],
        ['Run it? [y/N]', ENTER],
      ] as const;
      for (let time = 0; time < 2; time++) {
        const { code, said } = await inTerminal(sandbox, ['deploy', 'code', '--yes'], [...typed]);
        assert.equal(code, 130, said);
        assert.match(said, /runs code of this project: handler\.py/);
        assert.doesNotMatch(said, /· Python [\d.]+ \(\.venv\)/);
      }
      assert.ok(!existsSync(canary));
      assert.deepEqual(leftBehind(sandbox), left);
      // What is no code of the project deploys all the same.
      sandbox.add(path.join(samples, 'sentiment.joblib'), 'sentiment.joblib');
      const env = { PATH: `${path.dirname(python)}${path.delimiter}${process.env['PATH']}` };
      const other = await inTerminal(sandbox, ['deploy', 'sentiment.joblib'], [[TRUST_QUESTION, `n${ENTER}`]], env);
      assert.equal(other.code, 0, other.said);
      assert.ok(!existsSync(canary));
    });

    it('ends with Ctrl+C at the question: nothing ran, nothing is left', async () => {
      const canary = ownPython();
      const { code, said } = await inTerminal(sandbox, ['deploy', 'code', '--yes'], [[TRUST_QUESTION, CONTROL_C]]);
      assert.equal(code, 130, said);
      assert.match(said, /Cancelled/);
      assert.ok(!existsSync(canary));
      assert.deepEqual(leftBehind(sandbox), left);
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
      assert.match(problem.text, /steps\.text\.Lower: of this project, steps.*--trust/s);
      assert.doesNotMatch(problem.text, /sklearn\./, 'what its framework writes is not asked about');
      assert.deepEqual(leftBehind(sandbox), left);

      const agreed = await inTerminal(sandbox, withoutTrust('m.joblib'), [['[y/N]', `y${ENTER}`]]);
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

    it('leaves it without a network, unless the user allows it one', async () => {
      const server = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1');
      await once(server, 'listening');
      const { port } = server.address() as AddressInfo;
      let calls = 0;
      server.on('connection', () => calls++);
      try {
        train('yes');
        const module = path.join(sandbox.folder, 'steps/text.py');
        const call = `import socket\ntry:\n    socket.create_connection(("127.0.0.1", ${port}), 5).close()\nexcept OSError:\n    pass\n`;
        writeFileSync(module, call + readFileSync(module, 'utf8'));
        await sandbox.json(deployArguments('m.joblib'));
        assert.equal(await label(), 'yes');
        assert.equal(calls, 0);
        const shown = await sandbox.nimbus(['logs', 'm']);
        assert.match(shown.stdout, /runs without a network: loading it needed your consent/);
        await sandbox.endHost();
        const { code } = await sandbox.nimbus(['predict', 'm', 'GOOD'], { env: { NIMBUS_CONSENTED_NETWORK: '1' } });
        assert.equal(code, 0);
        assert.equal(calls, 1);
      } finally {
        server.close();
      }
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
      const { code, said } = await inTerminal(sandbox, withoutTrust('slow'), [
        ['[y/N]', `y${ENTER}`],
        ['… start', CONTROL_C],
      ]);
      assert.equal(code, 130, said);
      assert.deepEqual(await consents(), []);
    });

    it('is a no without an answer: nothing is deployed', async () => {
      train('yes');
      const { code, said } = await inTerminal(sandbox, withoutTrust('m.joblib'), [['[y/N]', ENTER]]);
      assert.equal(code, 130, said);
      assert.deepEqual(leftBehind(sandbox), left);
    });
  });

  describe('to code that came with a model', () => {
    const write = (name: string, content: string | Buffer): void => {
      const file = path.join(sandbox.folder, 'm', name);
      mkdirSync(path.dirname(file), { recursive: true });
      writeFileSync(file, content);
    };

    it('is given by no flag and no single key, in a trusted project too, and for each version', async () => {
      const config = { architectures: ['BertModel'], model_type: 'bert', auto_map: { AutoModel: 'own.Own' } };
      write('config.json', JSON.stringify(config));
      write('tokenizer.json', '{}');
      write('own.py', `open(${JSON.stringify(path.join(sandbox.folder, 'ran'))}, "a").close()\nclass Own: ...\n`);
      write('model.safetensors', safetensors());
      for (const flags of [[], ['--yes'], ['--trust'], ['--trust', '--yes']]) {
        const problem = await refused(sandbox, ['deploy', 'm', '--python', python, ...flags], 2);
        assert.equal(problem.code, 'question-unanswered');
        assert.match(problem.text, /runs code that came with the model: own\.py\..*no flag allows this/s);
      }
      for (const answer of ['y', 'yes', 'M']) {
        const { code, said } = await inTerminal(sandbox, deployArguments('m'), [
          ['load it all the same:', answer + ENTER],
        ]);
        assert.equal(code, 130, said);
      }
      assert.deepEqual(leftBehind(sandbox), left);
      // This Python has no transformers: that is said once the question was answered, and the answer is kept.
      await inTerminal(sandbox, deployArguments('m'), [['load it all the same:', `m${ENTER}`]]);
      const { consents } = await sandbox.json<{ consents: { kind: string; hash?: string; names?: string[] }[] }>([
        'trust',
      ]);
      const given = consents.filter(({ hash }) => hash !== undefined);
      assert.deepEqual(
        given.map(({ kind, names }) => [kind, names]),
        [['code', ['own.py']]],
      );
      assert.notEqual((await refused(sandbox, deployArguments('m'), 1)).code, 'question-unanswered');
      write('deep/more.py', '');
      assert.equal((await refused(sandbox, deployArguments('m'), 2)).code, 'question-unanswered');
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
        assert.match(problem.text, /posix\.system: runs a command.*skops\.io\.dump.*no flag allows this/s);
      }
      // Neither by one key nor by another name.
      for (const answer of ['y', 'yes', 'M']) {
        const { code, said } = await inTerminal(sandbox, deployArguments('m.joblib'), [
          ['load it all the same:', answer + ENTER],
        ]);
        assert.equal(code, 130, said);
      }
      assert.equal(ran(1), false);
      assert.deepEqual(leftBehind(sandbox), left);

      const agreed = await inTerminal(sandbox, deployArguments('m.joblib'), [['load it all the same:', `m${ENTER}`]]);
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
