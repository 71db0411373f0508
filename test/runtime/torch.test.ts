import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import { assertClose } from './close.ts';
import { Direct } from './direct.ts';
import { frameworksPython, runPython, SAMPLES, Scratch } from './support.ts';

const torch = (name: string): string => path.join(SAMPLES, 'torch', name);

const FLOWERS = [
  [[5.1, 3.5, 1.4, 0.2]],
  [
    [6.3, 3.3, 6, 2.5],
    [5, 3, 2, 1],
  ],
];
const WORDS = [
  {
    words: [
      [1, 2, 3],
      [4, 5, 6],
    ],
    weights: [
      [0.5, 1, 0],
      [1, 1, 2],
    ],
  },
];

/** Its source must be in a file: that is what torch.jit.script reads. */
const RAISES = `
import sys, torch

class Raises(torch.nn.Module):
    def forward(self, x):
        if bool(x.sum() > 0):
            raise ValueError("too bright")
        return x

torch.jit.script(Raises()).save(sys.argv[1])
`;

describe('PyTorch answers as it does when called directly', function () {
  this.timeout(180_000);
  const scratch = new Scratch();
  const direct = new Direct(scratch, 'torch');
  const { ask, refused } = direct;
  let expected: Record<string, any>;

  before(async () => {
    expected = await direct.expected([
      ['traced', 'script', torch('traced.pt'), FLOWERS],
      ['labelled', 'script', torch('labelled/model.pt'), FLOWERS.slice(0, 1)],
      ['words', 'script', torch('words.ts'), WORDS],
      ['exported', 'exported', torch('exported.pt2'), FLOWERS],
      ['words exported', 'exported', torch('words.pt2'), WORDS],
    ]);
  });
  after(() => scratch.remove());

  it('TorchScript: tensors in and out, several of several types', async () => {
    const { results, card } = await ask(torch('traced.pt'), FLOWERS);
    assert.equal(card['task'], 'tensors');
    for (const [index, { tensors }] of results.entries()) {
      assert.equal(tensors.output.dtype, 'float32');
      assert.deepEqual(tensors.output.shape, [FLOWERS[index]!.length, 3]);
      assertClose(tensors.output.data, expected['traced'][index]);
    }
    const words = await ask(torch('words.ts'), WORDS);
    assertClose(
      Object.values(words.results[0].tensors).map((one: any) => one.data),
      expected['words'][0],
    );
    const refusedField = async (input: unknown): Promise<string> => (await refused(torch('words.ts'), { input })).field;
    assert.equal(await refusedField({ words: [[1]] }), 'input.weights');
    assert.equal(await refusedField({ words: [[1]], weights: [['x']] }), 'input.weights[0][0]');
    assert.equal(await refusedField({ words: [[1.5]], weights: [[1]] }), 'input.words[0][0]');
    assert.equal(await refusedField({ words: [[1], [1, 2]], weights: [[1]] }), 'input.words');
    assert.equal(await refusedField({ words: [[1]], weights: [[1]], more: 1 }), 'input.more');
    assert.equal(await refusedField([[1]]), 'input');
  });

  it('a tensor of a shape that the program cannot take is refused, not a failure of the program', async () => {
    const { field, detail } = await refused(torch('traced.pt'), { input: [1] });
    assert.equal(field, 'input');
    assert.match(detail, /^The program does not take a tensor of this shape: [^\n]*1[^\n]*$/);
  });

  it('the example that a trace has in its card is one that the program takes', async () => {
    for (const name of ['traced.pt', 'labelled']) {
      const { worker, card } = await direct.of(torch(name));
      const [example] = card['input'].examples;
      assert.deepEqual(example, [[1, 1, 1, 1]], name);
      assert.equal((await worker.post('/predict', { input: example })).status, 200, name);
    }
    // A script was made without any input.
    const { card } = await direct.of(torch('words.ts'));
    assert.equal(card['input'].properties.words.examples, undefined);
  });

  it('what else TorchScript says begins with what went wrong', async () => {
    const file = scratch.path('raises.ts');
    const source = scratch.path('raises.py');
    writeFileSync(source, RAISES);
    const saved = await runPython([source, file], {}, frameworksPython());
    assert.equal(saved.code, 0, saved.stderr);
    const { worker } = await direct.of(file);
    const { status, body } = await worker.post('/predict', { input: [1] });
    assert.equal(status, 500);
    assert.match(String(body['detail']), /^\w+: [^\n]*too bright/);
  });

  it('TorchScript with labels beside it classifies', async () => {
    const { results, card } = await ask(torch('labelled'), FLOWERS.slice(0, 1));
    assert.deepEqual(card['labels'], ['setosa', 'versicolor', 'virginica']);
    const logits: number[] = expected['labelled'][0][0];
    const sum = logits.reduce((all, one) => all + Math.exp(one), 0);
    assert.equal(results[0].label, 'setosa');
    assertClose(
      results[0].scores.map(({ score }: { score: number }) => score),
      logits.map((one) => Math.exp(one) / sum),
    );
    assert.match((await refused(torch('labelled'), { input: FLOWERS[1] })).detail, /One input is one row/);
  });

  it('labels beside a program that ends in a softmax or a sigmoid', async () => {
    const make = `import os, sys, torch
torch.manual_seed(1)
for name, size, end in (("sure", 3, torch.nn.Softmax(-1)), ("several", 3, torch.nn.Sigmoid()), ("either", 1, torch.nn.Sigmoid())):
    net = torch.nn.Sequential(torch.nn.Linear(2, size), end).eval()
    net[0].bias.data = torch.linspace(-2, 2, size)
    one = torch.tensor([[0.5, -1.0]])
    for kind in ("script", "export"):
        folder = os.path.join(sys.argv[1], name + "-" + kind)
        os.makedirs(folder)
        open(folder + "/labels.txt", "w").write("\\n".join(["a", "b", "c"][:max(size, 2)]))
        if kind == "script":
            torch.jit.trace(net, one).save(folder + "/net.pt")
        else:
            torch.export.save(torch.export.export(net, (one,)), folder + "/net.pt2")
    print(net(one)[0].tolist())`;
    const made = await runPython(['-c', make, scratch.folder], {}, frameworksPython());
    assert.equal(made.code, 0, made.stderr);
    const [sure, several, [either]] = made.stdout
      .trim()
      .split('\n')
      .slice(-3)
      .map((line) => JSON.parse(line));
    const names = ['a', 'b', 'c'];
    for (const kind of ['script', 'export']) {
      const scoresOf = async (name: string): Promise<[any, number[]]> => {
        const [result] = (await ask(scratch.path(`${name}-${kind}`), [[[0.5, -1]]])).results;
        return [result, result.scores.map(({ score }: { score: number }) => score)];
      };
      const [one, scores] = await scoresOf('sure');
      assertClose(scores, sure);
      assert.equal(one.label, names[sure.indexOf(Math.max(...sure))]);
      const [many, each] = await scoresOf('several');
      assertClose(each, several);
      assert.deepEqual(
        many.labels,
        names.filter((_, at) => several[at] > 0.5),
      );
      const [binary, both] = await scoresOf('either');
      assertClose(both, [1 - either, either]);
      assert.equal(binary.label, either > 0.5 ? 'b' : 'a');
    }
  });

  it('torch.export: types and sizes from the program', async () => {
    const { results, card } = await ask(torch('exported.pt2'), FLOWERS);
    assert.equal(card['input'].items.minItems, 4);
    for (const [index, { tensors }] of results.entries()) assertClose(tensors.output.data, expected['exported'][index]);
    assert.match((await refused(torch('exported.pt2'), { input: [[1, 2]] })).detail, /takes \[any, 4\]/);
    const words = await ask(torch('words.pt2'), WORDS);
    assert.equal(words.card['input'].properties.words.items.items.type, 'integer');
    assertClose(
      Object.values(words.results[0].tensors).map((one: any) => one.data),
      expected['words exported'][0],
    );
  });

  it('one bad input of a batch fails alone', async () => {
    for (const name of ['exported.pt2', 'traced.pt']) {
      const { worker } = await direct.of(torch(name));
      const { status, body } = await worker.post('/batch', { inputs: [FLOWERS[0], [[1]], 'x', FLOWERS[1]] });
      assert.equal(status, 200, JSON.stringify(body));
      const failed = body['failed'].map(({ index }: { index: number }) => index);
      assert.deepEqual(failed, [1, 2]);
      assertClose(body['success'][1].result.tensors.output.data, expected['exported'][1]);
    }
  });

  it('a result that is too large is refused as one', async () => {
    const { worker } = await direct.of(torch('exported.pt2'));
    const { worker: words } = await direct.of(torch('words.ts'));
    const row = Array.from({ length: 50_000 }, () => [1]);
    const answer = await words.post('/predict', { input: { words: row, weights: row } });
    assert.equal(answer.status, 413, JSON.stringify(answer.body).slice(0, 300));
    assert.equal((await worker.post('/predict', { input: FLOWERS[0] })).status, 200);
  });
});
