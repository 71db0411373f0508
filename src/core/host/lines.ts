import { stripVTControlCharacters } from 'node:util';
import type { LogLine } from '../../shared/states.ts';

/** A longer line is cut. */
export const LINE_BYTES = 4096;
/** What one worker may say in one second; the rest is counted and dropped. */
const BYTES_PER_SECOND = 512 * 1024;
const LINES_PER_SECOND = 2000;
/** Kept per deployment, whichever is reached first. */
const KEPT_LINES = 5000;
const KEPT_CHARACTERS = 2 * 1024 * 1024;

const NEWLINE = 10;

/** Makes text of a line's bytes, whatever they are: no escape sequences, no control characters but the tab. */
function clean(bytes: Buffer): string {
  const text = bytes.toString('utf8');
  // A progress bar rewrites its line after a carriage return: the last state is the line.
  const rewritten = text.endsWith('\r') ? text.slice(0, -1) : text;
  const last = rewritten.slice(rewritten.lastIndexOf('\r') + 1);
  // oxlint-disable-next-line no-control-regex -- control characters are what it removes
  return stripVTControlCharacters(last).replaceAll(/[\u0000-\u0008\u000a-\u001f\u007f]/g, '\ufffd');
}

/** Bounds what all streams of one worker may say. */
export class LogBudget {
  #second = 0;
  #bytes = 0;
  #lines = 0;
  #droppedBytes = 0;
  #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** Whether so much may pass now. */
  spend(bytes: number, lines: number): boolean {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#bytes = 0;
      this.#lines = 0;
    }
    if (this.#bytes + bytes > BYTES_PER_SECOND || this.#lines + lines > LINES_PER_SECOND) {
      this.#droppedBytes += bytes;
      return false;
    }
    this.#bytes += bytes;
    this.#lines += lines;
    return true;
  }

  /** Bytes dropped since the last call. */
  takeDropped(): number {
    const dropped = this.#droppedBytes;
    this.#droppedBytes = 0;
    return dropped;
  }
}

/** Cuts one stream of a worker into lines. */
export class LineSplitter {
  #onLine: (text: string) => void;
  #budget: LogBudget;
  #parts: Buffer[] = [];
  #length = 0;

  constructor(budget: LogBudget, onLine: (text: string) => void) {
    this.#budget = budget;
    this.#onLine = onLine;
  }

  push(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      const end = chunk.indexOf(NEWLINE, at);
      const part = chunk.subarray(at, end === -1 ? chunk.length : end);
      // Only what will be shown is kept, so that a line without end costs no memory.
      if (this.#length < LINE_BYTES) this.#parts.push(part.subarray(0, LINE_BYTES - this.#length));
      this.#length += part.length;
      if (end === -1) return;
      at = end + 1;
      this.#flush();
    }
  }

  /** What came so far is a line, whether or not it was ended. */
  cut(): void {
    if (this.#length > 0) this.#flush();
  }

  /** The stream has ended: so does its last line, and what was dropped is told however much that was. */
  end(): void {
    if (this.#length > 0) this.#flush();
    this.#tellDropped();
  }

  #flush(): void {
    const length = this.#length;
    const parts = this.#parts;
    this.#parts = [];
    this.#length = 0;
    if (!this.#budget.spend(Math.min(length, LINE_BYTES) + 1, 1)) return;
    this.#tellDropped();
    const text = clean(parts.length === 1 ? parts[0]! : Buffer.concat(parts));
    const cut = length - LINE_BYTES;
    this.#onLine(cut > 0 ? `${text} … ${cut.toLocaleString('en')} more bytes` : text);
  }

  #tellDropped(): void {
    const dropped = this.#budget.takeDropped();
    if (dropped > 0) this.#onLine(`… ${dropped.toLocaleString('en')} bytes were dropped: too much output`);
  }
}

/** The last lines of a deployment, in memory only: models print what users send. */
export class LogRing {
  #lines: LogLine[] = [];
  #characters = 0;

  add(line: LogLine): void {
    this.#lines.push(line);
    this.#characters += line.text.length;
    if (this.#lines.length > KEPT_LINES * 1.25 || this.#characters > KEPT_CHARACTERS) this.#trim();
  }

  read(filter: { requestId?: string; limit?: number }): LogLine[] {
    const found =
      filter.requestId === undefined ? this.#lines : this.#lines.filter((line) => line.requestId === filter.requestId);
    return filter.limit === undefined ? [...found] : found.slice(Math.max(0, found.length - filter.limit));
  }

  #trim(): void {
    // A quarter at once, so that a flood does not shift the array for each line.
    let from = Math.max(0, this.#lines.length - KEPT_LINES);
    let characters = this.#characters;
    for (let index = 0; index < this.#lines.length; index++) {
      if (index >= from && characters <= KEPT_CHARACTERS * 0.75) break;
      characters -= this.#lines[index]!.text.length;
      from = Math.max(from, index + 1);
    }
    this.#lines = this.#lines.slice(from);
    this.#characters = characters;
  }
}
