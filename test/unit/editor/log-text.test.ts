import assert from 'node:assert/strict';
import { formatLine, LogText } from '../../../src/editor/logs/text.ts';
import type { LogLine } from '../../../src/shared/states.ts';

const line = (text: string, more: Partial<LogLine> = {}): LogLine => ({ at: 0, source: 'stdout', text, ...more });

describe('the text of a log', () => {
  it('has one line per line of the log, with its source and request', () => {
    assert.match(
      formatLine(line('a\nb', { source: 'stderr', requestId: 'r-1' })),
      /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.000 \[err\] a⏎b {2}#r-1$/,
    );
  });

  it('is in the local time', () => {
    const at = new Date(2026, 2, 1, 9, 31, 7, 123).getTime();
    assert.equal(formatLine(line('x', { at })), '2026-03-01 09:31:07.123 [out] x');
  });

  it('forgets the oldest lines over its limit', () => {
    const text = new LogText([line('one'), line('two')], 2);
    text.append(line('three'));
    assert.deepEqual(
      text
        .toString()
        .split('\n')
        .map((one) => one.split(' ').at(-1)),
      ['two', 'three'],
    );
  });
});
