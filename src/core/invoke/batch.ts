import { BATCH_INPUTS, PAYLOAD_BYTES, type BatchAnswer } from '../../shared/contract.ts';
import type { UserError } from '../../shared/outcome.ts';
import { UnreadableInputs, type BatchInput } from './inputs.ts';
import { postBatch } from './predict.ts';

/** One answer; `index` counts the inputs from 0, `line` is where it stood in the file. */
export type BatchLine = { index: number; line: number } & (
  | { result: unknown }
  | { error: { type: string; detail: string } }
);

export interface BatchProgress {
  succeeded: number;
  failed: number;
  /** What ended the batch early: whole requests failed, or the inputs could not be read to their end. */
  error?: UserError;
}

export interface BatchRun {
  /** Endpoint's base. */
  url: string;
  inputs: AsyncIterable<BatchInput>;
  /** Requests under way at once. */
  concurrency: number;
  signal: AbortSignal;
  /** Called in the order of the inputs. */
  write(line: BatchLine): Promise<void>;
  onProgress(progress: BatchProgress): void;
}

interface Chunk {
  first: number;
  items: BatchInput[];
  /** Of all its inputs. */
  parameters?: Record<string, unknown>;
}

/**
 * Sends a stream of inputs as `/batch` requests, `concurrency` at a time, and writes the answers in order. Memory is
 * bounded by the chunks under way. A request that fails as a whole ends the run with its error; so do inputs that cannot
 * be read any further, once what was sent is answered.
 */
export async function runBatch({
  url,
  inputs,
  concurrency,
  signal,
  write,
  onProgress,
}: BatchRun): Promise<BatchProgress> {
  const progress: BatchProgress = { succeeded: 0, failed: 0 };
  const running: Promise<BatchLine[] | UserError>[] = [];
  const finishOldest = async (): Promise<boolean> => {
    const lines = await running.shift()!;
    if (!Array.isArray(lines)) {
      progress.error = lines;
      return false;
    }
    for (const line of lines) {
      await write(line);
      if ('error' in line) progress.failed += 1;
      else progress.succeeded += 1;
    }
    onProgress(progress);
    return true;
  };
  let unreadable: UserError | undefined;
  try {
    try {
      for await (const chunk of chunks(inputs)) {
        if (signal.aborted) break;
        running.push(send(url, chunk, signal));
        if (running.length >= concurrency && !(await finishOldest())) break;
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
    while (running.length > 0 && !progress.error && !signal.aborted) await finishOldest();
  } finally {
    await Promise.allSettled(running);
  }
  if (unreadable) progress.error ??= unreadable;
  return progress;
}

/** Half the payload's limit, since JSON inside the event's JSON escapes every quote. */
const CHUNK_BYTES = PAYLOAD_BYTES / 2;

async function* chunks(inputs: AsyncIterable<BatchInput>): AsyncGenerator<Chunk> {
  let chunk: Chunk = { first: 0, items: [] };
  let bytes = 0;
  // One request has one set of parameters; a line that is no input goes with those around it.
  let parameters: string | undefined;
  for await (const item of inputs) {
    const size = 'input' in item ? Buffer.byteLength(JSON.stringify(item.input) ?? 'null') : 0;
    const own = 'input' in item ? JSON.stringify(item.parameters) : parameters;
    const isFull = chunk.items.length === BATCH_INPUTS || bytes + size > CHUNK_BYTES || own !== parameters;
    if (chunk.items.length > 0 && isFull) {
      yield chunk;
      chunk = { first: chunk.first + chunk.items.length, items: [] };
      bytes = 0;
    }
    parameters = own;
    if ('input' in item && item.parameters) chunk.parameters = item.parameters;
    chunk.items.push(item);
    bytes += size;
  }
  if (chunk.items.length > 0) yield chunk;
}

async function send(url: string, chunk: Chunk, signal: AbortSignal): Promise<BatchLine[] | UserError> {
  const good = chunk.items.flatMap((item, at) => ('input' in item ? [{ at, input: item.input }] : []));
  const answers = new Map<number, { result: unknown } | { error: { type: string; detail: string } }>();
  if (good.length > 0) {
    const answer = await postBatch(
      url,
      good.map((one) => one.input),
      { signal, ...(chunk.parameters ? { parameters: chunk.parameters } : {}) },
    );
    // What is wrong with the parameters of these lines says nothing of the others.
    if (chunk.parameters && answer.problem?.status === 400) {
      const error = { type: 'invalid-parameters', detail: answer.problem.detail };
      for (const { at } of good) answers.set(at, { error });
    } else if (answer.problem) {
      return {
        code: 'batch-refused',
        what: answer.problem.title,
        why: answer.problem.detail,
        ...(answer.problem.next ? { next: answer.problem.next } : {}),
      };
    }
    const { success, failed } = (answer.body ?? { success: [], failed: [] }) as BatchAnswer;
    for (const { index, result } of success) answers.set(good[index]!.at, { result });
    for (const { index, error } of failed) answers.set(good[index]!.at, { error });
  }
  return chunk.items.map((item, at) => ({
    index: chunk.first + at,
    line: item.line,
    ...('error' in item ? { error: { type: 'invalid-line', detail: item.error } } : answers.get(at)!),
  }));
}
