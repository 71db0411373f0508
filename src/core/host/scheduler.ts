/** The workers of one deployment: from none up to `concurrency`, one request each, a bounded queue before them. */
import type { StartKind } from '../../shared/contract.ts';
import type { Failure } from './problems.ts';
import { INIT_MS } from './settings.ts';
import type { Worker, WorkerAnswer } from './worker.ts';

export interface Request {
  id: string;
  /** The event, JSON. */
  payload: Buffer;
  /** Milliseconds since the epoch. */
  arrivedMs: number;
  /** The same moment on the clock of `performance.now()`. */
  arrivedAt: number;
}

/** Milliseconds of one request, each 0 where it did not happen. */
export interface ServedPhases {
  queueMs: number;
  startMs: number;
  interpreterMs: number;
  importsMs: number;
  loadMs: number;
  handlerMs: number;
}

export interface Served {
  answer: WorkerAnswer;
  phases: ServedPhases;
  /** Unset where no worker answered. */
  start?: StartKind;
}

/** A request's place. */
export interface Ticket {
  /** The client is gone: a waiting request leaves the queue, a running one ends unheard. */
  abandon(): void;
}

export interface PoolLimits {
  concurrency: number;
  queueLimit: number;
  idleMs: number;
  /** A container without requests is paused after this long. */
  pauseMs: number;
  /** A handler's time for one request, and a request's time to wait for a worker that is busy. */
  timeoutMs: number;
}

/** A worker that starts, or why none can be. */
export type Spawned = { worker: Worker } | { failure: Failure };

export interface PoolOptions extends PoolLimits {
  /** Starts a worker of the version that serves now. */
  spawn(): Promise<Spawned>;
  /** Something that a deployment's status shows has changed. */
  onChange(): void;
}

interface Waiting extends Ticket {
  request: Request;
  done(served: Served): void;
  timer?: NodeJS.Timeout;
}

const NO_PHASES: ServedPhases = {
  queueMs: 0,
  startMs: 0,
  interpreterMs: 0,
  importsMs: 0,
  loadMs: 0,
  handlerMs: 0,
};

export class Pool {
  #limits: PoolLimits;
  #spawn: PoolOptions['spawn'];
  #onChange: () => void;
  /** Workers of the version that serves. */
  #workers = new Set<Worker>();
  /** Workers of it that are on their way; what is no longer in here when it comes is ended. */
  #coming = new Set<Promise<Spawned>>();
  /** Settle when a worker on its way is in `#workers`, or ended. */
  #arrivals = new Set<Promise<void>>();
  /** Workers that finish their request and end. */
  #retired = new Set<Worker>();
  /** Ready and without a request; the one used last is at the end and is taken first. */
  #free: Worker[] = [];
  #freeSince = new Map<Worker, number>();
  #queue: Waiting[] = [];
  #closed: Failure | undefined;
  #reaper: NodeJS.Timeout | undefined;
  #pauser: NodeJS.Timeout | undefined;
  #startFailure: Failure | undefined;

  constructor({ spawn, onChange, ...limits }: PoolOptions) {
    this.#limits = limits;
    this.#spawn = spawn;
    this.#onChange = onChange;
  }

