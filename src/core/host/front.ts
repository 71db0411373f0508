/** The HTTP front: what a browser, curl or a program calls. Loopback only, and only for programs of this machine. */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { PAYLOAD_BYTES, type ModelCard } from '../../shared/contract.ts';
import { answerInvoke, INVOKE_PATH } from './lambda-api.ts';
import { proxyAnswer, proxyEvent } from './gateway.ts';
import { readBody } from './body.ts';
import { sendFailure, sendJson, serverTiming, submit, tooLarge, type Call, type Endpoint } from './call.ts';
import { problem, PROBLEMS, type Failure } from './problems.ts';
import type { Served } from './scheduler.ts';
import { describeError } from './python-error.ts';

export interface FrontOptions {
  /** Identity of the project, for the event's `apiId`. */
  projectId: string;
  endpoint(model: string, deployment: string): Endpoint | undefined;
  endpoints(): Endpoint[];
  /** A request came: it renews the host's lease. */
  onRequest(): void;
  /** A bug of the host itself; the request got a 500. */
  onError(error: unknown): void;
}

const CLOSE_MS = 500;
const LOCAL_NAME = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/i;
const FOREIGN_PAGE: Failure = {
  code: 'forbidden',
  detail: 'This endpoint does not answer web pages of another origin.',
};
const OPERATIONS: Record<string, string> = Object.assign(Object.create(null), {
  predict: 'POST',
  batch: 'POST',
  health: 'GET',
  '': 'GET',
});

export class Front {
  readonly #options: FrontOptions;
  readonly #server: Server;
  #port = 0;
  #under = 0;
  #closed: Promise<void> | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#server = createServer({ keepAliveTimeout: 120_000 }, (request, response) => this.#take(request, response));
    this.#server.on('checkContinue', (request: IncomingMessage, response: ServerResponse) =>
      this.#take(request, response),
    );
    this.#server.on('clientError', refuseGarbage);
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Requests under way. */
  get active(): number {
    return this.#under;
  }

  /** Listens on the first free one of the ports, or on any; says which it is. */
  async listen(ports: readonly number[]): Promise<number> {
    for (const port of [...ports, 0]) {
      try {
        await new Promise<void>((resolve, reject) => {
          this.#server.once('error', reject);
          this.#server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
            this.#server.off('error', reject);
            resolve();
          });
        });
        this.#port = (this.#server.address() as AddressInfo).port;
        return this.#port;
      } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        if (port === 0 || (code !== 'EADDRINUSE' && code !== 'EACCES')) throw error;
      }
    }
    throw new Error('unreachable: port 0 is always free');
  }

  /** From now on connects nobody; requests under way go on. */
  refuse(): void {
    this.#closed ??= new Promise<void>((resolve) => this.#server.close(() => resolve()));
    this.#server.closeIdleConnections();
  }

  /** Takes no more requests; answers that are on their way have a moment to arrive. */
  async close(): Promise<void> {
    this.refuse();
    const timer = setTimeout(() => this.#server.closeAllConnections(), CLOSE_MS);
    await this.#closed;
    clearTimeout(timer);
  }

  #take(request: IncomingMessage, response: ServerResponse): void {
    const target = request.url!;
    const mark = target.indexOf('?');
    const call: Call = {
      request,
      response,
      requestId: randomUUID(),
      arrivedMs: Date.now(),
      arrivedAt: performance.now(),
      path: mark === -1 ? target : target.slice(0, mark),
      query: mark === -1 ? '' : target.slice(mark + 1),
      onBug: (error) => {
        this.#options.onError(error);
        sendFailure(call, { code: 'internal-error', detail: 'A bug in Nimbus; the log of the host says more.' });
      },
    };
    this.#under += 1;
    response.once('close', () => (this.#under -= 1));
    this.#route(call).catch(call.onBug);
  }

  async #route(call: Call): Promise<void> {
    const { request } = call;
    const refused = this.#foreign(request);
    if (refused) return sendFailure(call, refused);
    this.#options.onRequest();
    if (call.path.startsWith(INVOKE_PATH)) return answerInvoke(call, this.#options.endpoints());
    const [, model = '', deployment = '', ...rest] = call.path.split('/');
    const endpoint = this.#options.endpoint(model, deployment);
    if (!endpoint) return sendFailure(call, this.#noEndpoint(call.path));
    const operation = rest.join('/').replace(/\/+$/, '');
    if (OPERATIONS[operation] !== request.method) {
      return sendFailure(call, {
        code: 'not-found',
        detail: `There is no ${request.method} /${operation.slice(0, 200)}. There are POST /predict, POST /batch, GET /health and GET /.`,
      });
    }
    if (endpoint.unavailable) return sendFailure(call, endpoint.unavailable);
    const ready = operation === 'health' && new URLSearchParams(call.query).get('ready');
    const reachesWorker = request.method === 'POST' || (ready !== false && ready !== null && ready !== '0');
    if (!reachesWorker && endpoint.card) return this.#fromCard(call, operation, endpoint.card);
    return this.#forward(call, endpoint, `/${operation}`);
  }

  #fromCard(call: Call, operation: string, card: ModelCard): void {
    const { model, version, framework } = card;
    sendJson(call, operation === 'health' ? { status: 'healthy', model, version, framework } : card);
  }

  async #forward(call: Call, endpoint: Endpoint, path: string): Promise<void> {
    const { request } = call;
    // Before the body is read: what would be turned away anyway must not fill the memory.
    const refusal = endpoint.pool.refusal;
    if (refusal) return sendFailure(call, refusal);
    const read = await readBody(call, PAYLOAD_BYTES);
    if (!read) return;
    if ('failure' in read) return sendFailure(call, read.failure);
    const event = proxyEvent({
      method: request.method!,
      path,
      query: call.query,
      rawHeaders: request.rawHeaders,
      body: read.body,
      arrivedMs: call.arrivedMs,
      requestId: call.requestId,
      sourceIp: request.socket.remoteAddress ?? '127.0.0.1',
      stage: endpoint.deployment,
      apiId: this.#options.projectId,
      domainName: `127.0.0.1:${this.#port}`,
    });
    const payload = Buffer.from(event);
    if (payload.length > PAYLOAD_BYTES) return sendFailure(call, tooLarge('request', payload.length));
    submit(call, endpoint, payload, (served) => answerHttp(call, served));
  }

  #foreign(request: IncomingMessage): Failure | undefined {
    const { host, origin } = request.headers;
    if (host === undefined || !LOCAL_NAME.test(host)) {
      return {
        code: 'forbidden',
        detail: 'This endpoint answers only under 127.0.0.1 or localhost.',
        next: `Use ${this.url}.`,
      };
    }
    if (origin !== undefined && origin !== `http://${host}`) {
      return FOREIGN_PAGE;
    }
    // Browsers leave `Origin` out where a page only loads or links something, but say whose page it is.
    const site = request.headers['sec-fetch-site'];
    return site === undefined || site === 'same-origin' || site === 'none' ? undefined : FOREIGN_PAGE;
  }

  #noEndpoint(path: string): Failure {
    const all = this.#options.endpoints().map((one) => `/${one.model}/${one.deployment}`);
    const known = all.length > 20 ? [...all.slice(0, 20), `and ${all.length - 20} more`] : all;
    return {
      code: 'not-found',
      detail: `There is no deployment at ${path.slice(0, 200)}. There is ${known.join(', ') || 'none in this project'}.`,
    };
  }
}

