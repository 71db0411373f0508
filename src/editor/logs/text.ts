import type { LogLine } from '../../shared/states.ts';

/** The text of a log, made line by line and bounded. */
export class LogText {
  readonly #lines: string[];
  readonly #limit: number;
  /** When the last line was printed (epoch ms); 0 where there is none. */
  lastAt: number;

  constructor(lines: readonly LogLine[], limit: number) {
    this.lastAt = lines.at(-1)?.at ?? 0;
    this.#lines = lines.map(formatLine);
    this.#limit = limit;
  }

  append(line: LogLine): void {
    this.lastAt = line.at;
    this.#lines.push(formatLine(line));
    if (this.#lines.length > this.#limit) this.#lines.splice(0, this.#lines.length - this.#limit);
  }

  toString(): string {
    return this.#lines.join('\n');
  }
}

const LEVELS: Record<LogLine['source'], string> = { stdout: 'out', stderr: 'err', host: 'nimbus', platform: 'lambda' };

/** `2026-03-01 09:31:07.123 [err] text  #request-id`, with line breaks in the text shown as such: one line each. */
export function formatLine({ at, source, text, requestId }: LogLine): string {
  const time = new Date(at - new Date(at).getTimezoneOffset() * 60_000).toISOString().replace('T', ' ').slice(0, -1);
  const request = requestId === undefined ? '' : `  #${requestId}`;
  return `${time} [${LEVELS[source]}] ${text.replaceAll(/\r?\n|\r/g, '⏎')}${request}`;
}
