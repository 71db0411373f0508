import { DamagedFile, type ByteFile } from './byte-file.ts';

/** Bytes of a number by its type's letter. */
const SIZES: Record<string, number> = { i: 1, U: 1, C: 1, I: 2, l: 4, d: 4, L: 8, D: 8, T: 0, F: 0, Z: 0, N: 0 };

const MOST_VALUES = 4_000_000;
const MOST_DEPTH = 64;
const MOST_TEXT_BYTES = 1 << 16;
const MOST_ITEMS = 100_000;

/**
 * A UBJSON document (what XGBoost saves as .ubj) with the parts that nobody wants skipped unread: `skip` says of a key
 * that its value is one. Throws DamagedFile.
 */
export function readUbjson(bytes: ByteFile, skip: ReadonlySet<string>): Promise<unknown> {
  return new Reader(bytes, skip).document();
}

class Reader {
  readonly #bytes: ByteFile;
  readonly #skip: ReadonlySet<string>;
  #at = 0;
  #values = 0;

  constructor(bytes: ByteFile, skip: ReadonlySet<string>) {
    this.#bytes = bytes;
    this.#skip = skip;
  }

  async document(): Promise<unknown> {
    if ((await this.#letter()) !== '{') throw new DamagedFile('it does not begin as UBJSON');
    return this.#value('{', 0, true);
  }

  /** Undefined for what is not wanted, and for numbers in lists of one type. */
  async #value(type: string, depth: number, wanted: boolean): Promise<unknown> {
    if (depth > MOST_DEPTH) throw new DamagedFile('it is nested too deeply');
    if (++this.#values > MOST_VALUES) throw new DamagedFile('it has more values than can be looked at');
    if (type === '{') return this.#object(depth, wanted);
    if (type === '[') return this.#list(depth, wanted);
    if (type === 'S' || type === 'H') return this.#text(await this.#length(), wanted);
    if (type === 'T' || type === 'F') return type === 'T';
    if (!Object.hasOwn(SIZES, type))
      throw new DamagedFile(`it has a value of the unknown type ${JSON.stringify(type)}`);
    return this.#number(type);
  }

  async #object(depth: number, wanted: boolean): Promise<Record<string, unknown> | undefined> {
    const found: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    for (let letter = await this.#letter(); letter !== '}'; letter = await this.#letter()) {
      const key = await this.#text(await this.#length(letter), true);
      const isWanted = wanted && !this.#skip.has(key!);
      const value = await this.#value(await this.#letter(), depth + 1, isWanted);
      if (isWanted) found[key!] = value;
    }
    return wanted ? found : undefined;
  }

  async #list(depth: number, wanted: boolean): Promise<unknown[] | undefined> {
    let letter = await this.#letter();
    let type: string | undefined;
    if (letter === '$') {
      type = await this.#letter();
      letter = await this.#letter();
      if (letter !== '#') throw new DamagedFile('a list in it has a type and no length');
    }
    if (letter === '#') return this.#counted(type, await this.#length(), depth, wanted);
    const found: unknown[] = [];
    for (; letter !== ']'; letter = await this.#letter()) {
      const value = await this.#value(letter, depth + 1, wanted);
      if (wanted && found.length < MOST_ITEMS) found.push(value);
    }
    return wanted ? found : undefined;
  }

  async #counted(
    type: string | undefined,
    count: number,
    depth: number,
    wanted: boolean,
  ): Promise<unknown[] | undefined> {
    if (type !== undefined && Object.hasOwn(SIZES, type) && (!wanted || count > MOST_ITEMS)) {
      this.#forward(SIZES[type]! * count);
      return undefined;
    }
    const found: unknown[] = [];
    for (let index = 0; index < count; index++) {
      const value = await this.#value(type ?? (await this.#letter()), depth + 1, wanted);
      if (wanted && found.length < MOST_ITEMS) found.push(value);
    }
    return wanted ? found : undefined;
  }

  async #letter(): Promise<string> {
    const byte = (await this.#take(1))[0]!;
    return byte === 0x4e ? this.#letterAfterNothing() : String.fromCharCode(byte);
  }

  /** `N` is a filler. Any number of them may follow one another. */
  async #letterAfterNothing(): Promise<string> {
    for (;;) {
      if (++this.#values > MOST_VALUES) throw new DamagedFile('it has more values than can be looked at');
      const byte = (await this.#take(1))[0]!;
      if (byte !== 0x4e) return String.fromCharCode(byte);
    }
  }

  async #length(type?: string): Promise<number> {
    const length = await this.#number(type ?? (await this.#letter()));
    if (typeof length !== 'number' || !Number.isSafeInteger(length) || length < 0 || length > this.#bytes.size) {
      throw new DamagedFile('a length in it is impossible');
    }
    return length;
  }

  async #number(type: string): Promise<number | null | undefined> {
    const size = SIZES[type];
    if (size === undefined) throw new DamagedFile(`it has ${JSON.stringify(type)} where a number should be`);
    const data = await this.#take(size);
    switch (type) {
      case 'i':
        return data.readInt8();
      case 'I':
        return data.readInt16BE();
      case 'l':
        return data.readInt32BE();
      case 'L':
        return Number(data.readBigInt64BE());
      case 'd':
        return data.readFloatBE();
      case 'D':
        return data.readDoubleBE();
      case 'Z':
        return null;
      default:
        return data[0];
    }
  }

  async #text(length: number, wanted: boolean): Promise<string | undefined> {
    if (!wanted || length > MOST_TEXT_BYTES) {
      this.#forward(length);
      return wanted ? '' : undefined;
    }
    return (await this.#take(length)).toString('utf8');
  }

  #forward(length: number): void {
    this.#at += length;
    if (this.#at > this.#bytes.size) throw new DamagedFile('it ends in the middle of a value');
  }

  async #take(length: number): Promise<Buffer> {
    const data = await this.#bytes.at(this.#at, length);
    this.#at += length;
    return data;
  }
}
