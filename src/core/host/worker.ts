/** One worker: a Python process that answers one request at a time over a pair of pipes. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import type { ModelCard } from '../../shared/contract.ts';
import type { LogLine } from '../../shared/states.ts';
import { encodeHead, FrameDecoder, FrameError, type Frame } from './frames.ts';
import { LineSplitter, LogBudget } from './lines.ts';
import { watchMemory } from './memory.ts';
import type { Failure } from './problems.ts';
import { kernelOomKills, killTree, MARK_VARIABLE } from './processes.ts';

export interface WorkerOptions {
  python: string;
  /** Folder that holds worker.py. */
  runtime: string;
  /** The JSON file that says what to load. */
  functionFile: string;
  /** The worker's whole environment, but for what the host adds. */
  env: Record<string, string>;
  cwd: string;
  /** Begins the mark that all processes of this host's workers carry. */
  markPrefix: string;
  /** Set where the user declared a limit. */
  memoryLimitBytes?: number;
  /** It gives up the network before it loads the model, where the system lets it. */
  isolated: boolean;
  /** Milliseconds; the worker is ended when it is not ready by then. */
  initTimeoutMs: number;
  /** When its start began with what the host does before, on the clock of `performance.now()`; now where left out. */
  since?: number;
  onLine(line: LogLine): void;
}

/** When what happened, on the clock of `performance.now()`. Unset while it has not. */
export interface Timeline {
  /** Before the process was created, and before what the host checks first. */
  spawnAt: number;
  spawnedAt: number;
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

/** `networkLeft`: whether it could give up the network; unset where it was not to. */
export type Ready = { ok: true; card: ModelCard; networkLeft?: boolean } | { ok: false; failure: Failure };

interface Pending {
  id: string;
  sentAt: number;
  resolve(answer: WorkerAnswer): void;
}

/** Kept to explain a death. */
const LAST_LINES = 20;
/** A worker whose pipe was closed gets this long to end by itself. */
const GRACE_MS = 2000;
/** Small payloads are joined with their head, so that the worker wakes once. */
const JOIN_BYTES = 16 * 1024;

export class Worker {
  readonly id: string = randomUUID();
  readonly timeline: Timeline;
  /** Answers once, never rejects. */
  readonly ready: Promise<Ready>;
  /** Answers when the process and all it started are gone. */
  readonly ended: Promise<void>;
  /** Bytes of the whole tree, last measured. */
  memoryBytes = 0;
  /** Requests it was given. */
  requests = 0;
  readonly #options: WorkerOptions;
  readonly #mark: string;
  readonly #process: ChildProcess;
  readonly #input: Writable | undefined;
  #splitters: LineSplitter[] = [];
  /** Of the start, until the first request; from then on of the latest request. */
  #lastLines: string[] = [];
  #startLines: string[] = [];
  readonly #oomKillsBefore = kernelOomKills();
  #stopMemory: () => void = () => undefined;
  #initTimer: NodeJS.Timeout;
  #graceTimer: NodeJS.Timeout | undefined;
  #pending: Pending | undefined;
  /** Whose output is read now; of the latest request also after its answer. */
  #requestId: string | undefined;
  #settleReady!: (ready: Ready) => void;
  #settleEnded!: () => void;
  #gone: Failure | undefined;
  #exited = false;
  /** Why the host ended it, where the host did. */
  #reason: Failure | undefined;

