import assert from 'node:assert/strict';
import { describe, it } from 'mocha';
import { DetectFiles } from './files.ts';

describe('a handler.py without load and predict', () => {
  const { at, write, refused } = new DetectFiles();

  it('whose predict is a method of a class: says what to write', async () => {
    write(
      'mine/handler.py',
      'class Sorter(Base):\n    words = 1\n\n    async def predict(self, input):\n        return 1\n',
    );
    const { code, why, next } = await refused(at('mine'));
    assert.equal(code, 'handler-incomplete');
    assert.match(why!, /predict is a method of the class Sorter, which nothing makes\.$/);
    assert.equal(
      next,
      'Add def load(path): return Sorter(…) and def predict(model, input): return model.predict(input) to handler.py.',
    );
  });

  it('that was written for another server: says whose functions those are', async () => {
    write('mine/handler.py', 'class Helper:\n    size = 1\n\ndef model_fn(model_dir):\n    return 1\n');
    const { why, next } = await refused(at('mine'));
    assert.match(why!, /model_fn is what SageMaker calls\.$/);
    assert.equal(next, 'Add def load(path) and def predict(model, input) to handler.py.');
  });
});
