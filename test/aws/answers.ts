/** A server that answers as AWS is documented to, where the emulator cannot be brought to it. */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

export interface Asked {
  method: string;
  /** With its query. */
  path: string;
  /** The operation, where a header says it: `Logs_20140328.StartLiveTail`. */
  target: string;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface Answered {
  status: number;
  headers?: Record<string, string>;
  /** Sent as JSON, a text as it is. `broken` closes the connection instead of an answer. */
  body: unknown;
}

export const BROKEN: Answered = { status: 0, body: 'broken' };

/** A client that finds a kept connection closed just sends again, and tells nobody. */
const OWN_HEADERS = { 'content-type': 'application/json', connection: 'close' };

export interface Answers {
  url: string;
  /** What an AWS client is given to speak to it. */
  config: {
    region: string;
    endpoint: string;
    credentials: () => Promise<{ accessKeyId: string; secretAccessKey: string }>;
  };
  asked: Asked[];
  end(): Promise<void>;
}

/** Answers as `answer` says; what that leaves out comes from `rest`, the address of an emulator. */
export async function answering(answer: (asked: Asked) => Answered | undefined, rest?: string): Promise<Answers> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      const body = await buffer(request);
      const { method = '', url: path = '', headers } = request;
      const one = { method, path, target: String(headers['x-amz-target'] ?? ''), headers, body: body.toString() };
      asked.push(one);
      const made = answer(one);
      if (made === BROKEN) return void request.socket.destroy();
      if (made) {
        const text = typeof made.body === 'string' ? made.body : JSON.stringify(made.body);
        return void response.writeHead(made.status, { ...OWN_HEADERS, ...made.headers }).end(text);
      }
      const { host: _host, 'content-length': _length, connection: _connection, ...kept } = headers;
      const handed = await fetch(`${rest}${path}`, {
        method,
        headers: kept as Record<string, string>,
        ...(body.length === 0 ? {} : { body: new Uint8Array(body) }),
      });
      const said = [...handed.headers].filter(([name]) => !OF_THE_CONNECTION.has(name));
      response.writeHead(handed.status, Object.fromEntries(said));
      response.end(Buffer.from(await handed.arrayBuffer()));
    })();
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const credentials = async () => ({ accessKeyId: 'test', secretAccessKey: 'test' });
  return {
    url,
    config: { region: 'eu-west-1', endpoint: url, credentials },
    asked,
    end: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

/** And of how a body is sent, which has another length once it is read. */
const OF_THE_CONNECTION = new Set([
  'connection',
  'content-encoding',
  'content-length',
  'keep-alive',
  'transfer-encoding',
]);

/** Each call takes the next of them; the last one stays. */
export function inTurn(...answers: readonly Answered[]): () => Answered {
  let at = 0;
  return () => answers[Math.min(at++, answers.length - 1)]!;
}

/** An error of a service that speaks REST with JSON, as AWS Lambda does. */
export function refusal(status: number, type: string, message: string, headers: Record<string, string> = {}): Answered {
  const requestId = '3f1c2b3a-0000-4000-8000-0123456789ab';
  return {
    status,
    headers: { 'x-amzn-errortype': type, 'x-amzn-requestid': requestId, ...headers },
    body: { Type: 'User', Message: message, message },
  };
}
