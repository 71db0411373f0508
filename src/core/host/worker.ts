/** One worker: a program that answers one request at a time. */
import type { LogLine } from '../../shared/states.ts';
import { LineSplitter, LogBudget } from './lines.ts';
import type { Failure } from './problems.ts';
import { LAST_LINES } from './python-error.ts';
import type { ReadyReport, StartTransport, Transport, TransportAnswer } from './transport.ts';

export interface WorkerOptions {
  start: StartTransport;
  /** Milliseconds; the worker is ended when it is not ready by then. */
  initTimeoutMs: number;
  /** When its start began with what the host does before, on the clock of `performance.now()`; now where left out. */
  since?: number;
  onLine(line: LogLine): void;
}

/** When what happened, on the clock of `performance.now()`. Unset while it has not. */
export interface Timeline {
  /** Before the process or container was created, and before what the host checks first. */
  spawnAt: number;
  spawnedAt?: number;
  helloAt?: number;
  readyAt?: number;
  /** Milliseconds as the runtime measured them. */
  importsMs: number;
  loadMs: number;
}

export type WorkerAnswer =
  | { kind: 'result'; payload: Buffer; handlerMs: number }
  | { kind: 'error'; type: string; payload: Buffer; handlerMs: number }
  | { kind: 'failure'; failure: Failure };

export type Ready = ({ ok: true } & Omit<ReadyReport, 'importsMs' | 'loadMs'>) | { ok: false; failure: Failure };

interface Pending {
  id: string;
  sentAt: number;
  resolve(answer: WorkerAnswer): void;
}

/** A worker that was told to end gets this long to do so by itself. */
const GRACE_MS = 2000;

