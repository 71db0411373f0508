import { tooLarge, type Call } from './call.ts';
import type { Failure } from './problems.ts';

/** A client that was told that its body is too long may finish sending it, within these bounds. */
const DRAIN_MS = 10_000;
const DRAIN_BYTES = 256 * 1024 * 1024;

/**
 * Reads a body of at most `limit` bytes. A longer one is a failure as soon as that is known; the rest is thrown away
 * as it comes, because a client that still sends would see a reset connection instead of the answer. Undefined where
 * the client went away.
 */
export function readBody(
  { request, response }: Call,
  limit: number,
): Promise<{ body: Buffer } | { failure: Failure } | undefined> {
  const declared = Number(request.headers['content-length'] ?? 0);
  const waits = request.headers.expect?.toLowerCase() === '100-continue';
  if (declared > limit) {
    // Without its "100 Continue" the client sends no body, and the connection cannot be used again.
    if (waits) response.setHeader('connection', 'close');
    else drain(request);
    return Promise.resolve({ failure: tooLarge('request', declared) });
  }
  if (waits) response.writeContinue();
  if (declared === 0 && request.headers['transfer-encoding'] === undefined) {
    return Promise.resolve({ body: Buffer.alloc(0) });
  }
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const onData = (chunk: Buffer): void => {
      chunks.push(chunk);
      length += chunk.length;
      if (length <= limit) return;
      request.off('data', onData);
      chunks.length = 0;
      drain(request);
      resolve({ failure: tooLarge('request') });
    };
    request.on('data', onData);
    request.once('end', () => resolve({ body: chunks.length === 1 ? chunks[0]! : Buffer.concat(chunks) }));
    request.once('close', () => resolve(undefined));
    request.once('error', () => resolve(undefined));
  });
}

function drain(request: Call['request']): void {
  let bytes = 0;
  const { socket } = request;
  const timer = setTimeout(() => socket.destroy(), DRAIN_MS);
  request.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > DRAIN_BYTES) socket.destroy();
  });
  request.once('close', () => clearTimeout(timer));
}
