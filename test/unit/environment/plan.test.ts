import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, it } from 'mocha';
import type { Candidate } from '../../../src/core/environment/environment.ts';
import { COMPLETE, environmentKey, environmentsFolder } from '../../../src/core/environment/managed.ts';
import { planEnvironment, type EnvironmentChoice, type PlanOptions } from '../../../src/core/environment/plan.ts';
import type { ProbeFunction } from '../../../src/core/environment/probe.ts';
import { fail, ok } from '../../../src/shared/outcome.ts';
import { temporaryFolder } from '../models/temporary.ts';

const DETECTION = { requirements: ['scikit-learn==1.5.2'] };
const PROJECT: Candidate = { python: '/project/.venv/bin/python', source: 'project' };
const SYSTEM: Candidate = { python: '/usr/bin/python3', source: 'path' };

/** Interpreters of an imagined machine: their packages, or why they do not answer. */
function machine(installed: Record<string, Record<string, string> | string>): ProbeFunction & { asked: string[] } {
  const asked: string[] = [];
  const probe: ProbeFunction = async (python) => {
    asked.push(python);
    const packages = installed[python] ?? {};
    if (typeof packages === 'string') return fail('python-broken', `${python} cannot be used.`, { why: packages });
    return ok({
      python,
      version: '3.11.4',
      implementation: 'cpython',
      abi: 'cpython-311',
      platform: 'linux-x86_64',
      packages,
    });
  };
  return Object.assign(probe, { asked });
}

