import assert from 'node:assert/strict';
import fc from 'fast-check';
import { countLabels, overlap, placeSpans, segmentsOf, utf16Positions } from '../../../webview/answer/segments.ts';

function span(text: string, label: string, start: number, end: number) {
  return { text, label, start, end };
}

describe('spans in a text', () => {
  it('counts code points as Python does, not UTF-16 units', () => {
    const text = 'Hi 🚀👩‍🚀 Berlin';
    const start = Array.from('Hi 🚀👩‍🚀 ').length;
    const [placed] = placeSpans(text, [span('Berlin', 'GPE', start, start + 6)]);
    assert.equal(text.slice(placed!.from, placed!.to), 'Berlin');
    assert.notEqual(placed!.from, start);
  });

  it('cuts the text so that its pieces are the text again, each covered by what covers it', () => {
    const texts = fc.string({ unit: 'grapheme', maxLength: 40 });
    const ranges = fc.array(fc.tuple(fc.nat(45), fc.nat(45), fc.constantFrom('A', 'B')), { maxLength: 8 });
    fc.assert(
      fc.property(texts, ranges, (text, some) => {
        const points = Array.from(text);
        const spans = some.map(([a, b, label]) => span('', label, Math.min(a, b), Math.max(a, b)));
        const segments = segmentsOf(text, placeSpans(text, spans));
        assert.equal(segments.map((segment) => segment.text).join(''), text);
        let at = 0;
        for (const segment of segments) {
          const length = Array.from(segment.text).length;
          const covering = spans.filter((one) => one.start <= at && Math.min(one.end, points.length) >= at + length);
          assert.equal(segment.spans.length, length === 0 ? 0 : covering.filter((one) => one.end > one.start).length);
          at += length;
        }
      }),
    );
  });

  it('never puts two overlapping spans on the same level', () => {
    const ranges = fc.array(fc.tuple(fc.nat(30), fc.integer({ min: 1, max: 10 })), { maxLength: 12 });
    fc.assert(
      fc.property(ranges, (some) => {
        const placed = placeSpans(
          'x'.repeat(45),
          some.map(([from, length]) => span('', 'A', from, from + length)),
        );
        for (const [index, one] of placed.entries()) {
          for (const other of placed.slice(index + 1)) {
            assert.ok(one.level !== other.level || one.to <= other.from || other.to <= one.from);
          }
        }
      }),
    );
  });

  it('tells overlapping spans from neighbours', () => {
    const text = 'one two three';
    assert.equal(overlap(placeSpans(text, [span('', 'A', 0, 3), span('', 'A', 3, 7)])), false);
    assert.equal(overlap(placeSpans(text, [span('', 'A', 0, 4), span('', 'A', 3, 7)])), true);
  });

  it('takes an offset beyond the text as its end', () => {
    assert.equal(utf16Positions('a🚀')(9), 3);
  });

  it('counts labels in the order of the model', () => {
    const spans = [{ label: 'ORG' }, { label: 'X' }, { label: 'GPE' }, { label: 'ORG' }];
    assert.deepEqual(
      [...countLabels(spans, ['GPE', 'ORG'])],
      [
        ['GPE', 1],
        ['ORG', 2],
        ['X', 1],
      ],
    );
  });
});
