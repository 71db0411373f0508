/** Typed calls over a socket, both ways: birpc, one JSON document per line. */
import type { Socket } from 'node:net';
import { createBirpc, type BirpcReturn } from 'birpc';

/** A longer line is no message of Nimbus. */
const LINE_CHARACTERS = 16 * 1024 * 1024;
/** A peer that reads nothing for so long that this much waits has hung. */
const WAITING_BYTES = 32 * 1024 * 1024;
/** The longest answer waits for a request that runs: 15 minutes at most. */
const TIMEOUT_MS = 16 * 60_000;

/** What was thrown at the other end. */
export class RemoteError extends Error {
  override name = 'RemoteError';
}

/** The other end has gone, or the connection to it. */
export class ConnectionClosed extends Error {
  override name = 'ConnectionClosed';
}

/**
 * Speaks over the socket until it closes; calls under way are rejected with `ConnectionClosed` then. `events` are the remote's functions that
 * answer nothing. What is no message ends the connection.
 */
export function overSocket<Remote extends object, Local extends object>(
  socket: Socket,
  local: Local,
  events: (keyof Remote)[],
): BirpcReturn<Remote, Local> {
  let receive: (message: unknown) => unknown = () => undefined;
  const rpc = createBirpc<Remote, Local>(local, {
    post: (line: string) => {
      if (socket.destroyed) return;
      socket.write(line);
      if (socket.writableLength > WAITING_BYTES) socket.destroy(new Error('the peer does not read'));
    },
    on: (handler) => {
      receive = handler;
    },
    serialize: (message) => `${JSON.stringify(message, plainError)}\n`,
    eventNames: events,
    timeout: TIMEOUT_MS,
    // Own functions only: never what every object inherits.
    resolver: (name) => (Object.hasOwn(local, name) ? (local[name as keyof Local] as () => unknown) : undefined),
  });
  const onLine = async (line: string): Promise<void> => {
    try {
      await receive(parse(line));
    } catch (error) {
      socket.destroy(error as Error);
    }
  };
  let parts: string[] = [];
  let length = 0;
  socket.setEncoding('utf8');
  socket.on('data', (text: string) => {
    let from = 0;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', from)) {
      parts.push(text.slice(from, at));
      const line = parts.join('');
      parts = [];
      length = 0;
      from = at + 1;
      if (line !== '') void onLine(line);
    }
    if (from === text.length) return;
    parts.push(text.slice(from));
    length += text.length - from;
    if (length > LINE_CHARACTERS) socket.destroy(new Error('a message is too long'));
  });
  // Its cause is of no use to anybody; that it closed is what callers are told.
  socket.on('error', () => undefined);
  socket.once('close', () => rpc.$close(new ConnectionClosed('The connection is closed.')));
  return rpc;
}

function parse(line: string): unknown {
  const message = JSON.parse(line) as { e?: { message?: unknown } } | null;
  if (typeof message !== 'object' || message === null) throw new Error('not a message');
  return message.e ? { ...message, e: new RemoteError(String(message.e.message)) } : message;
}

function plainError(_key: string, value: unknown): unknown {
  return value instanceof Error ? { name: value.name, message: value.message } : value;
}
