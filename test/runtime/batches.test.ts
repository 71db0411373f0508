import assert from 'node:assert/strict';
import path from 'node:path';
import { RUNTIME, runPython, SAMPLES, Scratch } from './support.ts';

/** Answers a batch whose every other input is bad, and counts the calls of the framework and their sizes. */
const COUNTED = `
import json, os, sys
sys.path.insert(0, sys.argv[1])
good = json.loads(sys.argv[2])
from nimbus_runtime import handler
handler.initialise()
framework = handler._State.framework
sizes, predict = [], framework.predict
def counted(model, inputs, parameters):
    sizes.append(len(inputs))
    return predict(model, inputs, parameters)
framework.predict = counted
inputs = [good if index % 2 else {"no": "such"} for index in range(1000)]
event = {"httpMethod": "POST", "path": "/batch", "headers": {}, "body": json.dumps({"inputs": inputs})}
answer = json.loads(handler.handle(event, None)["body"])
print(json.dumps({"sizes": sizes, "success": len(answer["success"]), "failed": answer["failed"]}))
`;

describe('a batch with inputs that the framework refuses', function () {
  this.timeout(60_000);
  const scratch = new Scratch();
  after(() => scratch.remove());

  for (const [framework, model, good] of [
    ['sklearn', 'sentiment.joblib', 'I loved it'],
    ['sklearn', 'flowers.joblib', [5.1, 3.5, 1.4, 0.2]],
    ['spacy', 'entities', 'Ada Lovelace moved to Paris.'],
  ] as const) {
    it(`costs one call more, however many they are: ${model}`, async () => {
      const file = scratch.function('model', framework, path.join(SAMPLES, model));
      const ran = await runPython(['-c', COUNTED, RUNTIME, JSON.stringify(good)], { NIMBUS_FUNCTION: file });
      assert.equal(ran.code, 0, ran.stderr);
      const { sizes, success, failed } = JSON.parse(ran.stdout) as {
        sizes: number[];
        success: number;
        failed: { index: number; error: { type: string; detail: string } }[];
      };
      assert.deepEqual(sizes, [1000, 500]);
      assert.equal(success, 500);
      assert.deepEqual(
        failed.map(({ index, error }) => [index, error.type]),
        Array.from({ length: 500 }, (_, at) => [2 * at, 'invalid-input']),
      );
    });
  }
});
