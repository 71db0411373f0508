import assert from 'node:assert/strict';
import { History } from '../../../src/editor/playground/history.ts';
import { droppedOf, MOST_REMEMBERED, MOST_SAMPLES } from '../../../src/shared/history.ts';
import type { Sample } from '../../../src/shared/latency.ts';
import { sample } from '../webview/samples.ts';

const numbered = (number: number, more: Partial<Sample> = {}): Sample =>
  sample({ id: `s${number}`, number, at: number, ...more });

describe('the history of a playground, kept while its tab is closed', () => {
  it('is of all deployments, oldest first, each with its own numbers', () => {
    const history = new History();
    assert.equal(history.next(numbered(1)), 1);
    history.add(numbered(1));
    history.add(numbered(2));
    history.add(numbered(1, { id: 'other', at: 3, model: 'other' }));
    assert.deepEqual(
      history.samples.map(({ number, model }) => [number, model]),
      [
        [1, numbered(1).model],
        [2, numbered(1).model],
        [1, 'other'],
      ],
    );
    assert.equal(history.next(numbered(1)), 3);
    assert.equal(history.next({ model: 'other', deployment: numbered(1).deployment }), 2);
  });

  it('keeps what one deployment answered while another is asked without end, and counts what is gone', () => {
    const history = new History();
    history.add(numbered(1, { id: 'other', model: 'other', result: 1 }));
    // Short ones: it is their number that is to be bounded.
    for (let number = 1; number <= MOST_SAMPLES + 5; number++) history.add(numbered(number, { result: 1 }));
    assert.equal(history.samples[0]!.model, 'other');
    assert.equal(history.samples.length, MOST_SAMPLES + 1);
    assert.equal(droppedOf(history.samples.slice(1)), 5);
  });

  it('is bounded as the page bounds it, by number and by size', () => {
    const history = new History();
    for (let number = 1; number <= MOST_SAMPLES + 3; number++) history.add(numbered(number));
    assert.equal(history.samples.length, MOST_SAMPLES);
    assert.equal(history.samples[0]!.number, 4);
    history.add(numbered(9999, { result: 'x'.repeat(MOST_REMEMBERED) }));
    assert.equal(history.samples.at(-1)!.number, MOST_SAMPLES + 3, 'one that is too large is left out');
    assert.equal(history.next(numbered(1)), 10_000);
  });

  it('takes over what a page remembers from before a reload, and nothing that is no request', () => {
    const history = new History();
    history.restore({ samples: [numbered(4), numbered(7), { id: 1 }, null, 'x'] });
    history.restore({ samples: [numbered(7)] });
    for (const state of [undefined, null, 5, {}, { samples: 'x' }]) history.restore(state);
    assert.deepEqual(
      history.samples.map(({ number }) => number),
      [4, 7],
    );
    assert.equal(history.next(numbered(1)), 8);
  });
});