export class Worker {
  readonly timeline: Timeline;
  /** Answers once, never rejects. */
  readonly ready: Promise<Ready>;
  /** Answers when the program and all it started are gone. */
  readonly ended: Promise<void>;
  /** Bytes of all that it runs, last measured. */
  memoryBytes = 0;
  /** The most that it ever used, where the system tells. */
  peakBytes: number | undefined;
  /** Requests it was given. */
  requests = 0;
  readonly #options: WorkerOptions;
  readonly #transport: Transport;
  readonly #splitters: Record<'stdout' | 'stderr', LineSplitter>;
  /** Of the start, until the first request; from then on of the latest request. */
  #lastLines: string[] = [];
  #startLines: string[] = [];
  #initTimer: NodeJS.Timeout;
  #graceTimer: NodeJS.Timeout | undefined;
  #pending: Pending | undefined;
  /** Whose output is read now; of the latest request also after its answer. */
  #requestId: string | undefined;
  #settleReady!: (ready: Ready) => void;
  #settleEnded!: () => void;
  #gone: Failure | undefined;
  #over = false;
  /** Why the host ended it, where the host did. */
  #reason: Failure | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.ready = new Promise((resolve) => (this.#settleReady = resolve));
    this.ended = new Promise((resolve) => (this.#settleEnded = resolve));
    const budget = new LogBudget();
    this.#splitters = {
      stdout: new LineSplitter(budget, (text) => this.#line('stdout', text)),
      stderr: new LineSplitter(budget, (text) => this.#line('stderr', text)),
    };
    this.timeline = { spawnAt: options.since ?? performance.now(), importsMs: 0, loadMs: 0 };
    this.#transport = options.start({
      spawned: () => (this.timeline.spawnedAt = performance.now()),
      hello: (at = performance.now()) => (this.timeline.helloAt = at),
      ready: (report) => this.#becomeReady(report),
      answer: (answer) => this.#answer(answer),
      output: (source, chunk) => this.#splitters[source].push(chunk),
      say: (text) => this.#line('host', text),
      memory: (bytes) => (this.memoryBytes = bytes),
      breach: (failure) => void this.kill(failure),
      ended: (failure) => this.#finish(failure),
    });
    this.#initTimer = setTimeout(() => {
      const seconds = Math.round(options.initTimeoutMs / 1000);
      void this.kill({ code: 'init-failed', detail: `The model was not loaded after ${seconds} s.` });
    }, options.initTimeoutMs);
  }

  get alive(): boolean {
    return this.#gone === undefined;
  }

  get busy(): boolean {
    return this.#pending !== undefined;
  }

  /** Sends one request; only when ready and not busy. Never rejects. `deadlineMs` and `arrivedMs` are epoch ms. */
  invoke(id: string, payload: Buffer, meta: { deadlineMs: number; arrivedMs: number }): Promise<WorkerAnswer> {
    if (this.#gone) return Promise.resolve({ kind: 'failure', failure: this.#gone });
    if (this.#pending) throw new Error('a worker was given a second request');
    this.requests += 1;
    return new Promise((resolve) => {
      this.#pending = { id, sentAt: performance.now(), resolve };
      this.#transport.send(id, payload, meta);
      // Output of the request before may still wait to be read in this turn of the event loop.
      setImmediate(() => this.#begin(id));
    });
  }

  get kind(): Transport['kind'] {
    return this.#transport.kind;
  }

  /** Gives it no processor time until its next request, where its kind can do that. */
  async pause(): Promise<void> {
    if (this.alive && !this.busy) await this.#transport.pause?.();
  }

  /** Lets it end by itself, and ends it when it does not. For a worker without a request. */
  end(): Promise<void> {
    if (this.#over || this.#graceTimer) return this.ended;
    this.#gone ??= { code: 'worker-died', detail: 'The worker was ended.' };
    this.#transport.close();
    this.#graceTimer = setTimeout(() => void this.kill(), GRACE_MS);
    return this.ended;
  }

  /** Ends it at once with all it started; a request under way gets `reason`. */
  async kill(reason?: Failure): Promise<void> {
    this.#reason ??= reason;
    this.#gone ??= reason ?? { code: 'worker-died', detail: 'The worker was ended.' };
    // The request must not wait for a program that the operating system may take long to end.
    if (this.#pending && reason) this.#settlePending(this.#withLastLines(reason));
    if (!this.#over) await this.#transport.kill();
    await this.ended;
  }

  #becomeReady({ importsMs, loadMs, ...report }: ReadyReport): void {
    if (this.#reason) return;
    clearTimeout(this.#initTimer);
    Object.assign(this.timeline, { readyAt: performance.now(), importsMs, loadMs });
    this.#settleReady({ ok: true, ...report });
  }

  #answer({ id, kind, type, payload, handlerMs, peakBytes }: TransportAnswer): void {
    const pending = this.#pending;
    // An answer to a request that nobody sent: a handler that writes to the pipe. Nothing waits for it.
    if (this.#reason || !pending || pending.id !== id) return;
    this.#pending = undefined;
    if (peakBytes !== undefined) this.peakBytes = peakBytes;
    const took = handlerMs ?? performance.now() - pending.sentAt;
    if (kind === 'result') pending.resolve({ kind, payload, handlerMs: took });
    else pending.resolve({ kind, type, payload, handlerMs: took });
  }

  /** What is read from now on belongs to this request: a line that the one before left open ends here. */
  #begin(requestId: string): void {
    for (const splitter of Object.values(this.#splitters)) splitter.cut();
    if (this.#requestId === undefined) this.#startLines = this.#lastLines;
    this.#lastLines = [];
    this.#requestId = requestId;
  }

  #line(source: LogLine['source'], text: string): void {
    if (source !== 'host') {
      this.#lastLines.push(text);
      if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
    }
    this.#options.onLine({
      at: Date.now(),
      source,
      text,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
    });
  }

  #finish(failure: Failure): void {
    clearTimeout(this.#initTimer);
    clearTimeout(this.#graceTimer);
    this.#over = true;
    for (const splitter of Object.values(this.#splitters)) splitter.end();
    const full = this.#withLastLines(this.#reason ?? failure);
    this.#gone = full;
    this.#settleReady({ ok: false, failure: full });
    this.#settlePending(full);
    this.#settleEnded();
  }

  #settlePending(failure: Failure): void {
    this.#pending?.resolve({ kind: 'failure', failure });
    this.#pending = undefined;
  }

  /** Never with lines of an earlier request: they may hold what another caller sent. */
  #withLastLines(failure: Failure): Failure {
    if (failure.lastLines?.length) {
      // A stack; of a start that never was deployed no log shows what was printed before.
      const printed = this.#requestId === undefined ? this.#lastLines : [];
      return printed.length === 0
        ? failure
        : { ...failure, lastLines: [...failure.lastLines, 'It printed:', ...printed] };
    }
    const ofRequest = this.#pending !== undefined && this.#pending.id === this.#requestId;
    const lines = this.#requestId === undefined || ofRequest ? this.#lastLines : this.#startLines;
    return lines.length === 0 ? failure : { ...failure, lastLines: [...lines] };
  }
}
