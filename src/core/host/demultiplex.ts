import type { Duplex } from 'node:stream';

/** Bytes before each part: u8 stream, three of nothing, u32be length. */
const HEAD_BYTES = 8;
const STDOUT = 1;

/**
 * Takes the attached stream of a container apart: Docker engine API, "Attach to a container", "Stream format". A part is
 * handed on as it comes, however large, so that nothing is held back; the stream is never paused, since a container
 * whose output nobody reads stops, and cannot be killed.
 */
export function demultiplex(
  stream: Duplex,
  onStdout: (chunk: Buffer) => void,
  onStderr: (chunk: Buffer) => void,
): void {
  const head = Buffer.alloc(HEAD_BYTES);
  let headBytes = 0;
  let left = 0;
  stream.on('data', (chunk: Buffer) => {
    let at = 0;
    while (at < chunk.length) {
      if (left > 0) {
        const end = Math.min(chunk.length, at + left);
        (head[0] === STDOUT ? onStdout : onStderr)(chunk.subarray(at, end));
        left -= end - at;
        at = end;
        continue;
      }
      const taken = Math.min(HEAD_BYTES - headBytes, chunk.length - at);
      chunk.copy(head, headBytes, at, at + taken);
      headBytes += taken;
      at += taken;
      if (headBytes < HEAD_BYTES) return;
      headBytes = 0;
      left = head.readUInt32BE(4);
      if (head[0]! > 2) return void stream.destroy(new Error('the engine sent what is no attached stream'));
    }
  });
}