describe('planning an environment', () => {
  const temporary = temporaryFolder();

  async function choices(
    candidates: Candidate[],
    probe: ProbeFunction,
    options: PlanOptions = {},
  ): Promise<EnvironmentChoice[]> {
    const result = await planEnvironment(DETECTION, candidates, { probe, env: { PATH: '' }, ...options });
    assert.ok(result.ok, JSON.stringify(result));
    return result.value;
  }

  const brief = (all: EnvironmentChoice[]): string[] =>
    all.map(
      ({ plan, label }) => `${plan.kind} ${plan.kind === 'use' ? plan.python : `${plan.base} ${plan.tool}`}: ${label}`,
    );

  it('takes the first candidate with the right packages, and asks none after it', async () => {
    const probe = machine({
      [PROJECT.python]: { 'scikit-learn': '1.5.2' },
      [SYSTEM.python]: { 'scikit-learn': '1.5.2' },
    });
    assert.deepEqual(brief(await choices([PROJECT, SYSTEM], probe)), [
      'use /project/.venv/bin/python: Python 3.11.4 (.venv)',
      'create /project/.venv/bin/python pip: New environment, Python 3.11.4',
    ]);
    assert.deepEqual(probe.asked, [PROJECT.python]);
  });

  it('goes past what lacks the package, has another version, or is broken', async () => {
    const other: Candidate = { python: '/opt/ml/bin/python', source: 'conda' };
    const probe = machine({
      [PROJECT.python]: 'no libpython',
      [other.python]: { 'scikit-learn': '1.4.0' },
      [SYSTEM.python]: { 'scikit-learn': '1.5.2' },
    });
    assert.deepEqual(brief(await choices([PROJECT, other, SYSTEM], probe)), [
      'use /usr/bin/python3: Python 3.11.4 (on the PATH)',
      'create /opt/ml/bin/python pip: New environment, Python 3.11.4',
      'use /opt/ml/bin/python: Python 3.11.4 (conda ml)',
    ]);
  });

  it('offers to make one, then what is near; what lacks a package is not offered', async () => {
    const probe = machine({ [PROJECT.python]: {}, [SYSTEM.python]: { 'scikit-learn': '1.4.0', uv: '0.9' } });
    const [create, near, ...more] = await choices([PROJECT, SYSTEM], probe);
    assert.deepEqual(more, []);
    assert.ok(create!.plan.kind === 'create');
    assert.deepEqual(create!.plan.requirements, DETECTION.requirements);
    assert.equal(create!.plan.base, PROJECT.python);
    assert.equal(create!.plan.tool, 'pip');
    assert.match(create!.detail, /scikit-learn is not installed; the model asks for ==1\.5\.2/);
    assert.ok(near!.plan.kind === 'use');
    assert.deepEqual(near!.problems, ['scikit-learn is 1.4.0; the model asks for ==1.5.2.']);
    assert.deepEqual(near!.mismatches, [{ package: 'scikit-learn', required: '==1.5.2', installed: '1.4.0' }]);
  });

  it('uses uv where it is on the PATH or in the interpreter', async () => {
    assert.match(brief(await choices([SYSTEM], machine({ [SYSTEM.python]: { uv: '0.9' } })))[0]!, / uv: New/);
    mkdirSync(path.join(temporary.folder, 'bin'));
    writeFileSync(path.join(temporary.folder, 'bin', process.platform === 'win32' ? 'uv.exe' : 'uv'), '');
    const env = { PATH: path.join(temporary.folder, 'bin') };
    assert.match(brief(await choices([SYSTEM], machine({}), { env }))[0]!, / uv: New/);
  });

  it('uses a complete managed environment, never a half-made one', async () => {
    const key = environmentKey(
      { platform: 'linux-x86_64', abi: 'cpython-311', version: '3.11.4' },
      DETECTION.requirements,
    );
    const folder = path.join(environmentsFolder(), key);
    mkdirSync(path.join(folder, 'bin'), { recursive: true });
    writeFileSync(path.join(folder, 'bin', 'python'), '');
    assert.match(brief(await choices([SYSTEM], machine({})))[0]!, /^create/);
    writeFileSync(path.join(folder, COMPLETE), '{}');
    assert.deepEqual(brief(await choices([SYSTEM], machine({}))), [
      `use ${folder}/bin/python: Python 3.11.4 (made by Nimbus)`,
    ]);
  });

  it('takes any interpreter where the model names no packages', async () => {
    const result = await planEnvironment({ requirements: [] }, [SYSTEM], { probe: machine({}), env: {} });
    assert.deepEqual(brief(result.ok ? result.value : []), ['use /usr/bin/python3: Python 3.11.4 (on the PATH)']);
  });

  it('keeps to the Python version that the model is bound to', async () => {
    const probe = machine({ [SYSTEM.python]: { 'scikit-learn': '1.5.2' } });
    const none = await planEnvironment(DETECTION, [SYSTEM], { probe, pythonVersion: '3.12' });
    assert.ok(!none.ok);
    assert.equal(none.error.code, 'python-version-missing');
    assert.equal(none.error.why, 'Found: Python 3.11.4 (/usr/bin/python3).');
    assert.match(none.error.next!, /Install Python 3\.12 .*uv python install 3\.12/);
    assert.deepEqual((await choices([SYSTEM], probe, { pythonVersion: '3.11' }))[0]!.problems, []);
    // 3.1 is another minor version than 3.11.
    assert.equal((await planEnvironment(DETECTION, [SYSTEM], { probe, pythonVersion: '3.1' })).ok, false);
  });

  it('goes by the interpreter that the user names for a deploy, with a warning', async () => {
    const probe = machine({ [SYSTEM.python]: { 'scikit-learn': '1.5.2' } });
    const [chosen, ...more] = await choices([{ ...SYSTEM, source: 'chosen' }], probe, { pythonVersion: '3.12' });
    assert.deepEqual(chosen!.problems, ['Python is 3.11.4; models.json asks for 3.12.']);
    assert.deepEqual(more, []);
  });

  it('says what is wrong where no interpreter works', async () => {
    const none = await planEnvironment(DETECTION, [], { probe: machine({}) });
    assert.equal(none.ok ? '' : none.error.code, 'python-missing');
    const both = await planEnvironment(DETECTION, [PROJECT, SYSTEM], {
      probe: machine({ [PROJECT.python]: 'no libpython', [SYSTEM.python]: 'cut off' }),
    });
    assert.match(both.ok ? '' : both.error.why!, /no libpython[^]*cut off/);
    const chosen = await planEnvironment(DETECTION, [PROJECT], {
      probe: machine({ [PROJECT.python]: 'no libpython' }),
    });
    assert.equal(chosen.ok ? '' : chosen.error.code, 'python-broken');
  });
});
