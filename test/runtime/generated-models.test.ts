/** Models of less usual shapes: a T5 that summarizes, chats, languages by their codes, sentences through a Dense layer. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'mocha';
import { assertClose } from './close.ts';
import { Direct } from './direct.ts';
import { makeCases } from './frameworks/cases.ts';
import { Scratch } from './support.ts';

interface GeneratedCase {
  path: string;
  inputs: unknown[];
  parameters?: object;
  expected: unknown[];
}

describe('models that are made here answer as the library', function () {
  this.timeout(180_000);
  const scratch = new Scratch();
  const direct = new Direct(scratch, 'transformers');
  let cases: Record<string, GeneratedCase>;

  before(async () => {
    cases = (await makeCases('generated.py', scratch.path('models'))) as unknown as typeof cases;
  });
  after(() => scratch.remove());

  for (const [name, task] of [
    ['summaries', 'summarization'],
    ['chats', 'text-generation'],
    ['into deu_Latn', 'translation'],
    ['into fra_Latn', 'translation'],
    ['sentences', 'embeddings'],
    ['sentences with a prompt', 'embeddings'],
  ] as const) {
    it(name, async () => {
      const { path, inputs, parameters, expected } = cases[name]!;
      const { results, card } = await direct.ask(path, inputs, parameters ?? undefined);
      assert.equal(card['task'], task);
      assertClose(
        results.map(({ text, embedding }) => text ?? embedding),
        expected,
      );
    });
  }

  it('a message that is none is refused, and a language that the model does not have', async () => {
    const wrong = await direct.refused(cases['chats']!.path, { input: [{ role: 'user' }] });
    assert.equal(wrong.field, 'input[0]');
    const { path, inputs } = cases['into deu_Latn']!;
    const unknown = { text: inputs[0], parameters: { tgt_lang: 'Klingon' } };
    assert.equal((await direct.refused(path, unknown)).field, 'parameters.tgt_lang');
  });
});
