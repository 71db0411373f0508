import { appendFileSync, mkdirSync, renameSync, statSync } from 'node:fs';
import { open } from 'node:fs/promises';
import path from 'node:path';

/** One older file is kept beside it. */
const LOG_BYTES = 1024 * 1024;

/** The host's own log: a line per event, never what users send or models print. */
export class LogFile {
  readonly file: string;
  #bytes: number;

  constructor(file: string) {
    this.file = file;
    mkdirSync(path.dirname(file), { recursive: true, mode: 0o700 });
    this.#bytes = statSync(file, { throwIfNoEntry: false })?.size ?? 0;
  }

  /** Written at once: the last lines before an end are the ones that matter. A full disk loses lines, nothing else. */
  write(text: string): void {
    const line = `${new Date().toISOString()} ${text}\n`;
    try {
      if (this.#bytes > LOG_BYTES) {
        renameSync(this.file, `${this.file}.1`);
        this.#bytes = 0;
      }
      appendFileSync(this.file, line, { mode: 0o600 });
      this.#bytes += Buffer.byteLength(line);
    } catch {
      // There is no other place to say it.
    }
  }
}

/** The last lines of a file; empty where there is none. */
export async function tail(file: string, lines: number): Promise<string> {
  try {
    const handle = await open(file);
    try {
      const { size } = await handle.stat();
      const length = Math.min(size, 16 * 1024);
      const { buffer } = await handle.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.toString().trimEnd().split('\n').slice(-lines).join('\n');
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
