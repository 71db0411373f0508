import {
  Agent,
  request as httpRequest,
  type ClientRequest,
  type IncomingMessage,
  type RequestOptions as HttpOptions,
} from 'node:http';
import type { Problem, StartKind } from '../../shared/contract.ts';
import type { Phases } from '../../shared/latency.ts';

/** What came of one request. `problem` is set where it failed, whoever failed. */
export interface Answer {
  /** 0 where no answer came. */
  status: number;
  /** The answer's JSON; unset where there is none. */
  body?: unknown;
  problem?: Problem;
  phases: Phases;
  start?: StartKind;
  version?: string;
  requestId?: string;
  /** Milliseconds after which the endpoint asks to be tried again. */
  retryAfterMs?: number;
  /** Its function made the answer, or the host beside it: both say how long it took, which a gateway's own answers do not. */
  isTimed?: true;
}

/** The headers that prove who sends a request; made for each one. Rejects where there is nothing to prove it with. */
export type Sign = (request: {
  method: string;
  url: string;
  body: Buffer | undefined;
}) => Promise<Record<string, string>>;

export interface RequestOptions {
  signal?: AbortSignal;
  /** Milliseconds for the whole request. */
  timeoutMs?: number;
  /** Beside those of the body, such as the key of an API. */
  headers?: Readonly<Record<string, string>>;
  /** Where the endpoint asks for signatures. */
  sign?: Sign;
}

/** How an endpoint lets one in. */
export type Access = Pick<RequestOptions, 'headers' | 'sign'>;

/** Lambda's longest time-out is 15 minutes; as long again may a request wait for a worker. */
const TIMEOUT_MS = 30 * 60_000;
/** An endpoint answers 6 MB at most; gzip and JSON escapes included nothing of Nimbus is longer. */
const ANSWER_BYTES = 16 * 1024 * 1024;

const KEPT = { keepAlive: true, maxFreeSockets: 16, timeout: 60_000 };
const agent = new Agent(KEPT);

type Requester = (url: string, options: HttpOptions) => ClientRequest;
let secure: Requester | undefined;

/** TLS is loaded where it is used first: most endpoints are on this machine. */
async function requester(url: string): Promise<Requester> {
  if (!url.startsWith('https:')) return (to, options) => httpRequest(to, { ...options, agent });
  if (!secure) {
    const https = await import('node:https');
    const kept = new https.Agent(KEPT);
    secure = (to, options) => https.request(to, { ...options, agent: kept });
  }
  return secure;
}

/** One HTTP request with a JSON body, or none. Never rejects: what goes wrong is a problem with status 0. */
export async function send(
  method: 'GET' | 'POST',
  url: string,
  body: unknown,
  options: RequestOptions = {},
): Promise<Answer> {
  const payload = body === undefined ? undefined : Buffer.from(JSON.stringify(body));
  const startedAt = performance.now();
  let signed: Record<string, string> = {};
  try {
    signed = (await options.sign?.({ method, url, body: payload })) ?? {};
  } catch (error) {
    return unsigned(error as Error, startedAt);
  }
  const signal = AbortSignal.any([
    ...(options.signal ? [options.signal] : []),
    AbortSignal.timeout(options.timeoutMs ?? TIMEOUT_MS),
  ]);
  try {
    const start = await requester(url);
    const exchanged = { method, url, payload, signal, startedAt, headers: { ...options.headers, ...signed } };
    return await exchange(exchanged, start);
  } catch (error) {
    return unanswered(url, error as NodeJS.ErrnoException, options.signal?.aborted === true, startedAt);
  }
}

interface Exchange {
  method: string;
  url: string;
  payload: Buffer | undefined;
  signal: AbortSignal;
  startedAt: number;
  headers: Readonly<Record<string, string>>;
}

async function exchange(
  { method, url, payload, signal, startedAt, headers }: Exchange,
  start: Requester,
): Promise<Answer> {
  for (;;) {
    let connectedAt = startedAt;
    const ofBody = payload ? { 'content-type': 'application/json', 'content-length': payload.length } : {};
    // API Gateway hands out an answer as it is only to callers that say what they take.
    const usual = { accept: 'application/json' };
    const request = start(url, { method, signal, headers: { ...usual, ...headers, ...ofBody } });
    const isSecure = url.startsWith('https:');
    request.once('socket', (socket) => {
      const connected = isSecure ? 'secureConnect' : 'connect';
      if (socket.connecting) socket.once(connected, () => (connectedAt = performance.now()));
    });
    request.end(payload);
    try {
      const response = await answered(request);
      const text = await readText(response);
      const head = { status: response.statusCode!, headers: response.headers };
      return readAnswer(head, text, connectedAt - startedAt, performance.now() - startedAt);
    } catch (error) {
      // The server closed a kept connection in the moment that it was used again: a new one tells how it really is.
      if (request.reusedSocket && (error as NodeJS.ErrnoException).code === 'ECONNRESET' && !signal.aborted) continue;
      throw error;
    }
  }
}

