/** A worker's program as a process of this machine: frames over a pair of pipes, output over another. */
import { spawn, type ChildProcess } from 'node:child_process';
import path from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { answerOf, frameReader, writeEvent } from './framed.ts';
import { FrameError, type Frame } from './frames.ts';
import { endFirst, watchMemory, type MemoryLimit } from './memory.ts';
import type { Failure } from './problems.ts';
import { kernelOomKills, killTree, MARK_VARIABLE } from './processes.ts';
import { initFailure } from './python-error.ts';
import type { ReadyReport, StartTransport, Transport, TransportEvents } from './transport.ts';

export interface ProcessOptions {
  python: string;
  /** Folder that holds worker.py. */
  runtime: string;
  /** The JSON file that says what to load. */
  functionFile: string;
  /** The worker's whole environment, but for what is added here. */
  env: Record<string, string>;
  cwd: string;
  /** All that it starts carries it. */
  mark: string;
  memory: MemoryLimit;
  /** It gives up the network before it loads the model, where the system lets it. */
  isolated: boolean;
}

/** What a process that has ended wrote is still in its pipes; a grandchild that holds them open must not delay the end. */
const DRAIN_MS = 200;

export function processTransport(options: ProcessOptions): StartTransport {
  return (events) => new ProcessTransport(options, events);
}

class ProcessTransport implements Transport {
  readonly kind = 'process';
  readonly #options: ProcessOptions;
  readonly #events: TransportEvents;
  readonly #process: ChildProcess;
  readonly #input: Writable | undefined;
  readonly #oomKillsBefore = kernelOomKills();
  #stopMemory: () => void = () => undefined;
  #isReady = false;
  #exited = false;

  constructor(options: ProcessOptions, events: TransportEvents) {
    this.#options = options;
    this.#events = events;
    this.#process = spawn(options.python, [path.join(options.runtime, 'worker.py')], {
      cwd: options.cwd,
      env: {
        ...options.env,
        ...(options.isolated ? { NIMBUS_NETWORK: 'none' } : {}),
        NIMBUS_FUNCTION: options.functionFile,
        [MARK_VARIABLE]: options.mark,
      },
      stdio: ['ignore', 'pipe', 'pipe', 'pipe', 'pipe'],
      // A process group of its own, so that one signal reaches all of it; on Windows it would open a console.
      detached: process.platform !== 'win32',
      windowsHide: true,
    });
    this.#input = this.#process.stdio[3] as Writable | undefined;
    events.spawned();
    this.#listen();
  }

  send(id: string, payload: Buffer, meta: { deadlineMs: number; arrivedMs: number }): void {
    writeEvent(this.#input, { id, ...meta }, payload);
  }

  close(): void {
    this.#input?.end();
  }

  async kill(): Promise<void> {
    const { pid } = this.#process;
    if (!this.#exited && pid !== undefined) await killTree(pid, this.#options.mark);
  }

  #listen(): void {
    const child = this.#process;
    for (const source of ['stdout', 'stderr'] as const) {
      child[source]?.on('data', (chunk: Buffer) => this.#events.output(source, chunk));
    }
    const output = child.stdio[4] as Readable | undefined;
    const onBroken = ({ message }: FrameError): void =>
      this.#events.breach({
        code: 'worker-died',
        detail: `The worker wrote something else than answers to its pipe: ${message}.`,
      });
    output?.on(
      'data',
      frameReader((frame) => this.#frame(frame), onBroken),
    );
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
      await Promise.all([child.stdout, child.stderr, output].map((stream) => stream && waitForEnd(stream, DRAIN_MS)));
      const failure = this.#explain(code, signal);
      await killTree(child.pid!, this.#options.mark);
      this.#finish(failure);
    };
    child.on('exit', (code, signal) => void exited(code, signal));
    if (child.pid === undefined) return;
    endFirst(child.pid);
    this.#stopMemory = watchMemory(child.pid, this.#options.memory, this.#events);
  }

  #frame(frame: Frame): void {
    const { kind, meta, payload } = frame;
    switch (kind) {
      case 'H':
        return this.#events.hello();
      case 'R':
        this.#isReady = true;
        return this.#events.ready({
          importsMs: Number(meta['importsMs']) || 0,
          loadMs: Number(meta['loadMs']) || 0,
          card: meta['card'] as ReadyReport['card'],
          ...(typeof meta['networkLeft'] === 'boolean' ? { networkLeft: meta['networkLeft'] } : {}),
        });
      case 'F':
        return this.#events.breach(initFailure(payload, meta['next']));
      case 'O':
      case 'E':
        return this.#events.answer(answerOf(frame));
      case 'I':
      case 'X':
        throw new FrameError(`a worker does not send frames of kind ${kind}`);
      default:
        kind satisfies never;
    }
  }

  #explain(code: number | null, signal: NodeJS.Signals | null): Failure {
    const during = this.#isReady ? 'while it answered' : 'while it loaded the model';
    const oomKills = kernelOomKills();
    if (signal === 'SIGKILL' && oomKills !== undefined && oomKills > (this.#oomKillsBefore ?? oomKills)) {
      return {
        code: 'out-of-memory',
        detail: `The operating system ended the worker ${during}: this machine ran out of memory.`,
        next: 'Close other programs, lower the concurrency, or use a smaller model.',
      };
    }
    const how = signal ? `was ended by ${signal}` : `ended with exit code ${code}`;
    return { code: this.#isReady ? 'worker-died' : 'init-failed', detail: `The worker ${how} ${during}.` };
  }

  #finish(failure: Failure): void {
    this.#exited = true;
    this.#stopMemory();
    this.#events.ended(failure);
    for (const stream of this.#process.stdio) stream?.destroy();
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
