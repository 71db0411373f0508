/** How a worker's program runs and is spoken to: a process of this machine, or a container. */
import type { ModelCard } from '../../shared/contract.ts';
import type { Failure } from './problems.ts';

export interface Transport {
  readonly kind: 'process' | 'container';
  /** Hands over one event; only when it is ready. Epoch ms. */
  send(id: string, payload: Buffer, meta: { deadlineMs: number; arrivedMs: number }): void;
  /** No event comes any more: it ends by itself. */
  close(): void;
  /** Ends it at once with all that it started; `ended` follows. */
  kill(): Promise<void>;
  /** Gives it no processor time until an event comes; absent where that cannot be done. */
  pause?(): Promise<void>;
}

/** What its first frame says once the model is loaded. */
export interface ReadyReport {
  /** Milliseconds as the runtime measured them. */
  importsMs: number;
  loadMs: number;
  card: ModelCard;
  /** Whether it could give up the network; unset where it was not to. */
  networkLeft?: boolean;
}

export interface TransportAnswer {
  id: string;
  kind: 'result' | 'error';
  /** Of the error. */
  type: string;
  payload: Buffer;
  /** Unset where the runtime does not measure it. */
  handlerMs?: number;
  /** The most memory that it has ever used, where the system tells. */
  peakBytes?: number;
}

/** What a transport tells its worker; nothing after `ended`, which always comes. */
export interface TransportEvents {
  /** The process or container is there. */
  spawned(): void;
  /** The first line of the runtime ran; `at` on the clock of `performance.now()`, now where left out. */
  hello(at?: number): void;
  ready(report: ReadyReport): void;
  answer(answer: TransportAnswer): void;
  output(source: 'stdout' | 'stderr', chunk: Buffer): void;
  /** A line of Nimbus itself about it. */
  say(text: string): void;
  /** Bytes that it uses now. */
  memory(bytes: number): void;
  /** It must be ended for this reason: the model cannot be loaded, a limit was exceeded, it broke the protocol. */
  breach(failure: Failure): void;
  /** It is gone with all that it started. */
  ended(failure: Failure): void;
}

/** Starts a program, and tells `events` of it from the next turn of the event loop on. */
export type StartTransport = (events: TransportEvents) => Transport;
