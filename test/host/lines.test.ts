import assert from 'node:assert/strict';
import fc from 'fast-check';
import { LINE_BYTES, LineSplitter, LogBudget, LogRing } from '../../src/core/host/lines.ts';

function split(chunks: Buffer[], now = (): number => 0): string[] {
  const lines: string[] = [];
  const splitter = new LineSplitter(new LogBudget(now), (text) => lines.push(text));
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

describe('log lines', () => {
  it('are the same however the stream is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 20 }), { maxLength: 20 }), fc.nat(50), (texts, size) => {
        const bytes = Buffer.from(texts.join('\n'));
        const chunks = Array.from({ length: Math.ceil(bytes.length / (size + 1)) }, (_, at) =>
          bytes.subarray(at * (size + 1), (at + 1) * (size + 1)),
        );
        assert.deepEqual(split(chunks), split([bytes]));
      }),
    );
  });

  it('are text without control characters, whatever the bytes were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 500 }), (bytes) => {
        for (const line of split([Buffer.from(bytes)])) {
          // oxlint-disable-next-line no-control-regex -- what must not be there
          assert.doesNotMatch(line, /[\u0000-\u0008\u000a-\u001f\u007f]/);
        }
      }),
    );
  });

  it('end without a newline, show a progress bar as it ended, and lose their colours', () => {
    assert.deepEqual(split([Buffer.from('a\n\nb\r\n10%\r20%\r\n\u001b[1mbold\u001b[0m')]), [
      'a',
      '',
      'b',
      '20%',
      'bold',
    ]);
  });

  it('are cut where they are long, and take no more memory', () => {
    const [line] = split([Buffer.alloc(LINE_BYTES, 'x'), Buffer.alloc(1000, 'y')]);
    assert.equal(line, `${'x'.repeat(LINE_BYTES)} … 1,000 more bytes`);
  });

  it('are dropped beyond the budget of a second, which is told in the next one', () => {
    let second = 0;
    const lines: string[] = [];
    const splitter = new LineSplitter(new LogBudget(() => second * 1000), (text) => lines.push(text));
    splitter.push(Buffer.from('x\n'.repeat(3000)));
    assert.equal(lines.length, 2000);
    second = 1;
    splitter.push(Buffer.from('next\n'));
    assert.deepEqual(lines.slice(2000), ['… 2,000 bytes were dropped: too much output', 'next']);
  });

  it('are kept by number and by size, the last ones', () => {
    const ring = new LogRing();
    for (let number = 0; number < 20_000; number++) ring.add({ at: number, source: 'stdout', text: String(number) });
    const kept = ring.read({});
    assert.ok(kept.length >= 5000 && kept.length <= 6250, String(kept.length));
    assert.equal(kept.at(-1)?.text, '19999');
    for (let number = 0; number < 2000; number++) ring.add({ at: 0, source: 'stdout', text: 'x'.repeat(4000) });
    assert.ok(ring.read({}).reduce((sum, line) => sum + line.text.length, 0) <= 2 * 1024 * 1024);
    assert.equal(ring.read({ limit: 3 }).length, 3);
  });

  it('are found by their request', () => {
    const ring = new LogRing();
    ring.add({ at: 0, source: 'stdout', text: 'a', requestId: '1' });
    ring.add({ at: 0, source: 'stdout', text: 'b', requestId: '2' });
    assert.deepEqual(
      ring.read({ requestId: '2' }).map((line) => line.text),
      ['b'],
    );
  });
});
