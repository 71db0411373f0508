import assert from 'node:assert/strict';
import { didYouMean, nearest } from '../../../src/shared/nearest.ts';

describe('what somebody meant', () => {
  it('is the name that is most like what was written', () => {
    const names = ['sentiments', 'sentiment', 'flowers', 'ner'];
    for (const [written, meant] of [
      ['sentimnet', 'sentiment'],
      ['Sentiment', 'sentiment'],
      ['sentimentss', 'sentiments'],
      ['flow', 'flowers'],
      ['nre', undefined],
      ['nerr', 'ner'],
      ['weather', undefined],
      ['', undefined],
    ] as const) {
      assert.equal(nearest(written, names), meant, written);
    }
    assert.equal(didYouMean('flwers', names), 'Did you mean flowers? ');
    assert.equal(didYouMean('weather', names), '');
  });
});
