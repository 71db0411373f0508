import { open, type FileHandle } from 'node:fs/promises';

/** What a file's bytes are not what its format says; the message completes `It cannot be read: …`. */
export class DamagedFile extends Error {}

/** Bytes fetched at once: headers lie close together, and weights between them are never read. */
const WINDOW_BYTES = 1 << 16;

/** Random access to a file that may have gigabytes, by a window that moves. */
export class ByteFile {
  readonly size: number;
  readonly #handle: FileHandle;
  #window: Buffer = Buffer.alloc(0);
  #start = 0;

  private constructor(handle: FileHandle, size: number) {
    this.#handle = handle;
    this.size = size;
  }

  /** Opens `file` for the time that `use` takes. Rejects as the file system does, and with what `use` throws. */
  static async with<T>(file: string, use: (bytes: ByteFile) => Promise<T>): Promise<T> {
    const handle = await open(file, 'r');
    try {
      return await use(new ByteFile(handle, (await handle.stat()).size));
    } finally {
      await handle.close();
    }
  }

  /** `length` bytes from `offset`, valid until the next call. Throws DamagedFile where the file ends before them. */
  async at(offset: number, length: number): Promise<Buffer> {
    const from = offset - this.#start;
    if (from >= 0 && from + length <= this.#window.length) return this.#window.subarray(from, from + length);
    if (offset + length > this.size) throw new DamagedFile('it ends in the middle of a value');
    const buffer = Buffer.alloc(Math.min(Math.max(length, WINDOW_BYTES), this.size - offset));
    let filled = 0;
    while (filled < buffer.length) {
      const { bytesRead } = await this.#handle.read(buffer, filled, buffer.length - filled, offset + filled);
      if (bytesRead === 0) throw new DamagedFile('it became shorter while it was read');
      filled += bytesRead;
    }
    this.#window = buffer;
    this.#start = offset;
    return buffer.subarray(0, length);
  }
}
