import type { BatchProgress } from '../core/invoke/batch.ts';

/** Milliseconds between two pictures of the progress: more often nobody can read it. */
const EVERY_MS = 100;

/** What a batch says while it runs: one line, for a terminal. */
export class ProgressLine {
  readonly #show: (text: string) => void;
  readonly #clock: () => number;
  readonly #startedAt: number;
  /** Bytes of the file; unset where they are not known. */
  readonly #bytes: number | undefined;
  readonly #kept: number;
  #keptBytes: number | undefined;
  #shownAt = -EVERY_MS;

  /** `kept` inputs were answered by an earlier run. `clock` counts ms. */
  constructor(show: (text: string) => void, bytes: number | undefined, kept = 0, clock = () => performance.now()) {
    this.#show = show;
    this.#bytes = bytes;
    this.#kept = kept;
    this.#clock = clock;
    this.#startedAt = clock();
  }

  update(progress: BatchProgress, more: readonly string[]): void {
    const now = this.#clock();
    const count = progress.succeeded + progress.failed;
    // What the kept inputs took of the file is known once the first one after them is answered, and near enough.
    this.#keptBytes ??= count === 0 ? 0 : (progress.bytes * this.#kept) / count;
    if (now - this.#shownAt < EVERY_MS) return;
    this.#shownAt = now;
    this.#show([...this.#parts(progress, count, (now - this.#startedAt) / 1000), ...more].join(' · '));
  }

  #parts({ failed, bytes, total }: BatchProgress, count: number, seconds: number): string[] {
    const failures = failed > 0 ? [`${number(failed)} failed`] : [];
    const rate = `${number(Math.round((count - this.#kept) / Math.max(seconds, 0.001)))} per second`;
    if (!this.#bytes || bytes === 0) return [`${number(count)} inputs`, rate, ...failures];
    const share = Math.min(1, bytes / this.#bytes);
    const about = total === undefined ? `about ${number(rounded(count / share))}` : number(total);
    const left = (seconds * (this.#bytes - bytes)) / Math.max(1, bytes - this.#keptBytes!);
    return [`${number(count)} of ${about} (${Math.floor(share * 100)} %)`, rate, `${duration(left)} left`, ...failures];
  }
}

const number = (value: number): string => value.toLocaleString('en');

/** To two digits: more would only flicker. */
function rounded(value: number): number {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, value))) - 1);
  return Math.round(value / step) * step;
}

function duration(seconds: number): string {
  const whole = Math.max(0, Math.ceil(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.ceil(whole / 60);
  return minutes < 60 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