function answerHttp(call: Call, { answer, phases }: Served): void {
  const timing = serverTiming(phases, call.arrivedAt);
  if (answer.kind === 'failure') return sendFailure(call, answer.failure, timing);
  if (answer.kind === 'error') {
    return sendFailure(call, { code: 'handler-failed', detail: describeError(answer.payload) }, timing);
  }
  if (answer.payload.length > PAYLOAD_BYTES) {
    return sendFailure(call, tooLarge('answer', answer.payload.length), timing);
  }
  const result = proxyAnswer(answer.payload);
  if (!result) {
    return sendFailure(call, { code: 'handler-failed', detail: 'The handler returned no proxy answer.' }, timing);
  }
  const { response } = call;
  let { handlerMs } = phases;
  for (const [name, value] of result.headers) {
    if (name.toLowerCase() !== 'server-timing') response.setHeader(name, value);
    // The runtime's own figure leaves the pipe and the JSON around the handler out.
    else handlerMs = Number(/\bhandler;dur=([0-9.]+)/.exec(String(value))?.[1] ?? handlerMs);
  }
  response.setHeader('server-timing', serverTiming({ ...phases, handlerMs }, call.arrivedAt));
  response.setHeader('x-request-id', call.requestId);
  response.setHeader('content-length', result.body.length);
  response.writeHead(result.status);
  response.end(result.body);
}

/** Node could not read a request from it: answers once, as the bytes that there is no `ServerResponse` for. */
function refuseGarbage(error: NodeJS.ErrnoException, socket: Socket): void {
  if (error.code === 'ECONNRESET' || !socket.writable) {
    socket.destroy();
    return;
  }
  const code = error.code === 'HPE_HEADER_OVERFLOW' ? 'headers-too-large' : 'bad-request';
  const { status, title } = PROBLEMS[code];
  const body = JSON.stringify(problem({ code, detail: 'The request could not be read as HTTP/1.1.' }, randomUUID()));
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\ncontent-type: application/problem+json\r\n` +
      `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
