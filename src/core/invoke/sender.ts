import { setTimeout as delay } from 'node:timers/promises';
import type { BatchAnswer, Problem } from '../../shared/contract.ts';
import type { UserError } from '../../shared/outcome.ts';
import type { Chunk } from './chunks.ts';
import type { Pace } from './pace.ts';
import { postBatch, type Access, type Answer } from './predict.ts';

interface LineError {
  type: string;
  detail: string;
}

/** One answer; `index` counts the inputs from 0, `line` is where it stood in the file. */
export type BatchLine = { index: number; line: number } & Outcome;

export interface SenderOptions {
  /** Endpoint's base. */
  url: string;
  access?: Access;
  pace: Pace;
  signal: AbortSignal;
  /** Gets the versions of the model that answered. */
  versions: Set<string>;
  /** Tells of an error by which request its log lines are found. */
  requestIds?: true;
}

/** Into how many parts what failed as a whole is split: each level costs a worker's start or a time-out. */
const PARTS = 8;
/** A worker may die for a reason that is not its input: the last input that is left gets a second chance. */
const TRIES_ALONE = 2;
/** So many inputs in a row, each alone with its worker, ended it: it is not the inputs. */
const DEADLY_IN_A_ROW = 20;
/** The longest wait for a place in the queue or for a model that loads. */
const WAIT_MS = 10 * 60_000;
const RETRY_MS = 1000;
/** A host that makes room for a newer one is back within it. */
const UNREACHABLE_MS = 5000;

/** `requestId`: of the request whose log says more of the error, where that was asked for. */
type Outcome = { result: unknown } | { error: LineError; requestId?: string };
interface Item {
  at: number;
  input: unknown;
}
type Job = Pick<Chunk, 'parameters'> & { answers: Map<number, Outcome> };

/**
 * Answers chunks. A request that fails as a whole is not the end of them: a full queue and a model that loads are
 * waited out; a worker that died, ran out of time or memory, or an answer that is too long, splits the chunk until the
 * input is found that does it. It alone gets the problem as its error. Anything else ends the run.
 */
export class Sender {
  #options: SenderOptions;
  #deadly = 0;

  constructor(options: SenderOptions) {
    this.#options = options;
  }

  async answer(chunk: Chunk): Promise<BatchLine[] | UserError> {
    const job: Job = { answers: new Map(), ...(chunk.parameters ? { parameters: chunk.parameters } : {}) };
    const items = chunk.items.flatMap((item, at) => ('input' in item ? [{ at, input: item.input }] : []));
    // A stack, the first part on top.
    const parts = items.length > 0 ? [items] : [];
    for (let part = parts.pop(); part; part = parts.pop()) {
      const problem = await this.#answerPart(part, job);
      if (!problem) continue;
      if ('code' in problem) return problem;
      parts.push(...split(part).toReversed());
    }
    return chunk.items.map((item, at) => ({
      index: chunk.first + at,
      line: item.line,
      ...('error' in item ? { error: { type: 'invalid-line', detail: item.error } } : job.answers.get(at)!),
    }));
  }

  /** Undefined where each of the inputs has its answer; the problem where the part is to be split. */
  async #answerPart(items: readonly Item[], job: Job): Promise<Problem | UserError | undefined> {
    for (let tries = 1; ; tries++) {
      const answer = await this.#post(items, job);
      const { problem } = answer;
      if (!problem) {
        this.#take(items, answer, job);
        return undefined;
      }
      // What is wrong with the parameters of these lines says nothing of the others.
      if (job.parameters && problem.status === 400) {
        fillWith(items, job, { error: { type: 'invalid-parameters', detail: problem.detail } });
        return undefined;
      }
      const code = codeOf(problem);
      if (!SPLIT.has(code)) return ending(problem);
      if (code === 'timed-out') this.#options.pace.timedOut(items.length);
      if (items.length > 1) return problem;
      if (RETRIED.has(code) && tries < TRIES_ALONE) continue;
      if (DEADLY.has(code) && (this.#deadly += 1) >= DEADLY_IN_A_ROW) return hopeless(problem);
      fillWith(items, job, this.#failed({ type: code, detail: problem.detail }, problem.requestId));
      return undefined;
    }
  }

  /** Sends until the endpoint has taken it, or does not for too long. */
  async #post(items: readonly Item[], { parameters }: Job): Promise<Answer> {
    const { url, signal, access } = this.#options;
    const inputs = items.map((item) => item.input);
    const began = performance.now();
    for (;;) {
      const answer = await postBatch(url, inputs, { ...access, signal, ...(parameters ? { parameters } : {}) });
      const patienceMs = patienceFor(answer);
      if (signal.aborted || performance.now() - began >= patienceMs) return answer;
      await delay(answer.retryAfterMs ?? RETRY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #take(items: readonly Item[], { body, phases }: Answer, { answers }: Job): void {
    const { success, failed, version, requestId } = body as BatchAnswer;
    for (const { index, result } of success) answers.set(items[index]!.at, { result });
    for (const { index, error } of failed) answers.set(items[index]!.at, this.#failed(error, requestId));
    if (success.length > 0) this.#deadly = 0;
    this.#options.versions.add(version);
    this.#options.pace.answered(items.length, phases.handlerMs);
  }

  #failed(error: LineError, requestId: string): Outcome {
    return this.#options.requestIds && LOGGED.has(error.type) && requestId !== '' ? { error, requestId } : { error };
  }
}

/** What happened to one request may be due to any of its inputs. */
const SPLIT = new Set([
  'worker-died',
  'out-of-memory',
  'timed-out',
  'payload-too-large',
  'handler-failed',
  'result-not-json',
]);
/** What the model did, rather than what was wrong with the input. */
const LOGGED = new Set(['handler-failed', 'worker-died', 'out-of-memory', 'timed-out']);
const DEADLY = new Set(['worker-died', 'out-of-memory', 'timed-out']);
const RETRIED = new Set(['worker-died', 'out-of-memory']);

function codeOf(problem: Problem): string {
  // Of this process's own patience with one request: the endpoint does not answer at all.
  if (problem.status === 0 && problem.type.endsWith(':timed-out')) return 'unreachable';
  return problem.type.slice(problem.type.lastIndexOf(':') + 1);
}

/** Milliseconds for which trying again is worth it. */
function patienceFor({ problem, phases }: Answer): number {
  if (!problem) return 0;
  const code = codeOf(problem);
  if (code === 'too-many-requests' || code === 'starting') return WAIT_MS;
  // It waited for a worker for too long and never reached one: others keep them busy.
  if (code === 'timed-out' && phases.handlerMs === 0) return WAIT_MS;
  return problem.status === 0 && code === 'unreachable' ? UNREACHABLE_MS : 0;
}

function split(items: readonly Item[]): Item[][] {
  const size = Math.ceil(items.length / PARTS);
  return Array.from({ length: Math.ceil(items.length / size) }, (_, part) =>
    items.slice(part * size, (part + 1) * size),
  );
}

function fillWith(items: readonly Item[], { answers }: Job, outcome: Outcome): void {
  for (const { at } of items) answers.set(at, outcome);
}

function ending(problem: Problem): UserError {
  return {
    code: 'batch-refused',
    what: problem.title,
    why: problem.detail,
    ...(problem.next ? { next: problem.next } : {}),
  };
}

function hopeless(problem: Problem): UserError {
  return {
    ...ending(problem),
    why: `${DEADLY_IN_A_ROW} inputs in a row, each sent alone, ended like this: ${problem.detail}`,
    next: 'See nimbus logs for what the model does.',
  };
}
