/** One container of a memory sweep: how it starts, how quickly it answers, what AWS Lambda would bill. */
import { billedMs, costPerMillion } from '../cost/prices.ts';
import type { SweepInput } from '../targets/plan.ts';
import { quantile } from '../../shared/latency.ts';
import type { ModelCard } from '../../shared/contract.ts';
import type { Architecture } from '../../shared/spec.ts';
import { formatMemory, type SweepRow, type SweepStart } from '../../shared/sweep.ts';
import { askWorker, type Asked } from './ask.ts';
import { proxyAnswer } from './gateway.ts';
import type { Failure } from './problems.ts';
import { INIT_MS } from './settings.ts';
import type { Worker, WorkerAnswer } from './worker.ts';

export interface Measured {
  memoryMb: number;
  cpus: number;
  architecture: Architecture;
  /** What is sent, in turn; the model's card may tell. */
  inputsFor(card: ModelCard): readonly SweepInput[];
  /** Warm answers; at least one of each input. */
  requests: number;
  asked: Asked;
  /** How many answers there are, of how many. */
  onProgress(done: number, all: number): void;
}

/** A size that is slow gets no more requests after it once each input was answered; milliseconds. */
const LONGEST_MS = 60_000;

/** Measures a worker that was just started. Its end by a limit is a row that says so. */
export async function measure(worker: Worker, measured: Measured): Promise<SweepRow> {
  const { memoryMb, cpus, architecture, inputsFor, requests, asked, onProgress } = measured;
  const row: SweepRow = { memoryMb, cpus, outcome: 'answered', warm: 0, failed: 0 };
  const ready = await worker.ready;
  if (!ready.ok) return { ...row, ...ended(ready.failure, memoryMb, 'loaded the model') };
  row.start = startOf(worker);
  const inputs = inputsFor(ready.card);
  const total = Math.max(requests, inputs.length) + 1;
  const warm: number[] = [];
  const refused = new Set<string>();
  let done = 0;
  const since = performance.now();
  for (let sent = 0; sent < total; sent++) {
    if (sent > inputs.length && performance.now() - since > LONGEST_MS) break;
    const answer = await askWorker(worker, inputs[sent % inputs.length]!, asked);
    if (answer.kind === 'failure') return { ...row, ...ended(answer.failure, memoryMb, 'answered') };
    if (worker.peakBytes !== undefined) row.peakBytes = worker.peakBytes;
    const code = errorIn(answer);
    if (sent === 0) row.firstMs = answer.handlerMs;
    else if (code === undefined) warm.push(answer.handlerMs);
    if (code !== undefined) {
      refused.add(code);
      // The first input comes again.
      if (sent > 0 && sent <= inputs.length) row.failed += 1;
    }
    done = sent + 1;
    onProgress(done, total);
  }
  const remarks = [
    ...(refused.size > 0
      ? [`${row.failed} of ${inputs.length} inputs were answered with an error (${[...refused].join(', ')}).`]
      : []),
    ...(done < total ? [`It answered ${warm.length} warm requests in the time that a size gets.`] : []),
  ];
  if (remarks.length > 0) row.detail = remarks.join(' ');
  if (warm.length === 0) return { ...row, outcome: 'failed' };
  return { ...row, ...figures(row, warm, memoryMb, architecture) };
}

/** `warm`: milliseconds of each, at least one. */
function figures(
  { start, firstMs = 0 }: SweepRow,
  warm: readonly number[],
  memoryMb: number,
  architecture: Architecture,
): Partial<SweepRow> {
  const billed = warm.reduce((sum, ms) => sum + billedMs(ms), 0) / warm.length;
  return {
    warm: warm.length,
    p50Ms: quantile(warm, 0.5),
    p95Ms: quantile(warm, 0.95),
    billedMs: billed,
    coldBilledMs: billedMs((start?.initMs ?? 0) + firstMs),
    costPerMillion: costPerMillion(billed, memoryMb, architecture),
  };
}

/** On the host's clock: the container told of its first line and of its runtime's first call as they happened. */
function startOf({ timeline }: Worker): SweepStart {
  const { spawnAt, spawnedAt = spawnAt, helloAt = spawnedAt, importsMs, loadMs } = timeline;
  const initMs = Math.max(helloAt - spawnedAt, 0) + importsMs + loadMs;
  return { initMs, importsMs, loadMs, isSecond: spawnedAt - spawnAt >= INIT_MS };
}

/** The text of an exception is the model's, and may hold a value or what was sent: only its type goes into files. */
const RAISED = /^([A-Za-z_][\w.]*)(?::|$)/;

/** What AWS Lambda would say of it in two words; its last lines may hold what was sent, and are left out. */
function ended({ code, detail }: Failure, memoryMb: number, doing: string): Pick<SweepRow, 'outcome' | 'detail'> {
  switch (code) {
    case 'out-of-memory':
      return { outcome: code, detail: `It needed more than ${formatMemory(memoryMb, 'en')} while it ${doing}.` };
    case 'timed-out':
      return { outcome: code, detail };
    default: {
      const type = RAISED.exec(detail)?.[1];
      const raised = `${type} was raised before it ${doing}. The log of the deployment says more: nimbus logs NAME.`;
      return { outcome: 'failed', detail: type === undefined ? detail : raised };
    }
  }
}

/** The code of the problem that was answered; undefined for a prediction. */
function errorIn(answer: Exclude<WorkerAnswer, { kind: 'failure' }>): string | undefined {
  if (answer.kind === 'error') return answer.type || 'handler-failed';
  const read = proxyAnswer(answer.payload);
  if (read?.status === 200) return undefined;
  try {
    const { type } = JSON.parse(String(read?.body)) as { type?: unknown };
    return String(type).replace('urn:nimbus:problem:', '');
  } catch {
    return 'handler-failed';
  }
}
