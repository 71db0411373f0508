/** Cases that the scripts beside this file make: a model, its inputs, and what its own framework answers to them. */
import assert from 'node:assert/strict';
import { after, before, it } from 'mocha';
import { fileURLToPath } from 'node:url';
import type { Framework } from '../../../src/shared/spec.ts';
import { frameworksPython, runPython, Scratch, type Worker } from '../support.ts';

export interface FrameworkCase {
  framework: Framework;
  path: string;
  inputs: unknown[];
  /** One result for each input. */
  expected: unknown[];
  /** How far numbers may be apart. */
  near?: number;
}

/** An input that no model takes. */
const BAD = { 'no such column': [[['x']]] };

/** Runs a script of this folder and answers with its cases. */
export async function makeCases(script: string, folder: string): Promise<Record<string, FrameworkCase>> {
  const file = fileURLToPath(new URL(script, import.meta.url));
  const made = await runPython([file, folder], {}, frameworksPython());
  assert.equal(made.code, 0, made.stderr);
  // Exporters print to the standard output, too.
  return JSON.parse(made.stdout.trim().split('\n').at(-1)!) as Record<string, FrameworkCase>;
}

/** A worker for a case, in the environment with the large frameworks. */
export function workerOf(scratch: Scratch, name: string, one: Pick<FrameworkCase, 'framework' | 'path'>): Worker {
  const file = scratch.function(name.replaceAll(/\W/g, '-'), one.framework, one.path);
  return scratch.worker(file, {}, frameworksPython());
}

/**
 * Declares a test for each case that a script makes: one request per input, all of them in a batch together with one
 * that is wrong, and each answer as the framework itself gives it. `names` are the cases, since mocha wants them first.
 */
export function testCases(script: string, names: readonly string[]): void {
  const scratch = new Scratch();
  let cases: Record<string, FrameworkCase>;

  before(async () => {
    cases = await makeCases(script, scratch.path('models'));
  });
  after(() => scratch.remove());

  it('all cases are named here', () => {
    assert.deepEqual(Object.keys(cases).toSorted(), names.toSorted());
  });
  for (const name of names) {
    it(name, async () => {
      const one = cases[name];
      assert.ok(one, `the script made no case of this name`);
      await check(workerOf(scratch, name, one), one);
    });
  }
}

async function check(worker: Worker, { inputs, expected, near = 1e-6 }: FrameworkCase): Promise<void> {
  const { card } = (await worker.ready()) as { card: Record<string, unknown> };
  assert.match(String(card['frameworkVersion']), /^\d+\.\d+/);
  for (const [index, input] of inputs.entries()) {
    const { status, body } = await worker.post('/predict', { input });
    assert.equal(status, 200, JSON.stringify(body));
    assertClose(body['result'], expected[index], near);
  }
  const { body } = await worker.post('/batch', { inputs: [...inputs, BAD] });
  assertClose(
    body['success'].map((one: { result: unknown }) => one.result),
    expected,
    near,
  );
  assert.deepEqual(
    body['failed'].map((one: { index: number; error: { type: string } }) => [one.index, one.error.type]),
    [[inputs.length, 'invalid-input']],
  );
  await worker.end();
  assert.equal(worker.stderr, '');
}

/** Equal, numbers within `near`. */
export function assertClose(actual: unknown, expected: unknown, near: number, where = 'result'): void {
  if (typeof expected === 'number') {
    const isNear = typeof actual === 'number' && Math.abs(actual - expected) < near;
    assert.ok(isNear, `${where} is ${JSON.stringify(actual)} and not ${expected}`);
  } else if (typeof expected === 'object' && expected !== null) {
    assert.ok(typeof actual === 'object' && actual !== null, `${where} is ${JSON.stringify(actual)}`);
    assert.deepEqual(Object.keys(actual), Object.keys(expected), where);
    for (const [key, value] of Object.entries(expected)) {
      assertClose((actual as Record<string, unknown>)[key], value, near, `${where}.${key}`);
    }
  } else {
    assert.deepEqual(actual, expected, where);
  }
}
