import type { Problem, StartKind } from './contract.ts';

/** Milliseconds each. A phase that did not happen is 0; `totalMs` is the client's clock and the others add up to it. */
export interface Phases {
  /** DNS, TCP and TLS; 0 on a kept-alive connection. */
  connectMs: number;
  /** Waiting in the host for a free worker. */
  queueMs: number;
  /** Creating the process, container or sandbox. */
  startMs: number;
  /** Python's own start until the runtime's first line. */
  interpreterMs: number;
  /** Importing the model's framework. */
  importsMs: number;
  /** Loading the model. */
  loadMs: number;
  handlerMs: number;
  /** What is left: network, JSON, the front. */
  restMs: number;
  totalMs: number;
}

/** How a request reaches a deployment on AWS: `cold` through Invoke too, as the first one of a version that is thrown away. */
export type Through = 'api' | 'invoke' | 'cold';

/** A try that failed before the one that counts. */
export interface Retry {
  /** Why: `too-many-requests`, `unreachable`, `timed-out` …, the last part of the problem's type. */
  reason: string;
  /** Milliseconds that the failed try took. */
  failedMs: number;
  /** Milliseconds of the wait after it. */
  waitedMs: number;
}

/** What came before the try that counts, on AWS: none of it is latency. */
export interface Beforehand {
  /** Failed tries, in their order. */
  retries: Retry[];
  /** Milliseconds that AWS Lambda took to get a function ready that it had made inactive. */
  wokenMs?: number;
  /** Milliseconds until the version was there that a cold start is of. */
  publishedMs?: number;
}

/** One request as the client saw it. Never written into the project. */
export interface Sample {
  id: string;
  /** 1, 2, 3 … within its playground. */
  number: number;
  /** Milliseconds since the epoch. */
  at: number;
  model: string;
  deployment: string;
  version?: string;
  input: unknown;
  parameters?: Record<string, unknown>;
  status: number;
  /** Unset where no answer came. */
  start?: StartKind;
  phases: Phases;
  result?: unknown;
  problem?: Problem;
  requestId?: string;
  /** Of a deployment on AWS. */
  through?: Through;
  /** Unset where there was nothing. */
  beforehand?: Beforehand;
  /** The same of two requests that one Send made, to two deployments. */
  pair?: string;
}

/** The q-quantile (0..1) of some milliseconds by linear interpolation between the two nearest ranks; NaN if empty. */
export function quantile(values: readonly number[], q: number): number {
  if (values.length === 0) return Number.NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (sorted.length - 1) * q;
  const low = sorted[Math.floor(at)]!;
  const high = sorted[Math.ceil(at)]!;
  return low + (high - low) * (at - Math.floor(at));
}

/** Below this many samples no percentile is shown, only the points themselves. */
export const MIN_SAMPLES_FOR_PERCENTILES = 20;

/** 0.4 ms, 12 ms, 1.24 s: ms under one second, seconds with two digits above. `locale` is BCP 47, else the machine's. */
export function formatMs(ms: number, locale?: string): string {
  if (ms >= 999.5)
    return `${(ms / 1000).toLocaleString(locale, { minimumFractionDigits: 2, maximumFractionDigits: 2 })} s`;
  return `${ms.toLocaleString(locale, { maximumFractionDigits: ms < 10 ? 1 : 0 })} ms`;
}

/** 8 s, 1 min 20 s: of a wait, where fractions say nothing. `locale` is BCP 47, else the machine's. */
export function formatSeconds(ms: number, locale?: string): string {
  const all = Math.round(ms / 1000);
  const [minutes, seconds] = [Math.floor(all / 60), all % 60].map((value) => value.toLocaleString(locale));
  return all < 60 ? `${seconds} s` : `${minutes} min ${seconds} s`;
}
