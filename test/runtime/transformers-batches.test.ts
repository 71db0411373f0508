import assert from 'node:assert/strict';
import path from 'node:path';
import { after, before, describe, it } from 'mocha';
import type { Framework } from '../../src/shared/spec.ts';
import { assertClose } from './close.ts';
import { frameworksPython, RUNTIME, runPython, SAMPLES, Scratch } from './support.ts';

const TOPICS = path.join(SAMPLES, 'hugging-face', 'topics');

/**
 * Models with weights by chance: attention leaves padding out, the convolutions of ConvBERT read it, a graph of a fixed
 * shape takes 8 texts of 48 tokens.
 */
const MAKE = `
import sys, transformers as t, torch
torch.manual_seed(2)
tokenizer = t.AutoTokenizer.from_pretrained(sys.argv[1])
shape = dict(vocab_size=len(tokenizer), hidden_size=16, num_hidden_layers=3, num_attention_heads=2, intermediate_size=16,
    max_position_embeddings=64, initializer_range=0.2, num_labels=3)
for name, model in (("bert", t.BertForSequenceClassification(t.BertConfig(**shape))),
                    ("convolutions", t.ConvBertForSequenceClassification(t.ConvBertConfig(embedding_size=16, **shape)))):
    tokenizer.save_pretrained(sys.argv[2] + "/" + name)
    model.eval().save_pretrained(sys.argv[2] + "/" + name)
fixed = sys.argv[2] + "/fixed"
tokenizer.save_pretrained(fixed)
bert = t.BertForSequenceClassification.from_pretrained(sys.argv[2] + "/bert", attn_implementation="eager").eval()
bert.config.save_pretrained(fixed)
class Logits(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.bert = bert
    def forward(self, input_ids, attention_mask):
        return self.bert(input_ids=input_ids, attention_mask=attention_mask).logits
ids = torch.ones((8, 48), dtype=torch.int64)
torch.onnx.export(Logits(), (ids, ids), fixed + "/model.onnx", input_names=["input_ids", "attention_mask"],
    output_names=["logits"], opset_version=17, dynamo=False)
`;

/** Answers the same batch twice, then each input alone; counts the calls of the model for the second batch. */
const COUNT = `
import json, sys
sys.path.insert(0, sys.argv[1])
from nimbus_runtime import handler
handler.initialise()
encoder = handler._State.model.encoder
inputs = json.loads(sys.argv[2])
def ask(path, body):
    return json.loads(handler.handle({"httpMethod": "POST", "path": path, "headers": {}, "body": json.dumps(body)}, None)["body"])
ask("/batch", {"inputs": inputs})
calls = []
outputs = encoder.outputs
encoder.outputs = lambda encodings: calls.append(1) or outputs(encodings)
batch = ask("/batch", {"inputs": inputs})
encoder.outputs = outputs
print(json.dumps({"calls": len(calls), "batch": batch, "single": [ask("/predict", {"input": one}).get("result") for one in inputs]}))
`;

describe('texts of several lengths go through a model together', function () {
  this.timeout(120_000);
  const scratch = new Scratch();
  const words = 'the chef baked cake rain storm coach won match today'.split(' ');
  const texts = Array.from({ length: 24 }, (_, at) =>
    Array.from({ length: 3 + Math.floor(at / 3) }, (__, word) => words[(at * 3 + word * (at + 1)) % words.length]).join(
      ' ',
    ),
  );

  async function counted(
    name: string,
    inputs: unknown[],
    framework: Framework = 'transformers',
  ): Promise<{ calls: number; batch: any; single: any[] }> {
    const file = scratch.function(name, framework, scratch.path(name));
    const args = ['-c', COUNT, RUNTIME, JSON.stringify(inputs)];
    const ran = await runPython(args, { NIMBUS_FUNCTION: file }, frameworksPython());
    assert.equal(ran.code, 0, ran.stderr);
    return JSON.parse(ran.stdout.trim().split('\n').at(-1)!) as { calls: number; batch: any; single: any[] };
  }

  before(async () => {
    const made = await runPython(['-c', MAKE, TOPICS, scratch.folder], {}, frameworksPython());
    assert.equal(made.code, 0, made.stderr);
  });
  after(() => scratch.remove());

  it('padded where that changes no answer', async () => {
    const { calls, batch, single } = await counted('bert', texts);
    assertClose(
      batch.success.map(({ result }: any) => result),
      single,
    );
    // Eight lengths in two or three groups, each with one text that is asked alone as well.
    assert.ok(calls <= 6, `the model is called ${calls} times`);
  });

  it('by equal length alone where it does', async () => {
    const { calls, batch, single } = await counted('convolutions', texts);
    assertClose(
      batch.success.map(({ result }: any) => result),
      single,
    );
    assert.equal(calls, 8);
  });

  it('of any length where a graph of a fixed shape pads all of them alike', async () => {
    const { calls, batch, single } = await counted('fixed', texts, 'onnx');
    assertClose(
      batch.success.map(({ result }: any) => result),
      single,
    );
    assert.equal(calls, texts.length / 8);
  });

  it('a bad text fails alone', async () => {
    const { batch, single } = await counted('bert', [...texts.slice(0, 9), 7, 'the chef '.repeat(60), texts[10]]);
    assert.deepEqual(
      batch.failed.map(({ index }: any) => index),
      [9, 10],
    );
    assertClose(
      batch.success.map(({ result }: any) => result),
      single.filter(Boolean),
    );
  });
});
