import type { HostConnection } from '../core/host/client.ts';
import type { Plan } from '../core/targets/plan.ts';
import { cancelled, fail, ok, type Outcome } from '../shared/outcome.ts';
import { cancelDeletes, type Operation, type OperationStage } from '../shared/states.ts';
import { formatMs } from '../shared/latency.ts';
import type { Terminal } from './terminal.ts';

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
      try {
        for (;;) {
          const operation = latest.get(id)!;
          showStages(terminal, operation, shown);
          if (operation.state === 'succeeded') return ok(operation);
          if (operation.state === 'cancelled') return cancelled();
          if (operation.state === 'failed')
            return {
              ok: false,
              error: operation.error ?? {
                code: 'operation-failed',
                what: `The ${operation.kind} failed.`,
                next: `Log: ${operation.logFile}`,
              },
            };
          if (hostEnded)
            return fail('host-ended', 'The host ended while it worked.', {
              next: `Run the command again. Log: ${operation.logFile}`,
            });
          await new Promise<void>((resolve) => {
            wake = resolve;
          });
        }
      } finally {
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
  // Ctrl+C once more is an answer too.
  return !answer.ok || answer.value;
}

const ENDED: Partial<Record<OperationStage['state'], string>> = { done: '✓', failed: '✗', skipped: '–' };

function showStages(terminal: Terminal, operation: Operation, shown: Set<string>): void {
  for (const stage of operation.stages) {
    const mark = ENDED[stage.state];
    const detail = stage.detail ? `   ${stage.detail}` : '';
    if (mark === undefined) {
      if (stage.state === 'running') terminal.progress(`  … ${stage.name}${detail}`);
    } else if (!shown.has(stage.name)) {
      shown.add(stage.name);
      // One that an earlier failure left out says nothing.
      if (stage.state === 'skipped' && !detail) continue;
      terminal.say(`  ${mark} ${stage.name}${stage.state === 'skipped' ? '' : elapsed(stage)}${detail}`);
    }
  }
}

function elapsed(stage: OperationStage): string {
  return stage.startedAt === undefined || stage.endedAt === undefined
    ? ''
    : `   ${formatMs(stage.endedAt - stage.startedAt)}`;
}
