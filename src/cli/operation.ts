import type { HostConnection } from '../core/host/client.ts';
import type { Plan } from '../core/targets/plan.ts';
import { cancelled, fail, ok, type Outcome, type UserError } from '../shared/outcome.ts';
import { cancelDeletes, type Operation, type OperationStage } from '../shared/states.ts';
import { formatMs, formatSeconds } from '../shared/latency.ts';
import { WITHDRAWN, type Terminal } from './terminal.ts';

/** How often the time of a stage that runs is told anew. */
const CLOCK_MS = 1000;
/** Who waits longer than this is told where the log is. */
const LONG_MS = 10_000;

/** Receives operation events before the operation's id is known, and hands them to the one that waits for them. */
export interface OperationFeed {
  onOperation(operation: Operation): void;
  run(terminal: Terminal, connection: HostConnection, plan: Plan): Promise<Outcome<Operation>>;
}

/** Runs plans as operations of the host and shows their stages as they end; Ctrl+C cancels the operation. */
export function createOperationFeed(): OperationFeed {
  const latest = new Map<string, Operation>();
  let wake: () => void = () => undefined;
  return {
    onOperation(operation) {
      latest.set(operation.id, operation);
      wake();
    },
    async run(terminal, connection, plan) {
      const started = await connection.api.execute(plan);
      if (!started.ok) return started;
      const { id } = started.value;
      if (!latest.has(id)) latest.set(id, started.value);
      const cancel = (): void => void connection.api.cancel(id);
      terminal.atInterrupt(() => agreedToCancel(terminal, latest.get(id)));
      terminal.signal.addEventListener('abort', cancel, { once: true });
      if (terminal.signal.aborted) cancel();
      const shown = new Set<string>();
      let hostEnded = false;
      const noticeEnd = async (): Promise<void> => {
        await connection.closed;
        hostEnded = true;
        wake();
      };
      void noticeEnd();
      let isLogNamed = false;
      const nameLog = ({ logFile }: Operation): void => {
        if (!isLogNamed) terminal.note(`  log: ${logFile}`);
        isLogNamed = true;
      };
      const tick = (): void => {
        const operation = latest.get(id)!;
        if (Date.now() - operation.startedAt > LONG_MS) nameLog(operation);
        showStages(terminal, operation, shown);
      };
      const clock = setInterval(tick, CLOCK_MS);
      try {
        for (;;) {
          const operation = latest.get(id)!;
          showStages(terminal, operation, shown);
          if (operation.state === 'succeeded') return ok(operation);
          if (operation.state === 'cancelled') return cancelled();
          if (operation.state === 'failed') {
            nameLog(operation);
            return { ok: false, error: operation.error ?? unexplained(operation) };
          }
          if (hostEnded)
            return fail('host-ended', 'The host ended while it worked.', {
              next: `Run the command again. Log: ${operation.logFile}`,
            });
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
        clearInterval(clock);
        terminal.atInterrupt();
        terminal.signal.removeEventListener('abort', cancel);
      }
    },
  };
}

/** Asks where cancelling deletes something; it goes on until that is answered. */
async function agreedToCancel(terminal: Terminal, operation: Operation | undefined): Promise<boolean> {
  const stack = operation && cancelDeletes(operation);
  if (stack === undefined) return true;
  terminal.note(`\nThe stack ${stack} has never served: cancelling deletes what is there of it. It goes on meanwhile.`);
  const answer = await terminal.confirm('Cancel and delete?', 'a terminal');
  if (answer.ok) return answer.value;
  // Ctrl+C once more is an answer too.
  if (answer.error.code !== WITHDRAWN) return true;
  terminal.note('\nToo late to cancel: it has ended.');
  return false;
}

function unexplained({ kind }: Operation): UserError {
  return { code: 'operation-failed', what: `The ${kind} failed.` };
}

const ENDED: Partial<Record<OperationStage['state'], string>> = { done: '✓', failed: '✗', skipped: '–' };

function showStages(terminal: Terminal, operation: Operation, shown: Set<string>): void {
  for (const stage of operation.stages) {
    const mark = ENDED[stage.state];
    const detail = stage.detail ? `   ${stage.detail}` : '';
    if (mark === undefined) {
      if (stage.state === 'running') {
        const name = `  … ${stage.name}`;
        terminal.progress(name + detail, name + clockText(stage) + detail);
      }
    } else if (!shown.has(stage.name)) {
      shown.add(stage.name);
      // One that an earlier failure left out says nothing.
      if (stage.state === 'skipped' && !detail) continue;
      terminal.say(`  ${mark} ${stage.name}${stage.state === 'skipped' ? '' : elapsed(stage)}${detail}`);
    }
  }
}

/** `   12 s of about 45 s`. */
function clockText({ startedAt, usualMs }: OperationStage): string {
  const ms = startedAt === undefined ? 0 : Date.now() - startedAt;
  if (ms < CLOCK_MS) return usualMs === undefined ? '' : `   about ${formatSeconds(usualMs)}`;
  return `   ${formatSeconds(ms)}${usualMs === undefined ? '' : ` of about ${formatSeconds(usualMs)}`}`;
}

function elapsed(stage: OperationStage): string {
  return stage.startedAt === undefined || stage.endedAt === undefined
    ? ''
    : `   ${formatMs(stage.endedAt - stage.startedAt)}`;
}
