/** What both kinds of transports do with their stream of frames. */
import type { Writable } from 'node:stream';
import { encodeHead, FrameDecoder, FrameError, type Frame } from './frames.ts';
import type { TransportAnswer } from './transport.ts';

/** Small payloads are joined with their head, so that the worker wakes once. */
const JOIN_BYTES = 16 * 1024;

export function writeEvent(stream: Writable | undefined, meta: Record<string, unknown>, payload: Buffer): void {
  const head = encodeHead('I', meta, payload.length);
  if (payload.length <= JOIN_BYTES) {
    stream?.write(Buffer.concat([head, payload]));
  } else {
    stream?.write(head);
    stream?.write(payload);
  }
}

/** Takes chunks; `onBroken` once where they are no frames, and nothing is read any more. */
export function frameReader(
  onFrame: (frame: Frame) => void,
  onBroken: (error: FrameError) => void,
): (chunk: Buffer) => void {
  const decoder = new FrameDecoder(onFrame);
  let broken = false;
  return (chunk) => {
    if (broken) return;
    try {
      decoder.push(chunk);
    } catch (error) {
      if (!(error instanceof FrameError)) throw error;
      broken = true;
      onBroken(error);
    }
  };
}

/** Of an `O` or `E` frame. */
export function answerOf({ kind, meta, payload }: Frame): TransportAnswer {
  return {
    id: String(meta['id']),
    kind: kind === 'O' ? 'result' : 'error',
    type: String(meta['type']),
    payload,
    ...(typeof meta['handlerMs'] === 'number' ? { handlerMs: meta['handlerMs'] } : {}),
    ...(typeof meta['peakBytes'] === 'number' ? { peakBytes: meta['peakBytes'] } : {}),
  };
}
