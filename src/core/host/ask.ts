/** One prediction of a worker that the host itself wants. */
import { randomUUID } from 'node:crypto';
import { exampleEvent } from './gateway.ts';
import type { Worker, WorkerAnswer } from './worker.ts';

export interface Asked {
  /** Milliseconds for one answer. */
  timeoutMs: number;
  /** The deployment's name. */
  stage: string;
}

/** Sends the body of a `/predict` request to a worker that is ready and not busy; ends the worker where it takes too long. */
export async function askWorker(
  worker: Worker,
  body: { input: unknown; parameters?: Record<string, unknown> },
  { timeoutMs, stage }: Asked,
): Promise<WorkerAnswer> {
  const id = randomUUID();
  const arrivedMs = Date.now();
  const event = exampleEvent(body, { requestId: id, arrivedMs, stage });
  const timer = setTimeout(() => {
    void worker.kill({ code: 'timed-out', detail: `It did not answer within ${timeoutMs / 1000} s.` });
  }, timeoutMs);
  const answer = await worker.invoke(id, Buffer.from(event), { deadlineMs: arrivedMs + timeoutMs, arrivedMs });
  clearTimeout(timer);
  return answer;
}
