/** What takes time and must not be lost with a window: deploys and removals, one at a time per deployment. */
import { randomUUID } from 'node:crypto';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { CANCELLED, fail, ok, type Outcome } from '../../shared/outcome.ts';
import { keyText, type DeploymentKey } from '../../shared/spec.ts';
import type { Operation, OperationKind, OperationResult, OperationStage } from '../../shared/states.ts';
import type { Shell } from '../shell.ts';
import { LogFile } from './log-file.ts';
import { noteDurations, usualMs, type Durations } from './usual.ts';

/** Log files kept per project. */
const LOGS = 50;
/** Ended operations that a new client is told of. */
const REMEMBERED = 20;
/** Progress of one operation reaches clients at most this often. */
const TELL_MS = 100;

export interface OperationRequest extends DeploymentKey {
  kind: OperationKind;
  undeclaredStack?: string;
  stages: readonly string[];
  work(shell: Shell): Promise<Outcome<OperationResult | void>>;
}

export interface OperationsPorts {
  folder: string;
  durations: Durations;
  onChange: (operation: Operation) => void;
  onBug: (error: unknown) => void;
}

interface Running {
  operation: Operation;
  abort: AbortController;
  ended: Promise<void>;
  timer?: NodeJS.Timeout;
}

export class Operations {
  readonly #folder: string;
  readonly #durations: Durations;
  readonly #onChange: (operation: Operation) => void;
  readonly #onBug: (error: unknown) => void;
  readonly #running = new Map<string, Running>();
  readonly #ended: Operation[] = [];
  #endedCount = 0;

  /** `folder`: of the logs. `durations` grows with each operation that succeeds. */
  constructor({ folder, durations, onChange, onBug }: OperationsPorts) {
    this.#folder = folder;
    this.#durations = durations;
    this.#onChange = onChange;
    this.#onBug = onBug;
  }

  get running(): number {
    return this.#running.size;
  }

  /** How many have ended so far. */
  get ended(): number {
    return this.#endedCount;
  }

  /** Those that run, and the last ones that ended. */
  get all(): Operation[] {
    return [...this.#ended, ...[...this.#running.values()].map(({ operation }) => operation)].map((one) =>
      structuredClone(one),
    );
  }

  runningFor(key: DeploymentKey): Operation | undefined {
    return this.#running.get(keyText(key))?.operation;
  }

  /** Starts an operation and answers with it at once. Error: another one runs for the same deployment. */
  start(request: OperationRequest): Outcome<Operation> {
    const { model, deployment, kind, undeclaredStack } = request;
    const other = this.runningFor(request);
    if (other) {
      return fail(
        'operation-running',
        `A ${other.kind === 'rehearse' ? 'rehearsal' : other.kind} of ${keyText(request)} is under way.`,
        {
          next: 'Wait until it has ended, or cancel it: with Ctrl+C where it runs, or with Cancel Operation in the Models view.',
        },
      );
    }
    const id = randomUUID();
    const startedAt = Date.now();
    const stamp = new Date(startedAt).toISOString().replaceAll(/[:.]/g, '-');
    this.#sweepLogs();
    const operation: Operation = {
      id,
      model,
      deployment,
      kind,
      state: 'running',
      stages: request.stages.map((name): OperationStage => {
        const usual = usualMs(this.#durations, kind, name);
        return { name, state: 'waiting', ...(usual === undefined ? {} : { usualMs: usual }) };
      }),
      startedAt,
      logFile: path.join(this.#folder, `${stamp}-${kind}-${model}-${deployment}.log`),
      ...(undeclaredStack === undefined ? {} : { undeclaredStack }),
    };
    const abort = new AbortController();
    const running: Running = { operation, abort, ended: Promise.resolve() };
    this.#running.set(keyText(request), running);
    running.ended = this.#run(running, request);
    return ok(structuredClone(operation));
  }

  async cancel(id: string): Promise<Outcome<void>> {
    const running = [...this.#running.values()].find((one) => one.operation.id === id);
    if (!running) return fail('operation-ended', 'The operation has ended already.');
    running.abort.abort();
    await running.ended;
    return ok(undefined);
  }

  async cancelAll(): Promise<void> {
    await Promise.all([...this.#running.values()].map((one) => this.cancel(one.operation.id)));
  }

  async #run(running: Running, request: OperationRequest): Promise<void> {
    const { operation, abort } = running;
    const log = new LogFile(operation.logFile);
    log.write(`${operation.kind} ${keyText(operation)}`);
    const shell: Shell = {
      signal: abort.signal,
      log: (line) => log.write(line),
      stage: (name, change) => {
        enterStage(operation, name, change);
        if (change?.detail) log.write(`${name}: ${change.detail}`);
        else log.write(name);
        this.#tell(running);
      },
    };
    // Whoever asked for it must have its id before the first event comes.
    await new Promise((resolve) => setImmediate(resolve));
    this.#onChange(structuredClone(operation));
    const outcome = await request.work(shell).catch((error: unknown): Outcome<never> => {
      this.#onBug(error);
      const why = error instanceof Error ? error.message : String(error);
      return fail('internal-error', `The ${operation.kind} failed because of a bug in Nimbus.`, { why });
    });
    this.#end(running, outcome, log);
  }

  #end(running: Running, outcome: Outcome<OperationResult | void>, log: LogFile): void {
    const { operation } = running;
    clearTimeout(running.timer);
    operation.endedAt = Date.now();
    const cancelled = !outcome.ok && outcome.error.code === CANCELLED;
    operation.state = outcome.ok ? 'succeeded' : cancelled ? 'cancelled' : 'failed';
    if (!outcome.ok && !cancelled) operation.error = outcome.error;
    if (outcome.ok && outcome.value) operation.result = outcome.value;
    for (const stage of operation.stages) {
      if (stage.state === 'running') {
        stage.state = outcome.ok ? 'done' : 'failed';
        stage.endedAt = operation.endedAt;
      } else if (stage.state === 'waiting') stage.state = 'skipped';
    }
    if (outcome.ok) noteDurations(this.#durations, operation);
    // `why` may hold what the model printed, which is told to clients and never written to disk.
    if (!outcome.ok) log.write([outcome.error.what, outcome.error.next].filter(Boolean).join('\n'));
    log.write(operation.state);
    this.#running.delete(keyText(operation));
    this.#endedCount += 1;
    this.#ended.push(operation);
    if (this.#ended.length > REMEMBERED) this.#ended.shift();
    this.#onChange(structuredClone(operation));
  }

  #tell(running: Running): void {
    running.timer ??= setTimeout(() => {
      delete running.timer;
      this.#onChange(structuredClone(running.operation));
    }, TELL_MS);
  }

  #sweepLogs(): void {
    let names: string[] = [];
    try {
      names = readdirSync(this.#folder).filter((name) => /^\d{4}-/.test(name));
    } catch {
      return;
    }
    // Their names begin with the time.
    for (const name of names.sort().slice(0, -LOGS)) rmSync(path.join(this.#folder, name), { force: true });
  }
}

function enterStage(operation: Operation, name: string, change: Partial<OperationStage> | undefined): void {
  const at = operation.stages.findIndex((stage) => stage.name === name);
  if (at === -1) throw new Error(`${operation.kind} has no stage ${name}`);
  const now = Date.now();
  for (const [index, stage] of operation.stages.entries()) {
    if (index < at && stage.state === 'running') {
      stage.state = 'done';
      stage.endedAt = now;
    }
  }
  const stage = operation.stages[at]!;
  if (stage.state === 'waiting') {
    stage.state = 'running';
    stage.startedAt = now;
  }
  Object.assign(stage, change);
}
