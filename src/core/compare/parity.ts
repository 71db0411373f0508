/** The same inputs through two endpoints, answer by answer. */
import type { UserError } from '../../shared/outcome.ts';
import { compareAnswers, failure, type Answered, type Difference, type Tolerance } from '../../shared/parity.ts';
import { chunks, type Chunk } from '../invoke/chunks.ts';
import { UnreadableInputs, type BatchInput } from '../invoke/inputs.ts';
import { Pace } from '../invoke/pace.ts';
import type { Access } from '../invoke/predict.ts';
import { Sender, type BatchLine } from '../invoke/sender.ts';

export interface ParityRun {
  /** Bases of the two endpoints. */
  urls: readonly [string, string];
  /** To each. */
  access?: readonly [Access, Access];
  inputs: AsyncIterable<readonly BatchInput[]>;
  tolerance: Tolerance;
  /** Requests under way at once, of each endpoint. */
  concurrency: number;
  /** Milliseconds that the endpoints give a request. */
  timeoutMs: number;
  signal: AbortSignal;
  onProgress(progress: Parity): void;
}

export interface Parity {
  /** Inputs that both sides have had. */
  inputs: number;
  /** Inputs whose answers differ. */
  different: number;
  /** Inputs that failed on both sides in the same way: they count as equal, and say nothing of the answers. */
  failedAlike: number;
  /** The largest relative distance of two numbers that count as equal. */
  largest: number;
  /** The first of those that differ, in the order of the inputs; at most `MOST_INPUTS`. */
  differences: InputDifferences[];
  /** What ended it early: an endpoint is gone or closed, or the inputs could not be read to their end. */
  error?: UserError;
  /** Which of the endpoints the error is of. */
  side?: 0 | 1;
}

export interface InputDifferences {
  /** Counts from 0. */
  index: number;
  /** Where it stands in its file; counts from 1. */
  line: number;
  differences: Difference[];
  /** All of them: `differences` has the first ones. */
  count: number;
}

/** Inputs whose differences are kept, so that a file of millions does not fill the memory. */
export const MOST_INPUTS = 1000;

/**
 * Both endpoints get the same chunks at the same time, as `/batch` requests (see `Sender`, which tells bad inputs from a
 * bad endpoint). Memory is bounded by the chunks under way and the differences that are kept.
 */
export async function runParity(run: ParityRun): Promise<Parity> {
  const found: Parity = { inputs: 0, different: 0, failedAlike: 0, largest: 0, differences: [] };
  const stop = new AbortController();
  const signal = AbortSignal.any([run.signal, stop.signal]);
  const paces = [new Pace(run.timeoutMs), new Pace(run.timeoutMs)] as const;
  const senders = run.urls.map(
    (url, side) =>
      new Sender({
        url,
        access: run.access?.[side as 0 | 1] ?? {},
        pace: paces[side as 0 | 1],
        signal,
        versions: new Set(),
        requestIds: true,
      }),
  );
  const end = (error: UserError, side?: 0 | 1): void => {
    if (signal.aborted) return;
    Object.assign(found, { error }, side === undefined ? {} : { side });
    stop.abort();
  };
  const answerOne = async (chunk: Chunk): Promise<void> => {
    const [first, second] = (await Promise.all(senders.map((sender) => sender.answer(chunk)))) as [
      BatchLine[] | UserError,
      BatchLine[] | UserError,
    ];
    if (!Array.isArray(first)) return end(first, 0);
    if (!Array.isArray(second)) return end(second, 1);
    for (const [at, line] of first.entries()) take(found, line, second[at]!, run.tolerance);
    run.onProgress(found);
  };
  const underWay = new Set<Promise<void>>();
  // The slower of the two decides how many inputs a request has.
  const pace = {
    get inputs() {
      return Math.min(paces[0].inputs, paces[1].inputs);
    },
  };
  try {
    for await (const chunk of chunks(run.inputs, pace, 0)) {
      if (signal.aborted) break;
      const answered = answerOne(chunk).finally(() => underWay.delete(answered));
      underWay.add(answered);
      while (underWay.size >= run.concurrency) await Promise.race(underWay);
    }
    await Promise.all(underWay);
  } catch (error) {
    if (!(error instanceof UnreadableInputs)) throw error;
    end({
      code: 'file-unreadable',
      what: 'The inputs cannot be read to their end.',
      why: error.message,
      next: 'Correct the file and run it again.',
    });
  } finally {
    stop.abort();
    await Promise.allSettled(underWay);
  }
  found.differences.sort((one, other) => one.index - other.index).splice(MOST_INPUTS);
  return found;
}

function take(found: Parity, first: BatchLine, second: BatchLine, tolerance: Tolerance): void {
  const { differences, count, largest } = compareAnswers(answered(first), answered(second), tolerance);
  found.inputs += 1;
  found.largest = Math.max(found.largest, largest);
  if (count === 0) {
    if ('error' in first) found.failedAlike += 1;
    return;
  }
  found.different += 1;
  // Chunks are answered in any order: of a few more than are kept the first are chosen at the end.
  if (found.differences.length < MOST_INPUTS * 2) {
    found.differences.push({ index: first.index, line: first.line, differences, count });
  }
}

function answered(line: BatchLine): Answered {
  return 'error' in line ? failure(line.error.type, line.error.detail, line.requestId) : { result: line.result };
}

/** Inputs of a list, as those of a file. */
export async function* inputsOf(inputs: readonly unknown[]): AsyncGenerator<readonly BatchInput[]> {
  yield inputs.map((input, index) => ({
    line: index + 1,
    endByte: 0,
    input,
    bytes: Buffer.byteLength(JSON.stringify(input)),
  }));
}
