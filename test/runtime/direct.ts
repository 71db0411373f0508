/** Asks models through a real worker, and the frameworks themselves in a plain script. */
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import type { Framework } from '../../src/shared/spec.ts';
import { assertClose } from './close.ts';
import { frameworksPython, runPython, type Scratch, type Worker } from './support.ts';

interface Running {
  worker: Worker;
  card: Record<string, any>;
}

export class Direct {
  readonly #scratch: Scratch;
  readonly #framework: Framework;
  readonly #running = new Map<string, Running>();

  constructor(scratch: Scratch, framework: Framework) {
    this.#scratch = scratch;
    this.#framework = framework;
  }

  /** By name, what expect_frameworks.py answers to `[name, kind, model, inputs]`. */
  async expected(asked: [string, string, string, unknown[]][]): Promise<Record<string, any>> {
    const script = fileURLToPath(new URL('expect_frameworks.py', import.meta.url));
    const output = await runPython([script, JSON.stringify(asked)], {}, frameworksPython());
    assert.equal(output.code, 0, output.stderr);
    return JSON.parse(output.stdout.trim().split('\n').at(-1)!) as Record<string, any>;
  }

  /** A worker for a model, kept for the tests that follow. */
  async of(model: string): Promise<Running> {
    const known = this.#running.get(model);
    if (known) return known;
    const file = this.#scratch.function(`model-${this.#running.size}`, this.#framework, model);
    const worker = this.#scratch.worker(file, {}, frameworksPython());
    const { card } = (await worker.ready()) as { card: Record<string, any> };
    const running = { worker, card };
    this.#running.set(model, running);
    return running;
  }

  /** One request per input, and all in a batch: both must answer the same, numbers within `near`. */
  readonly ask = async (
    model: string,
    inputs: unknown[],
    parameters?: object,
    near?: number,
  ): Promise<{ results: any[]; card: Record<string, any> }> => {
    const { worker, card } = await this.of(model);
    const results: any[] = [];
    for (const input of inputs) {
      const { status, body } = await worker.post('/predict', { input, parameters });
      assert.equal(status, 200, JSON.stringify(body));
      results.push(body['result']);
    }
    const { body } = await worker.post('/batch', { inputs, parameters });
    assert.deepEqual(body['failed'], []);
    const batch = body['success'].map((one: { result: unknown }) => one.result);
    assertClose(batch, results, near);
    return { results, card };
  };

  readonly refused = async (model: string, body: object): Promise<{ field: string; detail: string }> => {
    const { worker } = await this.of(model);
    const answer = await worker.post('/predict', body);
    assert.equal(answer.status, 400, JSON.stringify(answer.body));
    return answer.body as { field: string; detail: string };
  };
}