function answered(request: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    request.once('response', resolve);
    request.once('error', reject);
  });
}

async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
    length += (chunk as Buffer).length;
    if (length > ANSWER_BYTES) throw new Error(`The answer is longer than ${ANSWER_BYTES} bytes.`);
  }
  return Buffer.concat(chunks).toString();
}

/** What an endpoint answered. Names of headers are in lower case. */
export function readAnswer(
  { status, headers }: { status: number; headers: Readonly<Record<string, string | string[] | undefined>> },
  text: string,
  connectMs: number,
  totalMs: number,
): Answer {
  const phases = phasesOf(String(headers['server-timing'] ?? ''), connectMs, totalMs);
  const requestId = headers['x-request-id'];
  const retryAfterMs = Number(headers['retry-after'] ?? Number.NaN) * 1000;
  const common = {
    status,
    phases,
    ...(typeof requestId === 'string' ? { requestId } : {}),
    ...(retryAfterMs >= 0 ? { retryAfterMs } : {}),
    ...(headers['server-timing'] === undefined ? {} : { isTimed: true as const }),
  };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    const detail = `The answer is not JSON: ${text.slice(0, 200)}`;
    return { ...common, problem: clientProblem('not-an-endpoint', 'Not an endpoint', detail, status) };
  }
  if (status >= 400) return { ...common, problem: asProblem(body, status) };
  const { timings, version } = body as { timings?: { start?: StartKind }; version?: unknown };
  return {
    ...common,
    body,
    ...(timings?.start ? { start: timings.start } : {}),
    ...(typeof version === 'string' ? { version } : {}),
  };
}

function asProblem(body: unknown, status: number): Problem {
  if (typeof body === 'object' && body !== null && 'type' in body && 'title' in body) return body as Problem;
  return clientProblem('not-an-endpoint', 'Not an endpoint', JSON.stringify(body).slice(0, 200), status);
}

function clientProblem(code: string, title: string, detail: string, status = 0, next?: string): Problem {
  return {
    type: `urn:nimbus:problem:${code}`,
    title,
    status,
    detail,
    requestId: '',
    ...(next === undefined ? {} : { next }),
  };
}

function unsigned({ message }: Error, startedAt: number): Answer {
  const phases = phasesOf('', 0, performance.now() - startedAt);
  const detail = `There are no credentials to sign the request with: ${message}`;
  return {
    status: 0,
    phases,
    problem: clientProblem('not-signed', 'Not signed', detail, 0, 'Log in, then try again.'),
  };
}

function unanswered(url: string, error: NodeJS.ErrnoException, cancelled: boolean, startedAt: number): Answer {
  const phases = phasesOf('', 0, performance.now() - startedAt);
  if (cancelled) return { status: 0, phases, problem: clientProblem('cancelled', 'Cancelled', 'You cancelled it.') };
  const { host } = new URL(url);
  if (error.name === 'AbortError' || error.name === 'TimeoutError') {
    return { status: 0, phases, problem: clientProblem('timed-out', 'Timed out', `${host} did not answer in time.`) };
  }
  const refused = error.code === 'ECONNREFUSED';
  const detail = refused ? `Nothing answers at ${host}.` : `The connection to ${host} broke: ${error.message}`;
  const next = refused ? 'Start the deployment again, or look at its status.' : 'Try again.';
  return { status: 0, phases, problem: clientProblem('unreachable', 'No answer', detail, 0, next) };
}

/** Reads a Server-Timing header; what it does not say, and the client's own part, is `restMs`. */
export function phasesOf(serverTiming: string, connectMs: number, totalMs: number): Phases {
  const dur = (name: string): number => {
    const found = new RegExp(`(?:^|,)\\s*${name}\\s*;[^,]*\\bdur=([0-9.]+)`).exec(serverTiming);
    return Math.max(0, Number(found?.[1] ?? 0)) || 0;
  };
  const named = {
    connectMs,
    queueMs: dur('queue'),
    startMs: dur('start'),
    interpreterMs: dur('interpreter'),
    importsMs: dur('imports'),
    loadMs: dur('load'),
    handlerMs: dur('handler'),
  };
  const sum = Object.values(named).reduce((all, ms) => all + ms, 0);
  // Two clocks differ by less than they round; where the parts say more than the whole, they shrink to fit.
  const fit = sum > totalMs ? totalMs / sum : 1;
  const fitted = Object.fromEntries(Object.entries(named).map(([name, ms]) => [name, ms * fit])) as typeof named;
  return { ...fitted, restMs: Math.max(0, totalMs - sum), totalMs };
}