  constructor(options: WorkerOptions) {
    this.#options = options;
    this.#mark = `${options.markPrefix}-${this.id}`;
    this.ready = new Promise((resolve) => (this.#settleReady = resolve));
    this.ended = new Promise((resolve) => (this.#settleEnded = resolve));
    const spawnAt = options.since ?? performance.now();
    this.#process = spawn(options.python, [path.join(options.runtime, 'worker.py')], {
      cwd: options.cwd,
      env: {
        ...options.env,
        ...(options.isolated ? { NIMBUS_NETWORK: 'none' } : {}),
        NIMBUS_FUNCTION: options.functionFile,
        [MARK_VARIABLE]: this.#mark,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      // A process group of its own, so that one signal reaches all of it; on Windows it would open a console.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.timeline = { spawnAt, spawnedAt: performance.now(), importsMs: 0, loadMs: 0 };
    this.#input = this.#process.stdio[3] as Writable | undefined;
    this.#initTimer = setTimeout(() => {
      const seconds = Math.round(options.initTimeoutMs / 1000);
      void this.kill({ code: 'init-failed', detail: `The model was not loaded after ${seconds} s.` });
    }, options.initTimeoutMs);
    this.#listen();
  }

  get pid(): number | undefined {
    return this.#process.pid;
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
      const head = encodeHead('I', { id, ...meta }, payload.length);
      if (payload.length <= JOIN_BYTES) {
        this.#input!.write(Buffer.concat([head, payload]));
      } else {
        this.#input!.write(head);
        this.#input!.write(payload);
      }
      // Output of the request before may still wait to be read in this turn of the event loop.
      setImmediate(() => this.#begin(id));
    });
  }

  /** Lets it end by itself, and ends it when it does not. For a worker without a request. */
  end(): Promise<void> {
    if (this.#exited || this.#graceTimer) return this.ended;
    this.#gone ??= { code: 'worker-died', detail: 'The worker was ended.' };
    this.#input?.end();
    this.#graceTimer = setTimeout(() => void this.kill(), GRACE_MS);
    return this.ended;
  }

  /** Ends it at once with all it started; a request under way gets `reason`. */
  async kill(reason?: Failure): Promise<void> {
    this.#reason ??= reason;
    this.#gone ??= reason ?? { code: 'worker-died', detail: 'The worker was ended.' };
    // The request must not wait for a process that the operating system may take long to end.
    if (this.#pending && reason) this.#settlePending(this.#withLastLines(reason));
    if (!this.#exited && this.pid !== undefined) await killTree(this.pid, this.#mark);
    await this.ended;
  }

  #listen(): void {
    const child = this.#process;
    const budget = new LogBudget();
    const splitters = (this.#splitters = (['stdout', 'stderr'] as const).map((source) => {
      const splitter = new LineSplitter(budget, (text) => this.#line(source, text));
      child[source]?.on('data', (chunk: Buffer) => splitter.push(chunk));
      return splitter;
    }));
    const decoder = new FrameDecoder((frame) => this.#frame(frame));
    const output = child.stdio[4] as Readable | undefined;
    output?.on('data', (chunk: Buffer) => {
      if (this.#reason) return;
      try {
        decoder.push(chunk);
      } catch (error) {
        if (!(error instanceof FrameError)) throw error;
        void this.kill({
          code: 'worker-died',
          detail: `The worker wrote something else than answers to its pipe: ${error.message}.`,
        });
      }
    });
    // A worker that died closes its pipes; its exit says more than the error of a pipe.
    for (const stream of child.stdio) stream?.on('error', () => undefined);
    child.on('error', (error: NodeJS.ErrnoException) => {
      if (child.pid !== undefined) return;
      const missing = error.code === 'ENOENT' || error.code === 'EACCES';
      this.#finish({
        code: 'init-failed',
        detail: missing
          ? `The interpreter ${this.#options.python} cannot be started.`
          : `The worker cannot be started: ${error.message}.`,
        next: 'Redeploy the model with another interpreter.',
      });
    });
    const exited = async (code: number | null, signal: NodeJS.Signals | null): Promise<void> => {
      this.#exited = true;
      // What it wrote last is still in its pipes; a grandchild that holds them open must not delay the end.
      await Promise.all([child.stdout, child.stderr, output].map((stream) => stream && waitForEnd(stream, 200)));
      for (const splitter of splitters) splitter.end();
      const failure = this.#reason ?? this.#explain(code, signal);
      await killTree(child.pid!, this.#mark);
      this.#finish(failure);
    };
    child.on('exit', (code, signal) => void exited(code, signal));
    if (child.pid !== undefined) this.#stopMemory = watchMemory(this, child.pid, this.#options.memoryLimitBytes);
  }

  #frame({ kind, meta, payload }: Frame): void {
    switch (kind) {
      case 'H':
        this.timeline.helloAt = performance.now();
        return;
      case 'R':
        clearTimeout(this.#initTimer);
        this.timeline.readyAt = performance.now();
        this.timeline.importsMs = Number(meta['importsMs']) || 0;
        this.timeline.loadMs = Number(meta['loadMs']) || 0;
        this.#settleReady({
          ok: true,
          card: meta['card'] as ModelCard,
          ...(typeof meta['networkLeft'] === 'boolean' ? { networkLeft: meta['networkLeft'] } : {}),
        });
        return;
      case 'F':
        void this.kill({
          code: 'init-failed',
          detail: describeError(payload),
          ...(typeof meta['next'] === 'string' ? { next: meta['next'] } : {}),
          lastLines: traceLines(payload),
        });
        return;
      case 'O':
      case 'E': {
        const pending = this.#pending;
        // An answer to a request that nobody sent: a handler that writes to the pipe. Nothing waits for it.
        if (!pending || pending.id !== meta['id']) return;
        this.#pending = undefined;
        const handlerMs =
          typeof meta['handlerMs'] === 'number' ? meta['handlerMs'] : performance.now() - pending.sentAt;
        if (kind === 'O') pending.resolve({ kind: 'result', payload, handlerMs });
        else pending.resolve({ kind: 'error', type: String(meta['type']), payload, handlerMs });
        return;
      }
      case 'I':
        throw new FrameError('a worker does not send requests');
      default:
        kind satisfies never;
    }
  }

  /** What is read from now on belongs to this request: a line that the one before left open ends here. */
  #begin(requestId: string): void {
    for (const splitter of this.#splitters) splitter.cut();
    if (this.#requestId === undefined) this.#startLines = this.#lastLines;
    this.#lastLines = [];
    this.#requestId = requestId;
  }

  #line(source: 'stdout' | 'stderr', text: string): void {
    this.#lastLines.push(text);
    if (this.#lastLines.length > LAST_LINES) this.#lastLines.shift();
    this.#options.onLine({
      at: Date.now(),
      source,
      text,
      ...(this.#requestId === undefined ? {} : { requestId: this.#requestId }),
    });
  }

  #explain(code: number | null, signal: NodeJS.Signals | null): Failure {
    const during = this.timeline.readyAt === undefined ? 'while it loaded the model' : 'while it answered';
    const oomKills = kernelOomKills();
    if (signal === 'SIGKILL' && oomKills !== undefined && oomKills > (this.#oomKillsBefore ?? oomKills)) {
      return {
        code: 'out-of-memory',
        detail: `The operating system ended the worker ${during}: this machine ran out of memory.`,
        next: 'Close other programs, lower the concurrency, or use a smaller model.',
      };
    }
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    return {
      code: this.timeline.readyAt === undefined ? 'init-failed' : 'worker-died',
      detail: `The worker ${how} ${during}.`,
    };
  }

  #finish(failure: Failure): void {
    clearTimeout(this.#initTimer);
    clearTimeout(this.#graceTimer);
    this.#stopMemory();
    this.#exited = true;
    const full = this.#withLastLines(failure);
    this.#gone = full;
    for (const stream of this.#process.stdio) stream?.destroy();
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
    if (failure.lastLines?.length) return failure;
    const ofRequest = this.#pending !== undefined && this.#pending.id === this.#requestId;
    const lines = this.#requestId === undefined || ofRequest ? this.#lastLines : this.#startLines;
    return lines.length === 0 ? failure : { ...failure, lastLines: [...lines] };
  }
}

/** Waits until a stream has ended, at most `limitMs`. */
function waitForEnd(stream: Readable, limitMs: number): Promise<void> {
  if (stream.readableEnded || stream.destroyed) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, limitMs);
    stream.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface PythonError {
  errorType?: unknown;
  errorMessage?: unknown;
  stackTrace?: unknown;
}

function pythonError(payload: Buffer): PythonError {
  try {
    const parsed: unknown = JSON.parse(payload.toString());
    return typeof parsed === 'object' && parsed !== null ? parsed : {};
  } catch {
    return {};
  }
}

/** `ValueError: no such column`, from the payload of an `E` or `F` frame. */
export function describeError(payload: Buffer): string {
  const { errorType, errorMessage } = pythonError(payload);
  return `${String(errorType ?? 'Error')}: ${String(errorMessage ?? 'no message')}`;
}

function traceLines(payload: Buffer): string[] {
  const { stackTrace } = pythonError(payload);
  return Array.isArray(stackTrace)
    ? stackTrace.flatMap((part) => String(part).trimEnd().split('\n')).slice(-LAST_LINES)
    : [];
}
