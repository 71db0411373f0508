import type { UserError } from '../../shared/outcome.ts';
import { chunks, type Chunk } from './chunks.ts';
import { UnreadableInputs, type BatchInput } from './inputs.ts';
import { Pace } from './pace.ts';
import type { Access } from './predict.ts';
import { Sender, type BatchLine } from './sender.ts';

export type { BatchLine } from './sender.ts';

export interface BatchProgress {
  succeeded: number;
  failed: number;
  /** Bytes of the file up to the last input that is answered. */
  bytes: number;
  /** Inputs of the whole file, once it is read to its end. */
  total?: number;
  /** Versions of the model that answered; several where it was trained again meanwhile. */
  versions: Set<string>;
  /** What ended the batch early: the endpoint is gone or closed, or the inputs could not be read to their end. */
  error?: UserError;
}

export interface BatchRun {
  /** Endpoint's base. */
  url: string;
  access?: Access;
  inputs: AsyncIterable<readonly BatchInput[]>;
  /** Of the first inputs, as many as an earlier run answered: they are read, and not sent. */
  kept?: { succeeded: number; failed: number };
  /** Workers at most. */
  concurrency: number;
  /** Milliseconds that the endpoint gives a request. */
  timeoutMs: number;
  signal: AbortSignal;
  /** Called in the order of the inputs, one call after another. */
  write(lines: readonly BatchLine[]): Promise<void>;
  onProgress(progress: BatchProgress): void;
}

/** Chunks held at most, those that are answered and wait for one before them included: what bounds the memory. */
const CHUNKS_AHEAD = 12;

interface Job {
  chunk: Chunk;
  answer: Promise<BatchLine[] | UserError>;
  /** Set once `answer` has settled. */
  settled?: BatchLine[] | UserError;
}

/**
 * Sends a stream of inputs as `/batch` requests and writes the answers in order. One request more than there are
 * workers is under way, so that none waits for this process. What ends the run early is in the progress; what concerns
 * single inputs is their answer (see `Sender`).
 */
export async function runBatch(run: BatchRun): Promise<BatchProgress> {
  const { signal, kept = { succeeded: 0, failed: 0 } } = run;
  const progress: BatchProgress = { ...kept, bytes: 0, versions: new Set() };
  const stop = new AbortController();
  const pace = new Pace(run.timeoutMs);
  const sender = new Sender({
    url: run.url,
    ...(run.access ? { access: run.access } : {}),
    pace,
    signal: AbortSignal.any([signal, stop.signal]),
    versions: progress.versions,
  });
  const jobs: Job[] = [];
  const writeAnswered = async (): Promise<void> => {
    for (let head = jobs[0]; head?.settled && !progress.error; head = jobs[0]) {
      if (!Array.isArray(head.settled)) {
        progress.error = head.settled;
        return;
      }
      await run.write(head.settled);
      jobs.shift();
      const failed = head.settled.reduce((count, line) => count + ('error' in line ? 1 : 0), 0);
      progress.failed += failed;
      progress.succeeded += head.settled.length - failed;
      progress.bytes = head.chunk.endByte;
      run.onProgress(progress);
    }
  };
  const goesOn = (): boolean => !progress.error && !signal.aborted;
  let unreadable: UserError | undefined;
  try {
    try {
      for await (const chunk of chunks(run.inputs, pace, kept.succeeded + kept.failed)) {
        if (!goesOn()) break;
        jobs.push(start(sender, chunk));
        await writeAnswered();
        while (goesOn() && isFull(jobs, run.concurrency + 1)) {
          await oneMore(jobs);
          await writeAnswered();
        }
      }
    } catch (error) {
      if (!(error instanceof UnreadableInputs)) throw error;
      unreadable = {
        code: 'file-unreadable',
        what: 'The inputs cannot be read to their end.',
        why: error.message,
        next: 'Correct the file and run it again.',
      };
    }
    const last = jobs.at(-1)?.chunk;
    if (goesOn() && !unreadable && last) progress.total = last.first + last.items.length;
    while (jobs.length > 0 && goesOn()) {
      await oneMore(jobs);
      await writeAnswered();
    }
  } finally {
    stop.abort();
    await Promise.allSettled(jobs.map((job) => job.answer));
  }
  if (unreadable) progress.error ??= unreadable;
  return progress;
}

function start(sender: Sender, chunk: Chunk): Job {
  const job: Job = { chunk, answer: sender.answer(chunk) };
  void job.answer.then(
    (settled) => (job.settled = settled),
    () => undefined, // whoever waits for it is told
  );
  return job;
}

const underWay = (jobs: readonly Job[]): Job[] => jobs.filter((job) => !job.settled);

function isFull(jobs: readonly Job[], requests: number): boolean {
  return jobs.length >= CHUNKS_AHEAD + requests || underWay(jobs).length >= requests;
}

/** Waits until one more of the chunks is answered. */
async function oneMore(jobs: readonly Job[]): Promise<void> {
  await Promise.race(underWay(jobs).map((job) => job.answer));
}
