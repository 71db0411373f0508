/** One request on its way through the front, and the ways to answer it. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { gzipSync } from 'node:zlib';
import { PAYLOAD_BYTES, type ModelCard, type StartKind } from '../../shared/contract.ts';
import type { DeploymentKey } from '../../shared/spec.ts';
import { problem, PROBLEMS, type Failure } from './problems.ts';
import type { Pool, Served, ServedPhases } from './scheduler.ts';

/** What the front needs of a deployment. */
export interface Endpoint extends DeploymentKey {
  pool: Pool;
  version: string;
  /** Of the last worker that was ready. */
  card: ModelCard | undefined;
  /** Why it answers nothing at all; undefined where it does. */
  unavailable: Failure | undefined;
  /** One request was answered; milliseconds from its arrival to its answer. */
  observe(start: StartKind, totalMs: number): void;
}

export interface Call {
  request: IncomingMessage;
  response: ServerResponse;
  requestId: string;
  arrivedMs: number;
  arrivedAt: number;
  path: string;
  query: string;
  /** Says that the host itself failed, and answers so. */
  onBug(error: unknown): void;
}

/** Hands an event to the pool; the client's going away gives its place free. */
export function submit(call: Call, endpoint: Endpoint, payload: Buffer, done: (served: Served) => void): void {
  const { requestId: id, arrivedMs, arrivedAt } = call;
  const ticket = endpoint.pool.submit({ id, payload, arrivedMs, arrivedAt }, (served) => {
    try {
      done(served);
    } catch (error) {
      call.onBug(error);
    }
    if (served.start && served.answer.kind !== 'failure') {
      endpoint.observe(served.start, performance.now() - arrivedAt);
    }
  });
  call.response.once('close', () => {
    if (!call.response.writableFinished) ticket.abandon();
  });
}

export function tooLarge(what: 'request' | 'answer', bytes?: number): Failure {
  const size = bytes === undefined ? 'more than' : `${bytes.toLocaleString('en')} bytes as an event, over`;
  return {
    code: 'payload-too-large',
    detail: `The ${what} has ${size} ${PAYLOAD_BYTES.toLocaleString('en')} bytes (6 MB).`,
    next: what === 'request' ? 'Send less at once.' : 'Ask for less at once.',
  };
}

/** Every problem that the host answers goes out here. */
export function sendFailure(call: Call, failure: Failure, timing?: string): void {
  const { response } = call;
  if (response.headersSent || response.destroyed) return;
  if (timing !== undefined) response.setHeader('server-timing', timing);
  if (failure.code === 'too-many-requests' || failure.code === 'starting') response.setHeader('retry-after', '1');
  const body = Buffer.from(JSON.stringify(problem(failure, call.requestId)));
  send(call, PROBLEMS[failure.code].status, 'application/problem+json', body);
}

/** Below this an answer is one network packet anyway; the same as of the runtime's `contract.py`. */
const GZIP_FROM_BYTES = 1024;

/** A JSON answer that the host gives in the handler's place, as the handler would give it. */
export function sendJson(call: Call, document: unknown): void {
  const { request, response } = call;
  const body = Buffer.from(JSON.stringify(document));
  response.setHeader('cache-control', 'no-store');
  if (body.length <= GZIP_FROM_BYTES) return send(call, 200, 'application/json', body);
  response.setHeader('vary', 'accept-encoding');
  if (!takesGzip(request.headers['accept-encoding'])) return send(call, 200, 'application/json', body);
  response.setHeader('content-encoding', 'gzip');
  // Callers are on this machine: time counts more than the last bytes.
  send(call, 200, 'application/json', gzipSync(body, { level: 1 }));
}

/** Whether an Accept-Encoding header allows gzip: RFC 9110, 12.5.3. */
export function takesGzip(acceptEncoding: string | string[] | undefined): boolean {
  const qualities = new Map<string, number>();
  for (const part of String(acceptEncoding ?? '')
    .toLowerCase()
    .split(',')) {
    const [coding = '', weight = ''] = part.split(';').map((one) => one.trim());
    const quality = weight === '' ? 1 : Number(/^q\s*=\s*([0-9.]+)$/.exec(weight)?.[1]);
    qualities.set(coding, quality);
  }
  return (qualities.get('gzip') ?? qualities.get('*') ?? 0) > 0;
}

export function send(call: Call, status: number, contentType: string, body: Buffer): void {
  const { response } = call;
  if (!response.hasHeader('server-timing')) {
    response.setHeader('server-timing', `total;dur=${milliseconds(performance.now() - call.arrivedAt)}`);
  }
  response.writeHead(status, {
    'content-type': contentType,
    'content-length': body.length,
    'x-request-id': call.requestId,
  });
  response.end(body);
}

export function serverTiming(phases: ServedPhases, arrivedAt: number): string {
  const { queueMs, startMs, interpreterMs, importsMs, loadMs, handlerMs } = phases;
  return (
    `queue;dur=${milliseconds(queueMs)}, start;dur=${milliseconds(startMs)}, ` +
    `interpreter;dur=${milliseconds(interpreterMs)}, imports;dur=${milliseconds(importsMs)}, ` +
    `load;dur=${milliseconds(loadMs)}, handler;dur=${milliseconds(handlerMs)}, ` +
    `total;dur=${milliseconds(performance.now() - arrivedAt)}`
  );
}

function milliseconds(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
