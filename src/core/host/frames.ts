/** The frames between the host and a worker; docs/architecture.md has their table. */

/** Length field at most: an event or result of 6 MB, escaped or in base64, and room for the meta. */
export const FRAME_BYTES = 8 * 1024 * 1024 + 64 * 1024;

const KINDS = ['I', 'H', 'R', 'F', 'O', 'E', 'X'] as const;
export type FrameKind = (typeof KINDS)[number];

export interface Frame {
  kind: FrameKind;
  meta: Record<string, unknown>;
  payload: Buffer;
}

/** What came over the pipe is not a frame: the stream cannot be read any further. */
export class FrameError extends Error {
  override name = 'FrameError';
}

/** Bytes before the payload: both lengths, the kind and the meta. Throws `FrameError` where it would be too long. */
export function encodeHead(kind: FrameKind, meta: Record<string, unknown>, payloadLength: number): Buffer {
  const text = JSON.stringify(meta);
  const metaLength = Buffer.byteLength(text);
  const length = 5 + metaLength + payloadLength;
  if (length > FRAME_BYTES) throw new FrameError(`a frame of ${length} bytes is longer than ${FRAME_BYTES}`);
  const head = Buffer.allocUnsafe(9 + metaLength);
  head.writeUInt32BE(length, 0);
  head[4] = kind.charCodeAt(0);
  head.writeUInt32BE(metaLength, 5);
  head.write(text, 9);
  return head;
}

/** A whole frame in one buffer. */
export function encodeFrame(kind: FrameKind, meta: Record<string, unknown>, payload: Buffer): Buffer {
  return Buffer.concat([encodeHead(kind, meta, payload.length), payload]);
}

/**
 * Puts frames together from chunks of any size. A frame's chunks are joined once, so that a long frame in many small
 * chunks costs linear time. A payload may share memory with the chunk it came in.
 */
export class FrameDecoder {
  #onFrame: (frame: Frame) => void;
  #chunks: Buffer[] = [];
  #have = 0;
  /** Length of the frame under way; -1 while its length field has not come whole. */
  #length = -1;
  #broken: FrameError | undefined;

  constructor(onFrame: (frame: Frame) => void) {
    this.#onFrame = onFrame;
  }

  /** Throws `FrameError` where the stream is no sequence of frames, and from then on always. */
  push(chunk: Buffer): void {
    if (this.#broken) throw this.#broken;
    this.#chunks.push(chunk);
    this.#have += chunk.length;
    for (;;) {
      if (this.#length === -1) {
        if (this.#have < 4) return;
        const length = this.#take(4).readUInt32BE(0);
        if (length < 5 || length > FRAME_BYTES) throw this.#break(`a frame cannot have ${length} bytes`);
        this.#length = length;
      }
      if (this.#have < this.#length) return;
      const bytes = this.#take(this.#length);
      this.#length = -1;
      this.#onFrame(this.#parse(bytes));
    }
  }

  #take(length: number): Buffer {
    if (length === 0) return Buffer.alloc(0);
    let first = this.#chunks[0]!;
    if (first.length < length) {
      first = Buffer.concat(this.#chunks, this.#have);
      this.#chunks = [first];
    }
    this.#have -= length;
    if (first.length === length) {
      this.#chunks.shift();
      return first;
    }
    this.#chunks[0] = first.subarray(length);
    return first.subarray(0, length);
  }

  #parse(bytes: Buffer): Frame {
    const kind = String.fromCharCode(bytes[0]!) as FrameKind;
    if (!KINDS.includes(kind)) throw this.#break(`${bytes[0]} is no kind of frame`);
    const metaLength = bytes.readUInt32BE(1);
    if (metaLength > bytes.length - 5) throw this.#break('the meta is longer than its frame');
    let meta: unknown;
    try {
      meta = JSON.parse(bytes.toString('utf8', 5, 5 + metaLength));
    } catch {
      throw this.#break('the meta is not JSON');
    }
    if (typeof meta !== 'object' || meta === null || Array.isArray(meta)) throw this.#break('the meta is no object');
    return { kind, meta: meta as Record<string, unknown>, payload: bytes.subarray(5 + metaLength) };
  }

  #break(why: string): FrameError {
    this.#chunks = [];
    this.#broken = new FrameError(why);
    return this.#broken;
  }
}
