import { DamagedFile, type ByteFile } from './byte-file.ts';

/** One field of a protobuf message: a number, or where its bytes are. */
export interface Field {
  number: number;
  /** Of a varint; undefined where it does not fit a double exactly. */
  value?: number;
  /** Offsets in the file, of a length-delimited field. */
  start: number;
  end: number;
}

/** A model of a thousand layers has some ten thousand fields; a hostile file could have billions. */
const MOST_FIELDS = 4_000_000;
const MOST_TEXT_BYTES = 4096;

/** Walks the fields of protobuf messages in a file, and skips over what nobody asks for without reading it. */
export class ProtoReader {
  readonly #bytes: ByteFile;
  #fields = 0;

  constructor(bytes: ByteFile) {
    this.#bytes = bytes;
  }

  get size(): number {
    return this.#bytes.size;
  }

  /** The fields of the message between two offsets. Throws DamagedFile. */
  async *fields(start: number, end: number): AsyncGenerator<Field> {
    let at = start;
    while (at < end) {
      if (++this.#fields > MOST_FIELDS) throw new DamagedFile('it has more parts than can be looked at');
      const key = await this.#varint(at, end);
      const wire = (key.value ?? 0) & 7;
      const number = Math.floor((key.value ?? 0) / 8);
      if (number === 0) throw new DamagedFile('it is no protobuf message');
      const field = await this.#field(wire, key.end, end);
      yield { number, ...field };
      at = field.end;
    }
  }

  /** The text of a length-delimited field, at most 4 KB of it. */
  async text({ start, end }: Field): Promise<string> {
    return (await this.#bytes.at(start, Math.min(end - start, MOST_TEXT_BYTES))).toString('utf8');
  }

  async #field(wire: number, at: number, end: number): Promise<Omit<Field, 'number'>> {
    switch (wire) {
      case 0:
        return { ...(await this.#varint(at, end)), start: at };
      case 1:
        return this.#fixed(at, 8, end);
      case 2: {
        const length = await this.#varint(at, end);
        return this.#fixed(length.end, length.value ?? Infinity, end);
      }
      case 5:
        return this.#fixed(at, 4, end);
      default:
        throw new DamagedFile('it is no protobuf message');
    }
  }

  #fixed(start: number, length: number, end: number): { start: number; end: number } {
    if (start + length > end) throw new DamagedFile('a part of it reaches beyond its end');
    return { start, end: start + length };
  }

  async #varint(at: number, end: number): Promise<{ value?: number; end: number }> {
    const bytes = await this.#bytes.at(at, Math.min(10, end - at));
    let value = 0;
    for (const [index, byte] of bytes.entries()) {
      value += (byte & 0x7f) * 2 ** (7 * index);
      if (byte < 0x80) return { end: at + index + 1, ...(Number.isSafeInteger(value) ? { value } : {}) };
    }
    throw new DamagedFile('a number in it does not end');
  }
}
