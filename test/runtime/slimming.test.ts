/** Deciding what packages can do without, as the build of an image does. */
import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, describe, it } from 'mocha';
import { RUNTIME, runPython, Scratch } from './support.ts';

interface Step {
  step: string;
  kept: boolean;
  why?: string;
}

describe('deciding what packages can do without', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  after(() => scratch.remove());

  /** The model notes each time that it is loaded. */
  async function decide(
    name: string,
    packages: Record<string, string>,
    imports: string,
  ): Promise<{ steps: Step[]; loads: number; root: string }> {
    const root = scratch.path(`${name}-packages`);
    mkdirSync(root);
    for (const [file, text] of Object.entries(packages)) {
      mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
      writeFileSync(path.join(root, file), text);
    }
    const loads = scratch.path(`${name}-loads`);
    const decided = scratch.path(`${name}-decided`);
    const model = scratch.model(
      name,
      `${imports}\n\ndef load(path):\n    open(${JSON.stringify(loads)}, "a").write("x")\n\ndef predict(model, input):\n    return input\n`,
    );
    const env = {
      NIMBUS_FUNCTION: scratch.function(name, 'custom', model, { examples: [{ input: 1 }] }),
      PYTHONPATH: `${RUNTIME}${path.delimiter}${root}`,
    };
    const ended = await runPython([path.join(RUNTIME, 'image/slim.py'), root, '--decide', decided], env);
    assert.equal(ended.code, 0, ended.stderr);
    return {
      steps: JSON.parse(readFileSync(decided, 'utf8')) as Step[],
      loads: readFileSync(loads, 'utf8').length,
      root,
    };
  }

  it('asks the model once where there is nothing to do without', async () => {
    const { steps, loads } = await decide('bare', {}, '');
    assert.deepEqual(
      steps.map(({ step, kept }) => [step, kept]),
      [
        ['installers', true],
        ['tests', true],
        ['sources', true],
        ['strip', true],
      ],
    );
    assert.equal(loads, 1);
  });

  it('asks again for each step that removes something, and takes back what the model needs', async () => {
    const packages = { 'needed/__init__.py': '', 'needed/tests/__init__.py': '', 'needed/fast.c': 'int main;' };
    const { steps, loads, root } = await decide('needy', packages, 'import needed.tests');
    const kept = Object.fromEntries(steps.map((one) => [one.step, one.kept]));
    assert.deepEqual(kept, { installers: true, tests: false, sources: true, strip: true });
    assert.match(steps.find(({ step }) => step === 'tests')!.why!, /needed\.tests/);
    // Once before, and once without the C source; without the tests it does not even import.
    assert.equal(loads, 2);
    assert.equal(readFileSync(path.join(root, 'needed/tests/__init__.py'), 'utf8'), '');
    assert.throws(() => readFileSync(path.join(root, 'needed/fast.c')));
  });
});
