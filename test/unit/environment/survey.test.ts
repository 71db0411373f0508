import assert from 'node:assert/strict';
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import { surveyInterpreters } from '../../../src/core/interpreters.ts';
import type { Candidate } from '../../../src/core/environment/environment.ts';
import type { ProbeFunction } from '../../../src/core/environment/probe.ts';
import { surveyEnvironments, type Survey } from '../../../src/core/environment/survey.ts';
import { fail, ok } from '../../../src/shared/outcome.ts';
import { temporaryFolder } from '../models/temporary.ts';
import { testPython } from './python.ts';

const REQUIREMENTS = ['scikit-learn==1.5.2'];
const candidate = (name: string, source: Candidate['source'] = 'path'): Candidate => ({
  python: `/${name}/bin/python`,
  source,
});

/** Interpreters that answer when they are told to: with their packages, or with why they cannot. */
class Machine {
  readonly asked: string[] = [];
  #waiting = new Map<string, (answer: Record<string, string> | string) => void>();

  readonly probe: ProbeFunction = async (python) => {
    this.asked.push(python);
    const packages = await new Promise<Record<string, string> | string>((resolve) =>
      this.#waiting.set(python, resolve),
    );
    if (typeof packages === 'string') return fail('python-broken', `${python} cannot be used.`, { why: packages });
    const { same: real = python, ...installed } = packages;
    const about = { version: '3.11.4', implementation: 'cpython', abi: 'cp311', platform: 'linux' };
    return ok({ python: real, ...about, packages: installed });
  };

  answer({ python }: Candidate, packages: Record<string, string> | string): void {
    this.#waiting.get(python)!(packages);
  }
}

describe('a survey of the interpreters', () => {
  const temporary = temporaryFolder();
  const seen: string[][] = [];
  let wake: () => void = () => undefined;
  const onChange = ({ choices, managed, skipped }: Survey): void => {
    seen.push([
      ...[...choices, ...(managed ? [managed] : [])].map(({ label, problems }) => [label, ...problems].join(' | ')),
      ...skipped.map(({ python, why }) => `skipped ${python}: ${why}`),
    ]);
    wake();
  };
  /** The first state from now on in which something holds. */
  const until = async (holds: (rows: string[]) => boolean): Promise<string[]> => {
    while (!seen.at(-1) || !holds(seen.at(-1)!)) await new Promise<void>((resolve) => (wake = resolve));
    return seen.at(-1)!;
  };
  beforeEach(() => seen.splice(0));

  it('shows each as it answers, in the order of the search, with what is missing or differs', async () => {
    const machine = new Machine();
    const [own, conda, old, alias] = [
      candidate('p/.venv', 'project'),
      candidate('ml', 'conda'),
      candidate('old'),
      candidate('alias'),
    ];
    const done = surveyEnvironments(REQUIREMENTS, [own, conda, old, alias], {
      probe: machine.probe,
      env: { PATH: '' },
      skipped: [{ python: '/gone/bin/python', why: 'There is no such file.' }],
      onChange,
    });
    const gone = 'skipped /gone/bin/python: There is no such file.';
    assert.deepEqual(seen, [[gone]], 'what needs no answer is there at once');
    assert.equal(machine.asked.length, 4, 'all are asked at once');

    machine.answer(conda, { 'scikit-learn': '1.4.0' });
    const DIFFERS = 'Python 3.11.4 (conda ml) | scikit-learn is 1.4.0; the model asks for ==1.5.2.';
    assert.deepEqual(await until((rows) => rows.length === 2), [DIFFERS, gone]);

    machine.answer(own, {});
    const LACKS = 'Python 3.11.4 (.venv) | scikit-learn is not installed; the model asks for ==1.5.2.';
    const NEW = 'New environment, Python 3.11.4';
    // Those that have not answered do not hold it up.
    assert.deepEqual(await until((rows) => rows.includes(NEW)), [LACKS, DIFFERS, NEW, gone]);

    machine.answer(old, 'It is Python 2.7.');
    machine.answer(alias, { same: conda.python, 'scikit-learn': '1.4.0' });
    await done;
    assert.deepEqual(seen.at(-1), [LACKS, DIFFERS, NEW, 'skipped /old/bin/python: It is Python 2.7.', gone]);
  });

  it('keeps the same choice for the same interpreter', async () => {
    const machine = new Machine();
    const [one, two] = [candidate('one'), candidate('two')];
    const surveys: Survey[] = [];
    const done = surveyEnvironments([], [one, two], { probe: machine.probe, onChange: (it) => surveys.push(it) });
    machine.answer(one, {});
    while (surveys.at(-1)!.choices.length === 0) await new Promise(setImmediate);
    const [first] = surveys.at(-1)!.choices;
    machine.answer(two, {});
    await done;
    assert.equal(surveys.at(-1)!.choices.length, 2);
    assert.equal(surveys.at(-1)!.choices[0], first);
  });

  it('says nothing once nobody waits for it', async () => {
    const machine = new Machine();
    const abort = new AbortController();
    const one = candidate('one');
    const done = surveyEnvironments([], [one], { probe: machine.probe, signal: abort.signal, onChange });
    seen.splice(0);
    abort.abort();
    machine.answer(one, {});
    await done;
    assert.deepEqual(seen, []);
  });

  it('of a real project that is not trusted names its own interpreter among the skipped, and does not run it', async () => {
    const project = temporary.folder;
    const canary = path.join(project, 'ran');
    const bin = path.join(project, '.venv', 'bin');
    mkdirSync(bin, { recursive: true });
    writeFileSync(path.join(project, '.venv', 'pyvenv.cfg'), '');
    writeFileSync(path.join(bin, 'python'), `#!/bin/sh\ntouch "${canary}"\nexec "${testPython()}" "$@"\n`, {
      mode: 0o755,
    });
    const survey = async (trustedProject: boolean): Promise<string[]> => {
      await surveyInterpreters({ request: { project, trustedProject }, requirements: [], onChange });
      return seen.at(-1)!;
    };
    const untrusted = await survey(false);
    assert.ok(
      untrusted.some(
        (row) => row === `skipped ${path.join(bin, 'python')}: It is code of this project, which is not trusted.`,
      ),
      untrusted.join('\n'),
    );
    assert.ok(!existsSync(canary));
    await survey(true);
    assert.ok(existsSync(canary));
  });
});