  /** Workers alive, those that retire included. */
  get workers(): Worker[] {
    return [...this.#workers, ...this.#retired];
  }

  get ready(): boolean {
    return [...this.#workers].some((worker) => worker.alive && worker.timeline.readyAt !== undefined);
  }

  get starting(): boolean {
    if (this.#coming.size > 0) return true;
    return [...this.#workers].some((worker) => worker.alive && worker.timeline.readyAt === undefined);
  }

  /** Why the last start failed, if none succeeded since. */
  get startFailure(): Failure | undefined {
    return this.#startFailure;
  }

  /** Requests that wait or run. */
  get active(): number {
    return this.#queue.length + this.workers.filter((worker) => worker.busy).length;
  }

  /** Why a request would be turned away now; undefined where it would not. */
  get refusal(): Failure | undefined {
    if (this.#closed) return this.#closed;
    if (this.#queue.length < this.#limits.queueLimit || this.#free.length > 0) return undefined;
    // A worker starts for it: with a queue of none, nothing else could ever start one.
    if (this.#workers.size + this.#coming.size < this.#limits.concurrency) return undefined;
    const waiting = this.#queue.length;
    return {
      code: 'too-many-requests',
      detail: waiting === 0 ? 'Every worker is busy, and none may wait.' : `${waiting} requests wait already.`,
      next: 'Send fewer at once, or raise concurrency in models.json.',
    };
  }

  configure(limits: Partial<PoolLimits>): void {
    this.#limits = { ...this.#limits, ...limits };
    this.#grow();
  }

  /** Takes a request; `done` is called once, unless it is abandoned. */
  submit(request: Request, done: (served: Served) => void): Ticket {
    const waiting: Waiting = {
      request,
      done,
      abandon: () => {
        waiting.done = () => undefined;
        this.#leaveQueue(waiting);
      },
    };
    const refusal = this.refusal;
    if (refusal) {
      done({ answer: { kind: 'failure', failure: refusal }, phases: NO_PHASES });
      return waiting;
    }
    const worker = this.#takeFree();
    if (worker) {
      void this.#run(worker, waiting);
      return waiting;
    }
    this.#queue.push(waiting);
    const waited = performance.now() - request.arrivedAt;
    const waitMs = this.#limits.timeoutMs + (this.ready ? 0 : INIT_MS);
    waiting.timer = setTimeout(() => this.#waitedTooLong(waiting, waitMs), Math.max(0, waitMs - waited));
    this.#grow();
    return waiting;
  }

  /** Turns new and waiting requests away until `open`; those that run finish first. */
  async close(failure: Failure): Promise<void> {
    this.#closed = failure;
    for (const waiting of this.#queue.splice(0)) this.#fail(waiting, failure);
    await this.retire();
  }

  open(): void {
    this.#closed = undefined;
    this.#startFailure = undefined;
    this.#onChange();
  }

  /** Ends the workers, each after the request it runs. Requests that wait get new workers. */
  async retire(): Promise<void> {
    const left = this.#letGo();
    this.#grow();
    this.#onChange();
    await left;
  }

  /** New requests go to another version; `worker`, if given, is a ready one of it. Old workers finish and end. */
  async replace(spawn: PoolOptions['spawn'], worker?: Worker): Promise<void> {
    this.#spawn = spawn;
    this.#startFailure = undefined;
    const left = this.#letGo();
    if (worker) {
      this.#add(worker);
      this.#release(worker);
    }
    this.#grow();
    this.#onChange();
    await left;
  }

  /** Ends everything at once. */
  async kill(failure: Failure): Promise<void> {
    this.#closed = failure;
    for (const waiting of this.#queue.splice(0)) this.#fail(waiting, failure);
    clearTimeout(this.#reaper);
    clearTimeout(this.#pauser);
    this.#coming.clear();
    await Promise.all([...this.workers.map((worker) => worker.kill(failure)), ...this.#arrivals]);
  }

  /** Settles when all that were there have ended. */
  async #letGo(): Promise<void> {
    const leaving = [...this.#workers];
    this.#workers.clear();
    this.#coming.clear();
    this.#free = [];
    this.#freeSince.clear();
    for (const worker of leaving) {
      this.#retired.add(worker);
      if (worker.timeline.readyAt === undefined) void worker.kill();
      else if (!worker.busy) void worker.end();
    }
    await Promise.all([...[...this.#retired].map((worker) => worker.ended), ...this.#arrivals]);
  }

  #add(worker: Worker): void {
    this.#workers.add(worker);
    void this.#whenEnded(worker);
  }

  async #whenEnded(worker: Worker): Promise<void> {
    await worker.ended;
    const known = this.#workers.delete(worker);
    this.#retired.delete(worker);
    this.#forget(worker);
    if (known) this.#grow();
    this.#onChange();
  }

  async #whenReady(worker: Worker): Promise<void> {
    const ready = await worker.ready;
    if (this.#workers.has(worker)) {
      this.#startFailure = ready.ok ? undefined : ready.failure;
      if (ready.ok) this.#release(worker);
      else this.#startFailed(ready.failure, worker);
    }
    this.#onChange();
  }

  #grow(): void {
    const unready = [...this.#workers].filter((one) => one.timeline.readyAt === undefined).length;
    let starting = unready + this.#coming.size;
    while (starting < this.#queue.length && this.#workers.size + this.#coming.size < this.#limits.concurrency) {
      starting += 1;
      const arrival = this.#start();
      this.#arrivals.add(arrival);
      void arrival.finally(() => this.#arrivals.delete(arrival));
    }
  }

  async #start(): Promise<void> {
    const coming = this.#spawn();
    this.#coming.add(coming);
    this.#onChange();
    const spawned = await coming;
    const wanted = this.#coming.delete(coming);
    if ('failure' in spawned) {
      if (!wanted) return;
      this.#startFailure = spawned.failure;
      this.#startFailed(spawned.failure);
    } else if (wanted) {
      this.#add(spawned.worker);
      void this.#whenReady(spawned.worker);
    } else await spawned.worker.kill();
    this.#onChange();
  }

  #startFailed(failure: Failure, worker?: Worker): void {
    // Those that wait would meet the same failure one after another, unless another worker is there to take them.
    const others = this.#coming.size > 0 || [...this.#workers].some((one) => one !== worker && one.alive);
    if (!others) for (const waiting of this.#queue.splice(0)) this.#fail(waiting, failure);
  }

  #takeFree(): Worker | undefined {
    for (let worker = this.#free.pop(); worker; worker = this.#free.pop()) {
      this.#freeSince.delete(worker);
      if (worker.alive) return worker;
    }
    return undefined;
  }

  #forget(worker: Worker): void {
    this.#freeSince.delete(worker);
    const at = this.#free.indexOf(worker);
    if (at !== -1) this.#free.splice(at, 1);
  }

  /** A worker has no request: gives it the next one, or keeps it for later. */
  #release(worker: Worker): void {
    const next = this.#queue.shift();
    if (next) {
      void this.#run(worker, next);
      return;
    }
    this.#free.push(worker);
    this.#freeSince.set(worker, performance.now());
    this.#reaper ??= this.#armReaper(this.#limits.idleMs);
    if (worker.kind === 'container') this.#armPauser();
  }

  /** Pauses those that are free once nothing came for a while; one that gets a request resumes by itself. */
  #armPauser(): void {
    clearTimeout(this.#pauser);
    this.#pauser = setTimeout(() => {
      for (const worker of this.#free) void worker.pause();
    }, this.#limits.pauseMs);
    this.#pauser.unref();
  }

  #armReaper(ms: number): NodeJS.Timeout {
    const timer = setTimeout(() => {
      this.#reaper = undefined;
      const now = performance.now();
      let next = Infinity;
      for (const [worker, since] of this.#freeSince) {
        const left = this.#limits.idleMs - (now - since);
        if (left <= 0) {
          this.#forget(worker);
          void worker.end();
        } else next = Math.min(next, left);
      }
      if (next < Infinity) this.#reaper = this.#armReaper(next);
    }, ms);
    timer.unref();
    return timer;
  }

  async #run(worker: Worker, waiting: Waiting): Promise<void> {
    clearTimeout(waiting.timer);
    const { request } = waiting;
    const { timeoutMs } = this.#limits;
    const sentAt = performance.now();
    const { readyAt } = worker.timeline;
    const start: StartKind = readyAt! > request.arrivedAt ? 'cold' : worker.requests === 0 ? 'preinitialised' : 'warm';
    const timer = setTimeout(() => {
      void worker.kill(timedOut(worker, timeoutMs / 1000));
    }, timeoutMs);
    const meta = { deadlineMs: Math.round(Date.now() + timeoutMs), arrivedMs: request.arrivedMs };
    const answer = await worker.invoke(request.id, request.payload, meta);
    clearTimeout(timer);
    const handlerMs = answer.kind === 'failure' ? performance.now() - sentAt : answer.handlerMs;
    waiting.done({ answer, phases: { ...waitingPhases(worker, request.arrivedAt, sentAt), handlerMs }, start });
    if (worker.alive) {
      if (this.#workers.has(worker)) this.#release(worker);
      else void worker.end();
    }
    this.#onChange();
  }

  #leaveQueue(waiting: Waiting): void {
    clearTimeout(waiting.timer);
    const at = this.#queue.indexOf(waiting);
    if (at !== -1) this.#queue.splice(at, 1);
  }

  #waitedTooLong(waiting: Waiting, waitMs: number): void {
    const seconds = waitMs / 1000;
    this.#leaveQueue(waiting);
    const failure: Failure = this.ready
      ? {
          code: 'timed-out',
          detail: `No worker was free within ${seconds} s.`,
          next: 'Raise concurrency in models.json.',
        }
      : {
          code: 'starting',
          detail: `The model was not loaded within ${seconds} s; it still loads.`,
          next: 'Try again; where it takes so long each time, raise timeoutSeconds in models.json.',
        };
    this.#fail(waiting, failure);
  }

  #fail(waiting: Waiting, failure: Failure): void {
    clearTimeout(waiting.timer);
    const queueMs = performance.now() - waiting.request.arrivedAt;
    waiting.done({ answer: { kind: 'failure', failure }, phases: { ...NO_PHASES, queueMs } });
  }
}

function timedOut({ kind }: Worker, seconds: number): Failure {
  const onLambda = kind === 'container' ? ` On AWS Lambda: "Task timed out after ${seconds.toFixed(2)} seconds".` : '';
  return {
    code: 'timed-out',
    detail: `The handler did not answer within ${seconds} s.${onLambda}`,
    next: 'Raise timeoutSeconds in models.json, or ask for less at once.',
  };
}

/** How a request spent its time until a worker got it: of a start, only the part after it had arrived. */
function waitingPhases(worker: Worker, arrivedAt: number, sentAt: number): Omit<ServedPhases, 'handlerMs'> {
  const { spawnAt, spawnedAt = spawnAt, helloAt, readyAt, importsMs, loadMs } = worker.timeline;
  if (readyAt === undefined || readyAt <= arrivedAt) {
    return { queueMs: sentAt - arrivedAt, startMs: 0, interpreterMs: 0, importsMs: 0, loadMs: 0 };
  }
  const within = (from: number, to: number): number => Math.max(0, Math.min(to, readyAt) - Math.max(from, arrivedAt));
  const hello = helloAt ?? spawnedAt;
  return {
    queueMs: Math.max(0, spawnAt - arrivedAt) + (sentAt - readyAt),
    startMs: within(spawnAt, spawnedAt),
    interpreterMs: within(spawnedAt, hello),
    importsMs: within(hello, hello + importsMs),
    loadMs: within(hello + importsMs, hello + importsMs + loadMs),
  };
}
