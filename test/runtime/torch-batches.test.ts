import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { after, before, describe, it } from 'mocha';
import { assertClose } from './close.ts';
import { frameworksPython, RUNTIME, runPython, Scratch } from './support.ts';

interface Counted {
  calls: number;
  batch: { success: { index: number; result: any }[]; failed: { index: number; error: { type: string } }[] };
  single: any[];
}

const script = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
const COUNT = 40;
const range = Array.from({ length: COUNT }, (_, at) => at);
const TOKENS = range.map((at) => [[at % 20, (at * 7) % 20, 3, (at * at) % 20, 1]]);
const ROWS = range.map((at) => [[Math.sin(at), Math.cos(at), at / COUNT, 0.5]]);
const PICTURES = range.map((at) => [[range.slice(0, 5).map((y) => ROWS[(at + y) % COUNT]![0]!.concat(y / 5))]]);

describe('a batch of tensors goes through a program of PyTorch together', function () {
  this.timeout(280_000);
  const scratch = new Scratch();

  /** Asks programs that torch_programs.py made. */
  async function counted(asked: [string, unknown[]][]): Promise<Counted[]> {
    const file = scratch.path('asked.json');
    writeFileSync(file, JSON.stringify(asked.map(([name, inputs]) => [scratch.path(name), inputs])));
    const ran = await runPython([script('count_calls.py'), RUNTIME, file], {}, frameworksPython());
    assert.equal(ran.code, 0, ran.stderr);
    return JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as Counted[];
  }

  before(async () => {
    const made = await runPython([script('torch_programs.py'), scratch.folder], {}, frameworksPython());
    assert.equal(made.code, 0, made.stderr);
  });
  after(() => scratch.remove());

  it('in few calls, with the answers of single ones', async () => {
    const asked: [string, unknown[]][] = [
      ['sequence.pt', TOKENS],
      ['sequence.ts', TOKENS],
      ['one.pt', ROWS],
      ['one.ts', ROWS],
      ['one.pt2', ROWS],
      ['attention.pt', TOKENS],
      ['attention.ts', TOKENS],
      ['attention.pt2', TOKENS],
      ['picture.pt', PICTURES],
      ['picture.ts', PICTURES],
      ['picture.pt2', PICTURES],
    ];
    for (const [at, { calls, batch, single }] of (await counted(asked)).entries()) {
      const name = asked[at]![0];
      assert.deepEqual(batch.failed, [], name);
      assertClose(
        batch.success.map(({ result }) => result),
        single,
      );
      assert.ok(calls <= 4, `${name} is called ${calls} times`);
    }
  });

  it('but not where the inputs would change each other, and so the answers', async () => {
    const asked: [string, unknown[]][] = [
      ['mixing.pt', ROWS],
      ['mixing.ts', ROWS],
      ['mixing.pt2', ROWS],
      ['deciding.ts', ROWS],
    ];
    for (const [at, { calls, batch, single }] of (await counted(asked)).entries()) {
      assertClose(
        batch.success.map(({ result }) => result),
        single,
      );
      assert.equal(calls, COUNT, asked[at]![0]);
    }
  });

  it('and a program that keeps a state is called once for each input, in their order', async () => {
    const ones = range.map(() => [[1, 0, 0, 0]]);
    const [counting, exported, keeping] = await counted([
      ['counting.ts', ones],
      ['counting.pt2', ones],
      ['keeping.ts', ones],
    ]);
    for (const { batch } of [counting!, exported!, keeping!])
      assert.deepEqual(
        batch.success.map(({ result }) => result.tensors.output.data[0]),
        range.map((at) => COUNT + at + 1),
      );
  });

  it('inputs of other shapes and bad ones do not fail the others', async () => {
    const mixed: unknown[] = [...TOKENS];
    mixed[3] = [[99, 1, 2, 3, 4]];
    mixed[7] = [['x']];
    mixed[11] = [[4, 4, 4]];
    mixed[12] = TOKENS[1]!.concat(TOKENS[2]!);
    const [{ batch, single }] = (await counted([['sequence.ts', mixed]])) as [Counted];
    assert.deepEqual(
      batch.failed.map(({ index }) => index),
      [3, 7],
    );
    assertClose(
      batch.success.map(({ result }) => result),
      batch.success.map(({ index }) => single[index]),
    );
  });
});
